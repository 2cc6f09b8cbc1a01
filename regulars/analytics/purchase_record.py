"""One purchase as it was recorded: its lines, its discounts, and how each rule saw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.members.tables import member
from regulars.organisation.tables import place
from regulars.purchases.tables import purchase, purchase_attribution
from regulars.security.scope import Scope, within_place


@dataclass(frozen=True, slots=True)
class PurchaseRecord:
    """A purchase with its evaluation as stored.

    Attributes:
        evaluation: facts read, versions and hashes, engine, outcome of each rule.
        attributed: the member was named only afterwards.
    """

    id: UUID
    member_id: UUID | None
    receipt_no: str
    kind: str
    store: str
    time_zone: str
    occurred_at: datetime
    recorded_at: datetime
    list_minor: int
    sales_minor: int
    points: int
    flags: tuple[str, ...]
    lines: Sequence[Mapping[str, Any]]
    evaluation: Mapping[str, Any]
    attributed: bool


_RECORD = (
    select(
        purchase.c.id,
        func.coalesce(purchase.c.member_id, purchase_attribution.c.member_id).label("member_id"),
        purchase.c.receipt_no,
        purchase.c.kind,
        place.c.name.label("store"),
        place.c.time_zone,
        purchase.c.occurred_at,
        purchase.c.recorded_at,
        purchase.c.list_minor,
        purchase.c.sales_minor,
        func.coalesce(purchase_attribution.c.points, purchase.c.points).label("points"),
        func.coalesce(purchase_attribution.c.flags, purchase.c.flags).label("flags"),
        purchase.c.lines,
        func.coalesce(purchase_attribution.c.evaluation, purchase.c.evaluation).label("evaluation"),
        purchase_attribution.c.purchase_id.is_not(None).label("attributed"),
    )
    .join(place, place.c.id == purchase.c.store_id)
    .outerjoin(purchase_attribution, purchase_attribution.c.purchase_id == purchase.c.id)
    .outerjoin(member, member.c.id == func.coalesce(purchase.c.member_id, purchase_attribution.c.member_id))
    .where(
        purchase.c.id == bindparam("purchase_id", type_=Uuid),
        or_(
            within_place(purchase.c.store_id),
            within_place(member.c.home_store_id),
        ),
    )
)


async def read_purchase(session: AsyncSession, scope: Scope, purchase_id: UUID) -> PurchaseRecord | None:
    """A purchase with its evaluation.

    Args:
        session: any.
        scope: where the reader may look: the store must lie there, or the member be at home there.
        purchase_id: which.
    Returns: None where there is none, or none that the reader may see.
    """
    parameters = {**scope.parameters, "purchase_id": purchase_id}
    row = (await session.execute(_RECORD, parameters)).first()
    if row is None:
        return None
    known = dict(row._mapping)
    known["flags"] = tuple(known["flags"] or ())
    return PurchaseRecord(**known)
