"""Limits of a draft: shared by all members, used up in order of time, and told with their day."""

from typing import Any
from uuid import UUID

import orjson
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import ACTOR, MONDAY, OPENED, line

from regulars.budgets.counters import Occasion
from regulars.rehearsal.limited import Want, meter
from regulars.rules import service as rules
from regulars.rules.domain import Award, Evaluation, Limit, RuleOutcome


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


async def test_limits_of_a_pack_that_is_no_draft_leave_what_they_left_then(rehearsals: Rehearsals) -> None:
    chain = rehearsals.chain
    at = MONDAY + 200 * DAY
    async with chain.database.begin() as session:
        await rules.publish(
            session, limited("pack", 500), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=at
        )
    others = [await chain.join(name) for name in ("Second", "Third")]
    later = MONDAY + 210 * DAY
    # Tills were answered in another order than people bought: the first took most of what was left.
    for member, minor, day in ((others[0], 40_000, 3), (others[1], 30_000, 2), (others[0], 20_000, 1)):
        await chain.buy(member, line(minor), occurred_at=later + day * DAY)
    report = await rehearsals.report(draft("print-shop-points"), since=later)
    assert report["points"]["before"] == 500
    (use,) = [use for use in report["limits"] if use["limit"] == "grocery-classic/yearly"]
    assert (use["given"], use["withheld"]) == (500, 0)
    ours = [row["points"] for row in report["by_rule"] if row["pack"].startswith("grocery-classic/")]
    assert sum(points["before"] for points in ours) == 500
    assert [points["difference"] for points in ours] == [0] * len(ours)
    # Each of the three gets what the draft gives it, and keeps what it got: nobody loses.
    lost = {row["points"]["before"]: row["points"]["difference"] for row in report["by_day"]}
    assert lost == {400: lost[400], 100: lost[100], 0: lost[0]}
    assert min(lost.values()) > 0


RULE = ("shop/1", "base")
LIMIT = Limit("shop", "yearly", "points", "pack", "year", 100, ("base",), partial=True)


def want(number: int, points: int, then: int | None) -> Want:
    at = MONDAY + number * DAY
    award = Award(points, *RULE, None, at)
    outcome = RuleOutcome(*RULE, applied=True, gave=points)
    evaluation = Evaluation((award,), (), None, (outcome,), ())
    occasion = Occasion(UUID(int=1), UUID(int=2), at)
    kept = {} if then is None else {RULE: then}
    return Want((UUID(int=number), False), kept, at, occasion, evaluation, (LIMIT,))


def allowed_points(*wants: Want) -> list[int]:
    allowed, _ = meter(wants)
    return [sum(award.points for award in allowed.get(one.read, one.evaluation).awards) for one in wants]


def test_as_much_as_then_is_never_cut_and_more_only_as_far_as_something_is_left() -> None:
    # 60 of 100 and then 60 of 100, as tills were answered; a draft makes the last ones want more.
    assert allowed_points(want(1, 60, 60), want(2, 60, 60)) == [60, 60]
    assert allowed_points(want(1, 60, 60), want(2, 60, 30), want(3, 60, 30)) == [60, 40, 30]
    assert allowed_points(want(1, 60, None), want(2, 60, None), want(3, 60, None)) == [60, 40, 0]
