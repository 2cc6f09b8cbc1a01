"""The code editor and the charts in a real browser, under the policy that every page has."""

import asyncio
import json

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, PHONE, Site, choose
from playwright.async_api import Page, Route, expect

from regulars.releases.drafts import get_draft
from rules_ui.contexts.charts import Chart, Series
from rules_ui.render import environment

pytestmark = pytest.mark.browser

WATCH = (
    "window.broken = []; document.addEventListener('securitypolicyviolation',"
    " (event) => window.broken.push(event.violatedDirective + ' ' + event.blockedURI))"
)
COST = Chart(
    kind="line",
    title="Points by day",
    label_title="Day",
    labels=("1 Nov", "2 Nov", "3 Nov"),
    series=(Series("Live", (12_000, 900, None)), Series("Draft </script>", (13_050, -1_205, 7))),
    decimals=2,
    before="$",
)


async def test_the_code_is_edited_with_the_keyboard_checked_and_saved(site: Site) -> None:
    async with site.reader("zh", DESK) as page:
        await page.add_init_script(WATCH)
        await site.sign_in(page)
        await choose(page, "zh")
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        editor = page.get_by_role("textbox", name="代码")
        await expect(editor).to_contain_text('"grocery-classic"')
        await expect(page.locator("textarea#code")).to_be_hidden()

        await replace_all(page, '{\n  "code": ,\n}')
        await expect(page.locator("code-box .cm-lint-marker-error")).to_have_count(1)
        await page.locator("code-box .cm-content").press("Control+z")
        await page.keyboard.press("Control+Home")  # only what is in sight is in the page
        await expect(editor).to_contain_text('"grocery-classic"')

        text = await page.locator("textarea#code").input_value()
        changed = text.replace('"grocery-classic"', '"grocery-classic" ', 1)
        await replace_all(page, changed)
        await page.get_by_role("button", name="保存代码").click()
        await expect(page.locator(".editor-side")).to_contain_text("林晓")
        assert await page.locator("textarea#code").input_value() == changed
        await expect(page.locator("code-box .cm-editor")).to_have_count(1)

        await editor.focus()
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.type") == "submit"
        assert (await Axe().run(page, options=AXE)).response["violations"] == []
        assert await page.evaluate("window.broken") == []


async def test_a_change_in_the_form_shows_in_the_code_and_a_mark_stands_at_its_line(site: Site) -> None:
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        await choose(page, "en")
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        await expect(page.locator("code-box .cm-editor")).to_have_count(1)
        await page.evaluate("""() => {
            const marks = document.querySelector("code-box > script.code-marks");
            marks.textContent = '[{"line": 2, "severity": "warning", "message": "Look here"}]';
            document.querySelector("textarea#code").textContent = '{\\n  "code": "other"\\n}\\n';
        }""")
        await expect(page.locator("code-box .cm-content")).to_contain_text('"other"')
        await expect(page.locator("code-box .cm-lint-marker-warning")).to_have_count(1)
        await page.evaluate("""() => {
            const link = document.createElement("a");
            link.href = "#code-title"; link.dataset.codeLine = "2"; link.textContent = "there";
            document.querySelector("main").prepend(link);
        }""")
        await page.get_by_text("there", exact=True).click()
        await expect(page.locator("code-box .cm-activeLine")).to_contain_text('"other"')


async def test_code_is_saved_when_it_is_left_and_changes_in_quick_succession_lose_nothing(site: Site) -> None:
    limit = "#e-parameters-regular_5fspend_5fminor-value-set-number-minor-value"
    spend = "#e-parameters-loyal_5fspend_5fminor-value-set-number-minor-value"
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        await choose(page, "en")
        await page.goto(f"{site.address}/packs/grocery-classic/edit")
        text = await page.locator("textarea#code").input_value()
        await page.route("**/edit", later)
        await replace_all(page, text.replace('"Points for spending"', '"Points for all"'))
        for field, typed in ((limit, "1200"), (spend, "4000"), (limit, "1300")):
            await page.fill(field, typed)
        await page.press(limit, "Tab")
        await expect(page.locator("input[name=based_on]").first).to_have_value("4")
        await expect(page.locator("#editor .notice")).to_have_count(0)
    async with site.chain.database.read() as session:
        kept = (await get_draft(session, "grocery-classic")).text
    figures = {name: one["value"] for name, one in json.loads(kept)["parameters"].items()}
    assert (figures["regular_spend_minor"], figures["loyal_spend_minor"]) == (130_000, 400_000)
    assert kept.count('"Points for all"') == 1


