"""What undo orders took of one member's points: by order as a line of its story, and by purchase."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.ledger.tables import entry_reversal, ledger_entry, posting
from regulars.recompute.tables import purchase_recompute
from regulars.security.tables import operator
from regulars.undoing.tables import pack_undo, pack_undo_result

_ID: Final = bindparam("member_id", type_=Uuid)
_BY = operator.alias("ordered_by")
_ALLOWED = operator.alias("approved_by")
# Points that recomputing gives again with other dates nobody loses.
_LOST_FOR_GOOD = ~exists().where(purchase_recompute.c.reversal_id == entry_reversal.c.entry_id)
_LOST = (
    select(
        ledger_entry.c.effective_at,
        posting.c.pack_version,
        pack_undo.c.id.label("undo_id"),
        func.sum(posting.c.amount).label("points"),
        func.count(ledger_entry.c.id.distinct()).label("purchases"),
        func.min(cast(ledger_entry.c.id, Text)).label("entry_id"),
    )
    .join(entry_reversal, entry_reversal.c.entry_id == ledger_entry.c.id)
    .join(posting, posting.c.entry_id == ledger_entry.c.id)
    .outerjoin(
        pack_undo_result,
        and_(
            pack_undo_result.c.entry_id == entry_reversal.c.original_id,
            pack_undo_result.c.reversal_id == ledger_entry.c.id,
        ),
    )
    .outerjoin(pack_undo, pack_undo.c.id == pack_undo_result.c.undo_id)
    .where(
        ledger_entry.c.member_id == _ID,
        ledger_entry.c.kind == "reverse",
        posting.c.from_account_id == _ID,
        posting.c.unit == "points",
        _LOST_FOR_GOOD,
    )
    .group_by(ledger_entry.c.effective_at, posting.c.pack_version, pack_undo.c.id)
    .subquery("lost")
)
TAKEN_BACK = (
    select(
        _LOST.c.effective_at,
        literal(2, Integer),
        func.row_number().over(order_by=(_LOST.c.effective_at, _LOST.c.entry_id)),
        literal("points_taken_back", Text),
        cast(_LOST.c.entry_id, Uuid),
        cast(null(), Uuid),
        cast(null(), Text),
        cast(null(), BigInteger),
        cast(_LOST.c.points, BigInteger),
        cast(null(), Integer),
        cast([], ARRAY(Text)),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        _LOST.c.pack_version,
        func.jsonb_build_object(
            "points",
            _LOST.c.points,
            "purchases",
            _LOST.c.purchases,
            "pack",
            _LOST.c.pack_version,
            "why",
            pack_undo.c.note,
            "ordered_by",
            func.coalesce(_BY.c.display_name, pack_undo.c.ordered_by),
            "approved_by",
            func.coalesce(_ALLOWED.c.display_name, pack_undo.c.decided_by),
        ),
    )
    .outerjoin(pack_undo, pack_undo.c.id == _LOST.c.undo_id)
    .outerjoin(_BY, literal("operator:") + cast(_BY.c.id, Text) == pack_undo.c.ordered_by)
    .outerjoin(_ALLOWED, literal("operator:") + cast(_ALLOWED.c.id, Text) == pack_undo.c.decided_by)
)

_original = ledger_entry.alias("original")
_TAKEN_OF = (
    select(_original.c.cause_id, func.sum(posting.c.amount).label("points"))
    .join(entry_reversal, entry_reversal.c.original_id == _original.c.id)
    .join(posting, posting.c.entry_id == entry_reversal.c.entry_id)
    .where(
        _original.c.cause_id == any_(bindparam("purchase_ids", type_=ARRAY(Uuid))),
        _original.c.kind == "earn",
        posting.c.from_account_id == _ID,
        posting.c.unit == "points",
        _LOST_FOR_GOOD,
    )
    .group_by(_original.c.cause_id)
)


async def taken_of(session: AsyncSession, member_id: UUID, purchase_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What undo orders took of purchases, in points.

    Args:
        session: any.
        member_id: whose purchases.
        purchase_ids: some of them.
    Returns: purchase → points; those of which nothing was taken are left out.
    """
    values = {"member_id": member_id, "purchase_ids": list(purchase_ids)}
    return {row.cause_id: int(row.points) for row in await session.execute(_TAKEN_OF, values)}
