"""A draft is changed in the form: each change is saved, what it says and what the checker says come back."""

import html
import json
import re

import httpx
from small_chain import ACTOR
from web_world import WebWorld

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave
from regulars.rules.starters import starter_text

EDIT = "/packs/grocery-classic/edit"
HTMX = {"HX-Request": "true"}


def revision(page: str) -> str:
    found = re.search(r'name="based_on" value="(\d+)"', page)
    assert found
    return found[1]


def text_of(page: str) -> str:
    found = re.search(r'<textarea[^>]*id="code"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1]).removeprefix("\n")


async def change(
    client: httpx.AsyncClient, page: str, do: str, at: str, value: str | list[str] = "", **more: str
) -> str:
    body = {"based_on": revision(page), "do": do, "at": at, "value": value, **more}
    answer = await client.post(EDIT, data=body, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_form_shows_a_pack_and_looking_saves_nothing(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    assert revision(page) == "0"
    assert text_of(page) == starter_text("grocery-classic")
    assert "Nothing is changed yet." in page
    assert page.count('hx-include="#pushes"') > 10
    assert page.count('name="based_on"') == 2, "all fields and buttons share one; the code has its own"
    assert page.count('name="csrf_token"') == 4, (
        "as do their tokens; signing out and the language have theirs"
    )
    admin.cookies.set("regulars_language", "zh")
    assert "规则" in (await admin.get(EDIT)).text


async def test_a_number_a_condition_and_a_rule_are_changed_and_the_rest_stays_byte_for_byte(
    admin: httpx.AsyncClient,
) -> None:
    before = starter_text("grocery-classic")
    page = (await admin.get(EDIT)).text
    page = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "365")
    assert revision(page) == "1"
    assert text_of(page) == before.replace('"value": 730', '"value": 365')
    page = await change(admin, page, "add-condition", "/rules/0/when", "condition")
    when = json.loads(text_of(page))["rules"][0]["when"]
    at = f"/rules/0/when/and/{len(when['and']) - 1}"
    page = await change(admin, page, "set-field", at, "calendar.weekday")
    page = await change(admin, page, "set-relation", at, "one_of")
    page = await change(admin, page, "set-among", at, ["2", "4"])
    assert json.loads(text_of(page))["rules"][0]["when"]["and"][-1] == {
        "in": [{"var": "calendar.weekday"}, [2, 4]]
    }
    told = await change(admin, page, "set-among", at, [])
    assert '<div class="edit-many" role="group"' in told
    page = await change(admin, told, "remove-condition", at)
    assert text_of(page) == before.replace('"value": 730', '"value": 365')


async def test_what_cannot_be_read_is_said_beside_its_field_and_saved_nowhere(
    admin: httpx.AsyncClient,
) -> None:
    page = (await admin.get(EDIT)).text
    told = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "a year")
    assert "Write a number" in told
    assert 'value="a year"' in told
    assert revision(told) == "0"
    after = await change(admin, told, "add-condition", "/rules/0/when", "condition")
    assert 'value="a year"' not in after
    assert 'value="730"' in after
    told = await change(admin, page, "set-number-days", "/parameters/nothing/value", "3")
    assert "no longer in the draft" in told or "to mend" in told


async def test_two_editors_change_different_places_and_both_stay(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    page = (await admin.get(EDIT)).text
    async with await world.operator("marketing", world.chain.hq) as other:
        theirs = await change(other, page, "set-number-days", "/parameters/valid_days/value", "365")
        mine = await change(admin, page, "set-number-minor", "/parameters/regular_spend_minor/value", "900")
    parameters = json.loads(text_of(mine))["parameters"]
    assert parameters["valid_days"]["value"] == 365
    assert parameters["regular_spend_minor"]["value"] == 90_000
    assert int(revision(mine)) == int(revision(theirs)) + 1
    again = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "100")
    assert "Yours is kept aside" in again
    assert json.loads(text_of(again))["parameters"]["valid_days"]["value"] == 365


async def test_the_code_is_another_way_into_the_same_draft(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    broken = await change(admin, page, "set-code", "", "{ not json")
    assert "cannot be shown as a form" in broken
    mended = await change(admin, broken, "set-code", "", starter_text("grocery-classic"))
    assert "cannot be shown as a form" not in mended
    assert text_of(mended) == starter_text("grocery-classic")


async def test_a_form_that_is_not_ours_changes_nothing(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    for do, at, value in (
        ("drop-table", "/rules/0", ""),
        ("set-field", "/rules/0/when/and/0", "member.nothing"),
        ("set-join", "/rules/0/when", "xor"),
        ("move-rule", "/rules/x", "up"),
        ("set-number-days", "", "3"),
        ("remove-part", "/title/zh", ""),
    ):
        assert revision(await change(admin, page, do, at, value)) == "0"


async def test_every_save_can_be_looked_at_and_gone_back_to(admin: httpx.AsyncClient) -> None:
    empty = (await admin.get(f"{EDIT}/saves")).text
    assert "Nothing is saved yet" in empty
    page = (await admin.get(EDIT)).text
    assert "/edit/saves" not in page
    page = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "365")
    page = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "100")
    listed = (await admin.get(f"{EDIT}/saves")).text
    newest, oldest = dict.fromkeys(re.findall(rf'href="({EDIT}/saves/[0-9a-f-]+)"', listed))
    assert "newest" in listed
    looked = (await admin.get(oldest)).text
    assert "What going back would change" in looked
    assert "365" in looked
    assert "Go back" not in (await admin.get(newest)).text
    back = await admin.post(oldest, data={"based_on": "2"})
    assert (back.status_code, back.headers["location"]) == (303, f"{EDIT}?done=went-back")
    page = (await admin.get(back.headers["location"])).text
    assert (revision(page), json.loads(text_of(page))["parameters"]["valid_days"]["value"]) == ("3", 365)
    assert "The draft is again as that save" in page
    twice = await admin.post(oldest, data={"based_on": "x"})
    assert twice.status_code == 303
    assert revision((await admin.get(EDIT)).text) == "3"


async def test_saves_are_paged_from_the_newest(world: WebWorld, admin: httpx.AsyncClient) -> None:
    async with world.container.database.begin() as session:
        for number in range(1, 33):
            text = f'{{"code": "grocery-classic", "priority": {number}}}'
            save = NewSave(new_id(), text, number - 1)
            await drafts.save_draft(session, "grocery-classic", save, ACTOR, clock.now())
    first = (await admin.get(f"{EDIT}/saves")).text
    older = re.search(rf'href="({EDIT}/saves\?before=[0-9]+)"', first)
    assert older
    rest = (await admin.get(older[1])).text
    assert "Revision 32<" in first
    assert "Revision 2<" not in first
    assert "Revision 2<" in rest
    assert f'href="{EDIT}/saves?before=' not in rest


async def test_what_was_kept_aside_is_one_step_away(world: WebWorld, admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    async with await world.operator("marketing", world.chain.hq) as other:
        await change(other, page, "set-number-days", "/parameters/valid_days/value", "365")
    told = await change(admin, page, "set-number-days", "/parameters/valid_days/value", "100")
    mine = re.search(rf'<a href="({EDIT}/saves/[0-9a-f-]+)">Look at yours</a>', told)
    assert mine
    looked = (await admin.get(mine[1])).text
    assert "A save kept aside" in looked
    assert "kept aside" in (await admin.get(f"{EDIT}/saves")).text
    await admin.post(mine[1], data={"based_on": "1"})
    after = json.loads(text_of((await admin.get(EDIT)).text))
    assert after["parameters"]["valid_days"]["value"] == 100


async def test_findings_stand_in_their_place_in_the_list_and_in_the_code(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    page = await change(admin, page, "set-code", "", text_of(page).replace('"multiply"', '"multiplied"', 1))
    assert "to mend" in page
    hrefs = set(re.findall(r'<a href="#(e-[^"]+)">', page))
    assert hrefs
    assert all(f'id="{href}"' in page for href in hrefs)
    marks = re.search(r'class="code-marks">(.*?)</script>', page)
    assert marks
    assert all(mark["line"] > 1 for mark in json.loads(marks[1]))


async def test_a_table_grows_and_shrinks_by_rows(admin: httpx.AsyncClient) -> None:
    page = (await admin.get(EDIT)).text
    before = text_of(page)
    assert "Decision table" in page
    page = await change(admin, page, "add-band", "/rules/3", "row")
    rules = json.loads(text_of(page))["rules"]
    assert len(rules) == len(json.loads(before)["rules"]) + 1
    page = await change(admin, page, "remove-band", "/rules/4", "")
    assert text_of(page) == before


async def test_what_is_refused_is_said_beside_what_was_typed_not_in_its_place(
    admin: httpx.AsyncClient,
) -> None:
    body = {"based_on": "0", "change": "set-number /parameters/x/value", "value": "1"}
    sent = await admin.post("/packs/no-such-pack/edit", data=body, headers=HTMX)
    assert sent.status_code == 404
    assert (sent.headers["hx-retarget"], sent.headers["hx-reswap"]) == ("#refused", "innerHTML")
    assert "data-again" not in sent.text, "sent once more it would be refused once more"
    asked = await admin.get("/packs/no-such-pack/edit", headers=HTMX)
    assert "hx-retarget" not in asked.headers
    assert '<div id="refused"' in (await admin.get(EDIT)).text
