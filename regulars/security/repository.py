"""All SQL about operators, their roles, their sessions and failed sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    any_,
    bindparam,
    case,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text, Uuid

from regulars.db.base import Ltree
from regulars.security.domain import (
    FAILURE_WINDOW,
    LIVE_SESSIONS_READ,
    Grant,
    LiveSession,
    Locale,
    Operator,
    Role,
    RoleAt,
    Session,
)
from regulars.security.scope import Scope, within_path
from regulars.security.tables import operator, operator_role, operator_session, sign_in_failure

# Places belong to the layer above; of them this layer reads only where they stand.
_place: Final = table("place", column("id", Uuid), column("parent_id", Uuid), column("path", Ltree))

_GRANTS: Final = (
    select(
        func.coalesce(
            func.json_agg(
                func.json_build_array(
                    operator_role.c.role, operator_role.c.place_id, _place.c.path.cast(Text), type_=JSON
                )
            ),
            func.json_build_array(),
            type_=JSON,
        )
    )
    .join_from(operator_role, _place, _place.c.id == operator_role.c.place_id)
    .where(operator_role.c.operator_id == operator.c.id)
    .scalar_subquery()
    .label("grants")
)

_OPERATOR: Final = (
    operator.c.id,
    operator.c.login,
    operator.c.display_name,
    operator.c.locale,
    operator.c.created_at,
    operator.c.disabled_at,
    _GRANTS,
)

_HAS_ROLE_INSIDE: Final = exists(
    select(1)
    .join_from(operator_role, _place, _place.c.id == operator_role.c.place_id)
    .where(operator_role.c.operator_id == operator.c.id, within_path(_place.c.path))
)

_SELECT: Final = select(*_OPERATOR)
_BY_ID: Final = _SELECT.where(operator.c.id == bindparam("operator_id"), _HAS_ROLE_INSIDE)
_PAGE: Final = (
    _SELECT.where(
        _HAS_ROLE_INSIDE,
        operator.c.login > bindparam("after"),
        or_(
            func.strpos(operator.c.login, func.lower(bindparam("words"))) > 0,
            func.strpos(func.lower(operator.c.display_name), func.lower(bindparam("words"))) > 0,
        ),
    )
    .order_by(operator.c.login)
    .limit(bindparam("limit"))
)
_NAMES: Final = select(operator.c.id.cast(Text).label("id"), operator.c.display_name)
_CREDENTIALS: Final = select(*_OPERATOR, operator.c.password_hash).where(
    operator.c.login == bindparam("login")
)
_PASSWORD_OF: Final = select(operator.c.password_hash).where(operator.c.id == bindparam("operator_id"))
_LOCK: Final = select(operator.c.id).where(operator.c.id == bindparam("operator_id")).with_for_update()
_INSERT: Final = upsert(operator).on_conflict_do_nothing(index_elements=["login"]).returning(operator.c.id)
_DISABLE: Final = (
    update(operator)
    .where(operator.c.id == bindparam("operator_id"))
    .values(disabled_at=func.coalesce(operator.c.disabled_at, bindparam("at")))
)
_ENABLE: Final = update(operator).where(operator.c.id == bindparam("operator_id")).values(disabled_at=None)
_SET_PASSWORD: Final = (
    update(operator)
    .where(operator.c.id == bindparam("operator_id"))
    .values(password_hash=bindparam("new_hash"))
)
_SET_LOCALE: Final = (
    update(operator).where(operator.c.id == bindparam("operator_id")).values(locale=bindparam("new_locale"))
)
_INSERT_ROLES: Final = insert(operator_role)
_DELETE_ROLES: Final = delete(operator_role).where(operator_role.c.operator_id == bindparam("operator_id"))
_PATHS: Final = select(_place.c.id, _place.c.path.cast(Text)).where(
    _place.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
_LOCK_ROOT: Final = select(_place.c.id).where(_place.c.parent_id.is_(None)).with_for_update()
_ROOT_ADMINS: Final = (
    select(func.count(operator.c.id))
    .join_from(operator_role, operator, operator.c.id == operator_role.c.operator_id)
    .join(_place, _place.c.id == operator_role.c.place_id)
    .where(
        operator_role.c.role == Role.ADMIN.value,
        operator.c.disabled_at.is_(None),
        _place.c.parent_id.is_(None),
    )
)

_NEW_SESSION: Final = insert(operator_session)
_SESSION: Final[Select[*tuple[object, ...]]] = (
    select(
        *_OPERATOR,
        operator_session.c.csrf_token,
        operator_session.c.token_hash,
        operator_session.c.expires_at,
        operator_session.c.last_seen_at,
    )
    .join_from(operator_session, operator, operator.c.id == operator_session.c.operator_id)
    .where(
        operator_session.c.token_hash == bindparam("token_hash"),
        operator_session.c.expires_at > bindparam("at"),
        operator_session.c.last_seen_at > bindparam("idle_since"),
        operator.c.disabled_at.is_(None),
    )
)
_TOUCH: Final = (
    update(operator_session)
    .where(operator_session.c.token_hash == bindparam("hash"))
    .values(last_seen_at=func.greatest(operator_session.c.last_seen_at, bindparam("at")))
)
_END_SESSION: Final = delete(operator_session).where(operator_session.c.token_hash == bindparam("hash"))
_END_SESSIONS_OF: Final = delete(operator_session).where(
    operator_session.c.operator_id == bindparam("operator_id"),
    operator_session.c.token_hash != bindparam("keep"),
)
_LIVE_SESSIONS: Final = (
    select(
        operator_session.c.token_hash,
        operator_session.c.created_at,
        operator_session.c.last_seen_at,
        operator_session.c.expires_at,
    )
    .where(
        operator_session.c.operator_id == bindparam("operator_id"),
        operator_session.c.expires_at > bindparam("at"),
        operator_session.c.last_seen_at > bindparam("idle_since"),
    )
    .order_by(operator_session.c.last_seen_at.desc())
    .limit(LIVE_SESSIONS_READ)
)
_SWEEP_SESSIONS: Final = delete(operator_session).where(
    or_(
        operator_session.c.expires_at <= bindparam("at"),
        operator_session.c.last_seen_at <= bindparam("idle_since"),
    )
)

_fresh: Final[ColumnElement[bool]] = sign_in_failure.c.window_started_at > bindparam("window_since")
_COUNT_ATTEMPT: Final = upsert(sign_in_failure).values(
    subject=bindparam("subject"), window_started_at=bindparam("at"), failures=1
)
_COUNT: Final = _COUNT_ATTEMPT.on_conflict_do_update(
    index_elements=["subject"],
    set_={
        "failures": case((_fresh, sign_in_failure.c.failures + 1), else_=1),
        "window_started_at": case((_fresh, sign_in_failure.c.window_started_at), else_=bindparam("at")),
    },
).returning(sign_in_failure.c.failures, sign_in_failure.c.window_started_at)
_FORGET: Final = delete(sign_in_failure).where(sign_in_failure.c.subject == bindparam("s"))
_TAKE_BACK: Final = (
    update(sign_in_failure)
    .where(and_(sign_in_failure.c.subject == bindparam("s"), sign_in_failure.c.failures > 0))
    .values(failures=sign_in_failure.c.failures - 1)
)
_SWEEP_FAILURES: Final = delete(sign_in_failure).where(
    sign_in_failure.c.window_started_at <= bindparam("window_since")
)


async def insert_operator(session: AsyncSession, row: Operator, password_hash: str) -> bool:
    """Write the operator; False where the login is taken."""
    values = {
        "id": row.id,
        "login": row.login,
        "display_name": row.display_name,
        "password_hash": password_hash,
        "locale": row.locale,
        "created_at": row.created_at,
    }
    return (await session.execute(_INSERT, values)).scalar() is not None


async def find_operator(session: AsyncSession, operator_id: UUID, scope: Scope) -> Operator | None:
    found = (await session.execute(_BY_ID, {"operator_id": operator_id, **scope.parameters})).first()
    return _operator(found) if found else None


async def list_operators(
    session: AsyncSession, scope: Scope, after: str, limit: int, words: str
) -> list[Operator]:
    parameters = {"after": after, "limit": limit, "words": words, **scope.parameters}
    rows = await session.execute(_PAGE, parameters)
    return [_operator(row) for row in rows]


async def operator_names(session: AsyncSession) -> dict[str, str]:
    return {row.id: row.display_name for row in await session.execute(_NAMES)}


async def find_credentials(session: AsyncSession, login: str) -> tuple[Operator, str] | None:
    """The operator with this login and the password hash."""
    found = (await session.execute(_CREDENTIALS, {"login": login})).first()
    return (_operator(found), found.password_hash) if found else None


async def password_hash_of(session: AsyncSession, operator_id: UUID) -> str:
    return cast(str, (await session.execute(_PASSWORD_OF, {"operator_id": operator_id})).scalar_one())


async def lock_operator(session: AsyncSession, operator_id: UUID) -> None:
    """Hold the operator, if there is one, until the transaction ends."""
    await session.execute(_LOCK, {"operator_id": operator_id})


async def set_password_hash(session: AsyncSession, operator_id: UUID, password_hash: str) -> None:
    await session.execute(_SET_PASSWORD, {"operator_id": operator_id, "new_hash": password_hash})


async def set_locale(session: AsyncSession, operator_id: UUID, locale: Locale) -> None:
    await session.execute(_SET_LOCALE, {"operator_id": operator_id, "new_locale": locale})


async def disable(session: AsyncSession, operator_id: UUID, at: datetime) -> None:
    await session.execute(_DISABLE, {"operator_id": operator_id, "at": at})
    await session.execute(_END_SESSIONS_OF, {"operator_id": operator_id, "keep": b""})


async def enable(session: AsyncSession, operator_id: UUID) -> None:
    await session.execute(_ENABLE, {"operator_id": operator_id})


async def replace_roles(
    session: AsyncSession, operator_id: UUID, roles: Sequence[RoleAt], at: datetime
) -> None:
    await session.execute(_DELETE_ROLES, {"operator_id": operator_id})
    rows = [
        {"operator_id": operator_id, "role": role.role.value, "place_id": role.place_id, "granted_at": at}
        for role in sorted(set(roles), key=lambda r: (r.role, r.place_id))
    ]
    await session.execute(_INSERT_ROLES, rows)


async def paths_of(session: AsyncSession, place_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The path of each place that exists."""
    rows = await session.execute(_PATHS, {"ids": list(place_ids)})
    return {row.id: row.path for row in rows}