async def test_what_could_not_be_sent_is_said_and_sent_again(site: Site) -> None:
    limit = "#e-parameters-regular_5fspend_5fminor-value-set-number-minor-value"
    context = await site.browser.new_context(viewport=DESK, locale="en")  # type: ignore[arg-type]
    page = await context.new_page()
    await site.sign_in(page)
    await choose(page, "en")
    await page.goto(f"{site.address}/packs/grocery-classic/edit")
    said, again = page.locator("#refused"), page.get_by_role("button", name="Try again")

    for typed, answer, words, saves in (("1200", lost, "Not saved", "1"), ("1300", broken, "It broke", "2")):
        await page.route("**/edit", answer)
        await page.fill(limit, typed)
        await page.press(limit, "Tab")
        await expect(said).to_contain_text(words)
        await expect(page.locator(limit)).to_have_value(typed)
        assert (await Axe().run(page, "#refused", AXE)).response["violations"] == []
        await page.unroute("**/edit")
        await again.click()
        await expect(page.locator("input[name=based_on]").first).to_have_value(saves)
        await expect(said).to_be_empty()
    await page.route("**/edit", lost)
    await page.fill(limit, "1400")
    await page.press(limit, "Tab")
    await expect(said).to_contain_text("Not saved")
    await page.unroute("**/edit")
    await page.fill(limit, "1300 ")
    await page.press(limit, "Tab")
    await expect(said).to_be_empty()
    await context.close()
    async with site.chain.database.read() as session:
        kept = json.loads((await get_draft(session, "grocery-classic")).text)
    assert kept["parameters"]["regular_spend_minor"]["value"] == 130_000


async def lost(route: Route) -> None:
    await route.abort()


async def broken(route: Route) -> None:
    """As the application answers what it broke on."""
    button = '<button type="button" class="btn btn-sm" data-again>Try again</button>'
    await route.fulfill(
        status=500,
        content_type="text/html",
        headers={"HX-Retarget": "#refused", "HX-Reswap": "innerHTML"},
        body=f'<div class="notice notice-bad">It broke {button}</div>',
    )


async def later(route: Route) -> None:
    """Answers so late that the next change is made before."""
    await asyncio.sleep(0.3)
    await route.continue_()


async def test_a_chart_is_drawn_under_the_policy_and_its_figures_stand_in_a_table(site: Site) -> None:
    async with site.reader("en", DESK) as page:
        await page.add_init_script(WATCH)
        await site.sign_in(page)
        policy = (await page.request.get(f"{site.address}/sign-in")).headers["content-security-policy"]

        async def answer(route: Route) -> None:
            headers = {"content-security-policy": policy}
            await route.fulfill(content_type="text/html", body=chart_page(), headers=headers)

        await page.route("**/a-chart", answer)
        await page.goto(f"{site.address}/a-chart")
        picture = page.get_by_role("img")
        await expect(picture.locator("canvas")).to_be_visible()
        assert "Points by day" in (await picture.get_attribute("aria-label") or "")
        await picture.hover()
        await page.get_by_text("The figures as a table").click()
        await expect(page.get_by_role("row")).to_have_text(
            ["DayLiveDraft </script>", "1 Nov$120.00$130.50", "2 Nov$9.00-$12.05", "3 Nov–$0.07"]
        )
        assert await page.evaluate("window.broken") == []
        assert (await Axe().run(page, options=AXE)).response["violations"] == []


async def test_a_chart_not_yet_drawn_anew_leaves_a_narrowed_page_its_width(site: Site) -> None:
    async with site.reader("en", DESK) as page:
        await page.add_init_script("window.ResizeObserver = class { observe() {} disconnect() {} }")
        await page.route(
            "**/a-chart", lambda route: route.fulfill(content_type="text/html", body=chart_page())
        )
        await page.goto(f"{site.address}/a-chart")
        await expect(page.get_by_role("img")).to_be_visible()
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        root = "document.documentElement"
        assert await page.evaluate("document.querySelector('chart-box').scrollWidth") > PHONE["width"]
        assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


def chart_page() -> str:
    """A page of nothing but a chart, from the template that pages use."""
    source = (
        '{% from "components/chart.html" import chart, chart_scripts %}<!doctype html><html lang="en"><head>'
        '<meta charset="utf-8"><title>A chart</title>'
        '<link rel="stylesheet" href="{{ asset("app.css") }}">'
        "{{ chart_scripts() }}</head>"
        '<body><main><h1>A chart</h1>{{ chart(shown, "cost") }}</main></body></html>'
    )
    return environment("en").from_string(source).render(shown=COST)


async def replace_all(page: Page, text: str) -> None:
    await page.locator("code-box .cm-content").press("Control+a")
    await page.keyboard.insert_text(text)
