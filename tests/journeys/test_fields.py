"""A chain's own field in a browser: added, filled from a table, offered to rules, retired knowingly."""

import json

import pytest
from browser_site import DESK, LANGUAGES, Site, choose
from hostile_packs import good_pack
from playwright.async_api import expect
from small_chain import ACTOR, OPENED

from regulars.rules import service as rules

pytestmark = pytest.mark.browser

WORDS = {
    "zh": {
        "added": "字段已添加",
        "wrong": "第 3 行",
        "loaded": "更新了 2 个",
        "reads": "有 1 个生效中的规则包",
        "refused": "未停用",
        "retired": "已停用",
    },
    "en": {
        "added": "The field is added",
        "wrong": "Row 3",
        "loaded": "2 changed",
        "reads": "1 live pack reads it",
        "refused": "Not retired",
        "retired": "Retired",
    },
}
OFFERED = "#editor optgroup > option[value='custom.own_brand']"


def table(second: str) -> dict[str, object]:
    content = f"product_code,own_brand\n851057,true\n1082185,{second}\n".encode()
    return {"name": "products.csv", "mimeType": "text/csv", "buffer": content}


async def goes_live(site: Site) -> None:
    """A pack that reads the field is live at the tills."""
    pack = good_pack()
    pack["rules"][0]["when"] = {"some": [{"var": "purchase.lines"}, {"var": "custom.own_brand"}]}
    pack["cases"][0]["given"]["purchase"]["lines"][0]["custom"] = {"own_brand": True}
    async with site.chain.database.begin() as session:
        text, hq = json.dumps(pack), site.chain.hq
        await rules.publish(session, text, place_id=hq, live_from=OPENED, actor=ACTOR, at=OPENED)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_field_is_added_filled_offered_and_retired_knowingly(site: Site, language: str) -> None:
    words = WORDS[language]
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/fields")
        await page.click(".page-actions a[href='/fields/new']")
        await page.locator("label:has([name=subject][value=product])").click()
        await expect(page.locator(".choice-rows")).to_be_visible()
        await page.locator("label:has([name=type][value=boolean])").click()
        await expect(page.locator(".choice-rows")).to_be_hidden()
        for name, value in (("title_zh", "自有品牌"), ("title_en", "own brand"), ("code", "own_brand")):
            await page.fill(f"#{name}", value)
        await page.keyboard.press("Enter")
        await expect(page.locator(".notice")).to_contain_text(words["added"])
        await page.click(".page-actions a[href='/fields/products']")
        load = page.locator("form[enctype] .btn-primary")
        await page.set_input_files("#file", table("maybe"))  # type: ignore[arg-type]
        await load.click()
        await expect(page.locator(".faults")).to_contain_text(words["wrong"])
        await page.set_input_files("#file", table("否"))  # type: ignore[arg-type]
        await load.click()
        await expect(page.locator(".notice")).to_contain_text(words["loaded"])
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        await page.click("#e-rules-0-when-add-lines")
        await expect(page.locator(OFFERED).first).to_be_attached()
        await goes_live(site)
        await page.goto(f"{site.address}/fields/lines.custom.own_brand")
        await page.click("#retire summary")
        await expect(page.locator("#retire .notice")).to_contain_text(words["reads"])
        await page.click("#retire button")
        await expect(page.locator(".notice-bad")).to_contain_text(words["refused"])
        await page.check("#sure")
        await page.click("#retire button")
        await expect(page.locator(".notice-good")).to_contain_text(words["retired"])
        await expect(page.locator(".link-rows")).to_contain_text("hostile-host/1")
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        await expect(page.locator("#e-rules-0-when-add-lines")).to_be_visible()
        await expect(page.locator(OFFERED)).to_have_count(0)
