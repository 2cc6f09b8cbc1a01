"""Proof that what is cached equals what history says: each check lists the differences it finds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.feature_verification import FEATURES_OF_HISTORY
from regulars.analytics.outlay_verification import OUTLAYS_OF_HISTORY
from regulars.analytics.tag_verification import TAGS_OF_HISTORY

SHOWN_PER_CHECK: Final = 100


@dataclass(frozen=True, slots=True)
class Check:
    """One figure that is kept and can be recomputed.

    Attributes:
        name: stable, for scripts.
        claim: what ought to be true, in words.
        sql: rows (subject, kept, recomputed) wherever it is not.
    """

    name: str
    claim: str
    sql: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a kept figure is not what history says."""

    check: str
    subject: str
    kept: str
    recomputed: str


_MEMBER_PURCHASE: Final = """
(select id as purchase_id, member_id, seq, occurred_at, sales_minor, points
   from purchase where member_id is not null
 union all
 select purchase_id, member_id, seq, occurred_at, sales_minor, points from purchase_attribution)
"""

_SUMS: Final = f"""
with history as (
  select member_id, count(*) as visits, max(seq) as last_seq, sum(sales_minor) as spend_minor,
         sum(points) as points_earned, min(occurred_at) as first_purchase_at,
         max(occurred_at) as last_purchase_at
  from {_MEMBER_PURCHASE} p group by member_id
)
select s.member_id as subject,
       jsonb_build_array(s.visits, s.last_seq, s.spend_minor, s.points_earned,
                         s.first_purchase_at, s.last_purchase_at)::text as kept,
       jsonb_build_array(coalesce(h.visits, 0), coalesce(h.last_seq, 0), coalesce(h.spend_minor, 0),
                         coalesce(h.points_earned, 0), h.first_purchase_at, h.last_purchase_at)::text
         as recomputed
from standing s left join history h using (member_id)
where (s.visits, s.last_seq, s.spend_minor, s.points_earned)
      <> (coalesce(h.visits, 0), coalesce(h.last_seq, 0), coalesce(h.spend_minor, 0),
          coalesce(h.points_earned, 0))
   or s.visits <> s.last_seq
   or s.first_purchase_at is distinct from h.first_purchase_at
   or s.last_purchase_at is distinct from h.last_purchase_at
"""  # noqa: S608 — our own text

_WINDOWS: Final = f"""
select s.member_id as subject,
       jsonb_build_array(s.spend_365d_minor, s.visits_365d)::text as kept,
       jsonb_build_array(w.spend, w.visits)::text as recomputed
from standing s cross join lateral (
  select coalesce(sum(p.sales_minor), 0) as spend, count(*) as visits, min(p.occurred_at) as oldest
  from {_MEMBER_PURCHASE} p
  where p.member_id = s.member_id
    and p.occurred_at between s.window_as_of - interval '8760 hours' and s.window_as_of
) w
where (s.spend_365d_minor, s.visits_365d) <> (w.spend, w.visits)
   or (w.visits > 0 and (s.window_oldest_at is null or s.window_oldest_at > w.oldest))
"""  # noqa: S608

