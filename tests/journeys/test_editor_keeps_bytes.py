"""Fifty-two awkward packs pass through the form in a browser: what nobody touched stays byte for byte."""

import asyncio
from collections.abc import Sequence

import pytest
from awkward_packs import awkward_pack, awkward_packs
from browser_site import DESK, Site
from playwright.async_api import Page, expect
from small_chain import ACTOR

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave

pytestmark = pytest.mark.browser

TITLE = "#e-title-en-set-text-value"
WHEN = "#e-rules-0-when"
AT_ONCE = 2


async def begin(site: Site, code: str, text: str) -> None:
    async with site.chain.database.begin() as session:
        await drafts.save_draft(session, code, NewSave(new_id(), text, 0), ACTOR, clock.now())


async def kept(site: Site, code: str) -> str:
    async with site.chain.database.read() as session:
        return (await drafts.get_draft(session, code)).text


async def revision(page: Page, number: int) -> None:
    """Wait until the form is that of a revision."""
    await expect(page.locator("input[name=based_on]").first).to_have_value(str(number))


async def new_title(page: Page, text: str) -> str:
    """Change the title; what the text is to be then."""
    await page.fill(TITLE, "Tamed")
    await page.locator(TITLE).blur()
    await revision(page, 2)
    return text.replace('"en":"Awkward"', '"en":"Tamed"')


async def there_and_back(page: Page, text: str) -> str:
    """Add a condition and remove it again: the text is to be what it was."""
    await page.click(f"{WHEN}-add-condition")
    await revision(page, 2)
    await page.click(f"{WHEN}-and-2-remove")
    await revision(page, 3)
    return text


async def pass_through(site: Site, page: Page, packs: Sequence[tuple[str, str, str]]) -> list[str]:
    """What came out otherwise than it should, of packs that somebody opens and changes elsewhere."""
    spoiled = []
    for number, (code, what, text) in enumerate(packs):
        await begin(site, code, text)
        await page.goto(f"{site.address}/packs/{code}/edit", wait_until="domcontentloaded")
        change = new_title if number % 2 else there_and_back
        wanted = await change(page, text)
        if await kept(site, code) != wanted:
            spoiled.append(what)
    return spoiled


async def test_fifty_two_awkward_packs_keep_what_nobody_touched(site: Site) -> None:
    packs = awkward_packs()
    assert len(packs) == 52
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        pages = [page, *[await page.context.new_page() for _ in range(AT_ONCE - 1)]]
        shares = [pass_through(site, each, packs[number::AT_ONCE]) for number, each in enumerate(pages)]
        spoiled = await asyncio.gather(*shares)
    assert [what for share in spoiled for what in share] == []


UNOFFERED = (
    '{"===": [{"var": "member.stage"}, "honeymoon"]}',
    '{"===": [{"var": "member.tier"}, "  gold "]}',
    '{"===": [{"var": "store.code"}, "007"]}',
    '{"===": [{"var": "calendar.weekday"}, 9]}',
    '{"===": [{"var": "calendar.date"}, 20261399]}',
)


async def test_a_value_that_no_field_offers_stays_when_what_stands_beside_it_is_changed(site: Site) -> None:
    relation = f"{WHEN}-and-1-set-relation-value"
    async with site.reader("en", DESK) as page:
        await site.sign_in(page)
        for number, condition in enumerate(UNOFFERED):
            code = f"unoffered-{number}"
            text = awkward_pack(code, condition=condition)
            await begin(site, code, text)
            await page.goto(f"{site.address}/packs/{code}/edit", wait_until="domcontentloaded")
            await page.select_option(relation, "ne")
            await revision(page, 2)
            assert await kept(site, code) == text.replace('"===": [', '"!==": [')
            await page.select_option(relation, "eq")
            await revision(page, 3)
            assert await kept(site, code) == text
