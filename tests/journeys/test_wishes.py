"""A marketer's wishes go from a template to submitted for review in at most 25 clicks and fields.

The steps stand in `tests/wishes.py`; `docs/wishes.md` shows them, with pictures that `make pictures` makes.
"""

import json
import re
from pathlib import Path

import pytest
from browser_site import LANGUAGES, Site
from wishes import Hand, every_150, marketer, silver_tuesday, tuesday_without_promotions

from regulars.releases.drafts import get_draft

pytestmark = pytest.mark.browser

MOST = 25
DOCS = Path(__file__).parents[2] / "docs"
TOLD = {
    "en": ("wishes.md", "In all **{}** clicks and fields"),
    "zh": ("wishes.zh.md", "全程共 **{}** 次点击和填写"),
}
NAMED = {"en": r"\*([^*]+)\*", "zh": "“([^”]+)”"}
AS_ABOVE, TEMPLATE = 6, 2
"""The steps that wishes share, and the one of them that chooses the template."""


async def text_of(site: Site, code: str) -> dict:  # type: ignore[type-arg]  # JSON
    async with site.chain.database.read() as session:
        found: dict = json.loads((await get_draft(session, code)).text)  # type: ignore[type-arg]
    return found


def hold_to_what_is_told(hand: Hand) -> None:
    """The page that shows the wish counts as many steps and calls them by their names, and they are few."""
    assert hand.done <= MOST
    page, words = TOLD[hand.language]
    sections = re.split(r"<!-- ([\w-]+) -->", (DOCS / page).read_text())
    told = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert words.format(hand.done) in told[hand.wish]
    steps = steps_told(told[hand.wish], hand.language)
    if 1 not in steps:
        first = steps_told(told["silver-tuesday"], hand.language)
        steps = {step: first[step] for step in range(1, AS_ABOVE + 1)} | steps
    assert [steps[step] for step in sorted(steps)] == hand.names


def steps_told(section: str, language: str) -> dict[int, str]:
    """What the page calls the control of each step; what stands before it in a row says where it is."""
    found: dict[int, str] = {}
    for numbers, row in re.findall(r"^\| (\d+(?:[,、] ?\d+)*) \| (.+) \|$", section, re.MULTILINE):
        steps = [int(step) for step in re.findall(r"\d+", numbers)]
        names = re.findall(NAMED[language], row)[-len(steps) :]
        found |= dict(zip(steps, names, strict=True))
    template = re.search(
        rf"^(?:Steps 1 to {AS_ABOVE}|第 1 到 {AS_ABOVE} 步).*?{NAMED[language]}", section, re.M
    )
    return found | ({TEMPLATE: template[1]} if template else {})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_double_points_on_tuesdays_for_silver_members_at_most_500_a_month(
    site: Site, language: str
) -> None:
    async with marketer(site, "silver-tuesday", language) as hand:
        await silver_tuesday(hand)
        hold_to_what_is_told(hand)
    pack = await text_of(site, "silver-tuesday")
    assert json.dumps(pack["rules"][0]["when"]) == json.dumps(
        {"and": [{"in": [{"var": "member.tier"}, ["silver"]]}, {"in": [{"var": "calendar.weekday"}, [2]]}]}
    )
    limit = pack["limits"][0]
    assert (limit["per"], limit["every"]) == ("member", "month")
    assert pack["parameters"]["member_month_points"]["value"] == 500


@pytest.mark.parametrize("language", LANGUAGES)
async def test_ten_off_for_each_hundred_and_fifty_without_promotional_goods(
    site: Site, language: str
) -> None:
    async with marketer(site, "every-150", language) as hand:
        await every_150(hand)
        hold_to_what_is_told(hand)
    pack = await text_of(site, "every-150")
    assert pack["parameters"]["every_minor"]["value"] == 15_000
    assert pack["parameters"]["member_week_minor"]["value"] == 8_000
    assert pack["exclusions"][0]["lines"] == {"var": "promotional"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_double_points_on_tuesdays_but_not_for_promotional_goods(site: Site, language: str) -> None:
    async with marketer(site, "tuesday-no-promotions", language) as hand:
        await tuesday_without_promotions(hand)
        hold_to_what_is_told(hand)
    pack = await text_of(site, "tuesday-no-promotions")
    assert [each["lines"] for each in pack["exclusions"]] == [{"var": "promotional"}]
