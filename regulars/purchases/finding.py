"""A purchase that stands, as it was answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.domain import Till
from regulars.purchases.desk import Recorded
from regulars.purchases.domain import receipt_key
from regulars.purchases.errors import PurchaseUnknown
from regulars.purchases.tables import purchase, purchase_attribution
from regulars.security.scope import Scope, within_place

_FOUND = (
    select(
        purchase.c.id,
        func.coalesce(cast(purchase_attribution.c.receipt, Text), cast(purchase.c.receipt, Text)),
        func.coalesce(cast(purchase_attribution.c.evaluation, Text), cast(purchase.c.evaluation, Text)),
    )
    .outerjoin(purchase_attribution, purchase_attribution.c.purchase_id == purchase.c.id)
    .where(purchase.c.id == bindparam("purchase_id", type_=Uuid), within_place(purchase.c.store_id))
)


async def find_purchase(session: AsyncSession, purchase_id: UUID, scope: Scope) -> Recorded:
    """A purchase by its id; once it was attributed, the receipt that the member got.

    Args:
        session: any.
        purchase_id: whose receipt is wanted.
        scope: where the reader may look.
    Returns: the stored receipt.
    Raises: PurchaseUnknown: there is none, or it is out of sight.
    """
    row = (await session.execute(_FOUND, {"purchase_id": purchase_id, **scope.parameters})).one_or_none()
    if row is None:
        raise PurchaseUnknown
    return Recorded(row[0], row[1], row[2], replayed=True)


MOST_FOUND = 10
_BY_KEYS = (
    select(
        purchase.c.id,
        purchase.c.receipt_no,
        purchase.c.store_id,
        purchase.c.occurred_at,
        purchase.c.sales_minor,
    )
    .where(
        purchase.c.business_key == any_(bindparam("keys", type_=ARRAY(Text))),
        within_place(purchase.c.store_id),
    )
    .order_by(purchase.c.occurred_at.desc(), purchase.c.id)
    .limit(MOST_FOUND)
)


@dataclass(frozen=True, slots=True)
class FoundReceipt:
    """A purchase as somebody recognises it."""

    id: UUID
    receipt_no: str
    store_id: UUID
    occurred_at: datetime
    sales_minor: int


async def find_receipts(
    session: AsyncSession, receipt_no: str, day: date, tills: Iterable[Till], scope: Scope
) -> Sequence[FoundReceipt]:
    """Purchases with a number on a business day, whichever till has printed it.

    Args:
        session: any.
        receipt_no: as printed; of an imported purchase, what its source calls it.
        day: the business day; one that was imported is found on any.
        tills: those that may have printed it.
        scope: where the reader may look.
    Returns: the newest first, ten at most.
    """
    keys = [receipt_key(till.store.id, till.id, day, receipt_no) for till in tills]
    rows = await session.execute(_BY_KEYS, {"keys": [receipt_no, *keys], **scope.parameters})
    return [FoundReceipt(**row._mapping) for row in rows]
