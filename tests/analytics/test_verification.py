"""Every check finds what it is there to find."""

from datetime import timedelta

import pytest
from small_chain import MONDAY, SmallChain, line
from sqlalchemy import text

from regulars.analytics.verification import CHECKS
from regulars.entrypoints.verifying import verify

TAMPERING = {
    "balances": "update balance set amount = amount + 1",
    "debts": "update balance set owed = owed + 1",
    "lots": "update lot set amount = amount + 1",
    "pending": "update balance set pending_until = '2030-01-01'",
    "lots_not_overdrawn": "insert into lot_consumption select id, gen_random_uuid(), amount + 1 from lot",
    "entries_whole": "delete from posting where leg = 0",
    "posting_accounts": "delete from account where kind = 'member'",
    "purchase_points": "update purchase set points = points + 1",
    "purchase_lines": "update purchase set sales_minor = sales_minor + 1",
    "standings": "update standing set visits = visits + 1",
    "windows": "update standing set spend_365d_minor = spend_365d_minor + 1",
    "tiers_and_stages": "update standing set tier = 'gold'",
    "expiry_dates": "update standing set next_expiry_at = null",
    "members_whole": "delete from standing",
    "due_dates": "update standing set next_due_at = advanced_to - interval '1 day'",
    "adjustments": """
        insert into adjustment (id, member_id, store_id, points, reason, note, state, within_limit, on_day,
                                requested_by, requested_at, decided_by, decided_at)
        select gen_random_uuid(), member_id, home_store_id, 5, 'other', 'x', 'posted', true, now(), 'x',
               now(), 'x', now() from standing""",
    "member_features": """
        insert into member_feature_state
          (id, as_of, seen_xid, written_xid, members, undecided_members, whole_xid)
        select 1, now(), xid, xid, 0, 0, xid from (select pg_current_xact_id()::text::bigint as xid) own""",
    "outlays": """
        with own as (select pg_current_xact_id()::text::bigint as xid)
        insert into pack_outlay_state (id, as_of, recorded_to, seen_xid, written_xid, counted_from)
        select 1, now(), now(), xid, xid, '00000000-0000-0000-0000-000000000000' from own""",
    "care_tasks": """
        insert into care_task (id, member_id, event_id, kind, due_at, opened_at, status)
        select gen_random_uuid(), member_id, id, 'revisit', now(), now(), 'open' from lifecycle_event
        where kind = 'joined'""",
    "budgets": "insert into budget_counter values ('a', 'b', 'points', '', 'ever', 1, 0)",
    "budget_causes": """
        insert into budget_use values (gen_random_uuid(), 'purchase', 'a', 'b', 'points', '', 'ever', 1,
                                       now(), now())""",
    "quote_uses": "insert into quote_use values (gen_random_uuid(), gen_random_uuid())",
    "recomputes": """
        insert into purchase_recompute values (gen_random_uuid(), 'purchase', null, 1, gen_random_uuid(),
                                               '{}', '{}', 'x', 'x', now())""",
    "rule_tags": """update member set rule_tags = '{"vip": null}'""",
    "message_requests": """
        insert into message_request (id, member_id, purchase_id, store_id, template, named_values,
                                     pack_version, rule_id, occurred_at, requested_at)
        select gen_random_uuid(), member_id, gen_random_uuid(), store_id, 'x', '{}', 'x/1', 'x', now(), now()
        from purchase""",
}


def test_every_check_has_a_tampering_that_it_must_find() -> None:
    assert set(TAMPERING) == {check.name for check in CHECKS}


@pytest.mark.parametrize("name", TAMPERING)
async def test_verify_names_what_was_tampered_with(chain: SmallChain, name: str) -> None:
    member = await chain.join()
    await chain.buy(member, line(100_000))
    await chain.buy(member, line(1_000), occurred_at=MONDAY + timedelta(days=1))
    assert (await verify(chain.database)).ok
    async with chain.database.begin() as session:
        await session.execute(text("set local session_replication_role = replica"))
        await session.execute(text(TAMPERING[name]))
    report = await verify(chain.database)
    found = {result.check for result in report.results if result.differences}
    assert not report.ok
    assert name in found
