"""A pack's numbers are turned in a form: cases run on save, publishing changes the next quote."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from small_chain import ACTOR, SmallChain, line
from sqlalchemy import event, text
from web_world import WebWorld

from regulars.kernel import clock
from regulars.outlays.following import follow
from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Discount
from regulars.rules import service as rules
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from rules_ui.routes import packs

PARAMETERS = {
    "minor_per_point": "1",
    "valid_days": "730",
    "regular_spend_minor": "1000",
    "regular_rate_bps": "125",
    "loyal_spend_minor": "3000",
    "loyal_rate_bps": "150",
}
FIRST = "/packs/grocery-classic/versions/1"


async def buys(chain: SmallChain, sales_minor: int) -> int:
    """The points of a member's purchase made now."""
    member = await chain.join()
    bought: Recorded = await chain.buy(member, line(sales_minor), occurred_at=clock.now())
    points: int = bought.receipt["points"]
    return points


async def quoted(world: WebWorld, till: httpx.AsyncClient, sales_minor: int) -> int:
    """The points that a till is promised now."""
    member = await world.chain.join()
    sold = {"sku": "851057", "department": "GROCERY", "list_minor": sales_minor, "sales_minor": sales_minor}
    body = {
        "member": str(member),
        "occurred_at": clock.now().isoformat(),
        "lines": [{"line": 1, **sold}],
    }
    answer = await till.post("/v1/quotes", json=body)
    assert answer.status_code == 200, answer.text
    points: int = answer.json()["points"]
    return points


