"""Use-cases of operators: appoint, change, disable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.reasons import said_why
from regulars.security import audit, passwords, repository
from regulars.security.actor import Actor
from regulars.security.domain import (
    LOCALES,
    LOGIN_PATTERN,
    OPERATOR_ROLES,
    Grant,
    Locale,
    Operator,
    Role,
    RoleAt,
)
from regulars.security.errors import (
    DisplayNameInvalid,
    LastAdmin,
    LocaleUnknown,
    LoginInvalid,
    LoginTaken,
    NoRole,
    PermissionDenied,
    RoleForTerminals,
    RolePlaceUnknown,
    SignInRefused,
    UnknownOperator,
)
from regulars.security.policy import Permission
from regulars.security.scope import Scope

DISPLAY_NAME_LENGTH_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator to be appointed.

    Attributes:
        password: as typed; only its hash is kept.
        roles: at least one.
    """

    id: UUID
    login: str
    display_name: str
    password: str
    locale: Locale
    roles: tuple[RoleAt, ...]


async def create_operator(session: AsyncSession, new: NewOperator, actor: Actor, at: datetime) -> Operator:
    """Appoint an operator.

    Args:
        session: an open transaction.
        new: login, name, password, roles.
        actor: may grant roles only at places that its own scope covers.
        at: aware instant.
    Returns: the operator as stored.
    Raises: InvalidInput: with LoginInvalid, PasswordTooWeak, NoRole, RolePlaceUnknown; LoginTaken.
    Source: docs/semantics.md, "Scope".
    """
    problems = _problems_of(new)
    grants = await _grants(session, new.roles, actor.scope, problems)
    if problems:
        raise InvalidInput(problems)
    stored = Operator(new.id, new.login, new.display_name.strip(), new.locale, grants, at, None)
    if not await repository.insert_operator(session, stored, await passwords.hash_password(new.password)):
        raise InvalidInput([LoginTaken()])
    await repository.replace_roles(session, new.id, new.roles, at)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="operator.create",
        subject_kind="operator",
        subject_id=str(new.id),
        after={"roles": _plain(grants)},
        at=at,
    )
    return stored


async def set_roles(
    session: AsyncSession, operator_id: UUID, roles: Sequence[RoleAt], actor: Actor, at: datetime
) -> Operator:
    """Give an operator exactly these roles.

    Args:
        session: an open transaction.
        operator_id: whom.
        roles: at least one; they replace all others.
        actor: must cover every place where the operator had or gets a role.
        at: aware instant.
    Returns: the operator with the new roles.
    Raises: UnknownOperator, PermissionDenied, LastAdmin, InvalidInput (NoRole, RolePlaceUnknown).
    Source: docs/semantics.md, "Scope".
    """
    before = await get_manageable(session, operator_id, actor)
    problems: list[FieldProblem] = [] if roles else [NoRole()]
    grants = await _grants(session, roles, actor.scope, problems)
    if problems:
        raise InvalidInput(problems)
    await repository.replace_roles(session, operator_id, roles, at)
    await _keep_an_admin(session)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="operator.set_roles",
        subject_kind="operator",
        subject_id=str(operator_id),
        before={"roles": _plain(before.grants)},
        after={"roles": _plain(grants)},
        at=at,
    )
    return await get_operator(session, operator_id, actor.scope)


async def disable_operator(
    session: AsyncSession, operator_id: UUID, actor: Actor, at: datetime, reason: str
) -> None:
    """Shut an operator out, from the next request on. Doing it twice changes nothing.

    Args:
        session: an open transaction.
        operator_id: whom.
        actor: must cover every place where the operator has a role.
        at: aware instant.
        reason: the actor's own words, not empty.
    Returns: nothing.
    Raises: UnknownOperator, PermissionDenied, LastAdmin, ReasonMissing.
    Source: docs/semantics.md, "Personal data".
    """
    before = await get_manageable(session, operator_id, actor)
    words = said_why(reason)
    if before.disabled_at is not None:
        return
    await repository.disable(session, operator_id, at)
    await _keep_an_admin(session)
    await _record_switch(session, "operator.disable", operator_id, actor, at, words)


