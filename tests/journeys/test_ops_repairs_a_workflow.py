"""A workflow is made to fail; ops find it in the problem list, in words, and repair it in bulk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, CHROMIUM, DESK, LANGUAGES, PHONE, Site, a_life, choose, served
from bulk_actions.world import end_trouble, let_nothing_mend_itself, plant_trouble
from fastapi import FastAPI
from member_world import MemberWorld, open_member_world, until
from playwright.async_api import Page, async_playwright, expect
from small_chain import SmallChain
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment
from web_world import make_app

from activities.bulk_actions import BulkActivities
from regulars.bulk_actions.running import Means
from regulars.entrypoints.worker import make_bulk_worker
from regulars.entrypoints.workflow_hands import WorkflowHands
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks

pytestmark = pytest.mark.browser

WORDS = {
    "zh": {
        "failing": "有步骤失败，正在重试：处理到期事项",
        "error": "数据库拒绝了这次变更",
        "affected": "受影响会员：2",
        "retry": "全部重试",
        "why": "原因",
        "do": "立即执行",
        "done": "已完成",
        "hurried": "已立即重试",
        "well": "没有异常的工作流",
        "runs": "工作流运行正常",
    },
    "en": {
        "failing": "A step fails and is tried again: deciding what fell due",
        "error": "the database refuses the change",
        "affected": "members affected: 2",
        "retry": "Retry for all of these",
        "why": "Why",
        "do": "Do it now",
        "done": "Done",
        "hurried": "Tried again at once",
        "well": "No workflow is in trouble",
        "runs": "The workflow runs and sleeps",
    },
}


@dataclass
class Ward:
    """A site whose members' workflows run, two of them in trouble."""

    site: Site
    world: MemberWorld
    struck: tuple[UUID, UUID]


@asynccontextmanager
async def bulk_worker(world: MemberWorld) -> AsyncIterator[None]:
    client, chain = world.temporal.client, world.chain
    hands = WorkflowHands(client, world.task_queue)
    means = Means(chain.database, LivePacks(), Places(), hands, clock.now, new_id)
    async with make_bulk_worker(client, BulkActivities(means)):
        yield


@pytest.fixture
async def ward(
    chain: SmallChain,
    temporal: WorkflowEnvironment,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Ward]:
    let_nothing_mend_itself(monkeypatch)
    regular, purchase = await a_life(chain)
    address = temporal.client.service_client.config.target_host
    app = make_app(database_url, tmp_path, temporal_address=address)
    # What fails on purpose is not drawn on the terminal: that takes seconds in which no worker works.
    with capture_logs():
        async with open_member_world(chain, temporal) as world, bulk_worker(world):
            async for made in _struck(world, regular, purchase, app):
                yield made
    await app.state.container.close()


async def _struck(world: MemberWorld, regular: UUID, purchase: UUID, app: FastAPI) -> AsyncIterator[Ward]:
    chain = world.chain
    await world.catch_up(regular)
    struck = (await chain.join("王芳"), await chain.join("李强"))
    await plant_trouble(chain, *struck)
    await world.relay_all()
    async with served(app) as site_address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        yield Ward(Site(site_address, browser, chain, regular, purchase), world, struck)
        await browser.close()


async def all_fail(ward: Ward) -> None:
    async def failing() -> bool:
        seen = [await ward.world.handle(member).describe() for member in ward.struck]
        attempts = [[one.attempt for one in each.raw_description.pending_activities] for each in seen]
        return all(max(each, default=0) >= 2 for each in attempts)

    await until(failing)


async def fit_for_everybody(page: Page) -> None:
    found = await Axe().run(page, options=AXE)
    assert [each["id"] for each in found.response["violations"]] == []
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_failing_workflow_is_found_in_words_and_repaired_in_bulk(ward: Ward, language: str) -> None:
    words, site = WORDS[language], ward.site
    await all_fail(ward)
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/ops/problems")
        problem = page.locator("[id^=problem-failing-lifecycle-advance]:not(h2)")
        await expect(problem.first).to_contain_text(words["failing"], timeout=15_000)
        await expect(problem.first).to_contain_text(words["error"])
        await expect(problem.first).to_contain_text(words["affected"])
        await expect(problem.first).to_contain_text("王芳")
        await fit_for_everybody(page)

        await end_trouble(site.chain)
        await problem.first.get_by_role("button", name=words["retry"]).click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        await fit_for_everybody(page)
        await page.get_by_label(words["why"], exact=True).first.fill("the trigger is gone 触发器已删除")
        await page.get_by_role("button", name=words["do"]).click()
        await expect(page.locator("#state")).to_have_text(words["done"], timeout=20_000)
        await expect(page.locator("tbody .chip-good")).to_have_count(2)
        await expect(page.locator("tbody")).to_contain_text(words["hurried"])

        for member in ward.struck:
            await ward.world.catch_up(member)
        await page.goto(f"{site.address}/ops/problems")
        await expect(page.locator("#workflow-problems")).to_contain_text(words["well"], timeout=15_000)
        await page.goto(f"{site.address}/ops/members/{ward.struck[0]}/workflow")
        await expect(page.locator(".lead-line")).to_contain_text(words["runs"])
        await fit_for_everybody(page)
