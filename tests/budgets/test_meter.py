"""Limits cut awards and discounts to what is left, whatever the order in which the limits are written."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.budgets.counters import Counter, CounterKey, Occasion, key_of, period_of
from regulars.budgets.domain import Meter
from regulars.rules.domain import Award, Evaluation, Limit, LineDiscount, RuleOutcome

MEMBER, OTHER, STORE, TILL = (UUID(int=number) for number in range(1, 5))
QUOTE, LATER_QUOTE = UUID(int=11), UUID(int=12)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = AT + timedelta(minutes=15)
OCCASION = Occasion(MEMBER, STORE, AT, holder=MEMBER)
EARN, OFF = "double/3", "spring-sale/2"


def limit(at_most: int, code: str = "cap", **changes: Any) -> Limit:
    values: dict[str, Any] = {
        "pack_code": "double",
        "code": code,
        "of": "points",
        "per": "pack",
        "every": "day",
        "at_most": at_most,
        "rule_ids": ("base", "bonus"),
        "partial": True,
    }
    return Limit(**values | changes)


def money(at_most: int, code: str = "cap", **changes: Any) -> Limit:
    return limit(at_most, code, **{"pack_code": "spring-sale", "of": "money_minor"} | changes)


def evaluation(points: dict[str, int] | None = None, off: dict[str, list[int]] | None = None) -> Evaluation:
    """Points by rule, and by rule what it takes off line 1, 2, …; rules act in the order given."""
    points, off = points or {}, off or {}
    outcomes = [RuleOutcome(OFF, rule, applied=True, gave=sum(parts)) for rule, parts in off.items()]
    outcomes += [RuleOutcome(EARN, rule, applied=True, gave=gave) for rule, gave in points.items()]
    return Evaluation(
        awards=tuple(Award(gave, EARN, rule, None, AT) for rule, gave in points.items() if gave),
        discounts=tuple(
            LineDiscount(number, minor, OFF, rule)
            for rule, parts in off.items()
            for number, minor in enumerate(parts, 1)
            if minor
        ),
        tier=None,
        outcomes=tuple(outcomes),
        reasons=(),
    )


def test_what_is_within_its_limits_is_left_as_it_was() -> None:
    found = evaluation({"base": 40})
    cut = Meter().cut(found, [limit(40)], OCCASION)
    assert cut.evaluation is found
    assert list(cut.claims.values()) == [40]


def test_a_partial_limit_gives_what_is_left_and_says_so() -> None:
    cut = Meter().cut(evaluation({"base": 40}), [limit(30)], OCCASION)
    assert cut.evaluation.points == 30
    assert cut.evaluation.outcomes == (RuleOutcome(EARN, "base", applied=True, gave=30, note="limited:cap"),)
    assert cut.evaluation.reasons == ("limited",)


def test_a_limit_that_is_not_partial_gives_all_or_nothing() -> None:
    cut = Meter().cut(evaluation({"base": 40}), [limit(39, partial=False)], OCCASION)
    assert cut.evaluation.awards == ()
    assert cut.evaluation.outcomes[0].applied is False
    assert cut.evaluation.outcomes[0].note == "limited:cap"
    assert cut.claims == {}


def test_rules_under_one_limit_take_in_the_order_in_which_they_act() -> None:
    found = evaluation({"bonus": 25, "base": 40})
    cut = Meter().cut(found, [limit(50)], OCCASION)
    assert {award.rule_id: award.points for award in cut.evaluation.awards} == {"bonus": 25, "base": 25}


def test_of_several_limits_the_tightest_counts_and_all_are_charged_with_what_was_given() -> None:
    limits = [limit(35, "month", every="month"), limit(20, "member", per="member"), limit(90, "whole")]
    cut = Meter().cut(evaluation({"base": 40}), limits, OCCASION)
    assert cut.evaluation.points == 20
    assert cut.evaluation.outcomes[0].note == "limited:member"
    assert list(cut.claims.values()) == [20, 20, 20]


def test_a_limit_that_allows_nothing_is_tighter_than_one_that_allows_a_part() -> None:
    limits = [limit(5, "part"), limit(7, "whole", partial=False)]
    for order in permutations(limits):
        assert Meter().cut(evaluation({"base": 10}), order, OCCASION).evaluation.points == 0


def test_several_rules_in_one_purchase_are_one_use() -> None:
    once = limit(1, of="uses", partial=False)
    meter = Meter()
    first = meter.cut(evaluation({"base": 40, "bonus": 5}), [once], OCCASION)
    assert first.evaluation.points == 45
    assert list(first.claims.values()) == [1]
    meter.take(first.claims)
    second = meter.cut(evaluation({"base": 40, "bonus": 5}), [once], OCCASION)
    assert second.evaluation.points == 0
    assert second.claims == {}


def test_a_rule_that_another_limit_stops_uses_nothing_up() -> None:
    limits = [limit(1, "once", of="uses", partial=False), limit(0, "points")]
    assert Meter().cut(evaluation({"base": 40}), limits, OCCASION).claims == {}


def test_a_discount_that_is_cut_loses_on_every_line_alike() -> None:
    found = evaluation(off={"base": [500, 300, 1]})
    cut = Meter().cut(found, [money(101)], OCCASION)
    assert [(d.line, d.amount_minor) for d in cut.evaluation.discounts] == [(1, 63), (2, 38)]


def test_who_is_unknown_gets_nothing_that_is_counted_by_member() -> None:
    nobody = Occasion(None, STORE, AT, holder=TILL)
    cut = Meter().cut(evaluation(off={"base": [50]}), [money(100, per="member")], nobody)
    assert cut.evaluation.discounts == ()
    assert cut.evaluation.outcomes[0].note == "no_member"
    assert cut.evaluation.reasons == ()
    assert cut.discounted == {}


def test_members_and_stores_have_counters_of_their_own() -> None:
    by_member, by_store = limit(10, "m", per="member"), limit(15, "s", per="store")
    meter = Meter()
    meter.take(meter.cut(evaluation({"base": 10}), [by_member, by_store], OCCASION).claims)
    other = Occasion(OTHER, STORE, AT)
    assert meter.cut(evaluation({"base": 10}), [by_member], OCCASION).evaluation.points == 0
    assert meter.cut(evaluation({"base": 10}), [by_member, by_store], other).evaluation.points == 5
    elsewhere = Occasion(OTHER, TILL, AT)
    assert meter.cut(evaluation({"base": 10}), [by_store], elsewhere).evaluation.points == 10


def test_a_rule_of_another_pack_or_outside_the_limit_is_not_counted() -> None:
    limits = [limit(0, rule_ids=("bonus",)), limit(0, pack_code="other")]
    assert Meter().cut(evaluation({"base": 40}), limits, OCCASION).evaluation.points == 40


NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("every", "wall", "period"),
    [
        ("day", datetime(2026, 12, 31, 23, 59, tzinfo=NEW_YORK), "2026-12-31"),
        ("day", datetime(2027, 1, 1, tzinfo=NEW_YORK), "2027-01-01"),
        ("week", datetime(2026, 12, 31, tzinfo=NEW_YORK), "2026-W53"),
        ("week", datetime(2027, 1, 3, 23, 59, tzinfo=NEW_YORK), "2026-W53"),
        ("week", datetime(2027, 1, 4, tzinfo=NEW_YORK), "2027-W01"),
        ("week", datetime(2024, 12, 30, tzinfo=NEW_YORK), "2025-W01"),
        ("month", datetime(2026, 11, 30, tzinfo=NEW_YORK), "2026-11"),
        ("year", datetime(2026, 11, 30, tzinfo=NEW_YORK), "2026"),
        ("ever", datetime(2026, 11, 30, tzinfo=NEW_YORK), "ever"),
    ],
)
def test_a_period_is_named_by_the_stores_own_calendar(every: Any, wall: datetime, period: str) -> None:
    assert period_of(every, wall) == period


def test_a_day_is_the_stores_own_also_when_it_has_25_or_23_hours() -> None:
    """Clocks in New York go back on 1 November 2026 and forward on 14 March 2027."""
    for first, hours in (
        (datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        (datetime(2027, 3, 14, 5, tzinfo=UTC), 23),
    ):
        day = [
            period_of("day", (first + timedelta(hours=hour)).astimezone(NEW_YORK)) for hour in range(-1, 26)
        ]
        assert day.count(first.date().isoformat()) == hours


def test_one_instant_may_lie_in_two_days_at_two_stores() -> None:
    instant = datetime(2026, 12, 31, 17, tzinfo=UTC)
    daily = limit(1, per="pack")
    keys = {key_of(daily, Occasion(MEMBER, STORE, instant.astimezone(zone))) for zone in (NEW_YORK, SHANGHAI)}
    assert {key.period for key in keys if key} == {"2026-12-31", "2027-01-01"}


def quoted(meter: Meter, found: Evaluation, limits: list[Limit], who: Occasion, quote_id: UUID) -> Evaluation:
    cut = meter.cut(found, limits, who)
    meter.hold(who, quote_id, cut.discounted, SOON)
    return cut.evaluation


def bought(who: Occasion, quote_id: UUID | None) -> Occasion:
    return Occasion(who.member_id, who.store_id, who.wall, who.holder, quote_id)


def off(found: Evaluation) -> int:
    return sum(discount.amount_minor for discount in found.discounts)


def test_what_one_quote_reserves_nobody_else_is_offered() -> None:
    meter, limits, offer = Meter(), [money(100)], evaluation(off={"base": [70]})
    other = Occasion(OTHER, STORE, AT, holder=OTHER)
    assert off(quoted(meter, offer, limits, OCCASION, QUOTE)) == 70
    assert off(quoted(meter, offer, limits, other, LATER_QUOTE)) == 30


def test_a_second_quote_of_one_member_neither_starves_nor_is_starved_by_the_first() -> None:
    meter, limits, offer = Meter(), [money(100)], evaluation(off={"base": [100]})
    assert off(quoted(meter, offer, limits, OCCASION, QUOTE)) == 100
    assert off(quoted(meter, offer, limits, OCCASION, LATER_QUOTE)) == 100
    for quote_id in (QUOTE, LATER_QUOTE):
        charged = meter.charge({(OFF, "base"): 100}, limits, bought(OCCASION, quote_id))
        assert charged.over == ()


def test_the_first_of_two_quotes_that_is_bought_takes_the_reservation() -> None:
    meter, limits, offer = Meter(), [money(100)], evaluation(off={"base": [100]})
    for quote_id in (QUOTE, LATER_QUOTE):
        quoted(meter, offer, limits, OCCASION, quote_id)
    for quote_id, over in ((LATER_QUOTE, ()), (QUOTE, ("spring-sale/cap",))):
        who = bought(OCCASION, quote_id)
        charged = meter.charge({(OFF, "base"): 100}, limits, who)
        assert charged.over == over
        meter.take(charged.claims)
        meter.release(who, charged.claims)
    (counter,) = meter.counters.values()
    assert (counter.used, counter.reserved) == (200, 0)


def test_a_purchase_is_offered_what_its_quote_was_promised_though_more_is_left_by_then() -> None:
    """Else what the till charged in good faith would be told as a difference."""
    limits = [money(60, "part"), money(80, "whole", partial=False)]
    found = evaluation(off={"base": [70], "bonus": [20]})
    meter = Meter({key: Counter(used=20) for limit in limits if (key := key_of(limit, OCCASION))})
    promised = quoted(meter, found, limits, OCCASION, QUOTE)
    assert off(promised) == 20
    for counter in meter.counters.values():
        counter.used = 0
    assert meter.cut(found, limits, bought(OCCASION, QUOTE)).evaluation.discounts == promised.discounts


def test_a_quote_that_was_promised_nothing_is_offered_nothing() -> None:
    once = [money(1, of="uses", partial=False)]
    found = evaluation(off={"base": [70]})
    meter = Meter({key: Counter(used=1) for limit in once if (key := key_of(limit, OCCASION))})
    assert off(quoted(meter, found, once, OCCASION, QUOTE)) == 0
    for counter in meter.counters.values():
        counter.used = 0
    assert off(meter.cut(found, once, bought(OCCASION, QUOTE)).evaluation) == 0


def test_discounts_that_were_charged_count_though_nothing_was_left() -> None:
    meter, limits = Meter(), [money(100), money(1, "once", of="uses", partial=False)]
    for over in ((), ("spring-sale/cap", "spring-sale/once")):
        charged = meter.charge({(OFF, "base"): 60, (OFF, "bonus"): 10}, limits, OCCASION)
        assert charged.over == over
        assert list(charged.claims.values()) == [70, 1]
        meter.take(charged.claims)


def test_a_till_that_takes_more_than_its_quote_is_over_budget_only_where_nothing_more_was_left() -> None:
    meter, limits = Meter(), [money(100)]
    quoted(meter, evaluation(off={"base": [30]}), limits, OCCASION, QUOTE)
    for taken, over in ((31, ()), (100, ()), (101, ("spring-sale/cap",))):
        assert meter.charge({(OFF, "base"): taken}, limits, bought(OCCASION, QUOTE)).over == over


def test_a_purchase_given_to_a_member_later_counts_by_member_only() -> None:
    limits = [money(100), money(100, "member", per="member")]
    charged = Meter().charge({(OFF, "base"): 60}, limits, OCCASION, later=True)
    assert [key.limit_code for key in charged.claims] == ["member"]


limits_of_points = st.lists(
    st.builds(
        limit,
        at_most=st.integers(0, 60),
        code=st.sampled_from(["a", "b", "c", "d"]),
        of=st.sampled_from(["points", "uses"]),
        per=st.sampled_from(["member", "store", "pack"]),
        every=st.sampled_from(["day", "week", "ever"]),
        rule_ids=st.sampled_from([("base",), ("bonus",), ("base", "bonus")]),
        partial=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.code,
)
limits_of_money = st.lists(
    st.builds(
        money,
        at_most=st.integers(0, 300),
        code=st.sampled_from(["a", "b", "c", "d"]),
        of=st.sampled_from(["money_minor", "uses"]),
        per=st.sampled_from(["member", "store", "pack"]),
        rule_ids=st.sampled_from([("base",), ("bonus",), ("base", "bonus")]),
        partial=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.code,
)
points_given = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from([MEMBER, OTHER]), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)
moneys = st.lists(st.integers(0, 90), min_size=1, max_size=4)


@settings(deadline=None)
@given(limits_of_points, points_given, st.randoms(use_true_random=False))
def test_claims_never_exceed_a_limit_and_the_order_of_limits_is_irrelevant(
    limits: list[Limit], purchases: list[tuple[int, int, UUID, int]], chance: Any
) -> None:
    meter = Meter()
    at_most = {one.code: one.at_most for one in limits}
    for base, bonus, member, day in purchases:
        who = Occasion(member, STORE, AT + timedelta(days=day))
        found = evaluation({"base": base, "bonus": bonus})
        shuffled = chance.sample(limits, len(limits))
        cut = meter.cut(found, limits, who)
        assert meter.cut(found, shuffled, who) == cut
        assert sum(outcome.gave for outcome in cut.evaluation.outcomes) == cut.evaluation.points
        assert cut.evaluation.points <= found.points
        meter.take(cut.claims)
    for key, counter in meter.counters.items():
        assert 0 < counter.used <= at_most[key.limit_code]


@settings(deadline=None)
@given(
    limits_of_money,
    st.lists(st.tuples(moneys, moneys, st.sampled_from([MEMBER, OTHER, None]), st.booleans()), max_size=12),
)
def test_quotes_and_the_purchases_that_keep_to_them_never_exceed_a_limit(
    limits: list[Limit], baskets: list[tuple[list[int], list[int], UUID | None, bool]]
) -> None:
    meter = Meter()
    at_most = {one.code: one.at_most for one in limits}
    for number, (base, bonus, member, buys) in enumerate(baskets):
        quote_id = UUID(int=100 + number)
        who = Occasion(member, STORE, AT, holder=member or TILL)
        found = evaluation(off={"base": base, "bonus": bonus})
        promised = quoted(meter, found, limits, who, quote_id)
        for rule, parts in (("base", base), ("bonus", bonus)):
            given_by_line = {d.line: d.amount_minor for d in promised.discounts if d.rule_id == rule}
            assert all(minor <= parts[line - 1] for line, minor in given_by_line.items())
        if buys:
            buyer = bought(who, quote_id)
            assert meter.cut(found, limits, buyer).evaluation.discounts == promised.discounts
            given_by_rule: dict[tuple[str, str], int] = {}
            for discount in promised.discounts:
                rule_of = discount.pack_version, discount.rule_id
                given_by_rule[rule_of] = given_by_rule.get(rule_of, 0) + discount.amount_minor
            charged = meter.charge(given_by_rule, limits, buyer)
            assert charged.over == ()
            meter.take(charged.claims)
            meter.release(buyer, [key for one in limits if (key := key_of(one, buyer))])
        for key, counter in meter.counters.items():
            assert counter.reserved >= 0
            assert counter.used + counter.reserved <= at_most[key.limit_code]
            assert counter.reserved == sum(holding.amount for holding in counter.holdings.values())


def test_a_key_sorts_by_what_it_counts() -> None:
    keys = [
        CounterKey("b", "", "", "", ""),
        CounterKey("a", "z", "", "", ""),
        CounterKey("a", "b", "", "", ""),
    ]
    assert [key.pack_code + key.limit_code for key in sorted(keys)] == ["ab", "az", "b"]
