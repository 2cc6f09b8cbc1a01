"""A marketer builds a segment in a browser: conditions, the count beside them, saved, changed, read again."""

import os
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, LANGUAGES, PHONE, Site, choose
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

WORDS: Final = {
    "zh": {
        "saved": "已保存为新版本。",
        "version": "第 1 版",
        "sentence": "会员等级为银卡",
    },
    "en": {
        "saved": "Saved as a new version.",
        "version": "Version 1",
        "sentence": "tier is Silver",
    },
}


async def look_at(page: Page, name: str) -> None:
    """Hold a page to the accessibility rules and to the width of a phone."""
    for viewport in (PHONE, DESK):
        await page.set_viewport_size(viewport)  # type: ignore[arg-type]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) <= 0, f"{page.url} is too wide at {viewport['width']}"
        found = await Axe().run(page, options=AXE)
        told = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found.response["violations"]]
        assert told == [], page.url
        if "SHOTS" in os.environ:
            await page.screenshot(
                path=Path(os.environ["SHOTS"]) / f"{name}-{viewport['width']}.png", full_page=True
            )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_segment_is_built_counted_saved_and_changed(site: Site, language: str) -> None:
    words = WORDS[language]
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/segments")
        await look_at(page, f"segments-empty-{language}")
        await page.click(".page-actions a[href='/new-segment']")
        figure = page.locator(".lead-figure")
        await expect(figure).to_have_text("1")
        await page.focus("#e-when-add-condition")
        await page.keyboard.press("Enter")
        fact = page.locator("#e-when-and-1-set-field-value")
        await expect(fact).to_be_visible()
        await fact.select_option("member.spend_365d_minor")
        relation = page.locator("#e-when-and-1-set-relation-value")
        await expect(relation).to_have_value("ge")
        amount = page.locator("#e-when-and-1-set-value-value0")
        await expect(amount).to_be_visible()
        await amount.fill("99999")
        await amount.press("Tab")
        await expect(figure).to_have_text("0")
        await amount.press("ControlOrMeta+a")
        await amount.press_sequentially("1000")
        await expect(figure).to_have_text("1")
        await amount.press("ArrowLeft")
        await amount.press_sequentially("00")
        await expect(figure).to_have_text("0")
        caret = "field => [field.value, field.selectionStart, field === document.activeElement]"
        assert await amount.evaluate(caret) == ["100000", 5, True]
        await amount.press_sequentially("x")
        await amount.press("Tab")
        await expect(amount).to_have_attribute("aria-invalid", "true")
        await expect(figure).to_have_text("0")
        await amount.fill("1000")
        await amount.press("Tab")
        await expect(figure).to_have_text("1")
        await expect(page.locator(".segment-sample")).to_contain_text("••• 0123")
        await expect(page.locator("aside")).to_contain_text(words["sentence"])
        await look_at(page, f"segment-editor-{language}")
        await page.fill("#title_zh", "高价值银卡")
        await page.fill("#title_en", "Silver who spend")
        await page.fill("#segment-name", "silver-spenders")
        await page.click("#save-segment button[type=submit]")
        await expect(page.locator(".notice")).to_contain_text(words["saved"])
        await expect(figure).to_have_text("1")
        await look_at(page, f"segment-{language}")
        await page.click(".page-actions .btn-primary")
        await page.locator("#e-when-and-1-remove").click()
        await expect(page.locator("#e-when-and-1")).to_have_count(0)
        await page.fill("#reason", "autumn")
        await page.click("#save-segment button[type=submit]")
        await expect(page.locator("main")).to_contain_text("silver-spenders/2")
        await page.get_by_role("link", name=words["version"], exact=True).click()
        await expect(page.locator("main")).to_contain_text("silver-spenders/1")
        await page.goto(f"{site.address}/segments")
        await expect(page.locator("tbody strong")).to_have_text("1")
        await look_at(page, f"segments-{language}")
