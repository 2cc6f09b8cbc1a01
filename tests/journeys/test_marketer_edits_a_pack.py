"""A marketer begins a pack from a template, mends a finding, tries it, and keeps a receipt as a case."""

import json

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, LANGUAGES, PHONE, Site, choose
from playwright.async_api import Page, expect
from small_chain import line

from regulars.kernel import clock
from regulars.releases.drafts import get_draft

pytestmark = pytest.mark.browser

WORDS = {
    "zh": {
        "new": "新建规则包",
        "template": "会员日双倍积分",
        "begin": "开始编写草稿",
        "hint": "1 条提示",
        "add": "添加条件",
        "live": "按现行规则",
        "try": "试算",
        "receipt": "真实小票",
        "keep": "加入用例",
        "change": "修改用例",
        "passes": "全部通过",
    },
    "en": {
        "new": "New pack",
        "template": "Double-points day",
        "begin": "Begin the draft",
        "hint": "1 hint",
        "add": "Add a condition",
        "live": "Live now",
        "try": "Try it",
        "receipt": "A real receipt",
        "keep": "Add as a case",
        "change": "Change the case",
        "passes": "all pass",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_a_template_to_a_case_of_a_real_receipt(site: Site, language: str) -> None:
    words, code = WORDS[language], f"tuesday-{language}"
    now = clock.now()
    await site.chain.buy(site.regular, line(20_000), occurred_at=now, receipt_no="R-4711")
    day = now.date().isoformat()
    async with site.reader(language, DESK if language == "zh" else PHONE) as page:
        await site.sign_in(page)
        await choose(page, language)

        await page.goto(f"{site.address}/packs")
        await page.get_by_role("link", name=words["new"]).click()
        await page.get_by_role("link", name=words["template"]).click()
        await look_at(page)
        await page.fill("#code", code)
        await page.get_by_role("button", name=words["begin"]).click()
        await expect(page).to_have_url(f"{site.address}/packs/{code}/edit")

        points = "#e-parameters-member_5fmonth_5fpoints-value-set-number-plain-value"
        await change(page, points, "many")
        await expect(page.locator(f"{points}-error")).to_be_visible()
        await change(page, points, "300")
        await expect(page.locator(f"{points}-error")).to_have_count(0)
        assert (await draft(site, code))["parameters"]["member_month_points"]["value"] == 300

        # A second condition on the tier says nothing new, and the checker tells so.
        await page.locator(".rule-when .edit-adds button").first.click()
        added = page.locator(".rule-when .cond").nth(2)
        await expect(added).to_be_visible()
        await expect(page.locator("#verdict")).to_contain_text(words["hint"])
        await added.locator("button[aria-label]").last.click()
        await expect(page.locator("#verdict")).not_to_contain_text(words["hint"])

        await page.locator("#preview > summary").click()
        await page.locator("#p-tier").select_option("silver")
        await page.fill("#at", "2026-03-03T10:00")
        await page.fill("#amount1", "250")
        await page.get_by_role("button", name=words["try"], exact=True).click()
        figures = page.locator(".preview-figures tbody tr").first.locator("td")
        await expect(figures).to_have_text(["500", "250"])
        await page.fill("#at", "2026-03-04T10:00")
        await page.get_by_role("button", name=words["try"], exact=True).click()
        await expect(page.locator(".tried-no")).to_be_visible()
        await look_at(page)

        await page.locator("#source-receipt").check(force=True)
        await page.fill("#receipt_no", "R-4711")
        await page.fill("#receipt_day", day)
        await page.get_by_role("button", name=words["try"], exact=True).click()
        await expect(page.locator("#preview-result")).to_contain_text("R-4711")
        before = await page.locator(".draft-cases tbody tr").count()
        await page.get_by_role("button", name=words["keep"]).click()
        await expect(page.locator(".draft-cases tbody tr")).to_have_count(before + 1)
        await expect(page.locator("#cases")).to_contain_text(words["passes"])
        await page.locator(".draft-cases tbody tr").last.locator("a.icon-only").click()
        await expect(page.locator(".case-form")).to_be_visible()
        await look_at(page)

    kept = (await draft(site, code))["cases"][-1]
    assert kept["given"]["purchase"]["lines"][0]["sales_minor"] == 20_000
    assert kept["expect"]["points"] == 0


async def change(page: Page, selector: str, value: str) -> None:
    """Type into a control and leave it; the draft is saved and the form comes back."""
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.fill(selector, value)
        await page.press(selector, "Tab")


async def draft(site: Site, code: str) -> dict:  # type: ignore[type-arg]  # JSON
    async with site.chain.database.read() as session:
        found: dict = json.loads((await get_draft(session, code)).text)  # type: ignore[type-arg]
    return found


async def look_at(page: Page) -> None:
    """Hold a page to the accessibility rules and to the width of its screen."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    found = await Axe().run(page, options=AXE)
    told = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found.response["violations"]]
    assert told == [], page.url
