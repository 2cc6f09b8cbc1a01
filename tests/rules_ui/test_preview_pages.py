"""A draft is tried on a sample basket and on real receipts, and what was tried becomes a case."""

import html
import json
import re
from datetime import timedelta

import httpx
from small_chain import MONDAY, line
from web_world import WebWorld

from regulars.releases.drafts import get_draft

NEW = {"begin": "starter:double-day", "code": "double-day", "title_zh": "翻倍", "title_en": "Double day"}
PREVIEW = "/packs/double-day/preview"
HTMX = {"HX-Request": "true"}
TUESDAY = MONDAY + timedelta(days=1)
SAMPLE = {
    "source": "sample",
    "tier": "silver",
    "at": "2026-03-03T10:00",
    "department1": "GROCERY",
    "amount1": "100",
    "department2": "FUEL",
    "amount2": "5.5",
}


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_a_sample_basket_shows_the_draft_beside_what_is_live_and_which_condition_failed(
    admin: httpx.AsyncClient,
) -> None:
    await admin.post("/packs/new", data=NEW)
    form = (await admin.get(PREVIEW, headers=HTMX)).text
    assert 'value="GROCERY"' in form
    page = plain((await admin.get(PREVIEW, params=SAMPLE)).text)
    assert "Points 200 100" in page
    assert "No version of this pack is live there." in page
    wednesday = plain((await admin.get(PREVIEW, params=SAMPLE | {"at": "2026-03-04T10:00"})).text)
    assert "Points 100 100" in wednesday
    assert re.search(r"Day of the week is Tuesday does not hold it .*Wednesday", wednesday)
    admin.cookies.set("regulars_language", "zh")
    zh = plain((await admin.get(PREVIEW, params=SAMPLE | {"at": "2026-03-04T10:00"})).text)
    assert re.search(r"星期为周二 不(成立|满足) .*周三", zh)
    nobody = plain((await admin.get(PREVIEW, params=SAMPLE | {"tier": "-"})).text)
    assert "积分 0 0" in nobody


async def test_what_cannot_be_read_of_a_sample_is_said_beside_its_field(admin: httpx.AsyncClient) -> None:
    await admin.post("/packs/new", data=NEW)
    for field, value in (
        ("amount1", "ten"),
        ("amount2", "-1"),
        ("spend", "x"),
        ("at", "tomorrow"),
        ("amount1", "9" * 30),
    ):
        page = (await admin.get(PREVIEW, params=SAMPLE | {field: value}, headers=HTMX)).text
        assert f'id="{field}-error"' in page, field
    empty = await admin.get(PREVIEW, params={"source": "sample"}, headers=HTMX)
    assert "Write an amount" not in empty.text or 'id="amount1-error"' in empty.text


async def test_a_receipt_is_found_tried_and_kept_as_a_case_that_is_green(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await admin.post("/packs/new", data=NEW)
    member = await world.chain.join()
    await world.chain.buy(member, line(101_000), occurred_at=MONDAY)
    await world.chain.buy(member, line(10_000), occurred_at=TUESDAY, receipt_no="R-9")
    asked = {"source": "receipt", "receipt_no": "R-9", "receipt_day": "2026-03-03"}
    page = (await admin.get(PREVIEW, params=asked, headers=HTMX)).text
    assert "Receipt R-9" in page
    assert "The case will expect" in page
    assert "limits count as if nothing had been given" in plain(page)
    assert re.search(r"At the till Points 250 125 125 ", plain(page))
    told = plain(page.split('id="till-beside"')[1].split("</div>")[0])
    assert "The till gave 125 points and $0.00 off." in told
    assert "What is live now gives the same as the till: the difference is this draft's." in told
    assert "The member counts as of then: tier Silver." in told
    fields = dict(re.findall(r'name="(based_on|do|at|value|name_zh|name_en)" value="([^"]*)"', page))
    sent = {name: html.unescape(value) for name, value in fields.items()}
    body = (await admin.post("/packs/double-day/edit", data=sent, headers=HTMX)).text
    assert re.search(r'chip-good" id="verdict"', body)
    async with world.container.database.read() as session:
        draft = json.loads((await get_draft(session, "double-day")).text)
    added = draft["cases"][-1]
    assert added["name"] == {"zh": "小票 R-9", "en": "Receipt R-9"}
    assert added["given"]["member"]["tier"] == "silver"
    assert added["expect"] == {"points": 0, "applied": ["double"]}
    none = await admin.get(PREVIEW, params=asked | {"receipt_day": "2026-03-04"}, headers=HTMX)
    assert "No receipt of your stores has this number on this day." in none.text


async def test_nobody_tries_a_draft_on_receipts_of_stores_that_he_does_not_see(world: WebWorld) -> None:
    bought = await world.chain.buy(None, receipt_no="R-1", occurred_at=TUESDAY)
    async with await world.operator("marketing", world.chain.stores["west-1"]) as west:
        asked = {"source": "receipt", "receipt_no": "R-1", "receipt_day": "2026-03-03"}
        page = await west.get("/packs/grocery-classic/preview", params=asked, headers=HTMX)
        assert "No receipt of your stores" in page.text
        by_id = {"source": "receipt", "purchase": str(bought.purchase_id)}
        assert (await west.get("/packs/grocery-classic/preview", params=by_id)).status_code == 404
    async with await world.operator("store", world.chain.stores["east-1"]) as store:
        assert (await store.get("/packs/grocery-classic/preview")).status_code == 403


async def test_a_draft_with_errors_says_that_it_cannot_be_tried(admin: httpx.AsyncClient) -> None:
    broken = {"based_on": "0", "do": "set-code", "at": "", "value": "{ no"}
    await admin.post("/packs/grocery-classic/edit", data=broken, headers=HTMX)
    page = await admin.get("/packs/grocery-classic/preview", params=SAMPLE, headers=HTMX)
    assert "cannot be tried before its errors are mended" in page.text
