"""The live play: real baskets through the real API, as a till would, each once."""

import asyncio
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
import uvicorn
from cj_world import ImportedChain, open_chain
from rich.console import Console
from sqlalchemy import text
from web_world import make_app

from regulars.entrypoints.complete_journey.player import (
    HELD_BACK_DAYS,
    held_back,
    play,
    publish_live_packs,
)
from regulars.entrypoints.complete_journey.source import Slice, SourceBasket
from regulars.entrypoints.complete_journey.tills import KEYS_FILE, Refused, TillKeys, TillLine
from regulars.entrypoints.web import build
from regulars.kernel.clock import now
from regulars.secret_keys import SecretKeys

ONE_HOUSEHOLD_IN = 120


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(database_url: str) -> AsyncIterator[ImportedChain]:
    """History up to the days that are held back, and the packs of the play live from now on."""
    made = await open_chain(database_url)
    made.first = await made.load(Slice(0, from_day=300, to_day=365 - HELD_BACK_DAYS, parts=ONE_HOUSEHOLD_IN))
    await publish_live_packs(made.database, now())
    yield made
    await made.database.close()


class Shop:
    """A web part on a port of its own, and tills that talk to it."""

    def __init__(self, chain: ImportedChain, folder: Path) -> None:
        self.app = make_app(chain.url, folder)
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
        )
        self.keys = TillKeys(chain.database, SecretKeys.load(folder).terminal_key_pepper, folder)

    async def open(self) -> None:
        self.serving = asyncio.create_task(self.server.serve())
        while not self.server.started:  # noqa: ASYNC110 — uvicorn tells no other way
            await asyncio.sleep(0.02)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.line = TillLine(f"http://127.0.0.1:{port}", self.keys)

    async def close(self) -> None:
        await self.line.close()
        self.server.should_exit = True
        await self.serving


@pytest.fixture
async def shop(chain: ImportedChain, tmp_path: Path) -> AsyncIterator[Shop]:
    opened = Shop(chain, tmp_path)
    await opened.open()
    yield opened
    await opened.close()


async def baskets_to_play(chain: ImportedChain) -> list[SourceBasket]:
    """The held-back baskets of the households in the slice; one of them is a stranger to the chain."""
    every = await held_back(chain.database, chain.first.ground)
    return [sold for sold in every if sold.household % ONE_HOUSEHOLD_IN == 0]


async def ring_up(chain: ImportedChain, shop: Shop, baskets: list[SourceBasket]) -> tuple[int, int]:
    played = await play(
        baskets, chain.first.ground, shop.line, Console(file=StringIO()), purchases_a_minute=6_000
    )
    return played.posted, played.refused


async def test_held_back_baskets_are_posted_once_each_as_quoted(chain: ImportedChain, shop: Shop) -> None:
    baskets = await baskets_to_play(chain)
    assert len(baskets) > 10
    begun = now()
    assert await ring_up(chain, shop, baskets) == (len(baskets), 0)
    async with chain.database.read() as session:
        rows = (
            await session.execute(
                text(
                    "select p.*, r.reference from purchase p join member_reference r using (member_id) "
                    "where idempotency_key is not null"
                )
            )
        ).all()
    sold = {f"cj-live-{each.number}": each for each in baskets}
    assert {row.idempotency_key for row in rows} == set(sold)
    for row in rows:
        each = sold[row.idempotency_key]
        assert row.reference == f"cj-{each.household}"
        assert row.terminal_id == each.basket.terminal_id
        assert begun <= row.occurred_at <= now()
        assert row.source == "till"
        assert "discount_differs" not in row.flags
        assert row.list_minor == each.basket.list_minor
        assert row.sales_minor <= each.basket.sales_minor
        assert row.quote_id is not None
    assert await baskets_to_play(chain) == []


async def test_a_play_that_was_stopped_goes_on_where_it_stopped(chain: ImportedChain, shop: Shop) -> None:
    baskets = await baskets_to_play(chain)
    await ring_up(chain, shop, baskets[:5])
    rest = await baskets_to_play(chain)
    assert {each.number for each in rest} == {each.number for each in baskets[5:]}
    imported_afterwards = await chain.load(Slice(0, from_day=300, parts=ONE_HOUSEHOLD_IN))
    assert imported_afterwards.purchases == len(rest)


async def test_a_till_keeps_its_key_for_the_next_start_and_nobody_else_can_read_it(
    chain: ImportedChain, shop: Shop, tmp_path: Path
) -> None:
    baskets = await baskets_to_play(chain)
    await ring_up(chain, shop, baskets[:2])
    terminal = baskets[0].basket.terminal_id
    known = await shop.keys.bearer_of(terminal)
    next_start = TillKeys(chain.database, SecretKeys.load(tmp_path).terminal_key_pepper, tmp_path)
    assert await next_start.bearer_of(terminal) == known
    assert (tmp_path / KEYS_FILE).stat().st_mode & 0o077 == 0


async def test_a_till_whose_keys_are_lost_or_revoked_gets_a_new_one(
    chain: ImportedChain, shop: Shop, tmp_path: Path
) -> None:
    baskets = await baskets_to_play(chain)
    for start in range(4):
        (tmp_path / KEYS_FILE).unlink(missing_ok=True)
        lost = TillKeys(chain.database, SecretKeys.load(tmp_path).terminal_key_pepper, tmp_path)
        assert (await lost.bearer_of(baskets[0].basket.terminal_id)).startswith("tk_"), start
    async with chain.database.begin() as session:
        await session.execute(text("update terminal_key set revoked_at = now()"))
    shop.keys = lost
    line = TillLine(str(shop.line._client.base_url), lost)
    played = await play(
        baskets[:1], chain.first.ground, line, Console(file=StringIO()), purchases_a_minute=6_000
    )
    await line.close()
    assert (played.posted, played.refused) == (1, 0)


async def test_a_till_waits_while_the_api_is_away(chain: ImportedChain, shop: Shop) -> None:
    baskets = await baskets_to_play(chain)
    address = str(shop.line._client.base_url)
    port = int(httpx.URL(address).port or 0)
    shop.server.should_exit = True
    await shop.serving
    playing = asyncio.create_task(ring_up(chain, shop, baskets[:1]))
    await asyncio.sleep(1)
    assert not playing.done()
    again = build(shop.app.state.container.settings)
    shop.server = uvicorn.Server(uvicorn.Config(again, host="127.0.0.1", port=port, log_config=None))
    shop.serving = asyncio.create_task(shop.server.serve())
    assert await playing == (1, 0)


async def test_what_the_api_refuses_is_named_and_the_play_goes_on(chain: ImportedChain, shop: Shop) -> None:
    baskets = await baskets_to_play(chain)
    terminal = baskets[0].basket.terminal_id
    with pytest.raises(Refused, match="422"):
        await shop.line.post(terminal, "/v1/purchases", {"receipt_no": "1"}, key="x")


async def test_a_pack_that_somebody_switched_off_is_not_put_live_again(chain: ImportedChain) -> None:
    await publish_live_packs(chain.database, now())
    async with chain.database.read() as session:
        count = await session.scalar(text("select count(*) from pack_activation"))
    assert count == 4
