"""What rules do to members, rehearsed: as live nothing differs, otherwise the difference is told."""

import json
from datetime import timedelta

from care_pack import CARE
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.world import DAY, Rehearsals
from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from sqlalchemy import text

from regulars.rules import service as rules

STORY = (("COFFEE", 0), ("BREAD", 5), ("CLOSING", 6), ("BREAD", 20), ("TEA", 21), ("CANCELLING", 25))


async def test_what_rules_did_is_rehearsed_anew_and_never_done(chain: SmallChain) -> None:
    async with chain.database.begin() as session:
        await rules.publish(
            session, json.dumps(CARE), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    member = await chain.join(tags=("vip",))
    for sku, day in STORY:
        await chain.buy(member, line(5_000, sku=sku), occurred_at=MONDAY + day * DAY)
    for sku, day in (("CLOSING", 10), ("COFFEE", 22), ("CLOSING", 26)):
        basket = chain.basket(member, line(5_000, sku=sku), occurred_at=MONDAY + day * DAY)
        await chain.post(basket, at=MONDAY + 30 * DAY)
    await chain.buy(member, line(5_000, sku="BREAD"), occurred_at=MONDAY + 40 * DAY)
    sums = await replay_all(chain.database)
    assert_no_difference(sums)
    assert {code: (pair.before, pair.after) for code, pair in sums.messages.items()} == {"thanks": (7, 7)}
    assert {code: (pair.before, pair.after) for code, pair in sums.tags.items()} == {"coffee": (2, 2)}
    rehearsals = Rehearsals(chain, at=MONDAY + timedelta(days=50))
    shorter = json.loads(json.dumps(CARE))
    shorter["rules"][0]["then"]["tag"]["for_days"] = 3
    shorter["rules"] = [rule for rule in shorter["rules"] if rule["id"] != "close"]
    report = await rehearsals.report(json.dumps(shorter))
    (thanks,) = report["messages"]
    assert thanks == {"code": "thanks", "times": {"before": 7, "after": 0, "difference": -7}}
    moved = {(m["kind"], m["to_code"]): m["members"] for m in report["stage_moves"]}
    assert moved["stage_moved", "at_risk"]["after"] == 0
    async with chain.database.read() as session:
        counted = await session.execute(
            text("select (select count(*) from member_tag), (select count(*) from message_request)")
        )
        assert counted.one() == (3, 5)
