"""What the members' features ought to be as of the instant they were gathered, counted from history."""

from typing import Final

# Only members whose history is as it was then can be compared; the others are due to be gathered again.
# A state that another database wrote (a restored one) says nothing about this one's transactions.
FEATURES_OF_HISTORY: Final = """
with state as (
  select as_of, age((seen_xid % 4294967296)::text::xid) as seen_age from member_feature_state
  where xmin::text::bigint = written_xid % 4294967296 and whole_xid = written_xid),
bought as (
  select member_id, occurred_at, sales_minor from purchase where member_id is not null
  union all select member_id, occurred_at, sales_minor from purchase_attribution),
sums as (
  select b.member_id, count(*) as visits,
         count(*) filter (where b.occurred_at >= t.as_of - interval '8760 hours') as visits_365d,
         sum(b.sales_minor) filter (where b.occurred_at >= t.as_of - interval '8760 hours') as spend,
         count(*) filter (where b.occurred_at >= t.as_of - interval '720 hours') as visits_30d,
         sum(b.sales_minor) filter (where b.occurred_at >= t.as_of - interval '720 hours') as spend_30d,
         count(*) filter (where b.occurred_at >= t.as_of - interval '2160 hours') as visits_90d,
         sum(b.sales_minor) filter (where b.occurred_at >= t.as_of - interval '2160 hours') as spend_90d,
         max(b.occurred_at) as last_at
  from bought b cross join state t where b.occurred_at <= t.as_of group by b.member_id),
told as (
  select s.member_id, m.home_store_id, (extract(epoch from m.enrolled_at) * 1000000)::bigint as enrolled_us,
         coalesce(h.visits, 0) as visits, coalesce(h.visits_365d, 0) as visits_365d,
         coalesce(h.spend, 0)::bigint as spend, s.frozen_at is not null as frozen, s.tier, s.stage,
         m.tags || array(
           select r.tag from jsonb_each_text(m.rule_tags) as r(tag, until)
           where (r.until is null or r.until::timestamptz > t.as_of) and not r.tag = any(m.tags)
           order by r.tag collate "C") as tags,
         coalesce(h.visits_30d, 0) as visits_30d, coalesce(h.spend_30d, 0)::bigint as spend_30d,
         coalesce(h.visits_90d, 0) as visits_90d, coalesce(h.spend_90d, 0)::bigint as spend_90d,
         (extract(epoch from coalesce(h.last_at, m.enrolled_at)) * 1000000)::bigint as last_visit_us
  from state t cross join standing s join member m on m.id = s.member_id
  left join sums h on h.member_id = s.member_id
  where age(s.xmin) > t.seen_age and age(m.xmin) > t.seen_age)
select t.member_id as subject, to_jsonb(f)::text as kept, to_jsonb(t)::text as recomputed
from told t left join member_feature f using (member_id)
where (f.home_store_id, f.enrolled_us, f.visits, f.visits_365d, f.spend_365d_minor, f.frozen, f.tier, f.stage,
       f.tags, f.visits_30d, f.spend_30d_minor, f.visits_90d, f.spend_90d_minor, f.last_visit_us)
  is distinct from (t.home_store_id, t.enrolled_us, t.visits, t.visits_365d, t.spend, t.frozen, t.tier,
       t.stage, t.tags, t.visits_30d, t.spend_30d, t.visits_90d, t.spend_90d, t.last_visit_us)
union all
select f.member_id, to_jsonb(f)::text, 'no such member' from member_feature f cross join state
where not exists (select from member m where m.id = f.member_id)
"""
