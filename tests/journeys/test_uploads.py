"""A file sent from a page: too large it is refused in words; sent once, it waits until Back brings it out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from browser_site import DESK, Site, choose
from custom_fields.test_own_fields import define, own
from playwright.async_api import Page, Route, expect

pytestmark = pytest.mark.browser

OWN_BRAND: Final = own("own_brand", subject="product")
GO: Final = "form[enctype] .btn-primary"
MB: Final = 1 << 20


def table(size: int) -> dict[str, object]:
    body = b"product_code,own_brand\nP1,true\n"
    return {"name": "products.csv", "mimeType": "text/csv", "buffer": body.ljust(size, b"\n")}


@asynccontextmanager
async def opened(site: Site, language: str) -> AsyncIterator[Page]:
    """The page on which tables are loaded, one field to fill."""
    await define(site.chain, OWN_BRAND)
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/fields/products")
        yield page


async def choose_file(page: Page, size: int) -> None:
    await page.set_input_files("#file", table(size))  # type: ignore[arg-type]


async def test_a_file_too_large_is_refused_in_words_and_a_smaller_one_loads_after_it(site: Site) -> None:
    async with opened(site, "zh") as page:
        await choose_file(page, 2 * MB)
        await page.click(GO)
        await expect(page.locator("main")).to_contain_text("一次最多提交 1 MB")
        await page.go_back()
        await choose_file(page, 0)
        await page.click(GO)
        await expect(page.locator(".notice")).to_contain_text("更新了 1 个")


async def test_a_form_that_back_brings_out_as_it_was_left_is_sent_anew(site: Site) -> None:
    sent: list[str] = []
    async with opened(site, "en") as page:

        async def leave_it_open(route: Route) -> None:
            sent.append(route.request.method)
            await route.fulfill(status=204)

        await page.route("**/fields/products", leave_it_open)
        await choose_file(page, 0)
        for _ in range(2):
            await page.click(GO)
        await expect(page.locator("form[enctype][data-sent]")).to_have_count(1)
        assert sent == ["POST"]
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        await page.click(GO)
        await expect(page.locator("form[enctype][data-sent]")).to_have_count(1)
        assert sent == ["POST", "POST"]
