"""How much of what a version did was recorded after the list of an undo order was made."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.undoing.domain import Reach, Undo
from regulars.undoing.effects_repository import IN_REACH, reach_values

_IN_FLIGHT: Final = timedelta(minutes=1)
"""What a till was just recording when the list was made is recorded as of before."""

_BOUGHT: Final = """
(select id, member_id, store_id, occurred_at as at, evaluation from purchase
 where member_id is not null and recorded_at >= $5
 union all
 select a.purchase_id, a.member_id, p.store_id, a.occurred_at, a.evaluation
 from purchase_attribution a join purchase p on p.id = a.purchase_id where a.recorded_at >= $5)
"""
_NOT_LISTED: Final = """
not exists (select from pack_undo_item i where i.undo_id = $6 and i.member_id = x.member_id
            and i.cause_id = x.id)
"""
_GAVE: Final = f"""
select count(*) from {_BOUGHT} x
where x.evaluation->'packs' ? $1 and {IN_REACH} and {_NOT_LISTED}
  and (exists (select from ledger_entry e join posting p on p.entry_id = e.id
               where e.cause_id = x.id and e.kind = 'earn' and p.unit = 'points' and p.pack_version = $1)
       or jsonb_path_exists(x.evaluation->'asked', '$[*] ? (@.pack == $v)',
                            jsonb_build_object('v', $1::text)))
"""  # noqa: S608 — our own text
_READ: Final = f"""
select count(*) from {_BOUGHT} x
where x.evaluation->'packs' ? $1 and {IN_REACH} and {_NOT_LISTED}
"""  # noqa: S608
_MOVED: Final = f"""
select count(*) from (
  select e.member_id, e.effective_at as at, coalesce(p.store_id, s.home_store_id) as store_id
  from lifecycle_event e join standing s on s.member_id = e.member_id
  left join purchase p on p.id = e.purchase_id
  where e.pack_version = $1 and e.tier_to is not null and e.recorded_at >= $5) x
where {IN_REACH}
  and not exists (select from pack_undo_item i where i.undo_id = $6 and i.member_id = x.member_id)
"""  # noqa: S608


async def came_after(session: AsyncSession, undo: Undo, reach: Reach, *, tiers: bool) -> int:
    """How many purchases in reach the version read after the list was made: another order deals with them.

    Args:
        session: any.
        undo: with its list; where another version decides anew, all that were read count, else those that
            were given something.
        reach: of the order.
        tiers: whether the order is about tiers; then moves of tier of members who are not on the list.
    """
    if undo.listed_at is None:
        return 0
    since: datetime = undo.listed_at
    if tiers:
        statement = _MOVED
    elif undo.to_version is not None:
        statement = _READ
    else:
        statement, since = _GAVE, since - _IN_FLIGHT
    values: tuple[object, UUID] = (since, undo.id)
    return int(await (await driver(session)).fetchval(statement, *reach_values(reach), *values))
