"""The desk: somebody is found by what is shown, taken in once, told why, and given points by two people."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from budget_world import limit, money, publish_points, publish_tenth
from small_chain import MONDAY, lines
from web_world import WebWorld

from regulars.explanation.domain import Condition, LimitLeft, OfferExplanation, PackSaid, RuleSaid, Said
from regulars.kernel.ids import new_id
from rules_ui.desk_view import masked_name, offers_of, shown_text
from rules_ui.i18n import LanguageTag, Money, Speech

DAY = timedelta(days=1)


def said(html: str) -> str:
    """What a reader sees of a page, on one line."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text).replace("&#39;", "'").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("陈静", "陈*"),
        ("欧阳娜娜", "欧*娜"),
        ("王", "王*"),
        ("Chen Jing", "Chen J."),
        ("Ann", "A***"),
        ("Anna Maria  Lopez", "Anna M. L."),
        ("陈 静", "陈*"),
        ("  ", ""),
    ],
)
def test_of_a_name_so_much_is_seen_that_its_owner_knows_it(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("scanned", "text"),
    [
        (" 66123 ", "66123"),
        ("https://m.example/card/66123", "66123"),
        ("https://m.example/c?m=66123", "66123"),
        ("６６１２３", "66123"),
        ("https://[", "https://["),
        ("http://", "http://"),
    ],
)
def test_what_a_scanner_reads_is_what_it_says(scanned: str, text: str) -> None:
    assert shown_text(scanned) == text


