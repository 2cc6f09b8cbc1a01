"""All SQL of what recomputing put right; reads only."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.put_right import PutRight

_OF_PURCHASE: Final = """
select r.recorded_at as at, r.points, r.redated, r.outcome->>'tier_to' as tier_to, r.versions,
       coalesce(asked.display_name, r.actor) as by,
       coalesce(allowed.display_name, r.approved_by) as approved_by, r.reason
from purchase_recompute r
left join operator asked on r.actor = 'operator:' || asked.id
left join operator allowed on r.approved_by = 'operator:' || allowed.id
where r.purchase_id = $1 order by r.recorded_at
"""


async def of_purchase(session: AsyncSession, purchase_id: UUID) -> list[PutRight]:
    """How a purchase was dealt with, in order of time; nothing where it was not."""
    rows = await (await driver(session)).fetch(_OF_PURCHASE, purchase_id)
    return [PutRight(**dict(row) | {"versions": tuple(row["versions"])}) for row in rows]
