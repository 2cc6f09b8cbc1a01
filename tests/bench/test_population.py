"""A bench's members stand in every table as real ones do, however many are added and whenever."""

from pathlib import Path
from uuid import UUID

import pytest

from regulars.db.session import Database
from regulars.entrypoints.bench.population import STORES, TILLS_A_STORE, Chain, buyers, found, populate
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.verifying import verify
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Line
from regulars.purchases.posting import post_purchases
from regulars.rules.live import LivePacks
from regulars.secret_keys import ensure_secrets
from regulars.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ensure_secrets(tmp_path)
    return load_settings(tmp_path)


@pytest.fixture
async def bench_chain(database: Database, settings: Settings) -> Chain:
    return await found(database, settings, now())


async def buy(database: Database, member: str) -> Recorded:
    """One purchase of 10.00 at the first till."""
    places = Places()
    async with database.read() as session:
        await places.refresh(session)
    till = places.till(places.by_code("store-0-0").id)
    line = Line(1, "851057", "GROCERY", "goods", 1_000, 1_000, 1_000, 0, promotional=False)
    at = now()
    basket = Basket(till.id, till.store.id, str(new_id()), at, at.date(), (line,), UUID(member))
    (answer,) = await post_purchases(database, Desk(Places(), LivePacks(), new_id), [basket], at)
    assert isinstance(answer, Recorded), answer
    return answer


async def test_copies_agree_with_their_history_and_go_on_as_real_members(
    database: Database, database_url: str, bench_chain: Chain
) -> None:
    await populate(database_url, bench_chain.model, 5)
    first = await buyers(database, 10)
    assert len(set(first)) == 5
    assert (await buy(database, first[0])).receipt["member"]["seq"] == 2
    await populate(database_url, bench_chain.model, 12)
    later = await buyers(database, 100)
    assert len(later) == 12
    assert set(first) < set(later)
    assert (await buy(database, later[-1])).receipt["points"] == 10
    report = await verify(database)
    assert report.ok, [one.differences for one in report.results if one.differences]


async def test_the_model_buys_no_more_so_that_it_can_be_copied_again(
    database: Database, database_url: str, bench_chain: Chain
) -> None:
    await populate(database_url, bench_chain.model, 3)
    assert str(bench_chain.model) not in await buyers(database, 10)


async def test_every_till_has_a_key_of_its_own(bench_chain: Chain) -> None:
    assert len(set(bench_chain.bearers)) == STORES * TILLS_A_STORE == 32


async def test_a_bench_founds_nothing_where_a_chain_stands(
    database: Database, settings: Settings, bench_chain: Chain
) -> None:
    with pytest.raises(StackProblem, match="a chain already"):
        await found(database, settings, now())
