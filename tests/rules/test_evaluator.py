"""What several packs say together of one purchase."""

import random  # noqa: TID251 — Hypothesis hands its own in
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.arithmetic import BPS
from regulars.rules.case_model import Given
from regulars.rules.cases import NO_ID, facts_of
from regulars.rules.domain import PackVersion
from regulars.rules.evaluator import PackSet

SALES = {"+": [{"map": [{"var": "purchase.lines"}, {"var": "sales_minor"}]}]}
SPEND = {"var": "member.spend_365d_minor"}
WORDS = {"zh": "因", "en": "why"}


def earn(per: int = 100, **more: Any) -> dict[str, Any]:
    return {"unit": "points", "amount": SALES, "per": per} | more


def off(bps: int, group: str = "basket", cap: int | None = None) -> dict[str, Any]:
    cap_part = {} if cap is None else {"cap_minor": cap}
    return {"lines": {"===": [{"var": "department"}, "GROCERY"]}, "rate_bps": bps, "group": group} | cap_part


def refusal(*scopes: str) -> dict[str, Any]:
    return {"scopes": list(scopes), "reason": {"code": "staff", "words": WORDS}}


def notes(evaluation: Any) -> dict[str, str | None]:
    return {outcome.rule_id: outcome.note for outcome in evaluation.outcomes}


def test_an_award_names_its_rule_and_when_it_expires(pack: Any, evaluate: Any) -> None:
    (award,) = evaluate([pack()], [250]).awards
    assert (award.points, award.pack_version, award.rule_id) == (2, "sample/1", "base")
    assert award.expires_at - award.available_at == timedelta(days=730)


def test_packs_that_earn_are_rounded_together(pack: Any, rule: Any, evaluate: Any) -> None:
    one = pack("one", priority=1, rules=[rule("first", earn=earn())])
    two = pack("two", priority=2, rules=[rule("second", earn=earn())])
    evaluation = evaluate([two, one], [150])
    assert [(award.rule_id, award.points) for award in evaluation.awards] == [("first", 1), ("second", 2)]
    assert evaluation.points == 3


def test_the_first_condition_that_fails_is_named(pack: Any, rule: Any, evaluate: Any) -> None:
    when = {"and": [{">=": [SPEND, 0]}, {">": [SPEND, 5]}, {">": [SPEND, 6]}]}
    (outcome,) = evaluate([pack(rules=[rule(when=when)])], [100]).outcomes
    assert (outcome.applied, outcome.failed, outcome.error) == (False, 1, None)


def test_only_the_highest_multiplier_of_a_group_counts(pack: Any, rule: Any, evaluate: Any) -> None:
    rules = [
        rule("base", 1, earn=earn()),
        rule("low", 2, multiply={"rate_bps": 12_500, "group": "spend"}),
        rule("high", 3, multiply={"rate_bps": 15_000, "group": "spend"}),
        rule("other", 4, multiply={"rate_bps": 20_000, "group": "birthday"}),
    ]
    evaluation = evaluate([pack(rules=rules)], [1_000])
    assert {award.rule_id: award.points for award in evaluation.awards} == {
        "base": 10,
        "high": 5,
        "other": 15,
    }
    assert notes(evaluation)["low"] == "outranked:high"


def test_a_multiplier_without_days_lives_as_long_as_what_it_multiplies(
    pack: Any, rule: Any, evaluate: Any
) -> None:
    rules = [
        rule("base", 1, earn=earn(valid_days=10)),
        rule("twice", 2, multiply={"rate_bps": 20_000, "group": "g"}),
    ]
    first, second = evaluate([pack(rules=rules)], [1_000]).awards
    assert first.expires_at == second.expires_at == first.available_at + timedelta(days=10)


def test_without_a_member_nothing_is_earned_and_every_rule_is_told(pack: Any, evaluate: Any) -> None:
    evaluation = evaluate([pack()], [1_000], known=False, tier="")
    assert (evaluation.points, evaluation.reasons, evaluation.tier) == (0, ("no_member",), None)
    assert notes(evaluation) == {"base": "no_member"}


