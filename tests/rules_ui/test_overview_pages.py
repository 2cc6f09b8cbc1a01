"""The overview counts what is there, moves by itself, and says what is wrong behind the till."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from recompute_world import Recomputing
from small_chain import ACTOR, MONDAY, line
from temporalio.testing import WorkflowEnvironment
from web_world import WebWorld

from regulars.kernel import clock
from regulars.purchases.attribution import attribute_purchase
from regulars.security.scope import EVERYWHERE, Scope
from rules_ui import minutes
from rules_ui.board import Board, draw
from rules_ui.contexts.overview import Live
from rules_ui.i18n import Money, Speech
from rules_ui.queues import Queues
from rules_ui.streaming import as_message
from rules_ui.ui import Ui


def speech() -> Speech:
    now = clock.now()

    return Speech("en", ZoneInfo("UTC"), Money("USD", 2), now)


async def live(world: WebWorld, scope: Scope = EVERYWHERE) -> Live:
    ui: Ui = world.app.state.ui
    await ui.refresh()
    say = speech()
    board = Board(world.container.database, ui.board.queues)
    return draw(await board.figures(scope, say.now), (), say)


async def test_the_board_counts_members_purchases_and_points(world: WebWorld) -> None:
    silver = await world.chain.join("Silver", at=MONDAY - timedelta(days=1))
    await world.chain.join("New")
    await world.chain.buy(silver, line(100_000))
    await world.chain.buy(silver, line(1_000), occurred_at=MONDAY + timedelta(hours=1))
    await world.chain.post(world.chain.basket(None, line(500)), at=clock.now())
    board = await live(world)
    assert (board.members, board.active) == (2, 1)
    assert {tier.code: total for tier, total in zip(board.tiers, board.tier_totals, strict=True)} == {
        "base": 1,
        "silver": 1,
    }
    assert board.points == 1_000 + 12
    assert (board.lately, board.lately_minutes) == (1, 60)
    assert sum(bar.height > 0 for bar in board.bars) == 1
    assert board.happenings[0].what == "moved up to Silver"
    assert [sale.sales for sale in board.sales] == ["$5.00", "$10.00", "$1,000.00"]


async def test_the_board_shows_a_place_only_what_lies_below_it(world: WebWorld) -> None:
    own = await world.chain.join("Own", store="east-1")
    await world.chain.join("Stranger", store="west-1")
    await world.chain.buy(own, line(1_000))
    async with world.chain.database.begin() as session:
        await world.chain.desk.places.refresh(session)
    west = world.chain.desk.places.by_code("west")
    board = await live(world, Scope((west.path,)))
    assert (board.members, board.points, len(board.sales)) == (1, 0, 0)
    assert {told.who for told in board.happenings} == {"Stranger"}


async def test_the_board_tells_of_a_rule_that_failed_until_it_is_recomputed(world: WebWorld) -> None:
    assert not any("rule failed" in line.title for line in (await live(world)).health)
    recomputing = Recomputing(world.chain)
    await recomputing.begin()
    await recomputing.fail(await world.chain.join("Ann"))
    told = (await live(world)).health[0]
    assert (told.mood, told.title, told.figure) == ("bad", "Purchases in which a rule failed", "1")
    assert told.note.startswith("Products listed (Products listed, version 1), last ")
    west = world.chain.desk.places.by_code("west")
    assert not any("rule failed" in line.title for line in (await live(world, Scope((west.path,)))).health)
    await recomputing.mend()
    await recomputing.batch("failing/2")
    assert not any("rule failed" in line.title for line in (await live(world)).health)


async def test_the_board_tells_of_a_rule_that_failed_while_a_purchase_was_given_to_a_member(
    world: WebWorld,
) -> None:
    recomputing = Recomputing(world.chain)
    await recomputing.begin()
    bought = await recomputing.fail(None)
    ann = await world.chain.join("Ann")
    async with world.chain.database.begin() as session:
        await attribute_purchase(session, world.chain.desk, bought.purchase_id, ann, ACTOR, recomputing.at)
    told = (await live(world)).health[0]
    assert (told.title, told.figure) == ("Purchases in which a rule failed", "1")
    assert told.note.startswith("Products listed (Products listed, version 1), last ")
    west = world.chain.desk.places.by_code("west")
    assert not any("rule failed" in line.title for line in (await live(world, Scope((west.path,)))).health)
    await recomputing.fail(ann)
    assert (await live(world)).health[0].figure == "2"
    await recomputing.mend()
    await recomputing.batch("failing/2")
    assert not any("rule failed" in line.title for line in (await live(world)).health)


async def test_a_minute_that_is_over_is_not_counted_again_and_none_is_forgotten(world: WebWorld) -> None:
    board = Board(world.container.database, world.app.state.ui.board.queues)
    start = clock.now()
    for minute in range(5):
        at = start + timedelta(minutes=minute)
        await world.chain.post(world.chain.basket(None, line(100)), at=at)
        figures = await board.figures(EVERYWHERE, at + timedelta(seconds=5))
    assert figures.minutes.total() == 5


async def test_a_busy_chain_s_hour_is_counted_look_by_look_and_the_page_says_how_far_back(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutes, "LOOK_SECONDS", 0.0)
    board = Board(world.container.database, world.app.state.ui.board.queues)
    now = clock.now().replace(second=40)
    for ago in (0, 1, 2, 3, 5, 59):
        await world.chain.post(world.chain.basket(None, line(100)), at=now - timedelta(minutes=ago))
    told = []
    for look in range(4):
        figures = await board.figures(EVERYWHERE, now + timedelta(seconds=2 * look))
        told.append(draw(figures, (), speech()))
    assert [(each.lately_minutes, each.lately) for each in told] == [(3, 3), (4, 4), (5, 4), (6, 5)]
    monkeypatch.setattr(world.app.state, "ui", Ui(world.container))
    assert "purchases in the last 3 minutes" in (await admin.get("/")).text
    monkeypatch.setattr(minutes, "LOOK_SECONDS", 10.0)
    whole = draw(await board.figures(EVERYWHERE, now + timedelta(seconds=10)), (), speech())
    assert (whole.lately_minutes, whole.lately) == (60, 6)


async def test_the_stream_sends_the_board_whole_as_one_unnamed_message(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    assert as_message("<p>a</p>\n\n<p>b</p>\n") == "data: <p>a</p>\ndata: <p>b</p>\n\n"


async def test_without_temporal_the_overview_stands_and_says_so(admin: httpx.AsyncClient) -> None:
    page = await admin.get("/")
    assert page.status_code == 200
    assert "not reachable" in page.text
    assert "The till goes on" in page.text
    assert "no relay is running" in page.text


async def test_with_temporal_the_overview_names_queue_backlog_and_workers(
    temporal: WorkflowEnvironment,
) -> None:
    async def connected() -> object:
        return temporal.client

    queues = Queues(connected, ["nobody-works-here"])  # type: ignore[arg-type]
    figures = await queues.figures(clock.now())
    assert figures.reachable
    assert [(queue.name, queue.workers, queue.backlog) for queue in figures.queues] == [
        ("nobody-works-here", 0, 0)
    ]


async def test_a_temporal_that_hangs_does_not_hold_the_page_up() -> None:
    async def never() -> object:
        await asyncio.sleep(60)
        raise AssertionError

    queues = Queues(never, ["member"])  # type: ignore[arg-type]
    began = clock.now()
    assert not (await queues.figures(began)).reachable
    assert clock.now() - began < timedelta(seconds=3)