async def count_root_admins(session: AsyncSession) -> int:
    """Enabled administrators of the whole chain; the lock lets one change of them happen at a time."""
    await session.execute(_LOCK_ROOT)
    return (await session.execute(_ROOT_ADMINS)).scalar_one()


async def insert_session(session: AsyncSession, row: Session, at: datetime) -> None:
    values = {
        "token_hash": row.token_hash,
        "operator_id": row.operator.id,
        "csrf_token": row.csrf_token,
        "created_at": at,
        "last_seen_at": at,
        "expires_at": row.expires_at,
    }
    await session.execute(_NEW_SESSION, values)


async def find_session(
    session: AsyncSession, token_hash: bytes, at: datetime, idle_since: datetime
) -> tuple[Session, datetime] | None:
    """The live session with this hash and when it was last seen."""
    parameters = {"token_hash": token_hash, "at": at, "idle_since": idle_since}
    found = (await session.execute(_SESSION, parameters)).first()
    if found is None:
        return None
    return Session(_operator(found), found.csrf_token, found.token_hash, found.expires_at), found.last_seen_at


async def touch_session(session: AsyncSession, token_hash: bytes, at: datetime) -> None:
    await session.execute(_TOUCH, {"hash": token_hash, "at": at})


async def end_session(session: AsyncSession, token_hash: bytes) -> None:
    await session.execute(_END_SESSION, {"hash": token_hash})