@pytest.fixture
async def till(world: WebWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A till in the east."""
    async with await world.till() as client:
        yield client


async def test_packs_are_listed_and_read_in_words_in_both_languages(admin: httpx.AsyncClient) -> None:
    listed = (await admin.get("/packs")).text
    assert listed.count("version 1 is live") == 4
    page = (await admin.get("/packs/grocery-classic")).text
    assert "Points of the purchase × 1.25" in page
    assert "Spend in the last 365 days before this purchase is at least $1,000.00" in page
    assert re.search(r'name="regular_spend_minor"[^>]*value="1000"', page)
    assert re.search(r'name="regular_rate_bps"[^>]*value="125"', page)
    admin.cookies.set("regulars_language", "zh")
    page = (await admin.get("/packs/classic-tiers")).text
    assert "银卡门槛" in page
    assert "沉默多少天流失" in page


async def test_a_number_is_turned_saved_published_and_the_next_quote_differs(
    world: WebWorld, admin: httpx.AsyncClient, till: httpx.AsyncClient
) -> None:
    assert await quoted(world, till, 10_000) == 100
    wishes = {**PARAMETERS, "valid_days": "365"}
    saved = await admin.post(FIRST, data=wishes)
    assert saved.headers["location"] == "/packs/grocery-classic/versions/2?done=saved"
    red = await admin.post(FIRST, data={**PARAMETERS, "minor_per_point": "0.50"})
    assert red.status_code == 422
    assert re.search(r"\d+ fail", red.text)
    assert 'value="0.50"' in red.text
    assert "live now: $1.00" in red.text
    assert "Publish version" not in red.text
    adopted = await admin.post(FIRST, data={**PARAMETERS, "minor_per_point": "0.50", "adopt": "yes"})
    assert adopted.headers["location"] == "/packs/grocery-classic/versions/3?done=saved"
    page = (await admin.get(adopted.headers["location"])).text
    assert "Publish version 3" in page
    assert "all pass" in page
    assert await quoted(world, till, 10_000) == 100
    published = await admin.post(
        "/packs/grocery-classic/versions/3/publish",
        data={"place": str(world.chain.hq), "reason": "double points for the anniversary"},
    )
    assert published.headers["location"] == "/packs/grocery-classic/versions/3?done=published"
    assert await quoted(world, till, 10_000) == 200
    assert await buys(world.chain, 10_000) == 200
    page = html.unescape((await admin.get("/packs/grocery-classic")).text)
    assert "Version 3 is live" in page
    assert "double points for the anniversary" in page


async def test_saving_what_is_there_already_changes_nothing(admin: httpx.AsyncClient) -> None:
    assert (await admin.post(FIRST, data=PARAMETERS)).headers["location"].endswith("?done=unchanged")
    assert "Version 2" not in (await admin.get("/packs/grocery-classic")).text


async def test_numbers_out_of_bounds_are_named_and_kept_in_the_form(admin: httpx.AsyncClient) -> None:
    wrong = {**PARAMETERS, "valid_days": "0", "regular_rate_bps": "90"}
    answer = await admin.post(FIRST, data=wrong)
    assert answer.status_code == 422
    assert "Write a whole number from 1 to 3650." in answer.text
    assert "Write a number from 100 to 1000, with at most 2 decimals." in answer.text
    assert re.search(r'name="valid_days"[^>]*value="0"', answer.text)


async def test_publishing_at_a_branch_leaves_the_others_alone(
    world: WebWorld, admin: httpx.AsyncClient, till: httpx.AsyncClient
) -> None:
    await admin.post(FIRST, data={**PARAMETERS, "minor_per_point": "2", "adopt": "yes"})
    async with world.chain.database.begin() as session:
        await world.chain.desk.places.refresh(session)
    west = str(world.chain.desk.places.by_code("west").id)
    await admin.post(
        "/packs/grocery-classic/versions/2/publish", data={"place": west, "reason": "a try in the west"}
    )
    assert await quoted(world, till, 10_000) == 100  # the till stands in the east
    page = (await admin.get("/packs/grocery-classic")).text
    assert "Version 1 is live" in page
    assert "live at West since" in page


async def test_who_publishes_must_do_so_at_a_place_of_their_own_and_say_why(world: WebWorld) -> None:
    async with await world.operator("marketing", world.chain.stores["east-1"]) as marketing:
        saved = await marketing.post(FIRST, data={**PARAMETERS, "valid_days": "365"})
        assert saved.status_code == 303
        address = "/packs/grocery-classic/versions/2/publish"
        refused = await marketing.post(address, data={"place": str(world.chain.hq), "reason": "for all"})
        assert refused.status_code == 403
        silent = await marketing.post(
            address, data={"place": str(world.chain.stores["east-1"]), "reason": ""}
        )
        assert silent.status_code == 422
        own = await marketing.post(
            address, data={"place": str(world.chain.stores["east-1"]), "reason": "太贵"}
        )
        assert own.status_code == 303
    async with await world.operator("store", world.chain.hq) as store:
        page = (await store.get("/packs/grocery-classic")).text
        assert "Save and run the cases" not in page
        assert "Publish version" not in page


async def test_a_version_that_is_not_there_is_not_found(admin: httpx.AsyncClient) -> None:
    for path in ("/packs/grocery-classic/versions/9", "/packs/nothing", "/packs/nothing/versions/1"):
        assert (await admin.get(path)).status_code == 404


async def test_a_pack_says_for_whom_and_when_it_is_and_how_much_it_may_give(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await world.chain.publish("grocery-weekend", "print-shop-offers", "print-shop-points")
    weekend = html.unescape((await admin.get("/packs/grocery-weekend")).text)
    assert "When: Saturday, Sunday" in weekend
    assert "Where several hold: Only the highest (10 off for each 100; Of three pastries one free)" in weekend
    assert "A member, a week: At most $50.00 off a week for each member, the last one in part" in weekend
    assert 'class="sheet-body rule-terms"' in weekend
    assert "Meant for: By mini" in html.unescape((await admin.get("/packs/print-shop-points")).text)
    night = html.unescape((await admin.get("/packs/print-shop-offers")).text)
    assert "When: 20:00–08:00" in night
    plain = html.unescape((await admin.get("/packs/grocery-classic")).text)
    assert "Meant for:" not in plain
    assert "Limits" not in plain
    assert "rule-terms" not in plain


async def test_listing_packs_asks_the_database_as_often_however_many_there_are(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    before = await statements_of(world, admin, "/packs")
    async with world.container.database.begin() as session:
        for code in ("silver-saturday", "staff-excluded"):
            await rules.create_version(session, starter_text(code), ACTOR, clock.now())
    assert await statements_of(world, admin, "/packs") == before


async def test_older_versions_stand_on_pages_of_their_own(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "VERSIONS_SHOWN", 2)
    async with world.container.database.begin() as session:
        for days in (100, 200):
            text = with_parameters(starter_text("grocery-classic"), {"valid_days": days})
            await rules.create_version(session, text, ACTOR, clock.now())
    page = (await admin.get("/packs/grocery-classic")).text
    assert re.findall(r">Version (\d+)</a>", page) == ["3", "2"]
    older = re.search(r'href="([^"]+)">Older ones', page)
    assert older is not None
    page = (await admin.get(html.unescape(older[1]).split("#")[0])).text
    assert re.findall(r">Version (\d+)</a>", page) == ["1"]
    assert "Older ones" not in page


async def statements_of(world: WebWorld, client: httpx.AsyncClient, address: str) -> int:
    """How often a page asks the database, once nothing is new to the process."""
    await client.get(address)
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    engine = world.container.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        assert (await client.get(address)).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return asked


async def test_where_a_packs_points_and_money_went_is_told_by_day_and_only_of_stores_in_sight(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    chain = world.chain
    assert "Not added up yet" in (await admin.get("/packs/grocery-classic")).text
    member, now = await chain.join(), clock.now()
    off = Discount("pack:silver-saturday/1#groceries", "chain", 250)
    groceries = line(4_750, list_minor=5_000, discount_minor=250, discounts=(off,))
    east = chain.desk.places.store(chain.stores["east-1"])
    when = {"occurred_at": now, "business_day": now.astimezone(east.zone).date()}
    await chain.buy(member, groceries, **when)
    await chain.buy(member, line(3_000), **when)
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    await chain.buy(member, line(10_000), **when, **west)
    async with chain.database.begin() as session:
        await follow(session, now)
    points = html.unescape((await admin.get("/packs/grocery-classic")).text)
    booked = (
        "select sum(p.amount), sum(p.amount) filter (where b.store_id = :west) from posting p "
        "join ledger_entry e on e.id = p.entry_id join purchase b on b.id = e.cause_id "
        "where p.pack_version like 'grocery-classic/%'"
    )
    async with chain.database.read() as session:
        given, in_west = (await session.execute(text(booked), {"west": chain.stores["west-1"]})).one()
    assert f'<dt>Points given</dt><dd class="num">{given:,}</dd>' in points
    assert "Points by day" in points
    assert f'<dd class="num">{in_west:,} points</dd>' in points
    assert "charts.js" in points
    assert '<dt>Money off</dt><dd class="num">$2.50</dd>' in (await admin.get("/packs/silver-saturday")).text
    assert 'id="given"' not in (await admin.get("/packs/classic-tiers")).text
    marketer = await world.operator("marketing", chain.stores["west-1"])
    async with marketer:
        here = (await marketer.get("/packs/grocery-classic")).text
        assert f'<dt>Points given</dt><dd class="num">{in_west:,}</dd>' in here
        assert "Nothing so far." in (await marketer.get("/packs/silver-saturday")).text


async def test_packs_that_meet_are_told_once_by_title_with_what_can_be_done(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await world.chain.publish("double-day")
    home = html.unescape((await admin.get("/packs")).text)
    section = home[home.index('id="home-clashes"') :].partition("</section>")[0]
    assert section.count("<li>") == 2, "with each of the two multipliers, once"
    assert section.count('<a class="row-link" href="/packs/double-day">Double-points day</a>') == 2
    assert "“Regulars earn × 1.25”" in section
    assert "the points then come to × 2.5." in section
    assert "write the same stacking group in both rules" in section
    assert "double-day/1" not in section
    admin.cookies.set("regulars_language", "zh")
    for path in ("/packs/double-day", "/packs/grocery-classic"):
        page = html.unescape((await admin.get(path)).text)
        assert page.count("请在两条规则里填写同一个叠加组") == 2, path
        assert "“常客 1.25 倍”" in page
