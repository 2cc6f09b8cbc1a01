"""The segments' pages: built like conditions of packs, counted while typing, saved as versions."""

import html
import re
from datetime import timedelta

import httpx
import orjson
import pytest
from small_chain import lines
from web_world import WebWorld

from regulars.segments import service as segments_service
from rules_ui.routes import segments as segment_routes
from rules_ui.segment_count import _about
from rules_ui.segment_form import EVERYBODY, NEW

HTMX = {"hx-request": "true"}
NAMED = {"place": "HQ", "title_zh": "银卡会员", "title_en": "Silver members"}


async def change(client: httpx.AsyncClient, condition: str, **sent: str) -> str:
    """The page's answer to one change of the form."""
    answer = await client.post("/segment-form", data={"based_on": condition, **sent}, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


def condition_in(page: str) -> str:
    found = re.search(r'id="condition"[^>]*value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


async def test_a_condition_is_built_step_by_step_and_keeps_what_nobody_touched(
    admin: httpx.AsyncClient,
) -> None:
    page = await change(admin, NEW, do="add-condition", at="/when", value="condition")
    wide = NEW.replace(" ", "  ")
    spaced = condition_in(await change(admin, wide, do="set-value", at="/when/and/0", value0="gold"))
    assert spaced.startswith('{"and":  [')
    page = await change(
        admin, condition_in(page), do="set-field", at="/when/and/1", value="member.spend_365d_minor"
    )
    assert '{">=":' in condition_in(page)
    page = await change(admin, condition_in(page), do="set-value", at="/when/and/1", value0="1,250.50")
    assert orjson.loads(condition_in(page))["and"] == [
        {"===": [{"var": "member.tier"}, "silver"]},
        {">=": [{"var": "member.spend_365d_minor"}, 125_050]},
    ]
    assert page.count('<section class="sheet" lang="zh-CN"') == 1
    assert page.count('<section class="sheet" lang="en"') == 1
    assert "1,250.50" in page
    page = await change(admin, condition_in(page), do="set-value", at="/when/and/1", value0="much")
    assert "Write a number" in page
    assert "125050" in condition_in(page)
    for at in ("/when/and/1", "/when/and/0"):
        page = await change(admin, condition_in(page), do="remove-condition", at=at)
    assert condition_in(page) == EVERYBODY
    assert ">In order<" in page


async def test_what_no_form_of_ours_sends_changes_nothing(admin: httpx.AsyncClient) -> None:
    for sent in (
        {"do": "add-condition", "at": "/when", "value": "lines"},
        {"do": "set-field", "at": "/when/and/0", "value": "purchase.sales_minor"},
        {"do": "set-value", "at": "/other", "value0": "1"},
        {"do": "add-where", "at": "/when/and/0"},
        {"do": "remove-part", "at": "/when"},
        {"do": "set-field", "at": "/when/and/7", "value": "member.tier"},
    ):
        page = await change(admin, NEW, **sent)
        assert condition_in(page) == NEW, sent
        assert "no longer in the condition" in page
    for hostile in ('true}, "more": {"a": 1', "[" * 500, '{"var": "purchase.sales_minor"}', "", "<b>"):
        page = await change(admin, NEW, do="set-code", at="", value=hostile)
        assert "To mend" in page, hostile
        answer = await admin.post("/segments", data={**NAMED, "code": "bad", "when": hostile})
        assert answer.status_code == 422, hostile
        found = await admin.post("/segment-counts", data={"when": hostile})
        assert "remark-warn" in found.text, hostile


async def test_a_count_shows_members_without_what_is_personal(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    silver = await world.chain.join("Lin Silver", phone="+12125550123")
    await world.chain.buy(silver, *lines((120_000, "GROCERY")))
    await world.chain.join("Wu Base", store="west-1")
    everyone = await admin.post("/segment-counts", data={"when": EVERYBODY})
    assert '<strong class="lead-figure">2</strong>' in everyone.text
    spent = '{">=": [{"var": "member.spend_365d_minor"}, 100000]}'
    found = (await admin.post("/segment-counts", data={"when": spent})).text
    assert '<strong class="lead-figure">1</strong>' in found
    assert "1,200.00" in found
    assert "••• 0123" in found
    assert "Lin Silver" not in found
    assert "counted in the database" in found
    tags = '{"var": "member.tags"}'
    chosen = f'{{"in": ["gold", {{"if": [{{"var": "member.frozen"}}, {tags}, {tags}]}}]}}'
    assert "decided row by row" in (await admin.post("/segment-counts", data={"when": chosen})).text
    async with await world.operator("marketing", world.chain.stores["west-1"]) as west:
        assert (
            '<strong class="lead-figure">0</strong>'
            in (await west.post("/segment-counts", data={"when": spent})).text
        )


async def test_a_count_follows_what_is_typed_and_half_a_value_leaves_it(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("Xu Typed")
    await world.chain.buy(member, *lines((7_777_700, "GROCERY")))
    spent = '{">=": [{"var": "member.spend_365d_minor"}, 100]}'
    for typed, figure in (("77777", "1"), ("77,777.01", "0")):
        sent = {"when": spent, "change": "set-value /when", "value0": typed}
        found = await admin.post("/segment-counts", data=sent)
        assert f'<strong class="lead-figure">{figure}</strong>' in found.text
    for change, half in (("set-value /when", "7x"), ("set-value /when/and/9", "7"), ("hack /when", "7")):
        sent = {"when": spent, "change": change, "value0": half}
        assert (await admin.post("/segment-counts", data=sent)).status_code == 204


async def test_a_count_while_typing_says_what_is_estimated_and_is_brought_up_to_date_on_demand(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_routes, "ROWS_WHILE_TYPING", 1)
    tags = '{"var": "member.tags"}'
    chosen = f'{{"!": [{{"in": ["gold", {{"if": [{{"var": "member.frozen"}}, {tags}, {tags}]}}]}}]}}'
    await admin.post("/segment-counts", data={"when": chosen, "again": "1"})
    for name in ("Ann", "Bo", "Cy"):
        await world.chain.join(name)
    before = (await admin.post("/segment-counts", data={"when": EVERYBODY})).text
    monkeypatch.setattr(segments_service, "FRESH_FOR", timedelta(0))
    after = (await admin.post("/segment-counts", data={"when": EVERYBODY, "again": "1"})).text
    counted = [int(re.findall(r"lead-figure\">(\d+)<", page)[0]) for page in (before, after)]
    assert counted[1] == counted[0] + 3
    estimated = (await admin.post("/segment-counts", data={"when": chosen})).text
    assert "about" in estimated
    assert "members chosen by chance. Once it is saved, it is counted exactly." in estimated
    said = [_about(members) for members in (0, 7, 999, 1_234, 31_249, 99_950)]
    assert said == [0, 7, 999, 1_230, 31_200, 100_000]


async def test_saving_makes_versions_and_tells_of_somebody_elses(admin: httpx.AsyncClient) -> None:
    first = {**NAMED, "code": "silver-members", "when": NEW, "version": "0"}
    saved = await admin.post("/segments", data=first)
    assert saved.headers["location"] == "/segments/silver-members?done=segment-saved"
    again = await admin.post("/segments", data={**first, "version": "1"})
    assert again.headers["location"] == "/segments/silver-members?done=unchanged"
    gold = {**first, "when": NEW.replace("silver", "gold"), "version": "1", "reason": "gold now"}
    assert (await admin.post("/segments", data=gold)).status_code == 303
    late = await admin.post("/segments", data={**first, "when": EVERYBODY, "version": "1"})
    assert late.status_code == 422
    assert 'value="1"' in late.text
    page = (await admin.get("/segments/silver-members")).text
    assert "silver-members/2" in page
    assert "gold now" in page
    assert 'href="/segments/silver-members?version=1"' in page
    old = (await admin.get("/segments/silver-members?version=1")).text
    assert "not the newest version" in old
    back = (await admin.get("/segments/silver-members/edit?version=1")).text
    assert '<input type="hidden" name="version" value="2">' in back
    assert '"silver"' in condition_in(back)
    copy = (await admin.get("/new-segment?copy=silver-members")).text
    assert '<input type="hidden" name="version" value="0">' in copy
    assert '"gold"' in condition_in(copy)
    assert "Silver members" in (await admin.get("/segments")).text
    assert "of 0" in (await admin.get("/segments/silver-members/count")).text
    assert (await admin.get("/segments/nothing")).status_code == 404


async def test_without_scripts_a_change_answers_with_the_whole_page(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(
        "/segment-form", data={"based_on": NEW, "do": "add-condition", "at": "/when", "value": "group"}
    )
    assert "<!doctype html>" in answer.text.lower()
    assert orjson.loads(condition_in(answer.text))["and"][1].keys() == {"or"}


async def test_who_may_not_edit_reads_and_counts(world: WebWorld, admin: httpx.AsyncClient) -> None:
    saved = {**NAMED, "code": "of-the-chain", "when": EVERYBODY, "version": "0"}
    assert (await admin.post("/segments", data=saved)).status_code == 303
    async with await world.operator("finance", world.chain.hq) as reader:
        page = (await reader.get("/segments/of-the-chain")).text
        assert "/edit" not in page
        assert (await reader.get("/new-segment")).status_code == 403
    async with await world.operator("marketing", world.chain.stores["east-1"]) as store:
        assert (await store.get("/segments/of-the-chain")).status_code == 200
        assert (await store.get("/segments/of-the-chain/edit")).status_code == 404
        assert (await store.post("/segments", data={**saved, "version": "1"})).status_code == 422
