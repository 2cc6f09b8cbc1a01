"""A template becomes a draft, is tried, rehearsed, approved by another, live, explained, undone."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, LANGUAGES, PHONE, Site, choose
from playwright.async_api import Page, expect
from small_chain import ACTOR, OPENED
from web_world import PASSWORD

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rehearsal.running import Means as RehearsalMeans
from regulars.rehearsal.running import run_rehearsal
from regulars.releases.drafts import get_draft
from regulars.rules.live import LivePacks
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.undoing.working import Means as UndoMeans
from regulars.undoing.working import work_through

pytestmark = pytest.mark.browser

PACK = "silver-days"
WORDS = {
    "zh": {
        "new": "新建规则包",
        "template": "会员日双倍积分",
        "begin": "开始编写草稿",
        "hint": "1 条提示",
        "try": "试算",
        "keep": "加入用例",
        "passes": "全部通过",
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
        "done": "已收回 {} 分",
        "rule": "周二双倍积分",
    },
    "en": {
        "new": "New pack",
        "template": "Double-points day",
        "begin": "Begin the draft",
        "hint": "1 hint",
        "try": "Try it",
        "keep": "Add as a case",
        "passes": "all pass",
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
        "done": "{} points were taken back",
        "rule": "Double points on Tuesdays",
    },
}


@dataclass
class Story:
    """What the journey needs beside its pages: two people, the worker's hands, a till."""

    site: Site
    language: str
    till: httpx.AsyncClient

    async def appoint(self) -> None:
        """Somebody who writes packs, and somebody who approves them."""
        hq = self.site.chain.hq
        async with self.site.chain.database.begin() as session:
            for login, name, role in (("anna", "安娜", Role.MARKETING), ("bo", "薄文", Role.APPROVER)):
                new = NewOperator(new_id(), login, name, PASSWORD, "zh", (RoleAt(role, hq),))
                await create_operator(session, new, ACTOR, OPENED)

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

    async def buys(self, receipt_no: str) -> tuple[str, int]:
        """The silver member buys for 100.00 at a till: the purchase's id, and what it earned."""
        sold = {"line": 1, "sku": "851057", "department": "GROCERY", "list_minor": 10_000}
        body = {"receipt_no": receipt_no, "occurred_at": clock.now().isoformat(), "member": "cj-7"}
        answer = await self.till.post("/v1/purchases", json=body | {"lines": [sold]}, headers=key(receipt_no))
        assert answer.status_code in (200, 201), answer.text
        told = answer.json()
        return told["purchase_id"], told["points"]

    def today(self) -> str:
        """The day on which the till sold, as its store counts it."""
        zone = self.site.chain.desk.places.get(self.site.chain.stores["east-1"]).zone
        return clock.now().astimezone(zone).date().isoformat()

    async def draft(self) -> dict:  # type: ignore[type-arg]  # JSON
        async with self.site.chain.database.read() as session:
            found: dict = json.loads((await get_draft(session, PACK)).text)  # type: ignore[type-arg]
        return found


def key(receipt_no: str) -> dict[str, str]:
    return {"Idempotency-Key": f"key-of-{receipt_no}"}


@pytest.fixture
async def till(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A till that shows its key to the served application."""
    async with httpx.AsyncClient(base_url=site.address) as client:
        client.headers["Authorization"] = f"Bearer {await site.till_key()}"
        yield client


async def look_at(page: Page) -> None:
    """Hold a page to the accessibility rules, and to a phone's width."""
    found = await Axe().run(page, options=AXE)
    told = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found.response["violations"]]
    assert told == [], page.url
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]


async def saved(page: Page, act: Callable[[], Awaitable[object]]) -> None:
    """Do something that is sent and saved at once, and wait until the form is back."""
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await act()
    await expect(page.locator(".htmx-request")).to_have_count(0)


