"""Who did what, where and why: one append-only row an act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.security.tables import audit_entry

PERSONAL_KEYS: Final = frozenset(
    {"name", "phone", "birthday", "gender", "attributes", "address", "email", "display_name"}
)
"""What a member or an operator may be known by: the audit says that it changed, never what it was."""

_PERSONS: Final = frozenset({"member", "operator"})
_CHANGED: Final = "changed"
_INSERT = insert(audit_entry)
_OF_SUBJECT: Final = (
    select(
        audit_entry.c.id.label("no"),
        audit_entry.c.at,
        audit_entry.c.actor_kind,
        audit_entry.c.actor_id,
        audit_entry.c.action,
        audit_entry.c.place_id,
        audit_entry.c.before,
        audit_entry.c.after,
        audit_entry.c.reason,
    )
    .where(
        audit_entry.c.subject_kind == bindparam("kind"),
        audit_entry.c.subject_id == bindparam("subject"),
        audit_entry.c.id > bindparam("after", type_=BigInteger),
    )
    .order_by(audit_entry.c.id)
    .limit(bindparam("limit"))
)
MOST_READ: Final = 1000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act on one subject; attributes as the arguments of `record`.

    Attributes:
        no: in the order of all acts; numbers have gaps.
    """

    no: int
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    place_id: UUID | None
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What one of many subjects became by one act: the touched values as they were, and as they are."""

    subject_id: str
    before: Mapping[str, object]
    after: Mapping[str, object]


async def of_subject(
    session: AsyncSession, kind: str, subject_id: str, *, after: int = 0, limit: int = MOST_READ
) -> list[AuditLine]:
    """What was done to one subject, oldest first, after the act with the number `after`."""
    values = {"kind": kind, "subject": subject_id, "after": after, "limit": limit}
    return [AuditLine(**row._mapping) for row in await session.execute(_OF_SUBJECT, values)]


async def record(
    session: AsyncSession,
    *,
    actor_kind: str,
    actor_id: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    at: datetime,
    place_id: UUID | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str | None = None,
) -> None:
    """Write one audit row in the caller's transaction.

    Args:
        session: the transaction of the act itself: both stand or neither does.
        actor_kind: operator | terminal | workflow | command.
        actor_id: opaque id of the actor, or the command's name.
        action: "noun.verb", e.g. "pack.publish".
        subject_kind: what was acted on, e.g. "member".
        subject_id: its opaque id or code.
        at: aware instant of the act.
        place_id: where it counts, or None for the whole chain.
        before: the touched values as they were; of a person, personal ones are masked here.
        after: the same values as they are now.
        reason: the actor's own words.
    Returns: nothing.
    Raises: nothing of its own.
    Source: docs/semantics.md, "Audit".
    """
    personal = subject_kind in _PERSONS
    row = {
        "at": at,
        "actor_kind": actor_kind,
        "actor_id": actor_id,
        "place_id": place_id,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "before": _without_personal(before) if personal else before,
        "after": _without_personal(after) if personal else after,
        "reason": reason,
    }
    await session.execute(_INSERT, row)


async def record_changes(
    session: AsyncSession,
    actor_kind: str,
    actor_id: str,
    action: str,
    subject_kind: str,
    changes: Sequence[Changed],
    at: datetime,
) -> None:
    """Write one audit row for each of many subjects that one act changed, as `record`; no persons' ones."""
    if not changes:
        return
    act = {"at": at, "actor_kind": actor_kind, "actor_id": actor_id, "place_id": None, "action": action}
    rows = [
        {
            **act,
            "subject_kind": subject_kind,
            "subject_id": changed.subject_id,
            "before": changed.before,
            "after": changed.after,
            "reason": None,
        }
        for changed in changes
    ]
    await session.execute(_INSERT, rows)


def _without_personal(values: Mapping[str, object] | None) -> dict[str, object] | None:
    if values is None:
        return None
    return {key: _CHANGED if key in PERSONAL_KEYS else value for key, value in values.items()}
