"""A new pack begins from the gallery: as a draft with a name of its own, and nothing of it is live."""

import json
import re

import httpx
from web_world import WebWorld

from regulars.releases.drafts import get_draft
from regulars.rules.starters import GALLERY, starter_text

DOUBLE = {
    "begin": "starter:double-day",
    "code": "silver-tuesday",
    "title_zh": "银卡周二",
    "title_en": "Silver Tuesday",
}


async def draft_text(world: WebWorld, code: str) -> str:
    async with world.container.database.read() as session:
        return (await get_draft(session, code)).text


async def test_the_gallery_shows_every_starter_a_blank_of_each_kind_and_the_chains_own(
    admin: httpx.AsyncClient,
) -> None:
    page = (await admin.get("/packs/new")).text
    for code in (code for codes in GALLERY.values() for code in codes):
        assert f"begin=starter:{code}" in page
    for kind in ("earning", "discount", "eligibility", "tier", "lifecycle"):
        assert f"begin=blank:{kind}" in page
    assert "begin=own:grocery-classic/1" in page
    admin.cookies.set("regulars_language", "zh")
    assert "会员日双倍积分" in (await admin.get("/packs/new")).text


async def test_a_beginning_says_what_it_does_and_suggests_a_free_name(admin: httpx.AsyncClient) -> None:
    for source in ("starter:double-day", "blank:discount", "own:grocery-classic/1"):
        page = (await admin.get("/packs/new", params={"begin": source})).text
        suggested = re.search(r'name="code" value="([^"]+)"', page)
        assert suggested
        assert (suggested[1] == "grocery-classic-2") is source.startswith("own")
        assert ("(copy)" in page) is source.startswith("own")


async def test_a_draft_begins_with_all_else_of_its_template_byte_for_byte(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    answer = await admin.post("/packs/new", data=DOUBLE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/packs/silver-tuesday/edit")
    text = await draft_text(world, "silver-tuesday")
    plain = (
        starter_text("double-day")
        .replace('"code": "double-day"', '"code": "silver-tuesday"')
        .replace(
            '"title": {"zh": "会员日双倍积分", "en": "Double-points day"}',
            '"title": {"zh": "银卡周二", "en": "Silver Tuesday"}',
            1,
        )
    )
    assert text == plain
    assert "Silver Tuesday" in (await admin.get("/packs/silver-tuesday/edit")).text
    again = await admin.post("/packs/new", data=DOUBLE)
    assert again.status_code == 422
    assert "silver-tuesday-2 is free" in again.text
    copied = (await admin.get("/packs/new", params={"begin": "draft:silver-tuesday"})).text
    assert 'value="silver-tuesday-2"' in copied


async def test_a_blank_pack_is_ready_as_it_begins(world: WebWorld, admin: httpx.AsyncClient) -> None:
    data = DOUBLE | {"begin": "blank:discount", "code": "ten-off"}
    assert (await admin.post("/packs/new", data=data)).status_code == 303
    assert json.loads(await draft_text(world, "ten-off"))["kind"] == "discount"
    page = (await admin.get("/packs/ten-off/edit")).text
    assert re.search(r'chip-good" id="verdict"', page)


async def test_a_name_that_cannot_be_is_refused_beside_its_field(admin: httpx.AsyncClient) -> None:
    for field, value, told in (
        ("code", "Double Day", "small letters"),
        ("code", "", "small letters"),
        ("code", "a" * 41, "small letters"),
        ("code", "grocery-classic", "grocery-classic-2 is free"),
        ("code", "new", "new-2 is free"),
        ("title_zh", " ", "at most 200"),
        ("title_en", "x" * 201, "at most 200"),
    ):
        answer = await admin.post("/packs/new", data=DOUBLE | {field: value})
        assert answer.status_code == 422
        assert told in answer.text
        assert f'id="{field}-error"' in answer.text


async def test_what_is_not_in_the_gallery_is_not_found(admin: httpx.AsyncClient) -> None:
    for source in ("starter:../secrets", "blank:nothing", "own:grocery-classic/99", "x", "draft:no"):
        assert (await admin.get("/packs/new", params={"begin": source})).status_code == 404
        assert (await admin.post("/packs/new", data=DOUBLE | {"begin": source})).status_code == 404


async def test_who_may_not_edit_packs_begins_none(world: WebWorld) -> None:
    async with await world.operator("store", world.chain.stores["east-1"]) as client:
        assert (await client.get("/packs/new")).status_code == 403
        assert (await client.post("/packs/new", data=DOUBLE)).status_code == 403


async def test_drafts_stand_in_the_list_beside_live_packs_and_a_draft_alone_opens_in_the_editor(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await admin.post("/packs/new", data=DOUBLE)
    page = (await admin.get("/packs")).text
    assert "Silver Tuesday" in page
    assert "no version yet" in page
    assert 'href="/packs/grocery-classic/edit"' in page
    answer = await admin.get("/packs/silver-tuesday")
    assert (answer.status_code, answer.headers["location"]) == (303, "/packs/silver-tuesday/edit")
    async with await world.operator("store", world.chain.stores["east-1"]) as reader:
        listed = (await reader.get("/packs")).text
    assert "grocery-classic" in listed
    assert "Silver Tuesday" not in listed
    assert "/edit" not in listed
