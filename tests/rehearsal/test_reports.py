"""What a rehearsal tells of a draft, beside what was."""

from datetime import timedelta

import pytest
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import MONDAY, line


async def test_a_pack_that_is_live_already_changes_nothing(rehearsals: Rehearsals) -> None:
    report = await rehearsals.report(draft("grocery-classic"))
    assert report["purchases"] == 14
    assert report["members"] == 2
    assert report["differing_purchases"] == 0
    assert report["differing_members"] == 0
    for figure in ("points", "liability_points", "expired_points", "discount_minor"):
        assert report[figure]["difference"] == 0
    assert report["points"]["before"] > 0
    assert report["packs"] == [
        {"name": "grocery-classic/1", "hash": report["packs"][0]["hash"], "published": True}
    ]
    assert not any(report["top"].values())


async def test_points_are_told_before_after_and_as_difference(rehearsals: Rehearsals) -> None:
    report = await rehearsals.report(draft("grocery-classic", minor_per_point=50))
    points = report["points"]
    assert points["difference"] == points["after"] - points["before"]
    assert points["after"] >= 2 * points["before"]
    assert report["liability_points"]["difference"] == points["difference"]
    assert report["winners"] == {"points": 2, "discount_minor": 0}
    (first, second) = report["top"]["winners_by_points"]
    assert first["points_difference"] > second["points_difference"]
    sample = first["samples"][0]
    assert sample["points_after"] > sample["points_before"]
    assert {rule["pack"] for rule in sample["rules_before"]} == {"grocery-classic/1"}
    assert {rule["pack"] for rule in sample["rules_after"]} == {"grocery-classic/2"}
    for part in ("by_tier", "by_store", "by_decile", "by_day"):
        assert sum(row["points"]["difference"] for row in report[part]) == points["difference"], part
    assert sum(row["points_difference"] for row in report["by_category"]) == points["difference"]
    assert sum(row["points"]["difference"] for row in report["by_rule"]) == points["difference"]


async def test_a_lower_threshold_moves_members_up_and_their_state_evolves(rehearsals: Rehearsals) -> None:
    report = await rehearsals.report(draft("classic-tiers", silver_spend_minor=14_000))
    moves = {(m["kind"], m["from_code"], m["to_code"]): m["members"] for m in report["tier_moves"]}
    assert moves["upgraded", "base", "silver"] == {"before": 1, "after": 2, "difference": 1}
    assert report["points"]["difference"] == 0
    assert report["differing_members"] == 2
    tiers = {row["code"]: row["members"]["after"] for row in report["tiers"]}
    assert tiers["silver"] == 1


async def test_days_until_a_lapse_are_those_of_the_draft(rehearsals: Rehearsals) -> None:
    chain = rehearsals.chain
    silent = await chain.join("Silent")
    await chain.buy(silent, line(1_000), occurred_at=MONDAY)
    await chain.buy(silent, line(1_000), occurred_at=MONDAY + 100 * DAY)
    report = await rehearsals.report(draft("classic-tiers", at_risk_after_days=110, lapse_after_days=120))
    moves = {m["kind"]: m["members"] for m in report["stage_moves"]}
    assert moves["lapsed"]["difference"] == -1
    assert moves["reactivated"]["difference"] == -1


async def test_a_discount_is_told_as_what_the_packs_offer(rehearsals: Rehearsals) -> None:
    chain = rehearsals.chain
    saturday = MONDAY + timedelta(days=124)
    await chain.buy(chain.members["Regular"], line(20_000), occurred_at=saturday)
    before = await rehearsals.report(draft("silver-saturday"))
    assert before["discount_minor"]["before"] == before["discount_minor"]["after"]
    report = await rehearsals.report(
        draft("classic-tiers", silver_spend_minor=90_000_000, gold_spend_minor=99_000_000)
    )
    assert report["discount_minor"]["after"] == 0
    assert report["discount_minor"]["before"] == before["discount_minor"]["before"]
    samples = [one for loser in report["top"]["losers_by_discount_minor"] for one in loser["samples"]]
    given = [rule for sample in samples for rule in sample["discounts_before"]]
    assert {rule["pack"] for rule in given} == {"silver-saturday/1"}
    assert sum(rule["amount"] for rule in given) == report["discount_minor"]["before"]
    assert not any(sample["discounts_after"] for sample in samples)


async def test_only_a_span_is_compared_but_states_come_from_all_of_history(rehearsals: Rehearsals) -> None:
    since, until = MONDAY + 30 * DAY, MONDAY + 60 * DAY
    report = await rehearsals.report(draft("grocery-classic", minor_per_point=50), since=since, until=until)
    assert report["purchases"] == 3
    assert [row["key"] for row in report["by_day"]] == ["2026-04-01", "2026-04-11", "2026-04-21"]
    whole = await rehearsals.report(draft("grocery-classic", minor_per_point=50), until=until)
    assert whole["purchases"] == 8
    assert report["liability_points"]["before"] == whole["liability_points"]["before"]
    assert report["liability_points"]["after"] < whole["liability_points"]["after"]


async def test_a_draft_at_a_store_changes_that_store_only(rehearsals: Rehearsals) -> None:
    west = rehearsals.chain.stores["west-1"]
    report = await rehearsals.report(draft("grocery-classic", minor_per_point=50), place=west)
    assert [row["key"] for row in report["by_store"]] == ["west-1"]
    assert report["purchases"] == 1
    assert report["members"] == 1
    assert report["points"]["difference"] > 0


@pytest.mark.parametrize("processes", [1, 2])
async def test_processes_side_by_side_tell_the_same(rehearsals: Rehearsals, processes: int) -> None:
    text = draft("grocery-classic", minor_per_point=70)
    alone = await rehearsals.report(text)
    assert await rehearsals.report(text, processes=processes) == alone