def test_a_frozen_member_earns_nothing_and_is_told_why(pack: Any, rule: Any, evaluate: Any) -> None:
    saving = pack("saving", "discount", rules=[rule("save", discount=off(1_000))])
    evaluation = evaluate([pack(), saving], [1_000], frozen=True)
    assert (evaluation.points, evaluation.reasons) == (0, ("frozen",))
    assert notes(evaluation)["base"] == "frozen"
    assert sum(discount.amount_minor for discount in evaluation.discounts) == 100


def test_an_excluded_member_gets_nothing_of_the_scopes(pack: Any, rule: Any, evaluate: Any) -> None:
    saving = pack("saving", "discount", rules=[rule("save", discount=off(1_000))])

    def excluded(*scopes: str) -> Any:
        out = pack("out", "eligibility", rules=[rule("staff", refuse=refusal(*scopes))])
        return evaluate([saving, pack(), out], [1_000])

    both = excluded("earning", "discount")
    assert (both.points, both.discounts, both.reasons) == (0, (), ("excluded",))
    assert notes(both) == {"staff": "staff", "save": "excluded:out/1", "base": "excluded:out/1"}
    assert [outcome.rule_id for outcome in both.outcomes] == ["staff", "save", "base"]
    assert (excluded("discount").points, excluded("discount").discounts) == (10, ())
    assert (excluded("earning").points, len(excluded("earning").discounts)) == (0, 1)


def test_only_the_discount_that_gives_most_of_a_group_counts(pack: Any, rule: Any, evaluate: Any) -> None:
    rules = [
        rule("five", 1, discount=off(500)),
        rule("ten", 2, discount=off(1_000, cap=40)),
        rule("apart", 3, discount=off(100, "apart")),
    ]
    evaluation = evaluate([pack("saving", "discount", rules=rules)], [1_000])
    assert {d.rule_id: d.amount_minor for d in evaluation.discounts} == {"five": 50, "apart": 10}
    assert notes(evaluation)["ten"] == "outranked:five"


def test_what_a_rule_of_another_pack_outranks_is_told_whose_it_is(
    pack: Any, rule: Any, evaluate: Any
) -> None:
    packs = [
        pack(code, "discount", rules=[rule("save", discount=off(rate))])
        for code, rate in (("less", 500), ("more", 1_000))
    ]
    told = {outcome.pack_version: outcome.note for outcome in evaluate(packs, [1_000]).outcomes}
    assert told == {"less/1": "outranked:more/1#save", "more/1": None}


def test_discounts_together_never_exceed_the_line(pack: Any, rule: Any, evaluate: Any) -> None:
    rules = [rule("most", 1, discount=off(8_000, "a")), rule("more", 2, discount=off(8_000, "b"))]
    evaluation = evaluate([pack("saving", "discount", rules=rules)], [1_000])
    assert [d.amount_minor for d in evaluation.discounts] == [800, 200]
    assert notes(evaluation)["more"] == "capped"


def test_an_error_in_a_rule_stops_only_that_rule(pack: Any, rule: Any, evaluate: Any) -> None:
    broken = {"+": [{"map": [{"var": "purchase.lines"}, {"var": "no_such_field"}]}]}
    rules = [rule("broken", 1, earn=earn() | {"amount": broken}), rule("whole", 2, earn=earn())]
    evaluation = evaluate([pack(rules=rules)], [1_000])
    errors = {outcome.rule_id: outcome.error for outcome in evaluation.outcomes}
    assert errors == {"broken": "VariableNotFound", "whole": None}
    assert evaluation.points == 10


def test_a_rule_that_the_engine_refuses_gives_nothing(pack: Any, rule: Any, evaluate: Any) -> None:
    rules = [rule("refused", 1, {"and": [{"foo": [1]}]}), rule("whole", 2)]
    evaluation = evaluate([pack(rules=rules)], [1_000])
    assert [(o.rule_id, o.error) for o in evaluation.outcomes] == [
        ("refused", "RuleRefused"),
        ("whole", None),
    ]
    assert evaluation.points == 10


