"""At the desk, on a phone: somebody joins, buys, is told why, and is given points by two people."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, LANGUAGES, PHONE, Site, choose
from playwright.async_api import Locator, Page, expect
from small_chain import ACTOR, OPENED, lines
from web_world import PASSWORD

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator

pytestmark = pytest.mark.browser

PHONE_NUMBER: Final = "+12125550177"
WORDS: Final = {
    "zh": {
        "enrol": "用这个号码入会",
        "sms": "接收优惠短信",
        "join": "入会",
        "gave": "消费 US$15.50，积 15 分",
        "rule": "消费积分",
        "missing": "为什么没有更多",
        "short": "差 US$1,000.00",
        "adjust": "调整积分",
        "give": "增加积分",
        "submit": "提交",
        "waits": "须由他人审批后积分才会变动",
        "list": "积分调整",
        "approve": "批准",
        "approved": "已批准",
        "twin": "已是会员",
        "story": "积分手工调整",
    },
    "en": {
        "enrol": "Enrol with this number",
        "sms": "Text messages with offers",
        "join": "Enrol",
        "gave": "$15.50 earned 15 points",
        "rule": "Points for spending",
        "missing": "Why not more",
        "short": "$1,000.00 short",
        "adjust": "Adjust points",
        "give": "Give points",
        "submit": "Submit",
        "waits": "Somebody else must approve it",
        "list": "Point adjustments",
        "approve": "Approve",
        "approved": "The points are adjusted.",
        "twin": "Already a member",
        "story": "Points adjusted by hand",
    },
}


MOST_ACTS: Final = 6
KEY_S, TAP_S, THOUGHT_S = 0.28, 1.1, 1.35
"""What a key, a tap and making up one's mind take an ordinary person (keystroke-level model)."""
KEYS_A_HAN: Final = 4
THINGS_SAID_S: Final = 10
"""Asking for the number and for the consent."""


@dataclass
class Clerk:
    """Types and taps at the desk, and counts what a person would need for it."""

    page: Page
    acts: int = 0
    seconds: float = 0

    async def type(self, words: str) -> None:
        """Into the field that has the focus."""
        self.acts += 1
        keys = sum(1 if each.isascii() else KEYS_A_HAN for each in words)
        self.seconds += THOUGHT_S + keys * KEY_S
        await self.page.keyboard.type(words)

    async def enter(self) -> None:
        self.acts += 1
        self.seconds += THOUGHT_S + KEY_S
        await self.page.keyboard.press("Enter")

    async def tap(self, target: Locator) -> None:
        self.acts += 1
        self.seconds += THOUGHT_S + TAP_S
        await target.click()

    async def fill(self, target: Locator, words: str) -> None:
        """Tap into a field and type; one act, since nothing is to be decided between."""
        self.seconds += TAP_S
        await target.click()
        await self.type(words)


async def appoint(site: Site, login: str, role: Role, place: str | None = None) -> None:
    at = site.chain.stores[place] if place else site.chain.hq
    new = NewOperator(new_id(), login, login.title(), PASSWORD, "zh", (RoleAt(role, at),))
    async with site.chain.database.begin() as session:
        await create_operator(session, new, ACTOR, OPENED)