CHECKS: Final = (
    Check(
        "balances",
        "a member's balance is the sum of the postings",
        """
        with moved as (
          select account_id, unit, sum(amount) as amount from (
            select to_account_id as account_id, unit, amount from posting
            union all select from_account_id, unit, -amount from posting) legs
          group by account_id, unit)
        select coalesce(b.account_id, m.account_id) || '/' || coalesce(b.unit, m.unit) as subject,
               coalesce(b.amount, 0)::text as kept, coalesce(m.amount, 0)::text as recomputed
        from balance b full join moved m on m.account_id = b.account_id and m.unit = b.unit
        where coalesce(b.amount, 0) <> coalesce(m.amount, 0)
          and not exists (select from account a
                          where a.id = coalesce(b.account_id, m.account_id) and a.kind = 'house')
        """,
    ),
    Check(
        "debts",
        "what a member owes is what could not be taken back, less what was paid; who owes owns nothing",
        """
        with owed as (
          select e.member_id,
                 sum(case when p.from_account_id = a.id then p.amount else -p.amount end) as amount
          from account a join posting p on a.id in (p.from_account_id, p.to_account_id)
          join ledger_entry e on e.id = p.entry_id
          where a.code = 'points_owed' and p.unit = 'points' group by e.member_id)
        select coalesce(b.account_id, o.member_id) as subject,
               jsonb_build_array(coalesce(b.owed, 0), coalesce(b.amount, 0))::text as kept,
               jsonb_build_array(coalesce(o.amount, 0), 0)::text as recomputed
        from (select * from balance where unit = 'points') b full join owed o on o.member_id = b.account_id
        where coalesce(b.owed, 0) <> coalesce(o.amount, 0) or (b.owed > 0 and b.amount <> 0)
        """,
    ),
    Check(
        "lots",
        "what is left in a member's lots is the member's points balance",
        """
        with open_lots as (
          select l.account_id, sum(l.amount) - coalesce(sum(c.used), 0) as amount
          from lot l left join (select lot_id, sum(amount) as used from lot_consumption group by lot_id) c
            on c.lot_id = l.id
          where l.unit = 'points' group by l.account_id)
        select coalesce(b.account_id, o.account_id) as subject,
               coalesce(b.amount, 0)::text as kept, coalesce(o.amount, 0)::text as recomputed
        from (select * from balance where unit = 'points') b full join open_lots o using (account_id)
        where coalesce(b.amount, 0) <> coalesce(o.amount, 0)
        """,
    ),
    Check(
        "pending",
        "value is pending until the latest lot that was earned before it was available",
        """
        with pending as (
          select l.account_id, l.unit, max(l.available_at) as until from lot l
          join ledger_entry e on e.id = l.entry_id where l.available_at > e.effective_at group by 1, 2)
        select account_id || '/' || unit as subject, b.pending_until::text as kept,
               p.until::text as recomputed
        from balance b full join pending p using (account_id, unit)
        where b.pending_until is distinct from p.until
        """,
    ),
    Check(
        "lots_not_overdrawn",
        "no lot gives more than it holds",
        """
        select l.id as subject, l.amount::text as kept, sum(c.amount)::text as recomputed
        from lot l join lot_consumption c on c.lot_id = l.id
        group by l.id, l.amount having sum(c.amount) > l.amount
        """,
    ),
    Check(
        "entries_whole",
        "every entry has postings, and its lots sum to what the member earned or gave",
        """
        with p as (
               select entry_id, sum(amount) as amount, coalesce(sum(amount) filter (where from_account_id
                 = (select id from account where code = 'points_owed')), 0) as owed
               from posting group by entry_id),
             l as (select entry_id, sum(amount) as amount from lot group by entry_id),
             c as (select entry_id, sum(amount) as amount from lot_consumption group by entry_id)
        select e.id as subject, p.amount::text as kept,
               (p.owed + coalesce(case when e.kind in ('earn', 'correct') then l.amount
                                       when e.kind = 'adjust' then coalesce(l.amount, c.amount)
                                       else c.amount end, 0))::text as recomputed
        from ledger_entry e left join p on p.entry_id = e.id left join l on l.entry_id = e.id
        left join c on c.entry_id = e.id
        where p.amount is distinct from
              p.owed + coalesce(case when e.kind in ('earn', 'correct') then l.amount
                                when e.kind = 'adjust' then coalesce(l.amount, c.amount)
                                else c.amount end, 0)
           or p.amount is null
        union all
        select p.entry_id, p.amount::text, 'no entry' from p
        where not exists (select from ledger_entry e where e.id = p.entry_id)
        """,
    ),
    Check(
        "posting_accounts",
        "every posting runs between accounts that exist",
        """
        select p.entry_id || '/' || p.leg as subject, 'posted' as kept, 'no such account' as recomputed
        from posting p
        where not exists (select from account where id = p.from_account_id)
           or not exists (select from account where id = p.to_account_id)
        """,
    ),
    Check(
        "purchase_points",
        "a purchase's points are what was posted for it",
        f"""
        with earned as (
          select e.cause_id, sum(p.amount) as points from ledger_entry e join posting p on p.entry_id = e.id
          where e.kind = 'earn' group by e.cause_id)
        select coalesce(p.purchase_id, e.cause_id) as subject, coalesce(p.points, 0)::text as kept,
               coalesce(e.points, 0)::text as recomputed
        from {_MEMBER_PURCHASE} p full join earned e on e.cause_id = p.purchase_id
        where coalesce(p.points, 0) <> coalesce(e.points, 0)
        """,  # noqa: S608
    ),
    Check(
        "purchase_lines",
        "a purchase's sums are those of its lines",
        """
        select p.id as subject, jsonb_build_array(p.sales_minor, p.list_minor, p.line_count)::text as kept,
               jsonb_build_array(l.sales, l.list, l.lines)::text as recomputed
        from purchase p cross join lateral (
          select coalesce(sum((line->>'sales_minor')::bigint), 0) as sales,
                 coalesce(sum((line->>'list_minor')::bigint), 0) as list, count(*) as lines
          from json_array_elements(p.lines) line) l
        where (p.sales_minor, p.list_minor, p.line_count) <> (l.sales, l.list, l.lines)
        """,
    ),
    Check("standings", "a standing's sums are those of the member's purchases", _SUMS),
    Check("windows", "a standing's 365-day window is what was bought in it", _WINDOWS),
    Check(
        "tiers_and_stages",
        "a standing's tier and stage are those of the last lifecycle event",
        """
        with last_tier as (
          select distinct on (member_id) member_id, tier_to from lifecycle_event
          where tier_to is not null order by member_id, effective_at desc, event_no desc),
        last_stage as (
          select distinct on (member_id) member_id, stage_to from lifecycle_event
          where stage_to is not null order by member_id, effective_at desc, event_no desc),
        numbers as (select member_id, count(*) as events, max(event_no) as last
                    from lifecycle_event group by member_id)
        select s.member_id as subject,
               jsonb_build_array(s.tier, s.stage, s.last_event_no)::text as kept,
               jsonb_build_array(t.tier_to, g.stage_to, n.last, n.events)::text as recomputed
        from standing s left join last_tier t using (member_id) left join last_stage g using (member_id)
        left join numbers n using (member_id)
        where (s.tier, s.stage, s.last_event_no) is distinct from (t.tier_to, g.stage_to, n.last)
           or n.last is distinct from n.events
        """,
    ),
    Check(
        "expiry_dates",
        "the next expiry of a standing is that of its soonest open lot",
        """
        with soonest as (
          select l.account_id, min(l.expires_at) as expires_at
          from lot l left join (select lot_id, sum(amount) as used from lot_consumption group by lot_id) c
            on c.lot_id = l.id
          where l.unit = 'points' and l.amount > coalesce(c.used, 0) group by l.account_id)
        select s.member_id as subject, s.next_expiry_at::text as kept, o.expires_at::text as recomputed
        from standing s left join soonest o on o.account_id = s.member_id
        where s.next_expiry_at is distinct from o.expires_at
        """,
    ),
    Check(
        "members_whole",
        "every member has a standing and an account, and nobody else has",
        """
        select m.id as subject, 'member' as kept, 'no standing or account' as recomputed from member m
        where not exists (select from standing s where s.member_id = m.id)
           or not exists (select from account a where a.id = m.id and a.kind = 'member')
        """,
    ),
    Check(
        "due_dates",
        "nothing that time decides is planned before the time already decided",
        """
        select member_id as subject, next_due_at::text as kept, advanced_to::text as recomputed
        from standing where next_due_at < advanced_to and next_due_at is not null
        """,
    ),
    Check(
        "care_tasks",
        "a task belongs to a revisit that was to be worked",
        """
        select t.id as subject, t.kind as kept, e.kind as recomputed
        from care_task t join lifecycle_event e on e.id = t.event_id
        where e.kind <> 'revisit_due' or not e.worked or e.member_id <> t.member_id
        """,
    ),
    Check(
        "budgets",
        "what a limit counts is the sum of what was claimed from it, and of what quotes reserve",
        """
        with used as (
          select pack_code, limit_code, unit, subject, period, sum(amount) as used
          from budget_use group by 1, 2, 3, 4, 5),
        held as (
          select pack_code, limit_code, unit, subject, period, sum(amount) as reserved
          from budget_reservation group by 1, 2, 3, 4, 5)
        select concat_ws('/', pack_code, limit_code, unit, nullif(subject, ''), period) as subject,
               jsonb_build_array(coalesce(c.used, 0), coalesce(c.reserved, 0))::text as kept,
               jsonb_build_array(coalesce(u.used, 0), coalesce(h.reserved, 0))::text as recomputed
        from budget_counter c full join used u using (pack_code, limit_code, unit, subject, period)
        full join held h using (pack_code, limit_code, unit, subject, period)
        where (coalesce(c.used, 0), coalesce(c.reserved, 0))
              <> (coalesce(u.used, 0), coalesce(h.reserved, 0))
        """,
    ),
    Check(
        "budget_causes",
        "what was claimed from a limit was claimed by a purchase, or by giving one to a member",
        """
        select u.cause_id as subject, u.cause as kept, 'no such cause' as recomputed from budget_use u
        where not exists (select from purchase p where p.id = u.cause_id and u.cause = 'purchase')
          and not exists (select from purchase_attribution a
                          where a.purchase_id = u.cause_id and u.cause = 'attribution')
          and not exists (select from purchase_recompute r
                          where r.purchase_id = u.cause_id and u.cause = 'recompute' and r.points > 0)
        """,
    ),
    Check(
        "quote_uses",
        "a quote was used up by the purchase that was charged by it",
        """
        select q.quote_id as subject, q.purchase_id::text as kept, p.quote_id::text as recomputed
        from quote_use q left join purchase p on p.id = q.purchase_id
        where p.quote_id is distinct from q.quote_id
        """,
    ),
    Check(
        "recomputes",
        "what a purchase was given, or given other dates, by recomputing is what was posted for it",
        """
        select r.purchase_id as subject, jsonb_build_array(r.points + r.redated, r.redated)::text as kept,
               jsonb_build_array(coalesce(e.points, 0), coalesce(t.points, 0))::text as recomputed
        from purchase_recompute r left join lateral (
          select sum(p.amount) as points from ledger_entry e join posting p on p.entry_id = e.id
          where e.id = r.entry_id and e.kind = 'correct' and e.member_id = r.member_id) e on true
        left join lateral (
          select sum(p.amount) as points from ledger_entry e join posting p on p.entry_id = e.id
          where e.id = r.reversal_id and e.kind = 'reverse' and e.member_id = r.member_id) t on true
        where (r.points + r.redated, r.redated) <> (coalesce(e.points, 0), coalesce(t.points, 0))
        """,
    ),
    Check(
        "adjustments",
        "what was adjusted by hand is what was posted for it, by whoever may",
        """
        with moved as (
          select e.cause_id, e.member_id, sum(case when p.to_account_id = e.member_id then p.amount
                                                   else -p.amount end) as points
          from ledger_entry e join posting p on p.entry_id = e.id where e.kind = 'adjust' group by 1, 2)
        select coalesce(a.id, m.cause_id) as subject,
               jsonb_build_array(a.member_id, coalesce(a.points, 0))::text as kept,
               jsonb_build_array(m.member_id, coalesce(m.points, 0))::text as recomputed
        from (select * from adjustment where state = 'posted') a full join moved m on m.cause_id = a.id
        where (a.member_id, a.points) is distinct from (m.member_id, m.points)
        """,
    ),
    Check(
        "member_features",
        "what segments read of a member is what history said when it was gathered",
        FEATURES_OF_HISTORY,
    ),
    Check(
        "outlays",
        "what packs gave by day and store is what was booked up to where it was added up",
        OUTLAYS_OF_HISTORY,
    ),
    Check(
        "rule_tags",
        "the tags that a member's row keeps are what rules gave and have not ended",
        TAGS_OF_HISTORY,
    ),
    Check(
        "message_requests",
        "each message was asked for by a purchase of its member",
        """
        select r.id as subject, r.member_id::text as kept,
               coalesce(p.member_id, a.member_id)::text as recomputed
        from message_request r
        left join purchase p on p.id = r.purchase_id
        left join purchase_attribution a on a.purchase_id = r.purchase_id
        where r.member_id is distinct from coalesce(p.member_id, a.member_id)
        """,
    ),
)


async def differences(session: AsyncSession, check: Check) -> AsyncIterator[Difference]:
    """What one check finds; nothing where all is well.

    Args:
        session: best a read-only snapshot, so that all checks see one state.
        check: one of `CHECKS`.
    Returns: at most `SHOWN_PER_CHECK` differences.
    """
    limited = f"select * from ({check.sql}) found limit {SHOWN_PER_CHECK}"  # noqa: S608
    for row in await session.execute(text(limited)):
        yield Difference(check.name, str(row.subject), str(row.kept), str(row.recomputed))
