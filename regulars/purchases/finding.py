"""A purchase that stands, as it was answered."""

from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.purchases.desk import Recorded
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
