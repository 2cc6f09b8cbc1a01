"""A draft is rehearsed, approved by another, goes live, earns at a till, is rolled back and undone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, LANGUAGES, PHONE, Site, choose
from playwright.async_api import Page, expect
from small_chain import ACTOR, OPENED, line
from web_world import PASSWORD

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rehearsal.running import Means as RehearsalMeans
from regulars.rehearsal.running import run_rehearsal
from regulars.releases import drafts
from regulars.releases.drafting import NewSave
from regulars.rules.adopting import with_new_results
from regulars.rules.checker import examine
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.undoing.working import Means as UndoMeans
from regulars.undoing.working import work_through

pytestmark = pytest.mark.browser

PACK = "grocery-classic"
WORDS = {
    "zh": {
        "rehearse": "开始预演",
        "unchanged": "假定会员的消费行为不变",
        "submit": "提交审核",
        "why_not": "等待有审批权限的人处理",
        "mine": "等您处理",
        "approve": "批准",
        "plan": "确定排期",
        "live": "生效中",
        "back": "回滚",
        "backed": "已回滚",
        "undo": "收回已发积分",
        "list": "生成清单并预览",
        "decide": "按预览批准",
        "done": "已收回 200 分",
    },
    "en": {
        "rehearse": "Rehearse",
        "unchanged": "Behaviour is assumed unchanged",
        "submit": "Submit for review",
        "why_not": "It waits for somebody who may approve packs.",
        "mine": "Waiting for you",
        "approve": "Approve",
        "plan": "Plan it",
        "live": "Live at the tills",
        "back": "Roll back",
        "backed": "Rolled back",
        "undo": "Undo what it gave",
        "list": "Make the list and show me",
        "decide": "Approve what the preview says",
        "done": "200 points were taken back",
    },
}


@dataclass
class Story:
    """What the journey needs beside its pages: two people, the worker's hands, a till."""

    site: Site
    language: str

    async def appoint(self) -> None:
        """Somebody who writes packs, and somebody who approves them."""
        hq = self.site.chain.hq
        async with self.site.chain.database.begin() as session:
            for login, name, role in (("anna", "安娜", Role.MARKETING), ("bo", "薄文", Role.APPROVER)):
                new = NewOperator(new_id(), login, name, PASSWORD, "zh", (RoleAt(role, hq),))
                made = await create_operator(session, new, ACTOR, OPENED)
                if login == "anna":
                    text = starter_text(PACK)
                    text = with_parameters(text, {"minor_per_point": 50})
                    text = with_new_results(text, examine(text))
                    author = Actor.of_operator(made)
                    await drafts.save_draft(session, PACK, NewSave(new_id(), text, 0), author, clock.now())

    @asynccontextmanager
    async def reader(self, login: str) -> AsyncIterator[Page]:
        """A browser in which somebody is signed in."""
        async with self.site.reader(self.language, DESK) as page:
            await page.goto(f"{self.site.address}/sign-in")
            await choose(page, self.language)
            await page.fill("#login", login)
            await page.fill("#password", PASSWORD)
            await page.click(".alone button[type=submit]")
            await page.wait_for_selector("#live")
            await choose(page, self.language)
            yield page

    async def carry_out(self, address: str) -> None:
        """What the worker does with a rehearsal or an undo order."""
        database, subject = self.site.chain.database, UUID(address.rpartition("/")[2].partition("?")[0])
        if "/rehearsals/" in address:
            await run_rehearsal(RehearsalMeans(database, clock.now, 0), subject)
        else:
            await work_through(UndoMeans(database, LivePacks(), Places(), clock.now, 50), subject)

    async def buys(self) -> tuple[UUID, int]:
        """A purchase of 100.00 at the till by somebody new: its id, and what it earned."""
        chain = self.site.chain
        bought = await chain.buy(await chain.join(), line(10_000), occurred_at=clock.now())
        return bought.purchase_id, bought.receipt["points"]


async def is_accessible(page: Page) -> None:
    """Hold a page to the accessibility rules, and to a phone's width."""
    found = await Axe().run(page, options=AXE)
    told = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found.response["violations"]]
    assert told == [], page.url
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_release_from_draft_to_undo(site: Site, language: str) -> None:
    words, story = WORDS[language], Story(site, language)
    await story.appoint()
    assert (await story.buys())[1] == 100
    async with story.reader("anna") as anna, story.reader("bo") as bo:
        await anna.goto(f"{site.address}/packs/{PACK}/compare")
        await expect(anna.locator(".diff-in").first).to_be_visible()
        await is_accessible(anna)
        await anna.get_by_role("button", name=words["rehearse"], exact=True).click()
        await expect(anna.locator("#progress")).to_be_visible()
        await story.carry_out(anna.url)
        await expect(anna.get_by_text(words["unchanged"])).to_be_visible(timeout=15_000)
        await expect(anna.locator("chart-box[data-drawn]").first).to_be_visible()
        await is_accessible(anna)

        await anna.goto(f"{site.address}/packs/{PACK}/compare")
        await anna.fill("#submit-reason", "积分翻倍")
        await anna.get_by_role("button", name=words["submit"]).click()
        await expect(anna.locator("#why-not")).to_contain_text(words["why_not"])
        release = anna.url.partition("?")[0]

        await bo.goto(f"{site.address}/packs")
        await expect(bo.locator("#home-mine")).to_have_text(words["mine"])
        await bo.locator("section:has(#home-mine) .row-link").click()
        await is_accessible(bo)
        await bo.get_by_role("button", name=words["approve"], exact=True).click()

        await anna.goto(release)
        await anna.get_by_role("button", name=words["plan"]).click()
        await expect(anna.locator("#state")).to_have_text(words["live"])
        purchase, points = await story.buys()
        assert points == 200
        await anna.goto(f"{site.address}/purchases/{purchase}")
        await expect(anna.get_by_text(f"{PACK}/2").first).to_be_visible()

        await anna.goto(release)
        await is_accessible(anna)
        await anna.fill("#back-reason", "成本太高")
        await anna.locator("#rollback").get_by_role("button", name=words["back"]).click()
        await expect(anna.locator("#state")).to_have_text(words["backed"])
        assert (await story.buys())[1] == 100

        await anna.get_by_role("link", name=words["undo"]).click()
        await anna.get_by_role("button", name=words["list"]).click()
        await expect(anna.locator("#progress")).to_be_visible()
        order = anna.url
        await story.carry_out(order)
        await bo.goto(order)
        await is_accessible(bo)
        await bo.get_by_role("button", name=words["decide"]).click()
        await story.carry_out(order)
        await anna.goto(order)
        await expect(anna.locator("#done")).to_contain_text(words["done"])
