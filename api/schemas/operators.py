"""Operators, their roles and their sessions on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from api.schemas.base import In, Out
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Locale, Operator, Role, RoleAt
from regulars.security.scope import Scope
from regulars.security.service import NewOperator

OperatorRole = Literal["marketing", "approver", "ops", "store", "service_desk", "finance", "admin"]


class RoleIn(In):
    """A role at a place; it holds there and everywhere below."""

    role: OperatorRole
    place_id: UUID

    def to_domain(self) -> RoleAt:
        return RoleAt(Role(self.role), self.place_id)


class OperatorIn(In):
    """An operator to be appointed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "li.na",
                    "display_name": "李娜",
                    "password": "a long pass phrase",
                    "locale": "zh",
                    "roles": [{"role": "store", "place_id": "01948a2e-7d0c-7000-8000-000000000001"}],
                }
            ]
        }
    )

    login: str
    display_name: str
    password: SecretStr
    locale: Locale = "zh"
    roles: Annotated[list[RoleIn], Field(max_length=50)]

    def to_domain(self, operator_id: UUID) -> NewOperator:
        return NewOperator(
            operator_id,
            self.login,
            self.display_name,
            self.password.get_secret_value(),
            self.locale,
            tuple(role.to_domain() for role in self.roles),
        )


class RolesIn(In):
    """All the roles that an operator is to have."""

    roles: Annotated[list[RoleIn], Field(max_length=50)]


class GrantOut(Out):
    """A role at a place."""

    role: Role
    place_id: UUID

    @classmethod
    def of(cls, grant: Grant) -> Self:
        return cls(role=grant.role, place_id=grant.place_id)


class OperatorOut(Out):
    """An operator."""

    id: UUID
    login: str
    display_name: str
    locale: Locale
    roles: list[GrantOut]
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, operator: Operator, scope: Scope) -> Self:
        """The operator as seen from a scope: roles elsewhere are not told."""
        return cls(
            id=operator.id,
            login=operator.login,
            display_name=operator.display_name,
            locale=operator.locale,
            roles=[GrantOut.of(grant) for grant in operator.grants if scope.covers(grant.path)],
            created_at=operator.created_at,
            disabled_at=operator.disabled_at,
        )


class OperatorPageOut(Out):
    """Operators by login."""

    items: list[OperatorOut]
    next_after: Annotated[str | None, Field(description="Give this as `after` for the next page.")] = None


class SignInIn(In):
    """Login and password."""

    login: Annotated[str, Field(max_length=200)]
    password: SecretStr


class PasswordIn(In):
    """A new password for the signed-in operator."""

    current_password: SecretStr
    new_password: SecretStr


class MeOut(Out):
    """Who acts with this session or key."""

    kind: Literal["operator", "terminal", "command"]
    id: str
    name: str
    locale: Locale | None
    roles: list[GrantOut]
    csrf_token: Annotated[
        str | None, Field(description="Send as `X-CSRF-Token` with every changing request of a session.")
    ]

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(
            kind=actor.kind,
            id=actor.id,
            name=actor.name,
            locale=actor.locale,
            roles=[GrantOut.of(grant) for grant in actor.grants],
            csrf_token=actor.csrf_token,
        )
