"""Why a member moved, fell silent or lost points, worked out again from history and the pack in force."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from explanation.conftest import Tamper
from small_chain import MONDAY, SmallChain, line
from sqlalchemy import text

from regulars.explanation.domain import EventExplanation
from regulars.explanation.errors import EventUnknown
from regulars.explanation.event_service import explain_event
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_events
from regulars.lifecycle.service import advance
from regulars.organisation.places import Places
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope

YEARS = timedelta(days=800)
HOUR = timedelta(hours=1)


async def explained(chain: SmallChain, kind: str, *, scope: Scope = EVERYWHERE) -> EventExplanation:
    """The first event of a kind."""
    async with chain.database.read() as session:
        event_id = await session.scalar(
            text("select id from lifecycle_event where kind = :kind order by effective_at limit 1"),
            {"kind": kind},
        )
        assert isinstance(event_id, UUID)
        return await explain_event(session, Shelf(), chain.desk.places, event_id, scope)


async def pass_time(chain: SmallChain, members: Sequence[UUID], to: datetime) -> None:
    async with chain.database.begin() as session:
        await advance(session, chain.desk.packs, chain.desk.places, members, to, to)


async def a_life(chain: SmallChain) -> UUID:
    """Upgraded, silent, back, downgraded, expired."""
    member = await chain.join(at=MONDAY - timedelta(days=1))
    await chain.buy(member, line(95_000))
    await chain.buy(member, line(25_000), occurred_at=MONDAY + timedelta(days=10))
    await chain.buy(member, line(30_000), occurred_at=MONDAY + timedelta(days=200))
    await pass_time(chain, [member], MONDAY + YEARS)
    return member


async def disagreements(chain: SmallChain) -> list[tuple[str, str, str]]:
    pages = [page async for page in sweep_events(chain.database.read, Shelf(), Places())]
    assert sum(page.checked for page in pages) > 0
    return [
        (one.subject, one.recomputed, one.recorded)
        for page in pages
        for found in page.found
        for one in found.differences
    ]


def said(found: EventExplanation) -> str:
    return " ".join(sentence.en for sentence in found.summary)


async def test_a_whole_life_is_what_history_and_packs_give(chain: SmallChain) -> None:
    await a_life(chain)
    assert await disagreements(chain) == []


async def test_a_move_up_is_told_with_the_purchase_and_the_rules(chain: SmallChain) -> None:
    await a_life(chain)
    found = await explained(chain, "upgraded")
    assert found.agrees
    assert "Moved up to Silver." in said(found)
    assert "Spent $1,200.00 in 365 days; the threshold is $1,000.00." in said(found)
    assert f"The purchase {found.purchase_id} decided it" in said(found)
    (tiers,) = found.packs
    silver, gold = tiers.rules
    assert (silver.state, gold.state) == ("applied", "failed")
    assert gold.conditions[0].needed is not None
    assert gold.conditions[0].needed.zh == "需达到 US$3,000.00，差 US$1,800.00"


async def test_a_step_down_is_told_with_what_was_missing(chain: SmallChain) -> None:
    await a_life(chain)
    found = await explained(chain, "downgraded")
    assert found.agrees
    assert "Moved down to Member." in said(found)
    assert "$700.00 short." in said(found)
    assert "The tier year ended on 12 Mar 2027." in said(found)
    assert "Time decided it, by the pack classic-tiers/1." in said(found)
    assert found.packs[0].rules[0].conditions[0].values[0].value == 30_000


async def test_silence_return_and_expiry_are_told_with_their_dates(chain: SmallChain) -> None:
    await a_life(chain)
    assert "No purchase since 12 Mar 2026; 60 days of silence ended on 11 May 2026." in said(
        await explained(chain, "at_risk")
    )
    assert "on 12 Mar 2026" in said(await explained(chain, "reactivated"))
    expired = await explained(chain, "points_expired")
    assert expired.agrees
    assert "950 points went." in said(expired)
    assert "earned on 2 Mar 2026" in said(expired)


async def test_a_late_purchase_corrects_and_all_still_agrees(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member)
    await pass_time(chain, [member], MONDAY + timedelta(days=150))
    await chain.buy(member, line(99_500), occurred_at=MONDAY + timedelta(days=30))
    await chain.buy(member, occurred_at=MONDAY + timedelta(days=200))
    assert "recorded late" in said(await explained(chain, "silence_corrected"))
    assert await disagreements(chain) == []


TAMPERING = {
    "at_risk": """set reason = jsonb_set(reason, '{silent_since}', '"2026-02-01T00:00:00+00:00"')""",
    "lapsed": "set reason = jsonb_set(reason, '{after_days}', '91')",
    "downgraded": "set kind = 'kept'",
    "upgraded": "set reason = jsonb_set(reason, '{spend_365d_minor}', '1')",
    "points_expired": "set reason = jsonb_set(reason, '{points}', '1')",
    "reactivated": "set effective_at = effective_at + interval '1 hour'",
    "joined": "set effective_at = effective_at + interval '1 hour'",
    "revisit_due": "set pack_version = 'nothing/1'",
}


@pytest.mark.parametrize("kind", TAMPERING)
async def test_an_event_that_was_changed_is_found(chain: SmallChain, tamper: Tamper, kind: str) -> None:
    await a_life(chain)
    await tamper(f"update lifecycle_event {TAMPERING[kind]} where kind = '{kind}'")
    found = await disagreements(chain)
    assert found
    assert all(recomputed != recorded for _, recomputed, recorded in found)


async def test_an_event_of_somebody_else_or_out_of_sight_is_unknown(chain: SmallChain) -> None:
    await chain.join()
    with pytest.raises(EventUnknown):
        await explained(chain, "joined", scope=NOWHERE)
    async with chain.database.read() as session:
        event_id = await session.scalar(text("select id from lifecycle_event"))
        assert isinstance(event_id, UUID)
        with pytest.raises(EventUnknown):
            await explain_event(
                session, Shelf(), chain.desk.places, event_id, EVERYWHERE, member_id=UUID(int=7)
            )
