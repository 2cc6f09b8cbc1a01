"""Every page that the routers name: accessible, fit for a phone, usable by keyboard, in one language."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from browser_site import AXE, DESK, PHONE, Site, choose
from page_world import ASIDE, addresses, page_paths, plant
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

# Names of the planted chain, units and codes that stay as they are in either language.
NAMES = re.compile(
    r"Test Grocers|East-\d|West-\d|\bEast\b|\bWest\b|Tests?\b|command:tests|New York|America/New_York|UTC"
    r"|English|中文|Temporal( Cloud)?|PostgreSQL|JSON(-logic)?|QR|CSV|HQ|USD|CNY|API"
)
CHINESE_NAMES = re.compile("陈静|林晓|^[陈林]$|中文")
LATIN_SENTENCE = re.compile(r"[A-Za-z][a-z']+[ ,]+[A-Za-z]?[a-z']+")
TABS_AT_ONCE = 40
FEW = 120
PARTS = 2
HAN = re.compile(r"[\u4e00-\u9fff]")

# What a reader sees or hears, and where it may be in another language: code, and what says so by its `lang`.
TEXTS = """() => {
  const told = [], here = document.documentElement.lang;
  const foreign = (element) => {
    const kept = element.closest("code, pre, kbd, textarea, code-box, .mono, .locked-chip, script, style");
    return kept || element.closest("[lang]").lang !== here || element.closest("[translate=no]");
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    if (text && !foreign(walker.currentNode.parentElement)) told.push(text);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (foreign(element)) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      if (element.getAttribute(name)) told.push(element.getAttribute(name));
    }
  }
  return [...told, document.title];
}"""

# Notes who is reached by Tab, and whether anybody can see it.
WATCH_FOCUS = """() => {
  window.reached = new Set(); window.unseen = [];
  document.activeElement?.blur();
  document.addEventListener("focusin", (event) => {
    const element = event.composedPath()[0], style = getComputedStyle(element);
    window.reached.add(event.target); window.reached.add(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    const host = event.target.tagName.includes("-");
    if (!outlined && style.boxShadow === "none" && !host) window.unseen.push(element.outerHTML.slice(0, 120));
  });
}"""
REACHABLE = """() => {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
  const radios = new Set();
  return [...all].filter((element) => {
    if (element.disabled || element.type === "hidden" || element.closest("[inert]")) return false;
    if (!element.checkVisibility({visibilityProperty: true})) return false;
    if (element.type === "radio") {
      const group = `${element.form?.id}/${element.name}`;
      if (radios.has(group)) return false;
      radios.add(group);
    }
    return true;
  });
}"""
MISSED = f"""() => {{
  const reached = [...window.reached];
  const grouped = (element) =>
    element.type === "radio" && reached.some((one) => one.type === "radio" && one.name === element.name);
  return ({REACHABLE})()
    .filter((element) => !window.reached.has(element) && !grouped(element))
    .map((element) => element.outerHTML.slice(0, 120));
}}"""


CUT_OFF = """() => [...document.querySelectorAll(".mainnav-item")]
  .filter((item) => [item, ...item.children].some((one) => one.scrollWidth > one.clientWidth))
  .map((item) => item.textContent.trim())"""


class Walk:
    """One reader's way through all pages."""

    def __init__(self, site: Site, page: Page, language: str) -> None:
        self.site, self.page, self.language = site, page, language
        self.amiss: list[str] = []
        self.linked: list[str] = []
        self.asked: set[str] = set()
        page.on("request", lambda request: self.asked.add(urlsplit(request.url).netloc))

    async def through(self, paths: list[str]) -> None:
        """Look at each page at each of its addresses."""
        for path in paths:
            found = addresses(path, self.linked, self.site)
            if not found:
                self.amiss.append(f"{path}: nothing links to it; plant its parameters in page_world")
            for address in found:
                await self.look_at(address, by_keyboard=address == found[0])

    async def note_links(self, paths: list[str]) -> None:
        """Read what lists link to, so that any page can be looked at in any order."""
        for path in paths:
            answer = await self.page.request.get(self.site.address + path)
            found = re.findall(r'href="(/[^"#]*)', await answer.text())
            self.linked += [
                unescape(each) for each in dict.fromkeys(found) if unescape(each) not in self.linked
            ]

    async def look_at(self, address: str, status: int = 200, *, by_keyboard: bool = True) -> None:
        """Hold one page to all that is asked of every page, on both screens."""
        await self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        answer = await self.page.goto(self.site.address + address)
        if answer is None or answer.status != status:
            self.amiss.append(f"{address}: answered {answer.status if answer else 'nothing'}")
            return
        await self.open_everything()
        await self.hear(address)
        await self.measure(address, "desk")
        if self.language == "zh":
            await self.judge(address)
        if self.language == "zh" and by_keyboard:
            await self.press_tab(address)
        await self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        await self.measure(address, "phone")
        if self.language == "en":
            await self.judge(address)
        if self.language == "en" and by_keyboard:
            await self.press_tab(address, most=FEW)

    async def open_everything(self) -> None:
        """What is folded away is part of the page; a menu that covers others is not opened."""
        await self.page.evaluate(
            "document.querySelectorAll('details:not(.menu)').forEach((one) => one.open = true)"
        )
        await self.page.wait_for_timeout(50)
        await expect(self.page.locator(".htmx-request")).to_have_count(0)

    async def measure(self, address: str, at: str) -> None:
        wide = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            self.amiss.append(f"{address}: {wide} px too wide at the {at}")
        for word in await self.page.evaluate(CUT_OFF):
            self.amiss.append(f"{address}: the menu cuts {word!r} off at the {at}")

    async def judge(self, address: str) -> None:
        found = await Axe().run(self.page, options=AXE)
        for violation in found.response["violations"]:
            nodes = [node["html"][:140] for node in violation["nodes"]][:3]
            self.amiss.append(f"{address}: {violation['id']}: {nodes}")

    async def hear(self, address: str) -> None:
        """Find what was left in the other language."""
        for text in set(await self.page.evaluate(TEXTS)):
            if self.language == "zh" and (left := LATIN_SENTENCE.search(NAMES.sub("·", text))):
                self.amiss.append(f"{address}: {left[0]!r} is English: {text[:80]!r}")
            if self.language == "en" and HAN.search(CHINESE_NAMES.sub("", text)):
                self.amiss.append(f"{address}: Chinese: {text[:80]!r}")

    async def press_tab(self, address: str, most: int = 10_000) -> None:
        """Go round by Tab until everything was met; a date and whatever scrolls is more than one stop.

        Args:
            most: stops of the pages that are gone round; longer ones wait for the other language.
        """
        stops = await self.page.evaluate(f"({REACHABLE})().length")
        if stops > most:
            return
        presses = int(1.3 * stops) + TABS_AT_ONCE
        await self.page.evaluate(WATCH_FOCUS)
        missed: list[str] = []
        for _ in range(0, presses, TABS_AT_ONCE):
            for _ in range(TABS_AT_ONCE):
                await self.page.keyboard.press("Tab")
            missed = await self.page.evaluate(MISSED)
            if not missed:
                break
        self.amiss += [f"{address}: Tab misses {one}" for one in missed[:5]]
        unseen = await self.page.evaluate("window.unseen")
        self.amiss += [f"{address}: focus unseen on {one}" for one in unseen[:5]]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_is_for_everybody(site: Site, language: str, part: int) -> None:
    planted = await plant(site.chain)
    paths = [path for path in page_paths() if path != "/sign-in"]
    async with site.reader(language, DESK) as page:
        walk = Walk(site, page, language)
        await page.goto(f"{site.address}/sign-in")
        await choose(page, language)
        if part == 0:
            await walk.look_at("/sign-in")
        await site.sign_in(page)
        await choose(page, language)
        await walk.note_links([path for path in paths if "{" not in path])
        walk.linked += planted
        await walk.through(paths[part::PARTS])
        if part == 0:
            for address, status in ASIDE.items():
                await walk.look_at(address, status)
        assert not walk.amiss, "\n".join(walk.amiss)
        assert walk.asked - {""} == {urlsplit(site.address).netloc}
