"""Limits of a draft: shared by all members, used up in order of time, and told with their day."""

from typing import Any

import orjson
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import ACTOR, MONDAY, OPENED, line

from regulars.rules import service as rules


def limited(per: str = "pack", at_most: int = 1_000, when_reached: str = "partial") -> str:
    """Groceries as ever, but no more than so many points a year."""
    document: dict[str, Any] = orjson.loads(draft("grocery-classic"))
    document["limits"] = [
        {
            "code": "yearly",
            "title": {"zh": "年度积分上限", "en": "Points a year"},
            "of": "points",
            "per": per,
            "every": "year",
            "at_most": at_most,
            "when_reached": when_reached,
        }
    ]
    return orjson.dumps(document).decode()


async def test_a_limit_of_the_pack_is_shared_by_all_members_in_order_of_time(rehearsals: Rehearsals) -> None:
    second = await rehearsals.chain.join("Second")
    await rehearsals.chain.buy(second, line(70_000), occurred_at=MONDAY + 5 * DAY)
    report = await rehearsals.report(limited())
    assert report["points"]["after"] == 1_000
    (use,) = report["limits"]
    assert use["limit"] == "grocery-classic/yearly"
    assert use["given"] == 1_000
    assert use["withheld"] == report["points"]["before"] - 1_000
    assert use["counts_used_up"] == 1
    # 400 by the regular, 100 by the passer, and 500 of what would have been 700 by the second member.
    assert use["first_used_up_on"] == "2026-03-07"
    by_day = {row["key"]: row["points"]["after"] for row in report["by_day"]}
    assert by_day["2026-03-07"] == 1_000 - sum(v for day, v in by_day.items() if day < "2026-03-07")
    assert all(points == 0 for day, points in by_day.items() if day > "2026-03-07")
    assert report["liability_points"]["after"] == 1_000


async def test_processes_side_by_side_keep_to_one_limit(rehearsals: Rehearsals) -> None:
    alone = await rehearsals.report(limited("member", 700, "nothing"))
    assert await rehearsals.report(limited("member", 700, "nothing"), processes=2) == alone
    assert 0 < alone["limits"][0]["given"] <= 2 * 700
    assert alone["points"]["after"] < alone["points"]["before"]


async def test_what_a_live_limit_cut_stays_cut(rehearsals: Rehearsals) -> None:
    chain = rehearsals.chain
    async with chain.database.begin() as session:
        await rules.publish(
            session,
            limited("store", 500),
            place_id=chain.hq,
            live_from=OPENED,
            actor=ACTOR,
            at=MONDAY + 200 * DAY,
        )
    later = MONDAY + 210 * DAY
    for number in range(3):
        await chain.buy(chain.members["Regular"], line(30_000), occurred_at=later + number * DAY)
    report = await rehearsals.report(draft("silver-saturday"))
    assert report["differing_purchases"] == 0
    assert report["points"]["difference"] == 0
    (use,) = report["limits"]
    assert (use["given"], use["withheld"], use["first_used_up_on"]) == (500, 0, "2026-09-29")
