"""A marketer's wishes go from a template to submitted for review in at most 25 clicks and fields."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from browser_site import DESK, LANGUAGES, Site, choose
from playwright.async_api import Page, expect

from regulars.releases.drafts import get_draft

pytestmark = pytest.mark.browser

MOST = 25
WEEKEND_LIMIT = "e-parameters-member_5fweek_5fminor-value-set-number-minor-value"


@dataclass
class Hand:
    """Clicks and fills in as a person does, and counts it."""

    page: Page
    done: int = 0

    async def click(self, selector: str) -> None:
        self.done += 1
        await self.page.locator(selector).first.click()

    async def change(self, selector: str, value: str) -> None:
        """Fill a field of the editor and leave it; the draft is saved by that."""
        self.done += 1
        async with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            await self.page.fill(selector, value)
            await self.page.press(selector, "Tab")

    async def fill(self, selector: str, value: str) -> None:
        self.done += 1
        await self.page.fill(selector, value)

    async def begin(self, template: str, code: str) -> None:
        await self.click("a[href='/packs/new']")
        await self.click(f"a[href*='starter%3A{template}'], a[href*='starter:{template}']")
        await self.fill("#code", code)
        await self.click("main form button[type=submit]")
        await self.page.wait_for_url(f"**/packs/{code}/edit")

    async def submit(self, reason: str) -> None:
        await self.click(".page-actions a[href$='/compare']")
        await self.fill("#submit-reason", reason)
        await self.click("#submit button[type=submit]")
        await self.page.wait_for_url("**/releases/*")
        await expect(self.page.locator("h1")).to_be_visible()
        assert self.done <= MOST, self.done


@asynccontextmanager
async def marketer(site: Site, language: str) -> AsyncIterator[Hand]:
    """Somebody signed in who looks at the list of packs."""
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/packs")
        yield Hand(page)


async def text_of(site: Site, code: str) -> dict:  # type: ignore[type-arg]  # JSON
    async with site.chain.database.read() as session:
        found: dict = json.loads((await get_draft(session, code)).text)  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_double_points_on_tuesdays_for_silver_members_at_most_500_a_month(
    site: Site, language: str
) -> None:
    async with marketer(site, language) as hand:
        await hand.begin("double-day", "silver-tuesday")
        await hand.submit("周二银卡双倍积分")
    pack = await text_of(site, "silver-tuesday")
    assert json.dumps(pack["rules"][0]["when"]) == json.dumps(
        {"and": [{"in": [{"var": "member.tier"}, ["silver"]]}, {"in": [{"var": "calendar.weekday"}, [2]]}]}
    )
    limit = pack["limits"][0]
    assert (limit["per"], limit["every"]) == ("member", "month")
    assert pack["parameters"]["member_month_points"]["value"] == 500


@pytest.mark.parametrize("language", LANGUAGES)
async def test_ten_off_for_each_hundred_and_fifty_without_promotional_goods(
    site: Site, language: str
) -> None:
    async with marketer(site, language) as hand:
        await hand.begin("grocery-weekend", "every-150")
        await hand.change("#e-parameters-every_5fminor-value-set-number-minor-value", "150")
        await hand.change(f"#{WEEKEND_LIMIT}", "80")
        await hand.click("#adopt")
        await expect(hand.page.locator("#verdict.chip-good")).to_be_visible()
        await hand.submit("满 150 减 10，促销品除外")
    pack = await text_of(site, "every-150")
    assert pack["parameters"]["every_minor"]["value"] == 15_000
    assert pack["parameters"]["member_week_minor"]["value"] == 8_000
    assert pack["exclusions"][0]["lines"] == {"var": "promotional"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_double_points_on_tuesdays_but_not_for_promotional_goods(site: Site, language: str) -> None:
    async with marketer(site, language) as hand:
        await hand.begin("double-day", "tuesday-no-promotions")
        await hand.click("#exclusions-title ~ .edit-adds button, [id$='add-exclusions-lines']")
        await expect(hand.page.locator("#e-exclusions-0")).to_be_visible()
        await hand.submit("促销品不参加会员日双倍积分")
    pack = await text_of(site, "tuesday-no-promotions")
    assert [each["lines"] for each in pack["exclusions"]] == [{"var": "promotional"}]