async def look_up(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/desk", data={"q": text})


async def test_a_member_is_found_by_all_that_is_shown_and_others_learn_little(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("陈静", phone="+12125550123", references=("cj-7",))
    card = await admin.get(f"/desk/members/{member}")
    number = re.search(r"\d{14}", card.text)
    assert number is not None
    for shown in (number[0], "+1 (212) 555-0123", "+12125550123", "cj-7", f"https://m.example/c/{number[0]}"):
        answer = await look_up(admin, shown)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/members/{member}"), shown
    for shown in ("0123", "陈静"):
        page = await look_up(admin, shown)
        assert f'href="/desk/members/{member}"' in page.text
        assert "陈静" not in page.text
        assert "5550123" not in page.text
    again = (await look_up(admin, "+12125550999")).text
    assert re.search(r'name="q"[^>]* value="\+12125550999"', again)
    missed = said(again)
    assert "Nobody was found" in missed
    assert "Enrol with this number" in missed
    assert "Nobody was found" in said((await look_up(admin, number[0][:4])).text)
    assert "陈静" not in card.text


async def test_enrolling_takes_a_phone_and_what_is_agreed_and_twice_is_once(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    page = (await admin.post("/desk/enrol/begin", data={"phone": "(212) 555-0150"})).text
    assert 'value="(212) 555-0150"' in page
    form = {
        "member": re.search(r'name="member" value="([^"]+)"', page)[1],  # type: ignore[index]
        "phone": "(212) 555-0150",
        "store": str(world.chain.stores["east-1"]),
        "consent": ["sms"],
    }
    for _ in range(2):
        answer = await admin.post("/desk/enrol", data=form)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == f"/desk/members/{form['member']}?done=enrolled"
    found = (await admin.get(f"/v1/members/{form['member']}")).json()
    assert found["name"] == ""
    assert {each["purpose"]: each["granted"] for each in found["consents"]} == {
        "sms": True,
        "phone_call": False,
        "profiling": False,
    }
    other = await admin.post("/desk/enrol", data=form | {"member": str(new_id())})
    assert other.status_code == 422
    assert f'href="/desk/members/{form["member"]}"' in other.text
    for wrong in ({"phone": ""}, {"phone": "12"}, {"store": "nowhere"}):
        assert (
            await admin.post("/desk/enrol", data=form | {"member": str(new_id())} | wrong)
        ).status_code == 422


async def test_a_phone_that_somebody_has_is_told_while_it_is_typed(world: WebWorld) -> None:
    member = await world.chain.join("陈静", phone="+12125550123")
    at_home = await world.operator("store", world.chain.stores["east-1"])
    elsewhere = await world.operator("store", world.chain.stores["west-1"])
    async with at_home, elsewhere:
        twin = (await at_home.post("/desk/enrol/check", data={"phone": "+1 212 555 0123"})).text
        assert f'href="/desk/members/{member}"' in twin
        assert "陈静" not in twin
        hidden = (await elsewhere.post("/desk/enrol/check", data={"phone": "+1 212 555 0123"})).text
        assert "A member of another store has this number" in hidden
        assert "陈" not in hidden
        assert str(member) not in hidden
        for nobody in ("", "212", "+1 212 555 0199", "66" * 40):
            part = (await at_home.post("/desk/enrol/check", data={"phone": nobody[:80]})).text
            assert "notice" not in part, nobody


async def test_the_card_tells_points_progress_and_why_an_offer_is_or_is_not_for_this_member(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("陈静", phone="+12125550123", tags=("vip",))
    await world.chain.buy(member, *lines((1_050, "GROCERY"), (500, "PRODUCE")), occurred_at=MONDAY)
    page = said((await admin.get(f"/desk/members/{member}")).text)
    for told in ("20 points", "$984.50 more to Silver", "20 points expire on", "vip", "Points for spending"):
        assert told in page, told
    assert "not yet – why" in page
    assert "$984.50" in page
    await publish_points(world.chain, limit(500, "a-day", per="member"))
    await publish_tenth(world.chain, money(100, "all", every="ever", when_reached="partial"))
    limited = said((await admin.get(f"/desk/members/{member}")).text)
    assert "500 points left for this member today." in limited
    assert "$1.00 left for the whole campaign in all." in limited
    staff = await world.chain.join("Staff", tags=("staff",))
    assert "no points" in said((await admin.get(f"/desk/members/{staff}")).text)


@pytest.mark.parametrize(("language", "on"), [("en", "On a purchase where: P"), ("zh", "本单需满足：购")])
def test_without_a_basket_what_is_given_stands_apart_from_what_the_purchase_decides(
    language: LanguageTag, on: str
) -> None:
    member = Condition(Said("会员", "M"), holds=True)
    basket = Condition(Said("购", "P"), holds=None)
    rules = [
        RuleSaid(name, Said(name, name), Said("效果", "Effect"), state, Said("因", "Why"), 0, conditions)  # type: ignore[arg-type]
        for name, state, conditions in (
            ("surely", "open", (member,)),
            ("perhaps", "open", (member, basket)),
            ("held", "idle", ()),
            ("not", "failed", (Condition(Said("会员", "M"), holds=False), basket)),
        )
    ]
    rules[2] = replace(rules[2], remarks=(Said("不同享", "Not together"),))
    packs = (PackSaid("p/1", Said("包", "Pack"), "earning", "", tuple(rules)),)
    words = Said("该会员今日还剩 5 分。", "5 points left for this member today.")
    title = Said("名", "N")
    cap = LimitLeft("p/1", "cap", title, ("held",), "points", "member", "day", 9, 5, True, words)
    found = OfferExplanation(None, "s", MONDAY, "", False, 0, 0, (), (), packs, (cap,))
    offers = offers_of(found, Speech(language, ZoneInfo("UTC"), Money("CNY", 2), MONDAY))
    assert [(each.title, each.left, each.remarks) for each in offers.given] == [
        ("surely", (), ()),
        ("held", (words.of(language),), (rules[2].remarks[0].of(language),)),
    ]
    assert [(each.title, each.why) for each in offers.depending] == [("perhaps", on)]
    assert [each.title for each in offers.withheld] == ["not"]


async def test_a_receipt_is_explained_in_words_and_only_to_its_own_member(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("陈静", phone="+12125550123")
    bought = await world.chain.buy(member, *lines((1_050, "GROCERY"), (500, "PRODUCE")))
    address = f"/desk/members/{member}/receipts/{bought.purchase_id}"
    page = said((await admin.get(address)).text)
    for told in ("$15.50 earned 20 points", "Points for spending", "+15 pts", "+5 pts", "Why not more"):
        assert told in page, told
    for kept in ("陈", "0123", "grocery-classic"):
        assert kept not in page, kept
    other = await world.chain.join("Other")
    assert (await admin.get(f"/desk/members/{other}/receipts/{bought.purchase_id}")).status_code == 404
    admin.cookies.set("regulars_language", "zh")
    assert "为什么没有更多" in said((await admin.get(address)).text)


async def test_receipts_are_paged_without_gap_or_repeat(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules_ui.routes.desk.RECEIPTS_STEP", 2)
    member = await world.chain.join()
    bought = [
        (await world.chain.buy(member, occurred_at=MONDAY + number * DAY)).purchase_id for number in range(5)
    ]
    found: list[str] = []
    address: str | None = f"/desk/members/{member}?part=1"
    while address:
        part = (await admin.get(address)).text
        found += re.findall(r"receipts/([0-9a-f-]{36})", part)
        older = re.search(r'hx-get="([^"]+)"', part)
        address = older[1].replace("&amp;", "&") if older else None
    assert found == [str(each) for each in reversed(bought)]


def wish(**changes: str) -> dict[str, str]:
    return {
        "order": str(new_id()),
        "direction": "give",
        "points": "300",
        "reason": "goodwill",
        "note": "for the wait",
        **changes,
    }


async def points_of(client: httpx.AsyncClient, member: UUID) -> str:
    page = (await client.get(f"/desk/members/{member}")).text
    found = re.search(r'id="points-balance">([^<]+)<', page)
    assert found is not None
    return found[1]


async def test_points_are_asked_for_and_moved_when_somebody_else_approves(world: WebWorld) -> None:
    member = await world.chain.join("陈静")
    store = world.chain.stores["east-1"]
    desk, finance = await world.operator("store", store), await world.operator("finance", world.chain.hq)
    async with desk, finance:
        address = f"/desk/members/{member}/adjust"
        assert "Up to 200 points are yours" in said((await desk.get(address)).text)
        form = wish()
        for _ in range(2):
            answer = await desk.post(address, data=form)
            assert answer.headers["location"] == f"/desk/members/{member}?done=adjustment-waits"
        assert await points_of(desk, member) == "0"
        assert "1 waiting" in said((await finance.get("/desk")).text)
        own = (await desk.get("/desk/adjustments")).text
        assert "Withdraw" in own
        assert "/approve" not in own
        (adjustment,) = re.findall(
            r"adjustments/([0-9a-f-]{36})/approve", (await finance.get("/desk/adjustments")).text
        )
        refused = await finance.post(f"/desk/adjustments/{adjustment}/reject", data={"words": "?"})
        assert refused.status_code == 422
        assert f'id="words-{adjustment}-error"' in refused.text
        assert 'value="?"' in refused.text
        assert "Say why, in 2 to 200 characters." in said(refused.text)
        done = await finance.post(f"/desk/adjustments/{adjustment}/approve", data={"words": ""})
        assert done.headers["location"] == "/desk/adjustments?done=adjustment-approved"
        assert await points_of(desk, member) == "300"
        story = said((await desk.get(f"/members/{member}")).text)
        assert "Points adjusted by hand" in story
        assert re.search(r"Goodwill: for the wait · Asked for by [^,]+, approved by Operator", story)


async def test_who_asked_cannot_approve_and_may_withdraw(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member = await world.chain.join()
    form = wish(points="2001")
    assert (await admin.post(f"/desk/members/{member}/adjust", data=form)).status_code == 303
    own = await admin.post(f"/desk/adjustments/{form['order']}/approve", data={})
    assert own.status_code == 409
    assert "omebody else must decide" in own.text
    gone = await admin.post(f"/desk/adjustments/{form['order']}/withdraw", data={})
    assert gone.headers["location"] == "/desk/adjustments?done=adjustment-withdrawn"
    assert (await admin.post(f"/desk/adjustments/{form['order']}/withdraw", data={})).status_code == 303
    assert "Withdrawn" in said((await admin.get("/desk/adjustments?state=withdrawn")).text)


async def test_a_posted_adjustment_is_reversed_from_the_card(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join()
    form = wish(points="50")
    await admin.post(f"/desk/members/{member}/adjust", data=form)
    page = (await admin.get(f"/desk/members/{member}")).text
    (address,) = re.findall(r'href="(/desk/members/[^"]+reverses=[^"]+)"', page)
    assert "The whole of it is taken back" in said((await admin.get(address)).text)
    back = wish(reason="wrong_entry", reverses=form["order"], points="")
    answer = await admin.post(f"/desk/members/{member}/adjust", data=back)
    assert answer.headers["location"] == f"/desk/members/{member}?done=adjusted"
    assert await points_of(admin, member) == "0"
    assert "reverses=" not in (await admin.get(f"/desk/members/{member}")).text
    assert (await admin.get(address)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"points": "5", "direction": "sideways"}, "Write a whole number from 1 to 1,000,000."),
        ({"points": "0"}, "Write a whole number from 1 to 1,000,000."),
        ({"points": "five"}, "Write a whole number from 1 to 1,000,000."),
        ({"points": "9999999"}, "Write a whole number from 1 to 1,000,000."),
        ({"points": "１２"}, "Write a whole number from 1 to 1,000,000."),
        ({"reason": ""}, "Choose a reason."),
        ({"note": "x"}, "Say why, in 2 to 200 characters."),
        ({"direction": "take", "points": "5"}, "can use 0 points"),
    ],
)
async def test_a_request_that_makes_no_sense_comes_back_as_it_was_typed(
    world: WebWorld, admin: httpx.AsyncClient, changes: dict[str, str], told: str
) -> None:
    member = await world.chain.join()
    form = wish(**changes)
    answer = await admin.post(f"/desk/members/{member}/adjust", data=form)
    assert answer.status_code == 422
    assert told in said(answer.text)
    assert f'name="order" value="{form["order"]}"' in answer.text
    assert f'value="{form["points"]}"' in answer.text


@pytest.mark.parametrize(("language", "said_at"), [("en", "Choose a reason."), ("zh", "请选择原因。")])
async def test_all_that_is_wrong_is_told_at_once_each_at_its_field(
    world: WebWorld, admin: httpx.AsyncClient, language: str, said_at: str
) -> None:
    admin.cookies.set("regulars_language", language)
    member = await world.chain.join()
    form = wish(points="many", reason="", note="!")
    answer = await admin.post(f"/desk/members/{member}/adjust", data=form)
    wrong = re.findall(r'id="(\w+)-error"', answer.text)
    assert (answer.status_code, wrong) == (422, ["points", "reason", "note"])
    assert said_at in said(answer.text)
    taken_in = {"phone": "12", "name": "\u202ex" * 99, "store": "nowhere"}
    for address in ("/desk/enrol", "/members/enrol"):
        again = await admin.post(address, data=taken_in)
        assert again.status_code == 422
        assert re.findall(r'id="(\w+)-error"', again.text) == ["phone", "name", "store"], address
        assert again.text.count('aria-invalid="true"') == 3
        assert 'value="12"' in again.text
    unsaid = await admin.post("/desk/enrol", data={})
    assert re.findall(r'id="(\w+)-error"', unsaid.text) == ["phone", "store"]
