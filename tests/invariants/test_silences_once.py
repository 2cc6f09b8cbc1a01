"""A silence is told once, however many late purchases leave it as it is."""

from datetime import timedelta
from uuid import UUID

from small_chain import MONDAY, SmallChain, line

from regulars.entrypoints.verifying import verify
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle

DAY = timedelta(days=1)


async def pass_time(chain: SmallChain, member: UUID, days: int) -> None:
    to = MONDAY + days * DAY
    async with chain.database.begin() as session:
        await lifecycle.advance(session, chain.desk.packs, chain.desk.places, [member], to, to)


async def story(chain: SmallChain, member: UUID) -> list[tuple[str, int]]:
    async with chain.database.read() as session:
        events = (await standings.events_of(session, [member]))[member]
    return [(event.kind, (event.effective_at - MONDAY).days) for event in events]


async def test_two_late_receipts_of_one_instant_tell_the_silence_after_them_once(chain: SmallChain) -> None:
    member = await chain.join(at=MONDAY)
    await chain.buy(member, occurred_at=MONDAY)
    await pass_time(chain, member, 300)
    for _ in range(2):
        await chain.buy(member, line(1_000), occurred_at=MONDAY + 100 * DAY)
    told = await story(chain, member)
    assert [day for kind, day in told if kind == "at_risk"] == [60, 160]
    assert [day for kind, day in told if kind == "lapsed"] == [90, 190]
    assert (await verify(chain.database)).ok


async def test_a_late_purchase_from_before_joining_leaves_the_silence_since_joining_as_it_was_told(
    chain: SmallChain,
) -> None:
    member = await chain.join(at=MONDAY)
    await pass_time(chain, member, 200)
    for hours in (2, 1):
        await chain.buy(member, line(1_000), occurred_at=MONDAY - timedelta(hours=hours))
    told = await story(chain, member)
    assert [day for kind, day in told if kind == "at_risk"] == [60]
    assert [day for kind, day in told if kind == "lapsed"] == [90]
    assert (await verify(chain.database)).ok
