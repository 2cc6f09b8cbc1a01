"""Three wishes of marketing as clicks and fields, and pictures of them where asked for."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from browser_site import DESK, Site, choose
from playwright.async_api import FloatRect, Page, expect
from small_png import shrunk

ALBUM: Final = os.environ.get("WISH_PICTURES")
"""The folder that pictures go to; without it none are made."""

PICTURES: Final = {
    "silver-tuesday": ("gallery", "begin", "rule", "try", "submit", "release"),
    "every-150": ("parameters", "cases", "texts"),
    "tuesday-no-promotions": ("exclusion",),
}
"""What is shown of each wish."""

MARGIN_PX: Final = 16
HIGHEST_PX: Final = 900
EVERY: Final = "#e-parameters-every_5fminor-value-set-number-minor-value"
WEEKLY: Final = "#e-parameters-member_5fweek_5fminor-value-set-number-minor-value"

# What was clicked or filled gets its number, as a reader of the pictures needs it.
MARK: Final = """([element, number]) => {
  const box = element.getBoundingClientRect(), badge = document.createElement("div");
  badge.textContent = number;
  badge.className = "wish-badge";
  Object.assign(badge.style, {
    position: "absolute", zIndex: 99,
    left: `${box.right + scrollX - 9}px`, top: `${box.top + scrollY - 17}px`,
    width: "26px", height: "26px", borderRadius: "50%", background: "#b3261e", color: "#fff",
    font: "700 14px/26px sans-serif", textAlign: "center", boxShadow: "0 0 0 2px #fff",
  });
  document.body.append(badge);
}"""


# What is read of a control on the page: its label, its text, or the heading of the tile that it opens.
NAME: Final = """(element) => {
  const heading = element.querySelector(".pack-title");
  const label = element.labels?.length ? element.labels[0].textContent : null;
  const name = element.getAttribute("aria-label") ?? label ?? (heading ?? element).textContent;
  return name.replace(/\\s+/g, " ").trim();
}"""


@dataclass
class Hand:
    """Clicks and fills in as a person does, and counts it."""

    page: Page
    wish: str
    language: str
    done: int = 0
    marks: list[tuple[str, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    async def click(self, selector: str, *, shown: str = "", of: Sequence[str] = ()) -> None:
        await self._count(selector)
        if shown:
            await self.show(shown, of)
        await self.page.locator(selector).first.click()

    async def fill(self, selector: str, value: str) -> None:
        await self._count(selector)
        await self.page.fill(selector, value)

    async def change(self, selector: str, value: str, method: str = "POST") -> None:
        """Fill a field that is sent as soon as it is left, and leave it."""
        async with self.page.expect_response(lambda answer: answer.request.method == method):
            await self.fill(selector, value)
            await self.page.press(selector, "Tab")
        await self.settle()

    async def pick(self, selector: str, value: str, method: str = "GET") -> None:
        """Choose from a list that is sent at once."""
        await self._count(selector)
        async with self.page.expect_response(lambda answer: answer.request.method == method):
            await self.page.select_option(selector, value)
        await self.settle()

    async def settle(self) -> None:
        """Wait until what came back stands on the page."""
        await expect(self.page.locator(".htmx-request")).to_have_count(0)

    async def _count(self, selector: str) -> None:
        self.done += 1
        self.names.append(await self.page.locator(selector).first.evaluate(NAME))
        self.marks.append((selector, self.done))

    async def show(self, name: str, of: Sequence[str]) -> None:
        """Make a picture of these parts of the page, with the numbers of what was done since the last one."""
        marks, self.marks = self.marks, []
        if not ALBUM or name not in PICTURES[self.wish]:
            return
        for selector, number in marks:
            element = await self.page.locator(selector).first.element_handle()
            await self.page.evaluate(MARK, [element, str(number)])
        path = Path(ALBUM) / f"{self.wish}-{name}-{self.language}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = await self.page.screenshot(
            clip=await self._around(of), full_page=True, animations="disabled", caret="hide"
        )
        path.write_bytes(shrunk(whole))
        await self.page.evaluate("document.querySelectorAll('.wish-badge').forEach((one) => one.remove())")

    async def _around(self, of: Sequence[str]) -> FloatRect:
        boxes = [await self.page.locator(each).first.bounding_box() for each in of]
        seen = [box for box in boxes if box]
        down = await self.page.evaluate("scrollY")
        top = min(box["y"] for box in seen) + down - MARGIN_PX
        left = min(box["x"] for box in seen) - MARGIN_PX
        right = max(box["x"] + box["width"] for box in seen) + MARGIN_PX
        bottom = max(box["y"] + box["height"] for box in seen) + down + MARGIN_PX
        high = min(bottom - max(top, 0), HIGHEST_PX)
        return {"x": left, "y": max(top, 0), "width": right - left, "height": high}

    async def begin(self, template: str, code: str, titles: tuple[str, str]) -> None:
        tile = f"a[href*='starter%3A{template}'], a[href*='starter:{template}']"
        await self.click("a[href='/packs/new']")
        self.marks.clear()
        await self.click(tile, shown="gallery", of=(".page-head", ".gallery"))
        await self.fill("#title_zh", titles[0])
        await self.fill("#title_en", titles[1])
        await self.fill("#code", code)
        await self.click("main form button[type=submit]", shown="begin", of=(".page-head", ".split"))
        await self.page.wait_for_url(f"**/packs/{code}/edit")

    async def describe(self, descriptions: tuple[str, str]) -> None:
        for language, words in zip(("zh", "en"), descriptions, strict=True):
            await self.change(f"[id^='e-description-{language}']", words)

    async def submit(self, zh: str, en: str) -> None:
        await self.click(".page-actions a[href$='/compare']", shown="open", of=())
        await self.fill("#submit-reason", zh if self.language == "zh" else en)
        await self.click("#submit button[type=submit]", shown="submit", of=("section:has(> #submit)",))
        await self.page.wait_for_url("**/releases/*")
        await self.show("release", (".page-head", "main .split"))
        await expect(self.page.locator("#state")).to_be_visible()


@asynccontextmanager
async def marketer(site: Site, wish: str, language: str) -> AsyncIterator[Hand]:
    """Somebody signed in who looks at the list of packs."""
    async with site.reader(language, DESK) as page:
        await site.sign_in(page)
        await choose(page, language)
        await page.goto(f"{site.address}/packs")
        yield Hand(page, wish, language)


async def silver_tuesday(hand: Hand) -> None:
    """Double points on Tuesdays for silver members, at most 500 a month each; tried before."""
    await hand.begin("double-day", "silver-tuesday", ("银卡周二双倍积分", "Silver Tuesdays: double points"))
    await hand.show("rule", ("#parameters-title", "article.rule-card", ".editor-side"))
    await hand.click("#preview > summary")
    await expect(hand.page.locator("#p-tier")).to_be_visible()
    await hand.pick("#p-tier", "silver")
    await hand.change("#at", "2026-12-01T10:00", "GET")
    await hand.change("#amount1", "250", "GET")
    figures = hand.page.locator(".preview-figures tbody tr").first.locator("td")
    await expect(figures).to_have_text(["500", "250"])
    await hand.show("try", ("#preview > summary", ".preview-both"))
    await hand.submit("银卡周二来客少，先试一季度", "Few silver members come on Tuesdays; for a quarter")


async def every_150(hand: Hand) -> None:
    """10 off for each full 150 at the weekend, at most 80 a member and week."""
    await hand.begin("grocery-weekend", "every-150", ("周末每满 150 减 10", "Weekend: 10 off each 150"))
    await hand.change(EVERY, "150")
    await hand.change(WEEKLY, "80")
    await hand.show("parameters", ("section:has(> div > #parameters-title)",))
    await hand.click("#adopt", shown="cases", of=("#cases",))
    await expect(hand.page.locator("#verdict.chip-good")).to_be_visible()
    await hand.describe(
        (
            "周末会员专享：每满 150.00 减 10.00，促销品、燃油、烟草除外，每位会员每周最多优惠 80.00。",
            "For members at the weekend: 10.00 off each 150.00, not for promotional goods, fuel and tobacco;"
            " at most 80.00 a member and week.",
        )
    )
    await hand.show("texts", ("section:has(> div > #about-title)",))
    await hand.submit("提高客单价", "Larger baskets")


async def tuesday_without_promotions(hand: Hand) -> None:
    """Double points on Tuesdays, but promotional goods do not count."""
    titles = ("周二双倍积分（促销品除外）", "Double Tuesdays, not on promotions")
    await hand.begin("double-day", "tuesday-no-promotions", titles)
    await hand.click("[id$='add-exclusions-lines'], #exclusions-title ~ .edit-adds button")
    await expect(hand.page.locator("#e-exclusions-0")).to_be_visible()
    await hand.show("exclusion", ("section:has(> div > #exclusions-title)",))
    await hand.submit("促销品毛利低，不再翻倍", "Promotional goods earn too little for it")
