"""All SQL of points adjusted by hand, as lines among a member's events; reads only."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.explanation.history import EventLine
from regulars.explanation.lines_between import read_lines
from regulars.security.scope import Scope

ADJUSTED: Final = "points_adjusted"
_LINES: Final = """
select t.* from (
  select e.id as event_id, e.cause_id as adjustment_id, e.effective_at, e.recorded_at, p.points,
         (select coalesce(max(event_no), 0) from lifecycle_event
          where member_id = e.member_id and recorded_at <= e.recorded_at)::bigint as after_event_no
  from ledger_entry e
  join standing s on s.member_id = e.member_id
  join place h on h.id = s.home_store_id
  cross join lateral (
    select sum(case from_account_id when e.member_id then -amount else amount end)::bigint as points
    from posting where entry_id = e.id and unit = 'points') p
  where e.member_id = $1 and e.kind = 'adjust' and h.path <@ any($2::text[]::ltree[])) t
where ($3::bigint is null or t.after_event_no < $3) and t.after_event_no >= $4
order by t.after_event_no desc, t.effective_at desc, t.event_id desc
"""


async def lines_of(
    session: AsyncSession, member_id: UUID, scope: Scope, before: int | None, down_to: int
) -> list[tuple[int, EventLine]]:
    """What was adjusted of a member by hand, newest first: the event after which it stands, and the line.

    Args:
        before, down_to: only those after an event numbered below the one, and not below the other.
    """
    return await read_lines(session, _LINES, ADJUSTED, member_id, scope, (before, down_to))
