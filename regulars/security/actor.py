"""The one who acts in a request or command, and what that one may do where."""

from dataclasses import dataclass, replace
from typing import Self

from regulars.security.domain import ActorKind, Grant, Locale, Operator, Session
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission, roles_with
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something with grants.

    Attributes:
        id: operator id, terminal id, or the command's name.
        grants: roles at places.
        scope: where the permission that admitted this actor holds; nowhere before `admitted`.
        session_hash: which session this is, for signing out; None for terminals and commands.
    """

    kind: ActorKind
    id: str
    name: str
    grants: tuple[Grant, ...]
    locale: Locale | None = None
    scope: Scope = NOWHERE
    csrf_token: str | None = None
    session_hash: bytes | None = None

    @classmethod
    def command(cls, name: str) -> Self:
        """One of the product's own commands, which may do everything everywhere."""
        return cls("command", name, name, (), scope=EVERYWHERE)

    @classmethod
    def of_operator(cls, operator: Operator) -> Self:
        return cls("operator", str(operator.id), operator.display_name, operator.grants, operator.locale)

    @classmethod
    def of_session(cls, session: Session) -> Self:
        """The operator of a live session."""
        return replace(
            cls.of_operator(session.operator),
            csrf_token=session.csrf_token,
            session_hash=session.token_hash,
        )

    def may(self, permission: Permission) -> bool:
        """Whether the permission holds anywhere."""
        return self.kind == "command" or any(grant.role in roles_with(permission) for grant in self.grants)

    def scope_for(self, permission: Permission) -> Scope:
        """Where the permission holds."""
        if self.kind == "command":
            return EVERYWHERE
        roles = roles_with(permission)
        return Scope(tuple(sorted({grant.path for grant in self.grants if grant.role in roles})))

    def may_at(self, permission: Permission, path: str) -> bool:
        """Whether the permission holds at the place with this path."""
        return self.scope_for(permission).covers(path)

    def admitted(self, permission: Permission) -> Self:
        """The same actor with the scope of one permission.

        Raises: PermissionDenied: no grant has it.
        """
        if not self.may(permission):
            raise PermissionDenied(permission)
        return replace(self, scope=self.scope_for(permission))
