"""Members are found, read and acted on; each award is explained in words; nobody sees beyond their place."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from small_chain import MONDAY, line, lines
from undoing.world import Undoing, give_points
from web_world import WebWorld

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.following_up import follow_up

DAY = timedelta(days=1)


def said(html: str) -> str:
    """What a reader sees of a page, on one line."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text).replace("&#39;", "'").replace("&amp;", "&")


async def a_regular(world: WebWorld) -> UUID:
    """Somebody who has moved up to silver and then gone silent."""
    member = await world.chain.join("陈静", phone="+12125550123", references=("cj-1007",), at=MONDAY - DAY)
    await world.chain.buy(member, *lines((99_000, "GROCERY"), (2_000, "PRODUCE")))
    await world.chain.buy(member, line(5_000, "FUEL"), occurred_at=MONDAY + DAY)
    await world.chain.buy(member, line(1_000), occurred_at=MONDAY + 2 * DAY)
    return member


async def test_a_member_is_found_by_number_phone_last_four_reference_and_whole_name(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await a_regular(world)
    other = await world.chain.join("王伟", phone="+12125550199")
    number = re.search(r"\d{14}", (await admin.get(f"/members/{member}")).text)
    assert number is not None
    for words in (number[0], number[0][:9], "+1 212-555-0123", "0123", "cj-1007", "陈静"):
        page = (await admin.get("/members", params={"q": words})).text
        assert str(member) in page, words
        assert str(other) not in page or number[0].startswith(words), words
    for words in ("陈", "%", "_", "\\", "nobody", "0"):
        assert "Nobody matches" in (await admin.get("/members", params={"q": words})).text, words


async def test_the_list_is_narrowed_and_paged_without_losing_anybody(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules_ui.routes.members.MEMBERS_A_PAGE", 2)
    silver = await a_regular(world)
    members = {await world.chain.join(f"Member {i}") for i in range(4)} | {silver}
    found: list[str] = []
    address: str | None = "/members"
    while address:
        page = (await admin.get(address)).text
        found += re.findall(r'row-link" href="/members/([0-9a-f-]{36})"', page)
        further = re.search(r'href="(/members\?[^"]*before=[^"]+)">Next page', page)
        address = further[1].replace("&amp;", "&") if further else None
    assert sorted(found) == sorted(map(str, members))
    narrowed = (await admin.get("/members?tier=silver&stage=active")).text
    assert re.findall(r'row-link" href="/members/([0-9a-f-]{36})"', narrowed) == [str(silver)]


async def test_the_member_page_tells_the_story_and_shows_no_phone(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await a_regular(world)
    page = said((await admin.get(f"/members/{member}")).text)
    assert "••• 0123" in page
    assert "5550123" not in page
    assert "Moved up to Silver" in page
    assert "Spent $1,010.00 in 365 days; the threshold is $1,000.00." in page
    assert "$1,930.00 more to Gold" in page
    assert "Purchase · $50.00" in page
    assert page.index("Moved up to Silver") < page.index("First purchase") < page.index("Joined")


async def test_each_award_is_explained_rule_by_rule_in_both_languages(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join()
    bought = await world.chain.buy(member, *lines((1_050, "GROCERY"), (500, "PRODUCE")))
    part = said((await admin.get(f"/purchases/{bought.purchase_id}?part=1")).text)
    assert "Points for spending" in part
    assert "+15 pts" in part
    assert "Produce counts double on weekdays" in part
    assert "+5 pts" in part
    assert "Not so: Spend in the last 365 days before this purchase is at least $1,000.00" in part
    admin.cookies.set("regulars_language", "zh")
    page = said((await admin.get(f"/purchases/{bought.purchase_id}")).text)
    assert "逐条规则说明" in page
    assert "+15 分" in page
    assert "未满足：近 365 天消费额（不含本单）满 US$1,000.00" in page
    assert "不限制本单；未满足：会员标签包含“staff”" in page


async def test_why_nothing_was_earned_is_said(world: WebWorld, admin: httpx.AsyncClient) -> None:
    staff = await world.chain.join("Staff", tags=("staff",))
    for member, reason in (
        (staff, "This member is excluded from earning."),
        (None, "No member was named, so nothing is earned."),
    ):
        bought = await world.chain.buy(member, line(1_000))
        page = said((await admin.get(f"/purchases/{bought.purchase_id}")).text)
        assert reason in page
    excluded = await world.chain.buy(staff, line(1_000), occurred_at=MONDAY + DAY)
    assert "Excluded by staff-excluded/1." in said(
        (await admin.get(f"/purchases/{excluded.purchase_id}")).text
    )


async def test_the_story_is_paged_without_gap_or_repeat(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules_ui.routes.members.STORY_STEP", 3)
    member = await world.chain.join(at=MONDAY - DAY)
    amounts = [1_000 + i for i in range(8)]
    for i, amount in enumerate(amounts):
        await world.chain.buy(member, line(amount), occurred_at=MONDAY + i * DAY)
    told: list[str] = []
    address: str | None = f"/members/{member}?part=1"
    while address:
        page = (await admin.get(address)).text
        told += re.findall(r"Purchase · \$([\d.]+)|<strong>(.*?)</strong>", page)
        further = re.search(r'hx-get="(/members/[^"]*before=[^"]+)"', page)
        address = further[1].replace("&amp;", "&") if further else None
    purchases = [amount for amount, _ in told if amount]
    assert purchases == [f"{amount / 100:.2f}" for amount in reversed(amounts)]
    assert [event for _, event in told if event][-2:] == ["First purchase", "Joined"]


async def with_a_task(world: WebWorld) -> tuple[UUID, str]:
    now = clock.now()
    member = await world.chain.join(at=now - 30 * DAY)
    await world.chain.buy(member, line(1_000), occurred_at=now - 20 * DAY)
    async with world.chain.database.begin() as session:
        await lifecycle.advance(session, world.chain.desk.packs, world.chain.desk.places, [member], now, now)
        assert await follow_up(session, [member], now) == 1
    async with await world.operator("admin", world.chain.hq) as admin:
        page = (await admin.get(f"/members/{member}")).text
    task = re.search(rf'hx-post="/members/{member}/tasks/([0-9a-f-]+)"', page)
    assert task is not None
    return member, task[1]


async def test_a_revisit_is_closed_with_an_outcome_once(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member, task = await with_a_task(world)
    address = f"/members/{member}/tasks/{task}"
    odd = await admin.post(address, data={"outcome": "shouted"}, headers={"HX-Request": "true"})
    assert 'role="alert"' in odd.text
    closed = await admin.post(
        address, data={"outcome": "reached", "note": "满意 <b>"}, headers={"HX-Request": "true"}
    )
    assert 'id="care"' in closed.text
    assert "满意 &lt;b&gt;" in closed.text
    assert "No revisit is open." in closed.text
    again = await admin.post(address, data={"outcome": "reached", "note": "满意 <b>"})
    assert again.headers["location"] == f"/members/{member}?done=task-closed"
    contradicted = await admin.post(address, data={"outcome": "declined"}, headers={"HX-Request": "true"})
    assert 'role="alert"' in contradicted.text


async def test_an_account_is_frozen_earns_nothing_and_is_unfrozen(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join()
    order = {"order": str(new_id()), "note": "as asked at the desk"}
    frozen = await admin.post(f"/members/{member}/freeze", data={**order, "reason": "member_request"})
    assert frozen.headers["location"].endswith("?done=frozen")
    again = await admin.post(f"/members/{member}/freeze", data={**order, "reason": "member_request"})
    assert again.headers["location"].endswith("?done=frozen")
    page = said((await admin.get(f"/members/{member}")).text)
    assert "Reason: At the member's wish" in page
    bought = await world.chain.buy(member, line(5_000), occurred_at=clock.now())
    assert bought.receipt["points"] == 0
    assert "The account is frozen, so nothing is earned." in said(
        (await admin.get(f"/purchases/{bought.purchase_id}")).text
    )
    thawed = await admin.post(f"/members/{member}/unfreeze", data={"order": str(new_id()), "note": "done"})
    assert thawed.headers["location"].endswith("?done=unfrozen")
    assert "Frozen since" not in (await admin.get(f"/members/{member}")).text


async def test_the_desk_of_a_store_sees_its_own_members_and_their_purchases_elsewhere(
    world: WebWorld,
) -> None:
    own = await world.chain.join("Own", store="east-1")
    stranger = await world.chain.join("Stranger", store="west-1")
    elsewhere = await world.chain.buy(
        own,
        line(),
        terminal_id=world.chain.tills["west-1-t1"],
        store_id=world.chain.stores["west-1"],
    )
    theirs = await world.chain.buy(
        stranger,
        line(),
        terminal_id=world.chain.tills["west-1-t1"],
        store_id=world.chain.stores["west-1"],
        occurred_at=MONDAY + DAY,
    )
    async with await world.operator("service_desk", world.chain.stores["east-1"]) as desk:
        listed = (await desk.get("/members")).text
        assert "Own" in listed
        assert "Stranger" not in listed
        assert (await desk.get(f"/members/{own}")).status_code == 200
        assert (await desk.get(f"/members/{stranger}")).status_code == 404
        assert (await desk.get(f"/purchases/{elsewhere.purchase_id}")).status_code == 200
        assert (await desk.get(f"/purchases/{theirs.purchase_id}")).status_code == 404
        assert "Stranger" not in (await desk.get("/")).text
        frozen = await desk.post(
            f"/members/{stranger}/freeze",
            data={"order": str(new_id()), "reason": "other", "note": "no"},
        )
        assert frozen.status_code == 404


async def test_somebody_is_enrolled_and_wrong_fields_are_named_in_the_readers_language(
    world: WebWorld,
) -> None:
    async with await world.operator("store", world.chain.stores["east-1"]) as desk:
        store = str(world.chain.stores["east-1"])
        form = {"name": "李娜", "phone": "+1 212 555 0147", "birthday": "1990-02-30", "store": store}
        wrong = await desk.post("/members/enrol", data=form)
        assert wrong.status_code == 422
        assert "Give a date between 1900 and today." in wrong.text
        assert 'value="李娜"' in wrong.text
        done = await desk.post("/members/enrol", data={**form, "birthday": ""})
        assert done.headers["location"].endswith("?done=enrolled")
        page = said((await desk.get(done.headers["location"])).text)
        assert "Welcome! The member is enrolled." in page
        desk.cookies.set("regulars_language", "zh")
        twice = await desk.post("/members/enrol", data={**form, "birthday": "", "name": "李娜二"})
        assert twice.status_code == 422
        assert re.search(r'id="phone-error">.*?会员', twice.text, re.DOTALL)
        elsewhere = {**form, "phone": "", "birthday": "", "store": str(world.chain.stores["west-1"])}
        assert (await desk.post("/members/enrol", data=elsewhere)).status_code == 422


async def test_the_own_store_is_chosen_and_of_many_one_is_typed_by_code_or_name(world: WebWorld) -> None:
    chain = world.chain
    async with await world.operator("store", chain.stores["west-1"]) as own:
        page = (await own.get("/members/enrol")).text
        assert re.search(rf'value="{chain.stores["west-1"]}" selected', page)
        assert "Choose a store" not in page
    async with await world.operator("service_desk", chain.hq) as everywhere:
        for address in ("/members/enrol", "/desk/enrol"):
            page = (await everywhere.get(address)).text
            assert re.search(r'value="" selected>Choose a store', page), address
            form = {"name": "Li", "phone": "+1 212 555 0161", "store": ["", "Nowhere 7"]}
            wrong = await everywhere.post(address, data=form)
            assert "You have no place “Nowhere 7”" in said(wrong.text)
        done = await everywhere.post("/members/enrol", data={**form, "store": ["", "WEST-1"]})
        assert done.status_code == 303
        number = done.headers["location"].split("/")[2].partition("?")[0]
        found = (await everywhere.get(f"/v1/members/{number}")).json()
        assert found["home_store_id"] == str(chain.stores["west-1"])


async def test_what_an_undo_took_back_stands_in_the_story_with_who_and_why(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await give_points(world.chain)
    member = await world.chain.join()
    bought = await world.chain.buy(member, line(2_000))
    undoing = Undoing(world.chain)
    undoing.orderer = await world.actor("marketing")
    undoing.approver = await world.actor("approver")
    await undoing.do(note="The gift was <meant> for staff")
    page = said((await admin.get(f"/members/{member}")).text)
    assert "Points taken back -20 pts" in page
    told = (
        "20 points that gift/1 had given were taken back. Ordered by {}, approved by {}. Reason: The gift was"
    )
    assert told.format(undoing.orderer.name, undoing.approver.name) in page
    assert "+40 pts 20 taken back" in page
    assert "<meant>" not in (await admin.get(f"/members/{member}")).text
    assert "20 points that gift/1 had given were taken back" in said(
        (await admin.get(f"/purchases/{bought.purchase_id}")).text
    )


async def test_what_people_write_is_shown_and_never_run(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member = await world.chain.join("<script>alert(1)</script>")
    for path in ("/members", f"/members/{member}", "/", '/members?q="><script>alert(1)</script>'):
        page = (await admin.get(path)).text
        assert "<script>alert" not in page, path


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=1.2.3.4",
        "before=" + "9" * 60,
        "before=17000000000000000.1.99999999999999999",
        "part=1",
    ],
)
async def test_odd_addresses_do_no_harm(world: WebWorld, admin: httpx.AsyncClient, query: str) -> None:
    member = await world.chain.join()
    assert (await admin.get(f"/members/{member}?{query}")).status_code in (200, 422)