async def sign_in(site: Site, page: Page, login: str, language: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{site.address}/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click(".alone button[type=submit]")
    await page.wait_for_selector("#live")
    await choose(page, language)


async def look_at(page: Page) -> None:
    """Hold a page to the accessibility rules and to the width of the phone."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    found = await Axe().run(page, options=AXE)
    told = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found.response["violations"]]
    assert told == [], page.url


@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_joins_buys_is_told_why_and_is_given_points_by_two_people(
    site: Site, language: str
) -> None:
    words = WORDS[language]
    await appoint(site, "wang", Role.STORE, "east-1")
    await appoint(site, "zhao", Role.FINANCE)
    async with site.reader(language, PHONE) as page:
        await sign_in(site, page, "wang", language)
        member = await join(site, page, words)
        await site.chain.buy(member, *lines((1_050, "GROCERY"), (500, "")), occurred_at=clock.now())
        await read_receipt(page, words)
        await ask_for_points(page, words)
        await sign_in(site, page, "zhao", language)
        await approve(site, page, words)
        await page.goto(f"{site.address}/desk/members/{member}")
        await expect(page.locator("#points-balance")).to_have_text("315")
        await page.goto(f"{site.address}/members/{member}")
        await expect(page.locator(".story")).to_contain_text(words["story"])


async def join(site: Site, page: Page, words: dict[str, str]) -> UUID:
    """By the number that nobody was found by, in under 30 s: what is typed once is not typed again."""
    await page.goto(f"{site.address}/desk")
    await expect(page.locator("#q")).to_be_focused()
    clerk = Clerk(page)
    await clerk.type(PHONE_NUMBER)
    await clerk.enter()
    await clerk.tap(page.get_by_role("button", name=words["enrol"]))
    await expect(page.locator("#phone")).to_have_value(PHONE_NUMBER)
    await clerk.fill(page.locator("#name"), "周敏")
    await clerk.tap(page.get_by_label(words["sms"]))
    await look_at(page)
    await clerk.tap(page.get_by_role("button", name=words["join"], exact=True))
    await page.wait_for_url("**/desk/members/*done=enrolled")
    assert clerk.acts <= MOST_ACTS
    assert clerk.seconds < 30 - THINGS_SAID_S
    await expect(page.locator("h1")).to_have_text("周*")
    assert PHONE_NUMBER[-4:] in await page.locator(".lead-line").inner_text()
    assert "5550177" not in await page.content()
    found = re.search(r"members/([0-9a-f-]{36})", page.url)
    assert found is not None
    return UUID(found[1])


async def read_receipt(page: Page, words: dict[str, str]) -> None:
    await page.reload()
    await look_at(page)
    await page.locator("a[href*='/receipts/']").first.click()
    await expect(page.locator("h1")).to_have_text(words["gave"])
    for told in (words["rule"], words["missing"], words["short"]):
        await expect(page.locator("main")).to_contain_text(told)
    await look_at(page)
    await page.go_back()


async def ask_for_points(page: Page, words: dict[str, str]) -> None:
    await page.get_by_role("link", name=words["adjust"]).click()
    await page.get_by_label(words["give"]).check()
    await page.fill("#points", "300")
    await page.select_option("#reason", "missed_points")
    await page.fill("#note", "till was offline")
    await look_at(page)
    await page.get_by_role("button", name=words["submit"]).click()
    await expect(page.locator(".notice-warn")).to_contain_text(words["waits"])
    await expect(page.locator("#points-balance")).to_have_text("15")
    await look_at(page)


async def approve(site: Site, page: Page, words: dict[str, str]) -> None:
    await page.goto(f"{site.address}/desk")
    await expect(page.locator("main .chip-warn")).to_contain_text("1")
    await page.get_by_role("link", name=words["list"]).click()
    await look_at(page)
    await page.get_by_role("button", name=words["approve"], exact=True).click()
    await expect(page.locator(".notice-good")).to_contain_text(words["approved"])


async def test_whose_number_it_is_already_is_told_while_typing(site: Site) -> None:
    async with site.reader("en", PHONE) as page:
        await site.sign_in(page)
        await choose(page, "en")
        await page.goto(f"{site.address}/desk/enrol")
        await page.locator("#phone").press_sequentially("+1 212 555 0123")
        await expect(page.locator("#twin")).to_contain_text(WORDS["en"]["twin"])
        await expect(page.locator("#phone")).to_be_focused()
        await page.locator("#phone").press("Backspace")
        await expect(page.locator("#twin")).not_to_contain_text(WORDS["en"]["twin"])
        await page.locator("#phone").press_sequentially("3")
        await page.locator("#twin a").click()
        await expect(page).to_have_url(f"{site.address}/desk/members/{site.regular}")
