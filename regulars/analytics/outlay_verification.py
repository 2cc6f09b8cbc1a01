"""What packs gave by day and store, as the books and records say it up to where it was added up."""

from typing import Final

from regulars.outlays.following import BOOKED, WRITTEN_BEFORE

_WRITTEN: Final = WRITTEN_BEFORE.format("{0}", "(select seen_age from state)")
_UP_TO: Final = " and ".join(("{0}.id >= (select counted_from from state)", _WRITTEN))

# By the transactions that wrote them, as they were added up; a state that another database wrote (a restored
# one) says nothing, and all is added up anew. Points are compared without their days: what is booked later
# counts on a day of the store's clock, whose time zone may have been changed since.
OUTLAYS_OF_HISTORY: Final = f"""
with state as materialized (
  select age((seen_xid % 4294967296)::text::xid) as seen_age, counted_from from pack_outlay_state
  where xmin::text::bigint = written_xid % 4294967296),
both_ways as (
  select true as kept, pack_code, version, store_id, null::date as day, points_given as given,
         points_taken as taken, 0::bigint as off from pack_outlay
  union all
  select true, pack_code, version, store_id, day, 0, 0, discount_minor from pack_outlay
  union all
  select false, split_part(x.version, '/', 1), split_part(x.version, '/', 2)::int, x.store_id,
         case when x.off <> 0 then x.day end, x.given, x.taken, x.off
  from {BOOKED.format(entries=_UP_TO.format("e"), purchases=_UP_TO.format("b"))} x),
sums as (
  select pack_code, version, store_id, day, kept, sum(given) as given, sum(taken) as taken, sum(off) as off
  from both_ways where exists (select from state) group by 1, 2, 3, 4, 5)
select concat_ws('/', pack_code, version, store_id, day) as subject,
       jsonb_agg(jsonb_build_array(given, taken, off)) filter (where kept)::text as kept,
       jsonb_agg(jsonb_build_array(given, taken, off)) filter (where not kept)::text as recomputed
from sums group by pack_code, version, store_id, day
having sum(case when kept then given else -given end) <> 0
    or sum(case when kept then taken else -taken end) <> 0
    or sum(case when kept then off else -off end) <> 0
"""  # noqa: S608 — our own text
