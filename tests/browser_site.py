"""A real browser on the served application, and a chain with a life in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright, expect
from small_chain import ACTOR, OPENED, SmallChain, lines
from web_world import PASSWORD, make_app

from regulars.bulk_actions.domain import Filter
from regulars.bulk_actions.listing import Wish
from regulars.bulk_actions.service import draw_up
from regulars.explanation.shelf import Shelf
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.following_up import follow_up
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.security.terminal_keys import issue_key

CHROMIUM = "/usr/bin/chromium"
LANGUAGES = ("zh", "en")
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # details of what passed take as long again, and nobody reads them
}


@dataclass
class Site:
    """A served application, a browser, and a chain with a life in it."""

    address: str
    browser: Browser
    chain: SmallChain
    regular: UUID
    purchase: UUID
    pepper: bytes = b""

    async def till_key(self) -> str:
        """A fresh key of the till at East-1."""
        async with self.chain.database.begin() as session:
            issued = await issue_key(session, self.chain.tills["east-1-t1"], self.pepper, ACTOR, OPENED)
        return issued.bearer

    @asynccontextmanager
    async def reader(self, language: str, viewport: dict[str, int]) -> AsyncIterator[Page]:
        """A page of a browser that complains about anything amiss."""
        locale = "zh-CN" if language == "zh" else "en-US"
        context = await self.browser.new_context(viewport=viewport, locale=locale)  # type: ignore[arg-type]
        page = await context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        yield page
        await context.close()
        assert [one for one in complaints if "status of 4" not in one] == []

    async def sign_in(self, page: Page) -> None:
        if not page.url.endswith("/sign-in"):
            await page.goto(f"{self.address}/sign-in")
        await page.fill("#login", "lin")
        await page.fill("#password", PASSWORD)
        await page.click(".alone button[type=submit]")
        await page.wait_for_selector("#live")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium a test process; each reader has cookies, storage and a cache of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        await browser.close()


@pytest.fixture
async def site(
    chain: SmallChain, database_url: str, tmp_path: Path, chromium: Browser
) -> AsyncIterator[Site]:
    """The application on a port of its own, and Chromium."""
    regular, purchase = await a_life(chain)
    app = make_app(database_url, tmp_path)
    async with served(app) as address:
        pepper = app.state.container.settings.secrets.terminal_key_pepper
        yield Site(address, chromium, chain, regular, purchase, pepper)
        for left_open in chromium.contexts:  # by a test that failed
            await left_open.close()
    await app.state.container.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application behind a real socket."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://localhost:{port}"
    server.should_exit = True
    await serving


async def a_life(chain: SmallChain) -> tuple[UUID, UUID]:
    """An operator, a silver member with an open revisit, the purchase to be explained, a bulk action."""
    now = clock.now()
    admin = NewOperator(new_id(), "lin", "林晓", PASSWORD, "zh", (RoleAt(Role.ADMIN, chain.hq),))
    async with chain.database.begin() as session:
        await create_operator(session, admin, ACTOR, OPENED)
    member = await chain.join("陈静", at=now - timedelta(days=40), phone="+12125550123", references=("cj-7",))
    first = now - timedelta(days=30)
    await chain.buy(member, *lines((101_000, "GROCERY"), (900, "FUEL")), occurred_at=first)
    bought = await chain.buy(
        member, *lines((4_000, "GROCERY"), (500, "")), occurred_at=now - timedelta(days=2)
    )
    places, packs = chain.desk.places, chain.desk.packs
    async with chain.database.begin() as session:
        await lifecycle.advance(session, packs, places, [member], now, now)
        await follow_up(session, [member], now)
        wish = Wish("retry", chain.hq, Filter(member_ids=(member,)))
        await draw_up(session, places, Shelf(), new_id(), wish, ACTOR, now)
    return member, bought.purchase_id


async def choose(page: Page, language: str) -> None:
    """Switch the page to a language, by the switch in its header."""
    switch = page.locator(f".language button[value={language}]")
    if await switch.count():
        await switch.click()
        await page.wait_for_load_state()
    tag = "zh-CN" if language == "zh" else "en"
    await expect(page.locator("html")).to_have_attribute("lang", tag)
