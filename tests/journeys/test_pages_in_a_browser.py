"""A real browser signs in, watches the overview move, and reads why an award was given, in both languages."""

import re

import pytest
from browser_site import DESK, LANGUAGES, PHONE, Site, choose
from playwright.async_api import expect
from small_chain import ACTOR, line

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_places

pytestmark = pytest.mark.browser

WORDS = {
    "zh": {
        "overview": "概览",
        "why": "近 365 天消费额（不含本单）满 US$1,000.00",
        "fuel": "未满足：",
        "rule": "常客 1.25 倍",
        "award": "+11 分",
        "up": "升级为银卡",
        "close": "完成回访",
        "reached": "已联系上",
        "done": "没有待办回访。",
    },
    "en": {
        "overview": "Overview",
        "why": "Spend in the last 365 days before this purchase is at least $1,000.00",
        "fuel": "Not so:",
        "rule": "Regulars earn × 1.25",
        "award": "+11 pts",
        "up": "Moved up to Silver",
        "close": "Close this revisit",
        "reached": "Reached",
        "done": "No revisit is open.",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_signs_in_watches_the_chain_and_reads_why_an_award_was_given(
    site: Site, language: str
) -> None:
    words = WORDS[language]
    async with site.reader(language, DESK) as page:
        await page.goto(f"{site.address}/sign-in")
        await choose(page, language)
        await site.sign_in(page)
        await choose(page, language)
        await expect(page.locator("h1")).to_have_text(words["overview"])

        before = await page.locator("#per-minute").inner_text()
        await site.chain.buy(site.regular, line(7_700), occurred_at=clock.now())
        await expect(page.locator("#per-minute")).not_to_have_text(before, timeout=15_000)
        await expect(page.locator("#sales")).to_contain_text("77.00")

        await page.locator("#sales").get_by_role("link", name="陈静").first.click()
        await expect(page.locator(".story")).to_contain_text(words["up"])
        explained = page.locator(f"details.purchase[hx-get*='{site.purchase}']")
        await explained.locator("summary").click()
        reasons = explained.locator(".reasons").first
        await expect(reasons).to_contain_text(words["rule"])
        await expect(reasons).to_contain_text(words["award"])
        await expect(explained).to_contain_text(words["fuel"])
        await explained.get_by_text("grocery-classic/1").wait_for()
        await explained.locator(".reasons .row-link").first.click()
        await expect(page.locator(".rule-list")).to_contain_text(words["why"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_revisit_is_closed_without_leaving_the_page(site: Site, language: str) -> None:
    words = WORDS[language]
    async with site.reader(language, PHONE) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/members/{site.regular}")
        await page.get_by_label(words["reached"]).check()
        await page.get_by_role("button", name=words["close"]).click()
        await expect(page.locator("#care")).to_contain_text(words["done"])
        await expect(page.locator(".story")).to_be_visible()


async def test_the_list_narrows_while_typing_and_the_keyboard_is_enough(site: Site) -> None:
    await site.chain.join("Somebody Else")
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        await choose(page, "en")
        await page.goto(f"{site.address}/members")
        await page.keyboard.press("/")
        await expect(page.locator("#q")).to_be_focused()
        await page.keyboard.type("cj-7")
        await expect(page.locator("#results")).not_to_contain_text("Somebody Else")
        await expect(page.locator("#results")).to_contain_text("陈静")
        await expect(page.locator("#q")).to_be_focused()
        assert re.search(r"[?&]q=cj-7", page.url)


async def test_among_many_stores_one_is_found_and_named_in_a_rule_by_keyboard(site: Site) -> None:
    stores = [NewPlace(new_id(), "west", "store", f"many-{n:03}", f"Many {n:03}") for n in range(100)]
    async with site.chain.database.begin() as session:
        await open_places(session, stores, ACTOR, clock.now())
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        await choose(page, "en")
        await page.goto(f"{site.address}/places")
        await page.get_by_text("101 places directly below West").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Many 049", exact=True)).to_be_visible()
        await page.get_by_text("51 more places there").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Many 050", exact=True)).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("Many 050", exact=True)).to_be_focused()
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        await page.locator("#e-rules-0-more > summary").click()
        typed = page.locator("#e-rules-0-scope-places-set-codes-value-more")
        await typed.fill("many-007")
        await typed.press("Tab")
        box = page.locator("#e-rules-0-scope-places-set-codes-value input[value=many-007]")
        await expect(box).to_be_checked()
        await expect(typed).to_have_value("")
        await box.uncheck()
        await expect(box).to_have_count(0)
        await page.goto(f"{site.address}/operators")
        await page.focus("#place")
        await page.keyboard.press("Tab")
        await page.keyboard.type("many 01")
        await expect(page.locator("#place-suggested option")).to_have_count(10)
        await page.fill("#login", "nia")
        await page.fill("#name", "Nia")
        await page.fill("#password", "correct horse battery")
        await page.press("#password", "Enter")
        await expect(page.locator("#place-more")).to_be_focused()
        await expect(page.locator("#place-error")).to_contain_text("You have no place “many 01”")
        await page.goto(f"{site.address}/members/enrol")
        await page.locator("#birthday").fill("1990-03-02")
        await expect(page.locator("#birthday + output")).to_have_text("Fri, 2 Mar 1990")
        await page.fill("#phone", "+1 212 555 0188")
        await page.fill("#name", "Nia")
        await page.focus("#store")
        await page.keyboard.press("Tab")
        await page.keyboard.type("many-093")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/members/*done=enrolled")
        await expect(page.locator("main")).to_contain_text("Many 093")
        await choose(page, "zh")
        await page.goto(f"{site.address}/packs/grocery-classic/preview")
        await page.locator("#at").fill("2026-11-20T18:04")
        await expect(page.locator("#at + output")).to_have_text("2026年11月20日周五 18:04")


async def test_nothing_is_fetched_from_elsewhere_and_nothing_breaks_the_policy(site: Site) -> None:
    async with site.reader("en", DESK) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.add_init_script(
            "window.broken = []; document.addEventListener('securitypolicyviolation',"
            " (event) => window.broken.push(event.violatedDirective + ' ' + event.blockedURI))"
        )
        await site.sign_in(page)
        for path in ("/", "/members", f"/members/{site.regular}", "/packs/grocery-classic"):
            await page.goto(site.address + path)
            assert await page.evaluate("window.broken") == []
        assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {
            site.address.split("/")[2]
        }
