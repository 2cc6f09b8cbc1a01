"""What the audit log answers: who did what, about what, where and when, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Boolean, Text, Uuid

from regulars.db.base import Ltree
from regulars.security.scope import Scope, within_path
from regulars.security.tables import audit_entry, operator

MOST_READ: Final = 1000

# Places belong to the layer above; of them this layer reads only where they stand.
_place: Final = table("place", column("id", Uuid), column("parent_id", Uuid), column("path", Ltree))
_OF_THE_CHAIN: Final = and_(
    audit_entry.c.place_id.is_(None),
    exists(select(1).where(_place.c.parent_id.is_(None), within_path(_place.c.path))),
)
_AT_A_PLACE: Final = audit_entry.c.place_id.in_(select(_place.c.id).where(within_path(_place.c.path)))
_BY_OPERATOR: Final = and_(
    audit_entry.c.actor_kind == "operator", operator.c.id.cast(Text) == audit_entry.c.actor_id
)
_ACTOR_NAME: Final = select(operator.c.display_name).where(_BY_OPERATOR).scalar_subquery().label("actor_name")
_SUBJECT_NAME: Final = case(
    (
        audit_entry.c.subject_kind == "operator",
        select(operator.c.display_name)
        .where(operator.c.id.cast(Text) == audit_entry.c.subject_id)
        .scalar_subquery(),
    )
).label("subject_name")
_ENTRIES: Final = (
    select(audit_entry, _ACTOR_NAME, _SUBJECT_NAME)
    .where(or_(_AT_A_PLACE, _OF_THE_CHAIN))
    .order_by(audit_entry.c.id.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which acts are wanted; what is empty or None asks for nothing.

    Attributes:
        who: an operator's login, or a part of the name; or the whole id of whoever acts.
        action: "noun.verb"; a noun alone means all that is done to its kind.
        subject: the whole id or code of what was acted on, or an operator's login.
        path: of a place; acts there and below it.
        since, until: from this instant on, and before that one.
    """

    who: str = ""
    action: str = ""
    subject: str = ""
    path: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act.

    Attributes:
        id: grows with time; the key that pages are read by.
        actor_name, subject_name: what an operator is called; None of anybody and anything else.
    """

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    place_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    reason: str | None
    actor_name: str | None
    subject_name: str | None


async def list_entries(
    session: AsyncSession, scope: Scope, asked: Asked, *, before: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Acts inside the scope, newest first.

    Args:
        session: an open transaction.
        scope: acts that have no place, being the whole chain's, are seen from headquarters alone.
        asked: which.
        before: key of the last act that was read already.
        limit: at most a thousand.
    Returns: the acts.
    Raises: nothing of its own.
    Source: docs/semantics.md, "Audit".
    """
    wanted = _ENTRIES.where(*_conditions(asked))
    if before is not None:
        wanted = wanted.where(audit_entry.c.id < before)
    values = {**scope.parameters, "limit": min(limit, MOST_READ)}
    return [AuditEntry(**row._mapping) for row in await session.execute(wanted, values)]


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.who:
        found.append(or_(audit_entry.c.actor_id == asked.who, audit_entry.c.actor_id.in_(_named(asked.who))))
    if "." in asked.action:
        found.append(audit_entry.c.action == asked.action)
    elif asked.action:
        found.append(audit_entry.c.action.startswith(f"{asked.action}.", autoescape=True))
    if asked.subject:
        of_login = select(operator.c.id.cast(Text)).where(operator.c.login == asked.subject.lower())
        meant = select(literal(asked.subject)).union_all(of_login)
        # Of an array known beforehand the index finds the few acts; of two conditions it finds none.
        found.append(audit_entry.c.subject_id == any_(func.array(meant.scalar_subquery())))
    if asked.path is not None:
        root = cast(literal(asked.path, Text), Ltree)
        below = select(_place.c.id).where(_place.c.path.op("<@", return_type=Boolean())(root))
        found.append(audit_entry.c.place_id.in_(below))
    if asked.since is not None:
        found.append(audit_entry.c.at >= asked.since)
    if asked.until is not None:
        found.append(audit_entry.c.at < asked.until)
    return found


def _named(who: str) -> Select[Any]:
    """The ids of operators with this login, or with this in their names."""
    return select(operator.c.id.cast(Text)).where(
        or_(operator.c.login == who.lower(), operator.c.display_name.icontains(who, autoescape=True))
    )