async def change(page: Page, selector: str, value: str) -> None:
    await page.fill(selector, value)
    await saved(page, lambda: page.press(selector, "Tab"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_a_template_to_the_till_and_back(
    site: Site, till: httpx.AsyncClient, language: str
) -> None:
    words, story = WORDS[language], Story(site, language, till)
    await story.appoint()
    _, usual = await story.buys("R-4711")
    async with story.reader("anna") as anna, story.reader("bo") as bo:
        await write(story, anna, words)
        await try_out(story, anna, words)
        await rehearse(story, anna, words)
        release = await submit(site, anna, words)
        await approve(site, bo, words)
        given = await go_live(story, anna, words, release) - usual
        assert given == usual, "twice the points"
        await anna.goto(release)
        await look_at(anna)
        await anna.fill("#back-reason", "成本太高")
        await anna.locator("#rollback").get_by_role("button", name=words["back"]).click()
        await expect(anna.locator("#state")).to_have_text(words["backed"])
        assert (await story.buys("R-4713"))[1] == usual
        await undo(story, anna, bo, words, given)


async def write(story: Story, anna: Page, words: dict[str, str]) -> None:
    """A template, other parameters, another condition, and its findings mended."""
    await anna.goto(f"{story.site.address}/packs")
    await anna.get_by_role("link", name=words["new"]).click()
    await anna.get_by_role("link", name=words["template"]).click()
    await look_at(anna)
    await anna.fill("#code", PACK)
    await anna.get_by_role("button", name=words["begin"]).click()
    await expect(anna).to_have_url(f"{story.site.address}/packs/{PACK}/edit")

    points = "#e-parameters-member_5fmonth_5fpoints-value-set-number-plain-value"
    await change(anna, points, "many")
    await expect(anna.locator(f"{points}-error")).to_be_visible()
    await change(anna, points, "300")
    await expect(anna.locator(f"{points}-error")).to_have_count(0)
    assert (await story.draft())["parameters"]["member_month_points"]["value"] == 300

    # Every day instead of Tuesdays alone, so that the till below sells on one of them.
    conditions = anna.locator(".rule-when .cond")
    await saved(anna, conditions.nth(1).locator("button[aria-label]").last.click)
    await expect(conditions).to_have_count(1)
    await saved(anna, anna.locator(".rule-when .edit-adds button").first.click)
    await expect(conditions).to_have_count(2)
    # A second condition on the tier says nothing new, and the checker tells so.
    await expect(anna.locator("#verdict")).not_to_have_class(re.compile("chip-good"))
    await saved(anna, anna.locator("#adopt").click)
    await expect(anna.locator("#verdict")).to_contain_text(words["hint"])
    await saved(anna, conditions.nth(1).locator("button[aria-label]").last.click)
    await expect(anna.locator("#verdict")).not_to_contain_text(words["hint"])
    await expect(anna.locator("#cases")).to_contain_text(words["passes"])


async def try_out(story: Story, anna: Page, words: dict[str, str]) -> None:
    """A basket for a silver member and for another, then a real receipt, which becomes a case."""
    await anna.locator("#preview > summary").click()
    await anna.locator("#p-tier").select_option("silver")
    await anna.fill("#amount1", "250")
    await anna.get_by_role("button", name=words["try"], exact=True).click()
    figures = anna.locator(".preview-figures tbody tr").first.locator("td")
    await expect(figures).to_have_text(["500", "250"])
    await anna.locator("#p-tier").select_option("gold")
    await anna.get_by_role("button", name=words["try"], exact=True).click()
    await expect(anna.locator(".tried-no")).to_be_visible()
    await look_at(anna)

    await anna.locator("#source-receipt").check(force=True)
    await anna.fill("#receipt_no", "R-4711")
    await anna.fill("#receipt_day", story.today())
    await anna.get_by_role("button", name=words["try"], exact=True).click()
    await expect(anna.locator("#preview-result")).to_contain_text("R-4711")
    cases = anna.locator(".draft-cases tbody tr")
    before = await cases.count()
    await anna.get_by_role("button", name=words["keep"]).click()
    await expect(cases).to_have_count(before + 1)
    await expect(anna.locator("#cases")).to_contain_text(words["passes"])
    await cases.last.locator("a.icon-only").click()
    await expect(anna.locator(".case-form")).to_be_visible()
    await look_at(anna)
    kept = (await story.draft())["cases"][-1]
    assert kept["given"]["purchase"]["lines"][0]["sales_minor"] == 10_000
    assert kept["expect"]["points"] == 0, "alone, a multiplier has nothing to multiply"


async def rehearse(story: Story, anna: Page, words: dict[str, str]) -> None:
    await anna.goto(f"{story.site.address}/packs/{PACK}/compare")
    await expect(anna.locator(".diff-in").first).to_be_visible()
    await look_at(anna)
    await anna.get_by_role("button", name=words["rehearse"], exact=True).click()
    await expect(anna.locator("#progress")).to_be_visible()
    await story.carry_out(anna.url)
    await expect(anna.get_by_text(words["unchanged"])).to_be_visible(timeout=15_000)
    await expect(anna.locator("chart-box[data-drawn]").first).to_be_visible()
    await look_at(anna)


async def submit(site: Site, anna: Page, words: dict[str, str]) -> str:
    """Submit the draft; the address of its release."""
    await anna.goto(f"{site.address}/packs/{PACK}/compare")
    await anna.fill("#submit-reason", "银卡翻倍")
    await anna.get_by_role("button", name=words["submit"]).click()
    await expect(anna.locator("#why-not")).to_contain_text(words["why_not"])
    return anna.url.partition("?")[0]


async def approve(site: Site, bo: Page, words: dict[str, str]) -> None:
    await bo.goto(f"{site.address}/packs")
    await expect(bo.locator("#home-mine")).to_have_text(words["mine"])
    await bo.locator("section:has(#home-mine) .row-link").click()
    await look_at(bo)
    await bo.get_by_role("button", name=words["approve"], exact=True).click()


async def go_live(story: Story, anna: Page, words: dict[str, str], release: str) -> int:
    """Plan it for now; what the till's next purchase earns, and why, as its page explains."""
    await anna.goto(release)
    await anna.get_by_role("button", name=words["plan"]).click()
    await expect(anna.locator("#state")).to_have_text(words["live"])
    purchase, points = await story.buys("R-4712")
    await anna.goto(f"{story.site.address}/purchases/{purchase}")
    await expect(anna.get_by_text(f"{PACK}/1").first).to_be_visible()
    for told in (words["rule"], "125 × 2 = 250"):
        await expect(anna.locator("main")).to_contain_text(told)
    return points


async def undo(story: Story, anna: Page, bo: Page, words: dict[str, str], given: int) -> None:
    """Take back what the version gave: a list, somebody else's approval, done."""
    await anna.get_by_role("link", name=words["undo"]).click()
    await anna.get_by_role("button", name=words["list"]).click()
    await expect(anna.locator("#progress")).to_be_visible()
    order = anna.url
    await story.carry_out(order)
    await bo.goto(order)
    await look_at(bo)
    await bo.get_by_role("button", name=words["decide"]).click()
    await story.carry_out(order)
    await anna.goto(order)
    await expect(anna.locator("#done")).to_contain_text(words["done"].format(given))