def test_amounts_that_are_not_exact_give_nothing(pack: Any, rule: Any, evaluate: Any) -> None:
    square = {"*": [SALES, SALES]}
    halved = {"/": [SALES, 2]}
    negative = {"-": [0, SALES]}
    for amount in (square, halved, negative):
        rules = [rule("wrong", 1, earn=earn() | {"amount": amount})]
        evaluation = evaluate([pack(rules=rules)], [(1 << 40) + 1])
        assert evaluation.points == 0
        assert evaluation.outcomes[0].error == "NotWhole"


def test_facts_that_are_no_json_fail_closed(pack: Any, rule: Any, evaluate: Any) -> None:
    saving = pack("saving", "discount", rules=[rule("save", discount=off(1_000))])
    for member in ({"tier": "\ud800"}, {"spend_365d_minor": "many"}):
        evaluation = evaluate([saving, pack()], [1_000], **member)
        assert (evaluation.points, evaluation.discounts) == (0, ())
        assert all(outcome.error and not outcome.applied for outcome in evaluation.outcomes)


def test_a_line_that_is_not_a_number_fails_closed(pack: Any, rule: Any, evaluate: Any) -> None:
    saving = pack("saving", "discount", rules=[rule("save", discount=off(1_000))])
    line = {"line": 1, "department": "GROCERY", "sales_minor": "a"}
    evaluation = evaluate([saving, pack()], [line])
    assert (evaluation.points, evaluation.discounts) == (0, ())
    assert all(outcome.error for outcome in evaluation.outcomes)


def test_one_pack_set_serves_several_threads(pack: Any) -> None:
    live = PackSet([PackVersion(NO_ID, "sample", 1, "earning", "hash", pack())])
    facts = facts_of(Given.model_validate({"purchase": {"lines": [{"sales_minor": 1_000}]}}))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: live.evaluate(*facts).points, range(200)))
    assert set(found) == {10}


def test_the_highest_tier_that_is_reached_counts(pack: Any, rule: Any, evaluate: Any) -> None:
    def reaches(tier: str, order: int, spend: int) -> Any:
        when = {"and": [{">=": [{"var": "member.qualifying_spend_minor"}, spend]}]}
        return rule(tier, order, when, set_tier={"tier": tier})

    tiers = [
        {"code": code, "rank": rank, "title": WORDS, "threshold": threshold}
        for code, rank, threshold in (("base", 0, 0), ("silver", 1, 100), ("gold", 2, 300))
    ]
    ladder = pack("ladder", "tier", tiers=tiers, rules=[reaches("gold", 1, 300), reaches("silver", 2, 100)])
    found = {spend: evaluate([ladder], [1], qualifying_spend_minor=spend).tier for spend in (99, 100, 300)}
    assert {spend: move and move.tier for spend, move in found.items()} == {
        99: None,
        100: "silver",
        300: "gold",
    }


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=12),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(BPS, 30_000), st.sampled_from("abc")), max_size=4),
    st.randoms(use_true_random=False),
)
def test_the_outcome_is_exact_and_never_depends_on_the_order_of_writing(
    pack: Any,
    rule: Any,
    evaluate: Any,
    sales: list[int],
    pers: list[int],
    multipliers: list[tuple[int, str]],
    chance: random.Random,
) -> None:
    rules = [rule(f"e{i}", i, earn=earn(per)) for i, per in enumerate(pers)]
    rules += [
        rule(f"m{i}", 100 + i, multiply={"rate_bps": bps, "group": group})
        for i, (bps, group) in enumerate(multipliers)
    ]
    straight = evaluate([pack(rules=rules)], sales)
    shuffled = rules.copy()
    chance.shuffle(shuffled)
    assert evaluate([pack(rules=shuffled)], sales) == straight
    best: dict[str, int] = {}
    for bps, group in multipliers:
        best[group] = max(bps, best.get(group, 0))
    exact = sum(Fraction(sum(sales), per) for per in pers)
    for bps in best.values():
        exact *= Fraction(bps, BPS)
    assert straight.points == exact.numerator // exact.denominator
    assert straight.points == sum(outcome.gave for outcome in straight.outcomes)
