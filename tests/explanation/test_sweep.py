"""What was posted can be recomputed from what is stored, to the unit; what was tampered with is found."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from cj_world import ImportedChain, open_chain
from explanation.conftest import Claim, Explain, Tamper
from small_chain import MONDAY, SmallChain, discounted_line, line, lines

from regulars.entrypoints.complete_journey.source import Slice
from regulars.entrypoints.explaining import prove_in
from regulars.entrypoints.stack import postgres
from regulars.explanation.domain import Difference
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import Swept, sweep_events, sweep_purchases
from regulars.organisation.places import Places
from regulars.purchases.quoting import quote
from regulars.rules import engine, program

ONE_HOUSEHOLD_IN = 150
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
async def year(cluster: postgres.Cluster, template: str) -> AsyncIterator[ImportedChain]:
    """Some households of the real data, their whole year."""
    admin = await asyncpg.connect(cluster.url("postgres"))
    await admin.execute(f'create database explained template "{template}" strategy file_copy')
    made = await open_chain(cluster.url("explained"))
    try:
        made.first = await made.load(Slice(0, parts=ONE_HOUSEHOLD_IN))
        yield made
    finally:
        await made.database.close()
        await admin.execute("drop database explained with (force)")
        await admin.close()


async def all_of(chain: SmallChain | ImportedChain) -> list[Swept]:
    return [swept async for swept in sweep_purchases(chain.database.read, Shelf(), Places())]


async def test_every_award_of_the_year_is_what_recomputing_gives(year: ImportedChain) -> None:
    swept = await all_of(year)
    assert sum(page.checked for page in swept) == year.first.purchases > 500
    assert sum(page.awards for page in swept) > 500
    assert [found for page in swept for found in page.found] == []


async def test_discounts_late_purchases_and_attributions_are_what_recomputing_gives(
    chain: SmallChain, claim: Claim
) -> None:
    member, other = await chain.join("A"), await chain.join("B", tags=["staff"])
    await chain.buy(member, line(110_000))
    saturday = MONDAY + timedelta(days=5)
    for at, who in ((saturday, member), (saturday, None), (saturday + HOUR, other)):
        basket = chain.basket(who, *lines((10_000, "GROCERY"), (3_333, "MEAT")), occurred_at=at)
        async with chain.database.read() as session:
            offer = await quote(session, chain.desk, basket, b"k" * 32, HOUR, at)
        await chain.buy(who, *offer.lines, occurred_at=at, quote_id=offer.id)
    await chain.buy(member, discounted_line(5_000, 700), occurred_at=MONDAY - HOUR)
    unowned = await chain.buy(None, line(8_000))
    await claim(unowned.purchase_id, member)
    (page,) = await all_of(chain)
    assert (page.checked, page.found) == (6, ())


async def test_what_was_tampered_with_is_found_among_the_others(chain: SmallChain, tamper: Tamper) -> None:
    member = await chain.join()
    bought = [await chain.buy(member, occurred_at=MONDAY + HOUR * n) for n in range(3)]
    await tamper(f"update purchase set points = points + 1 where id = '{bought[1].purchase_id}'")
    (page,) = await all_of(chain)
    assert [one.subject for one in page.found] == [bought[1].purchase_id]
    assert page.found[0].differences == (Difference("points", str(bought[1].purchase_id), "10", "11"),)


async def test_an_error_that_todays_engine_does_not_repeat_is_a_remark(
    chain: SmallChain, explain: Explain, tamper: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await chain.join()
    fresh = await chain.buy(member)
    with monkeypatch.context() as then:
        then.setattr(engine, "OPS_BUDGET", 1)
        then.setattr(engine, "_ENGINE", engine.made())
        then.setattr(program, "run_together", lambda rules, document: None)
        short = await chain.buy(member, occurred_at=MONDAY + HOUR)
    assert (fresh.receipt["points"], short.receipt["points"]) == (10, 0)
    (page,) = await all_of(chain)
    assert (page.checked, page.no_longer_failing, page.found) == (2, 1, ())
    found = await explain(short.purchase_id)
    assert any("failed then (" in said.en and "今天的引擎" in said.zh for said in found.summary)
    proof = await prove_in(chain.database, None)
    assert (proof.ok, proof.no_longer_failing) == (True, 1)
    await tamper(f"update purchase set points = 3 where id = '{short.purchase_id}'")
    (page,) = await all_of(chain)
    assert [one.subject for one in page.found] == [short.purchase_id]


async def test_only_what_was_recorded_or_attributed_since_is_recomputed(
    chain: SmallChain, claim: Claim
) -> None:
    member = await chain.join()
    unowned = await chain.buy(None)
    await chain.buy(member)
    await claim(unowned.purchase_id, member)
    sweep = sweep_purchases(chain.database.read, Shelf(), Places(), MONDAY + HOUR)
    assert [page.checked async for page in sweep] == [1]


async def test_every_event_of_the_year_is_what_history_and_packs_give(year: ImportedChain) -> None:
    pages = [page async for page in sweep_events(year.database.read, Shelf(), Places())]
    assert sum(page.checked for page in pages) > 50
    assert [found for page in pages for found in page.found] == []