async def enable_operator(
    session: AsyncSession, operator_id: UUID, actor: Actor, at: datetime, reason: str
) -> None:
    """Let a disabled operator in again. Raises: UnknownOperator, PermissionDenied, ReasonMissing."""
    before = await get_manageable(session, operator_id, actor)
    words = said_why(reason)
    if before.disabled_at is None:
        return
    await repository.enable(session, operator_id)
    await _record_switch(session, "operator.enable", operator_id, actor, at, words)


async def change_password(
    session: AsyncSession, operator: Operator, current: str, new: str, actor: Actor, at: datetime
) -> None:
    """Change one's own password; every other session of the operator ends.

    Args:
        session: an open transaction.
        operator: the signed-in operator.
        current: the password so far, as typed.
        new: the password from now on.
        actor: the same operator, with its session.
        at: aware instant.
    Returns: nothing.
    Raises: PasswordTooWeak; SignInRefused: `current` is wrong.
    Source: docs/semantics.md, "Personal data".
    """
    passwords.check_strength(new, operator.login, field="new_password")
    if not await passwords.matches(current, await repository.password_hash_of(session, operator.id)):
        raise SignInRefused
    await repository.set_password_hash(session, operator.id, await passwords.hash_password(new))
    await repository.end_sessions_of(session, operator.id, actor.session_hash or b"")
    await _record_switch(session, "operator.change_password", operator.id, actor, at, None)


async def get_operator(session: AsyncSession, operator_id: UUID, scope: Scope) -> Operator:
    """One operator with a role inside the scope. Raises: UnknownOperator."""
    found = await repository.find_operator(session, operator_id, scope)
    if found is None:
        raise UnknownOperator(operator_id)
    return found


async def list_operators(
    session: AsyncSession, scope: Scope, *, after: str = "", limit: int = 100, words: str = ""
) -> list[Operator]:
    """Operators with a role inside the scope, by login, from the one after `after`.

    Where words are given, only those who have them in their login or name.
    """
    return await repository.list_operators(session, scope, after, limit, words)


async def operator_names(session: AsyncSession) -> dict[str, str]:
    """What each operator is called, by id, for pages that tell who did what; the shut-out ones too."""
    return await repository.operator_names(session)


def _problems_of(new: NewOperator) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if not LOGIN_PATTERN.fullmatch(new.login):
        problems.append(LoginInvalid())
    name = new.display_name.strip()
    if not 1 <= len(name) <= DISPLAY_NAME_LENGTH_MAX or not name.isprintable():
        problems.append(DisplayNameInvalid(DISPLAY_NAME_LENGTH_MAX))
    if new.locale not in LOCALES:
        problems.append(LocaleUnknown())
    if not new.roles:
        problems.append(NoRole())
    try:
        passwords.check_strength(new.password, new.login)
    except FieldProblem as problem:
        problems.append(problem)
    return problems


async def _grants(
    session: AsyncSession, roles: Sequence[RoleAt], scope: Scope, problems: list[FieldProblem]
) -> tuple[Grant, ...]:
    paths = await repository.paths_of(session, [role.place_id for role in roles])
    grants = []
    for index, role in enumerate(roles):
        path = paths.get(role.place_id)
        if path is None or not scope.covers(path):
            problems.append(RolePlaceUnknown(index))
        elif role.role not in OPERATOR_ROLES:
            problems.append(RoleForTerminals(index))
        else:
            grants.append(Grant(role.role, role.place_id, path))
    return tuple(grants)


async def get_manageable(session: AsyncSession, operator_id: UUID, actor: Actor) -> Operator:
    """One operator whose every place the actor covers. Raises: UnknownOperator, PermissionDenied."""
    found = await get_operator(session, operator_id, actor.scope)
    if not all(actor.scope.covers(grant.path) for grant in found.grants):
        raise PermissionDenied(Permission.OPERATOR_MANAGE)
    return found


async def _keep_an_admin(session: AsyncSession) -> None:
    if await repository.count_root_admins(session) == 0:
        raise LastAdmin


async def _record_switch(
    session: AsyncSession, action: str, operator_id: UUID, actor: Actor, at: datetime, reason: str | None
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="operator",
        subject_id=str(operator_id),
        reason=reason,
        at=at,
    )


def _plain(grants: Sequence[Grant]) -> list[dict[str, str]]:
    return [{"role": str(Role(grant.role)), "place": str(grant.place_id)} for grant in grants]
