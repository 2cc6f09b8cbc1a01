"""All SQL over the events that say in which tier members are."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.lifecycle.repository import recent_before
from regulars.purchases.member_record import member_recorded
from regulars.undoing.domain import Reach
from regulars.undoing.effects_repository import IN_REACH, reach_values
from regulars.undoing.tiers import TierWord

_MEMBERS: Final = f"""
select distinct x.member_id from (
  select e.member_id, e.effective_at as at, coalesce(p.store_id, s.home_store_id) as store_id
  from lifecycle_event e join standing s on s.member_id = e.member_id
  left join purchase p on p.id = e.purchase_id
  where e.pack_version = $1 and e.tier_to is not null) x
where {IN_REACH} order by x.member_id
"""  # noqa: S608 — our own text
_WORDS: Final = """
select e.id, e.member_id, e.kind, e.effective_at, e.tier_from, e.tier_to, e.pack_version, e.purchase_id,
       coalesce(p.store_id, s.home_store_id) as store_id, e.reason::text as reason,
       (coalesce(a.evaluation, p.evaluation)->'facts'->'member')::text as facts
from lifecycle_event e join standing s on s.member_id = e.member_id
left join purchase p on p.id = e.purchase_id
left join purchase_attribution a on a.purchase_id = e.purchase_id
where e.member_id = any($1::uuid[]) and e.tier_to is not null
order by e.member_id, e.effective_at, e.event_no
"""


async def members_in(session: AsyncSession, reach: Reach) -> list[UUID]:
    """Members of whose tier a version decided something, by id."""
    rows = await (await driver(session)).fetch(_MEMBERS, *reach_values(reach))
    return [row["member_id"] for row in rows]


async def words_of(
    session: AsyncSession, member_ids: Sequence[UUID], *, lately: bool = False
) -> dict[UUID, list[TierWord]]:
    """All that was said of members' tiers, in order of effect.

    Args:
        lately: what members had done lately is asked for, and added where a record does not say.
    """
    found: dict[UUID, list[TierWord]] = {}
    rows = await (await driver(session)).fetch(_WORDS, member_ids)
    decided = [row["purchase_id"] for row in rows if row["facts"] is not None] if lately else []
    known = await recent_before(session, decided) if decided else {}
    for row in rows:
        reason: dict[str, Any] = orjson.loads(row["reason"])
        recorded = None if row["facts"] is None else orjson.loads(row["facts"])
        word = TierWord(
            row["id"],
            row["member_id"],
            row["kind"],
            row["effective_at"],
            row["tier_from"],
            row["tier_to"],
            row["pack_version"],
            row["purchase_id"],
            row["store_id"],
            int(reason.get("spend_365d_minor") or 0),
            None if recorded is None else member_recorded({**known.get(row["purchase_id"], {}), **recorded}),
        )
        found.setdefault(row["member_id"], []).append(word)
    return found