async def end_sessions_of(session: AsyncSession, operator_id: UUID, keep: bytes) -> None:
    """End all sessions of an operator but the one with hash `keep`."""
    await session.execute(_END_SESSIONS_OF, {"operator_id": operator_id, "keep": keep})


async def live_sessions_of(
    session: AsyncSession, operator_id: UUID, at: datetime, idle_since: datetime
) -> list[LiveSession]:
    """The operator's sessions that are still good, the one seen last first."""
    parameters = {"operator_id": operator_id, "at": at, "idle_since": idle_since}
    return [LiveSession(**row._mapping) for row in await session.execute(_LIVE_SESSIONS, parameters)]


async def sweep(session: AsyncSession, at: datetime, idle_since: datetime) -> None:
    """Remove sessions and failure counts that no longer matter."""
    await session.execute(_SWEEP_SESSIONS, {"at": at, "idle_since": idle_since})
    await session.execute(_SWEEP_FAILURES, {"window_since": at - FAILURE_WINDOW})


async def count_attempt(session: AsyncSession, subject: str, at: datetime) -> tuple[int, datetime]:
    """One more attempt for the subject: attempts in its window and when that window began."""
    parameters = {"subject": subject, "at": at, "window_since": at - FAILURE_WINDOW}
    row = (await session.execute(_COUNT, parameters)).one()
    return row.failures, row.window_started_at


async def forget_failures(session: AsyncSession, subject: str) -> None:
    await session.execute(_FORGET, {"s": subject})


async def take_back_attempt(session: AsyncSession, subject: str) -> None:
    await session.execute(_TAKE_BACK, {"s": subject})


def _operator(row: Row[*tuple[object, ...]]) -> Operator:
    values = row._mapping
    grants = sorted(values["grants"], key=lambda grant: (grant[2], grant[0]))
    return Operator(
        id=values["id"],
        login=values["login"],
        display_name=values["display_name"],
        locale=cast(Locale, values["locale"]),
        grants=tuple(Grant(Role(role), UUID(place_id), path) for role, place_id, path in grants),
        created_at=values["created_at"],
        disabled_at=values["disabled_at"],
    )
