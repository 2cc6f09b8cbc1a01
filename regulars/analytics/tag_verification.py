"""What members' rows ought to keep of the tags that rules gave, worked out from every giving and ending."""

from typing import Final

# Compared as of the latest instant that the member's time has reached: what had ended by then may or may not
# still be kept.
TAGS_OF_HISTORY: Final = """
with reached as (
  select m.id as member_id, m.rule_tags, greatest(s.advanced_to, s.window_as_of, t.latest) as at
  from member m join standing s on s.member_id = m.id
  left join (select member_id, max(effective_at) as latest from member_tag group by member_id) t
    on t.member_id = m.id
  where m.rule_tags is not null or t.member_id is not null),
lasting as (
  select g.member_id, g.tag, case when bool_or(g.until is null) then null else max(g.until) end as until
  from member_tag g
  where g.given and not exists (
    select from member_tag e where e.member_id = g.member_id and e.tag = g.tag and not e.given
      and (e.effective_at, e.no) > (g.effective_at, g.no))
  group by g.member_id, g.tag),
told as (
  select r.member_id, jsonb_object_agg(l.tag, extract(epoch from l.until)) as tags
  from reached r join lasting l using (member_id) where l.until is null or l.until > r.at
  group by r.member_id),
kept as (
  select r.member_id, jsonb_object_agg(k.tag, extract(epoch from k.until::timestamptz)) as tags
  from reached r, jsonb_each_text(r.rule_tags) as k(tag, until)
  where k.until is null or k.until::timestamptz > r.at group by r.member_id)
select r.member_id as subject, k.tags::text as kept, t.tags::text as recomputed
from reached r left join told t using (member_id) left join kept k using (member_id)
where k.tags is distinct from t.tags
"""
