"""A draft is compared, submitted, approved by somebody else, planned, held and rolled back on its pages."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from rehearsal.world import Rehearsals
from small_chain import ACTOR
from web_world import WebWorld

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from rules_ui import checked_view

PACK = "grocery-classic"


@dataclass
class Marketing:
    """Somebody who writes packs, and somebody else who approves them."""

    world: WebWorld
    anna: httpx.AsyncClient
    bo: httpx.AsyncClient

    async def draft(self, **values: int) -> None:
        text = with_parameters(starter_text(PACK), values or {"valid_days": 365})
        async with self.world.container.database.begin() as session:
            await drafts.save_draft(session, PACK, NewSave(new_id(), text, 0), ACTOR, clock.now())

    async def submitted(self, *places: str) -> str:
        """The address of a release in review."""
        await self.draft()
        ids = [str(self.world.chain.stores.get(place, self.world.chain.hq)) for place in places or ("HQ",)]
        answer = await self.anna.post(
            f"/packs/{PACK}/submit", data={"place": ids, "reason": "longer valid", "revision": "1"}
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    async def approved(self) -> str:
        address = await self.submitted()
        answer = await self.bo.post(f"{address}/approve", data={"reason": ""})
        assert answer.status_code == 303, answer.text
        return address


@pytest.fixture
async def people(world: WebWorld) -> AsyncIterator[Marketing]:
    async with (
        await world.operator("marketing", world.chain.hq) as anna,
        await world.operator("approver", world.chain.hq) as bo,
    ):
        yield Marketing(world, anna, bo)


async def page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def chip(text: str) -> str:
    found = re.search(r'id="state">([^<]+)<', text)
    return found[1] if found else ""


async def test_a_draft_is_compared_with_what_is_live_in_sentences_and_in_code(people: Marketing) -> None:
    await people.draft(valid_days=365, regular_rate_bps=13_000)
    shown = await page(people.anna, f"/packs/{PACK}/compare")
    assert "Points of the purchase × 1.25" in shown
    assert "Points of the purchase × 1.3" in shown
    assert re.search(r'class="code-added".*?"value": 365', shown, re.S)
    assert "Submit for review" in shown
    against_itself = await page(people.anna, f"/packs/{PACK}/compare?version=1&against=1")
    assert "There is no difference." in against_itself
    assert "nothing differs, so there is nothing to submit" in against_itself
    assert f'action="/packs/{PACK}/submit"' not in against_itself
    assert "compared with" not in against_itself, "there is no other version"
    with_nothing = await page(people.anna, f"/packs/{PACK}/compare?version=1&against=0")
    assert "Which rules count together" not in with_nothing


async def test_what_a_pack_would_meet_is_told_before_it_is_submitted_and_to_who_reviews_it(
    people: Marketing, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "print-shop-points"
    async with people.world.container.database.begin() as session:
        await drafts.save_draft(session, code, NewSave(new_id(), starter_text(code), 0), ACTOR, clock.now())
    asked = await people.anna.post(
        f"/packs/{code}/submit", data={"place": str(people.world.chain.hq), "revision": "1"}
    )
    for path in (f"/packs/{code}/compare", asked.headers["location"]):
        told = (await page(people.anna, path)).partition('id="clashes-title"')[2].partition("</section>")[0]
        assert "Both can give points for the same amounts" in told
        assert told.count(f'href="/packs/{code}"') == told.count(f'href="/packs/{PACK}"') == 3
        assert "other pair" not in told
    monkeypatch.setattr(checked_view, "SHOWN", 1)
    told = (await page(people.anna, f"/packs/{code}/compare")).partition('id="clashes-title"')[2]
    assert "and 2 other pairs" in told
    people.anna.cookies.set("regulars_language", "zh")
    assert "另有 2 组" in await page(people.anna, f"/packs/{code}/compare")


async def test_an_author_sees_why_he_may_not_approve_and_somebody_else_approves(people: Marketing) -> None:
    address = await people.submitted()
    async with await people.world.operator("admin", people.world.chain.hq) as admin:
        assert 'id="approve"' in await page(admin, address)
    mine = await page(people.anna, address)
    assert chip(mine) == "In review"
    assert "It waits for somebody who may approve packs." in mine
    assert 'id="approve"' not in mine
    waiting = await page(people.bo, "/releases")
    assert "Waiting for you" in waiting
    answer = await people.bo.post(f"{address}/approve", data={"reason": "fine"})
    assert answer.headers["location"] == f"{address}?done=approved"
    assert chip(await page(people.bo, address)) == "Approved"


async def test_who_reviews_sees_which_purchases_it_was_rehearsed_on(people: Marketing) -> None:
    address = await people.submitted()
    rehearsals = Rehearsals(people.world.chain, clock.now())
    await rehearsals.report(with_parameters(starter_text(PACK), {"valid_days": 365}))
    shown = await page(people.bo, address)
    assert "Rehearsed: " in shown
    assert "all purchases up to" in shown


async def test_who_submits_may_not_approve_even_with_the_right(people: Marketing) -> None:
    await people.draft()
    async with await people.world.operator("admin", people.world.chain.hq) as admin:
        answer = await admin.post(
            f"/packs/{PACK}/submit", data={"place": str(people.world.chain.hq), "revision": "1"}
        )
        address = answer.headers["location"].partition("?")[0]
        assert "You wrote or submitted part of it yourself" in await page(admin, address)
        refused = await admin.post(f"{address}/approve", data={"reason": ""})
        assert refused.status_code == 403
        assert chip(await page(admin, address)) == "In review"


async def test_sending_back_needs_words_and_they_reach_the_author(people: Marketing) -> None:
    address = await people.submitted()
    wordless = await people.bo.post(f"{address}/reject", data={"reason": ""})
    assert wordless.status_code == 422
    assert 'id="reject-reason-error"' in wordless.text
    await people.bo.post(f"{address}/reject", data={"reason": "too generous"})
    shown = await page(people.anna, address)
    assert chip(shown) == "Sent back"
    assert "“too generous”" in shown


async def test_a_release_begins_step_by_step_is_held_let_go_and_rolled_back(people: Marketing) -> None:
    address = await people.approved()
    stores, hq = people.world.chain.stores, people.world.chain.hq
    more = await people.anna.post(
        f"{address}/schedule", data={"places-1": str(stores["east-1"]), "do": "more"}
    )
    assert more.status_code == 200
    assert 'name="places-2"' in more.text
    later = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT08:00")
    planned = await people.anna.post(
        f"{address}/schedule",
        data={"places-1": str(stores["east-1"]), "places-2": str(hq), "starts-2": later, "do": "plan"},
    )
    assert planned.status_code == 303, planned.text
    shown = await page(people.anna, address)
    assert chip(shown) == "Live at the tills"
    assert "Hold this step" in shown
    held = await people.anna.post(f"{address}/halt", data={"step": "2", "reason": "figures first"})
    assert held.status_code == 303
    assert "on hold" in await page(people.anna, address)
    assert (
        await people.anna.post(f"{address}/resume", data={"step": "2", "starts": later})
    ).status_code == 303
    back = await people.anna.post(f"{address}/rollback", data={"place": "", "reason": "too dear"})
    assert back.status_code == 303, back.text
    shown = await page(people.anna, address)
    assert chip(shown) == "Rolled back"
    assert "“too dear”" in shown
    assert f"/packs/{PACK}/versions/2/undo" in shown


async def test_a_plan_that_cannot_be_comes_back_as_it_was_typed(people: Marketing) -> None:
    address = await people.approved()
    past = await people.anna.post(
        f"{address}/schedule",
        data={"places-1": str(people.world.chain.hq), "starts-1": "2020-01-01T08:00", "do": "plan"},
    )
    assert past.status_code == 422
    assert 'value="2020-01-01T08:00"' in past.text
    said = "The beginning, 1 Jan 2020 08:00, has passed."
    assert re.search(rf'id="starts-1-error">(?:(?!</p>).)*{said}', past.text, re.S)
    assert 'class="notice notice-bad" role="alert"' not in past.text
    two = {
        "places-1": str(people.world.chain.stores["east-1"]),
        "places-2": str(people.world.chain.hq),
        "starts-2": "2090-01-02T08:00",
        "ends-2": "2090-01-01T08:00",
        "do": "plan",
    }
    people.anna.cookies.set("regulars_language", "zh")
    backwards = await people.anna.post(f"{address}/schedule", data=two)
    told = "结束时间 2090年1月1日 08:00 已过，或不晚于开始时间"
    assert re.search(rf'id="ends-2-error">(?:(?!</p>).)*{told}', backwards.text, re.S)
    lost = {"places-1": [str(people.world.chain.hq), "Nowhere, east-1"], "do": "plan"}
    unknown = await people.anna.post(f"{address}/schedule", data=lost)
    assert re.search(r'id="places-1-error">(?:(?!</p>).)*没有机构“Nowhere”', unknown.text, re.S)
    assert len(re.findall(r'name="places-1" value="[^"]+" checked', unknown.text)) == 2
    people.anna.cookies.set("regulars_language", "en")
    ended = await people.anna.post(f"{address}/cancel", data={"reason": "not now"})
    assert ended.status_code == 303
    assert chip(await page(people.anna, address)) == "Cancelled"


async def test_the_list_is_told_by_state_and_in_chinese(people: Marketing) -> None:
    await people.submitted()
    assert "No release here" in await page(people.anna, "/releases?show=3")
    people.anna.cookies.set("regulars_language", "zh")
    assert "审核中" in await page(people.anna, "/releases?show=1")
