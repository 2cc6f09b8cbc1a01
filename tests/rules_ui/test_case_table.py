"""Cases of a draft are changed as a table that runs on save; every other byte stays."""

import html
import json
import re

import httpx

from regulars.rules.starters import starter_text

EDIT = "/packs/silver-saturday/edit"
HTMX = {"HX-Request": "true"}


def text_of(page: str) -> str:
    found = re.search(r'<textarea[^>]*id="code"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1]).removeprefix("\n")


def cases_of(page: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(text_of(page))["cases"]
    return found


async def change(client: httpx.AsyncClient, page: str, do: str, at: str, value: str = "", **more: str) -> str:
    based_on = re.search(r'name="based_on" value="(\d+)"', page)
    assert based_on
    body = {"based_on": based_on[1], "do": do, "at": at, "value": value, **more}
    answer = await client.post(EDIT, data=body, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_facts_of_a_case_are_changed_one_by_one_and_the_case_stays_open(
    admin: httpx.AsyncClient,
) -> None:
    before = starter_text("silver-saturday")
    page = (await admin.get(EDIT)).text
    assert 'class="case-form"' not in page
    assert 'class="case-form"' in (await admin.get(EDIT, params={"case": "0"})).text
    given = "/cases/0/given"
    page = await change(admin, page, "set-given", f"{given}/purchase/lines/0/sales_minor", "20")
    assert text_of(page) == before.replace('"sales_minor": 1000}]}', '"sales_minor": 2000}]}', 1)
    assert 'class="case-form"' in page
    assert "1 fails" in page
    page = await change(admin, page, "adopt-case", "/cases/0")
    assert "all pass" in page
    assert cases_of(page)[0]["expect"] == {"lines": {"1": 100}, "discount_minor": 100}
    page = await change(admin, page, "set-given", f"{given}/at", "2026-11-20T10:00")
    page = await change(admin, page, "set-given", f"{given}/member/tier", "-")
    page = await change(admin, page, "add-given", "/cases/0", "member.tags")
    page = await change(admin, page, "set-given", f"{given}/member/tags", "vip，staff")
    page = await change(admin, page, "add-line", "/cases/0")
    page = await change(admin, page, "set-given", f"{given}/purchase/lines/1/department", "FUEL")
    assert cases_of(page)[0]["given"] == {
        "at": "2026-11-20T10:00",
        "member": {"known": False, "tier": "", "tags": ["vip", "staff"]},
        "purchase": {
            "lines": [
                {"department": "GROCERY", "sales_minor": 2000},
                {"department": "FUEL", "sales_minor": 10000},
            ]
        },
    }
    page = await change(admin, page, "set-given", f"{given}/member/tier", "gold")
    page = await change(admin, page, "remove-line", f"{given}/purchase/lines/1")
    page = await change(admin, page, "set-given", f"{given}/member/tags", "")
    assert cases_of(page)[0]["given"]["member"] == {"tier": "gold"}  # type: ignore[index]
    assert cases_of(page)[1:] == json.loads(before)["cases"][1:]


async def test_what_a_case_expects_is_edited_and_the_table_says_what_comes_out(
    admin: httpx.AsyncClient,
) -> None:
    page = (await admin.get(EDIT)).text
    page = await change(admin, page, "set-expect", "/cases/1/expect/discount_minor", "0.40")
    assert cases_of(page)[1]["expect"] == {"discount_minor": 40}
    assert "1 fails" in page
    assert "$0.50 off" in page
    wrong = await change(admin, page, "set-expect", "/cases/1/expect/discount_minor", "much")
    assert "Write a number" in wrong
    page = await change(admin, page, "adopt-results", "")
    assert text_of(page) == starter_text("silver-saturday")


async def test_cases_are_copied_renamed_and_removed(admin: httpx.AsyncClient) -> None:
    before = starter_text("silver-saturday")
    page = (await admin.get(EDIT)).text
    page = await change(admin, page, "copy-case", "/cases/2")
    assert cases_of(page)[3]["name"] == {"zh": "普通会员没有（副本）", "en": "Not for the base tier (copy)"}
    page = await change(admin, page, "set-text", "/cases/3/name/en", "Neither for <b>us</b>")
    assert "Neither for &lt;b&gt;us&lt;/b&gt;" in page
    page = await change(admin, page, "remove-part", "/cases/3")
    assert text_of(page) == before


async def test_what_no_form_of_ours_sends_changes_no_case(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    for do, at, value in (
        ("set-given", "/cases/0/given/member/nothing", "1"),
        ("set-given", "/rules/0/when", "1"),
        ("set-given", "/cases/0/given/purchase/lines", "1"),
        ("set-given", "/cases/99/given/at", "2026-11-20T10:00"),
        ("set-given", "/cases/0/given/at", "yesterday"),
        ("add-given", "/cases/0", "purchase.lines"),
        ("add-case", "/cases", '{"member": {"nothing": 1}}'),
        ("add-case", "/cases", "{"),
        ("set-expect", "/cases/0/expect/nothing", "1"),
        ("set-expect", "/cases/0/expect/failed", "1"),
        ("remove-line", "/cases/0", ""),
        ("copy-case", "/cases/99", ""),
        ("adopt-case", "/cases/99", ""),
    ):
        after = await change(admin, page, do, at, value, name_zh="名", name_en="name")
        assert 'name="based_on" value="0"' in after, (do, at)
    assert (await admin.get(EDIT, params={"case": "<x>"})).status_code == 200


async def test_every_pack_to_begin_with_shows_each_of_its_cases_open(admin: httpx.AsyncClient) -> None:
    for source in ("starter:classic-tiers", "starter:auto-repair-care", "starter:grocery-weekend"):
        code = f"my-{source.partition(':')[2]}"
        data = {"begin": source, "code": code, "title_zh": "我的", "title_en": "Mine"}
        assert (await admin.post("/packs/new", data=data)).status_code == 303
        for number in (0, 3, 7):
            page = await admin.get(f"/packs/{code}/edit", params={"case": number})
            assert page.status_code == 200
            assert 'class="case-form"' in page.text
