"""Tags that rules gave are shown apart with their ends, and ended at the desk and on the member's page."""

import json

import httpx
from care_pack import CARE
from small_chain import ACTOR, MONDAY, OPENED, line
from web_world import WebWorld

from regulars.kernel import clock
from regulars.rules import service as rules


async def test_a_tag_that_a_rule_gave_is_ended_by_whoever_may(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    chain = world.chain
    async with chain.database.begin() as session:
        await rules.publish(
            session, json.dumps(CARE), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    ann = await chain.join("Ann", at=MONDAY, tags=("vip",))
    await chain.buy(ann, line(5_000, sku="COFFEE"), occurred_at=clock.now())
    async with await world.operator("marketing", chain.hq) as reader:
        assert "Tags that rules gave" in (shown := (await reader.get(f"/members/{ann}")).text)
        assert "/tags/end" not in shown
        assert (await reader.post(f"/members/{ann}/tags/end", data={"tag": "coffee"})).status_code == 403
    for path, desk in ((f"/desk/members/{ann}", "1"), (f"/members/{ann}", "0")):
        assert "End the tag coffee" in (await admin.get(path)).text
        answer = await admin.post(
            f"/members/{ann}/tags/end", data={"tag": "coffee", "desk": desk, "reason": "drinks tea"}
        )
        done = "tag-ended"
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done={done}")
        again = await admin.post(f"/members/{ann}/tags/end", data={"tag": "coffee", "desk": desk})
        assert again.headers["location"] == f"{path}?done=tag-was-ended"
        assert "Tags that rules gave" not in (await admin.get(path)).text
        await chain.buy(ann, line(5_000, sku="COFFEE"), occurred_at=clock.now())
    story = (await admin.get(f"/members/{ann}")).text
    assert story.count("Tag ended by hand") == 2
    assert "The tag coffee was ended by Operator" in story
    assert story.count("Reason: drinks tea") == 2
    admin.cookies.set("regulars_language", "zh")
    assert "手工结束标签" in (await admin.get(f"/members/{ann}")).text
    answer = await admin.post(f"/v1/members/{ann}/tags/end", json={"tag": "coffee", "reason": "not theirs"})
    assert (answer.status_code, answer.json()["tags_by_rules"], answer.json()["tags"]) == (200, [], ["vip"])
    answer = await admin.post(f"/v1/members/{ann}/tags/end", json={"tag": "vip"})
    assert (answer.status_code, answer.json()["code"]) == (409, "tag_not_by_rules")
