"""A version that was rolled back, held or undone says so on its pack's page: where, by whom, when and why."""

import re
from dataclasses import replace
from datetime import timedelta

from releases.conftest import PACK, richer
from small_chain import line
from undoing.world import Undoing, give_points
from web_world import WebWorld

from regulars.kernel import clock
from regulars.rules.starters import starter_text
from rules_ui.version_marks import counts


def said(html: str) -> str:
    """What a reader sees of a page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_a_version_says_where_it_was_rolled_back_and_where_it_is_held(world: WebWorld) -> None:
    chain = world.chain
    maker = await world.appoint(("marketing", chain.hq))
    author, other = await world.client_for(maker), await world.operator("approver", chain.hq)
    await author.put(f"/v1/packs/{PACK}/draft", json={"text": starter_text(PACK), "based_on": 0})
    await author.put(f"/v1/packs/{PACK}/draft", json={"text": richer(50), "based_on": 1})
    asked = await author.post("/v1/releases", json={"code": PACK, "place_ids": [str(chain.hq)]})
    release = f"/v1/releases/{asked.json()['id']}"
    await other.post(f"{release}/approve", json={})
    tomorrow = (clock.now() + timedelta(hours=30)).isoformat()
    steps = [
        {"place_ids": [str(chain.stores["east-1"])]},
        {"place_ids": [str(chain.stores["west-1"])], "starts": tomorrow},
    ]
    assert (await author.post(f"{release}/schedule", json={"steps": steps})).status_code == 200
    untouched = said((await other.get(f"/packs/{PACK}")).text)
    assert "rolled back" not in untouched
    back = await author.post(f"{release}/rollback", json={"reason": "too <dear>"})
    assert back.json()["state"] == "rolled_back", back.text
    html = (await other.get(f"/packs/{PACK}")).text
    page = said(html)
    assert "rolled back" in page
    assert f"Rolled back at East-1 · by {maker.display_name}" in page
    assert f"On hold at West-1 · by {maker.display_name}" in page
    assert "“too &lt;dear&gt;”" in html
    other.cookies.set("regulars_language", "zh")
    assert "已在 East-1 回滚" in said((await other.get(f"/packs/{PACK}")).text)


async def test_a_version_says_what_was_taken_back_of_what_it_gave(world: WebWorld) -> None:
    chain = world.chain
    await give_points(chain)
    await chain.buy(await chain.join(), line(2_000))
    undoing = Undoing(chain)
    undoing.orderer = await world.actor("marketing")
    undoing.approver = await world.actor("approver")
    undone = await undoing.do(note="Not meant for everybody")
    async with await world.operator("marketing", chain.hq) as reader:
        page = said((await reader.get("/packs/gift")).text)
    assert " undone " in page
    assert "20 points taken back at Test Grocers (members: 1)" in page
    assert f"Ordered by {undoing.orderer.name}, approved by {undoing.approver.name}." in page
    assert "“Not meant for everybody”" in page
    assert counts(undone)
    assert not counts(replace(undone, state="in_review", points_taken=0))
    async with await world.operator("marketing", chain.stores["west-1"]) as elsewhere:
        assert "undone" not in said((await elsewhere.get("/packs/gift")).text)
