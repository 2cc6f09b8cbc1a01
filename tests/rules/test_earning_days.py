"""When points can be spent and when they end, and points that depend on nothing bought."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_language import WORDS, basket, errors, evaluated, live

from regulars.rules.case_model import Given
from regulars.rules.cases import calendar_at, facts_of
from regulars.rules.checker import examine
from regulars.rules.domain import StoreFacts
from regulars.rules.expiry import Expiry
from regulars.rules.sentences import pack_of, sentences

AT = "2026-11-20T18:30"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def points(**more: Any) -> dict[str, Any]:
    return {"unit": "points", "per": 100} | more


def told(pack: Any, rule: Any, **earn: Any) -> tuple[str, str | None]:
    document = pack(rules=[rule("base", earn=points(**earn))])
    assert errors(document) == set()
    (award,) = evaluated(document, at=AT, purchase=basket(1_000)).awards
    ends = award.expires_at
    return f"{award.available_at:%Y-%m-%dT%H:%M}", f"{ends:%Y-%m-%dT%H:%M}" if ends else None


ENDS = [
    ({}, (AT, None)),
    ({"pending_days": 0}, (AT, None)),
    ({"pending_days": 14}, ("2026-12-04T18:30", None)),
    ({"valid_days": 10}, (AT, "2026-11-30T18:30")),
    ({"valid_days": 10, "pending_days": 14}, ("2026-12-04T18:30", "2026-12-14T18:30")),
    ({"expires": {"after_days": 10}}, (AT, "2026-11-30T18:30")),
    ({"expires": {"at": "month_end"}}, (AT, "2026-12-01T00:00")),
    ({"expires": {"at": "month_end", "later": 1}}, (AT, "2027-01-01T00:00")),
    ({"expires": {"at": "month_end"}, "pending_days": 14}, ("2026-12-04T18:30", "2027-01-01T00:00")),
    ({"expires": {"at": "quarter_end"}}, (AT, "2027-01-01T00:00")),
    ({"expires": {"at": "quarter_end", "later": 2}}, (AT, "2027-07-01T00:00")),
    ({"expires": {"at": "year_end"}}, (AT, "2027-01-01T00:00")),
    ({"expires": {"at": "year_end", "later": 1}}, (AT, "2028-01-01T00:00")),
]


@pytest.mark.parametrize(("earn", "expected"), ENDS)
def test_points_wait_and_end_when_the_rule_says(pack: Any, rule: Any, earn: Any, expected: Any) -> None:
    assert told(pack, rule, **earn) == expected


def test_a_year_ends_at_midnight_on_the_stores_clock(pack: Any, rule: Any) -> None:
    at = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
    document = pack(rules=[rule("base", earn=points(expires={"at": "year_end"}))])
    member, purchase, _, _, _ = facts_of(Given.model_validate({"purchase": basket(1_000)}))
    store = StoreFacts("s", "b", (), SHANGHAI)
    for minutes, year in ((0, 2026), (1, 2027)):
        moment = at + timedelta(minutes=minutes)
        facts = (member, purchase, store, calendar_at(moment.astimezone(SHANGHAI)), moment)
        (award,) = live(document).evaluate(*facts).awards
        assert award.expires_at == datetime(year, 12, 31, 16, 0, tzinfo=UTC)
        assert award.expires_at is not None
        assert award.expires_at.utcoffset() == timedelta(0)


def test_a_multiplier_waits_and_ends_with_what_it_multiplies(pack: Any, rule: Any) -> None:
    twice = {"rate_bps": 20_000}
    earn = points(pending_days=7, expires={"at": "year_end"})
    for more, ends in (({}, "2027-01-01"), ({"valid_days": 1}, "2026-11-28")):
        rules = [rule("base", 1, earn=earn), rule("twice", 2, multiply=twice | more)]
        first, second = evaluated(pack(rules=rules), at=AT, purchase=basket(1_000)).awards
        assert first.available_at == second.available_at
        assert second.expires_at is not None
        assert f"{second.expires_at:%Y-%m-%d}" == ends


def test_points_of_a_rule_without_an_end_do_not_end_by_another_rule(pack: Any, rule: Any) -> None:
    rules = [rule("short", 1, earn=points(pending_days=7, valid_days=30)), rule("long", 2, earn=points())]
    first, second = evaluated(pack(rules=rules), at=AT, purchase=basket(1_000)).awards
    assert first.expires_at is not None
    assert (second.rule_id, second.expires_at) == ("long", None)


def test_a_multiplier_follows_the_first_rule_that_earned_anything(pack: Any, rule: Any) -> None:
    paper = {"===": [{"var": "department"}, "PAPER"]}
    rules = [
        rule("paper", 1, earn=points(lines=paper, pending_days=7, valid_days=30)),
        rule("all", 2, earn=points(valid_days=365)),
        rule("twice", 3, multiply={"rate_bps": 20_000}),
    ]
    base, multiplied = evaluated(pack(rules=rules), at=AT, purchase=basket(1_000)).awards
    assert (base.rule_id, multiplied.rule_id) == ("all", "twice")
    assert (multiplied.available_at, multiplied.expires_at) == (base.available_at, base.expires_at)


def test_flat_points_are_given_once_and_multiplied_like_others(pack: Any, rule: Any) -> None:
    gift = {"unit": "points", "points": {"param": "gift"}}
    parameter = {"type": "count", "value": 50, "minimum": 1, "maximum": 500, "title": WORDS}
    rules = [rule("gift", 1, earn=gift), rule("twice", 2, multiply={"rate_bps": 20_000, "group": "g"})]
    case = {"name": WORDS, "given": {}, "expect": {"points": 100}}
    document = pack(rules=rules, parameters={"gift": parameter}, cases=[case])
    assert errors(document) == set()
    awards = evaluated(document, purchase=basket(1, 1, 1)).awards
    assert [(award.rule_id, award.points) for award in awards] == [("gift", 50), ("twice", 50)]


def test_points_by_lines_count_the_value_that_the_base_says(pack: Any, rule: Any) -> None:
    paper = {"===": [{"var": "department"}, "PAPER"]}
    line = {"sales_minor": 1_130, "list_minor": 2_000, "tax_minor": 130, "department": "PAPER"}
    lines = basket(line, {"sales_minor": 5_000, "department": "INK"})
    for earn, expected in (
        ({}, 61),
        ({"lines": paper}, 11),
        ({"lines": paper, "base": {"price": "list"}}, 20),
        ({"lines": paper, "base": {"tax": "excluded"}}, 10),
        ({"base": {"tax": "excluded"}}, 60),
    ):
        document = pack(rules=[rule("base", earn=points(**earn))])
        assert errors(document) == set()
        assert evaluated(document, purchase=lines).points == expected


WRONG = [
    ({"points": 5}, "one_earning_expected", ""),
    ({"amount": 5, "lines": {"var": "promotional"}}, "one_earning_expected", ""),
    ({"valid_days": 5, "expires": {"after_days": 5}}, "one_expiry_expected", ""),
    ({"expires": {}}, "one_expiry_expected", "/expires"),
    ({"expires": {"after_days": 5, "later": 1}}, "one_expiry_expected", "/expires"),
    ({"expires": {"at": "week_end"}}, "choice_expected", "/expires/at"),
    ({"expires": {"after_days": 0}}, "amount_out_of_bounds", "/expires/after_days"),
    ({"pending_days": -1}, "amount_out_of_bounds", "/pending_days"),
    ({"base": {"after_discounts": True}}, "field_unknown", "/base/after_discounts"),
    ({"lines": {"var": "sales_minor"}}, "operand_type", "/lines"),
]


@pytest.mark.parametrize(("earn", "code", "pointer"), WRONG)
def test_what_is_wrong_with_earning_is_found(
    pack: Any, rule: Any, earn: Any, code: str, pointer: str
) -> None:
    assert errors(pack(rules=[rule("base", earn=points(**earn))])) == {(code, "/rules/0/then/earn" + pointer)}


SAID = [
    ({"unit": "points", "points": 50}, "送 50 分", "50 points"),
    (
        points(),
        "全部明细的销售金额每满 1.00 积 1 分",
        "1 point for each 1.00 of the sales value of all lines",
    ),
    (
        points(pending_days=14, expires={"at": "year_end", "later": 1}),
        "全部明细的销售金额每满 1.00 积 1 分，14 天后可用，次年底到期",
        "1 point for each 1.00 of the sales value of all lines, usable after 14 days, "
        "until the end of the next year",
    ),
    (
        points(expires={"at": "month_end", "later": 3}),
        "全部明细的销售金额每满 1.00 积 1 分，3 个月后的月底到期",
        "1 point for each 1.00 of the sales value of all lines, until the end of the month 3 months on",
    ),
    (
        points(expires={"after_days": 30}),
        "全部明细的销售金额每满 1.00 积 1 分，有效期 30 天",
        "1 point for each 1.00 of the sales value of all lines, valid for 30 days",
    ),
]


@pytest.mark.parametrize(("earn", "zh", "en"), SAID)
def test_earning_is_said_in_both_languages(pack: Any, rule: Any, earn: Any, zh: str, en: str) -> None:
    made = pack_of(pack(rules=[rule("base", earn=earn)]))
    assert [sentences(made, language)[0].effect for language in ("zh", "en")] == [zh, en]


def test_a_case_can_expect_when_points_wait_and_end(pack: Any, rule: Any) -> None:
    case: dict[str, Any] = {
        "name": WORDS,
        "given": {"at": AT, "purchase": basket(1_000)},
        "expect": {"available_at": {"base": "2026-11-27T18:30"}, "expires_at": {"base": "2027-01-01T00:00"}},
    }
    rules = [rule("base", earn=points(pending_days=7, expires={"at": "year_end"}))]
    assert examine(json.dumps(pack(rules=rules, cases=[case]))).green
    case["expect"]["expires_at"] = {"base": "2028-01-01T00:00"}
    found = examine(json.dumps(pack(rules=rules, cases=[case]))).findings
    assert [(f.code, f.pointer) for f in found] == [("case_failed", "/cases/0/expect/expires_at")]


@given(
    st.integers(946_684_800, 4_102_444_800),  # this century
    st.sampled_from(["month_end", "quarter_end", "year_end"]),
    st.integers(0, 30),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
)
def test_a_period_ends_at_a_local_midnight_after_the_purchase(
    second: int, period: Any, later: int, name: str
) -> None:
    zone = ZoneInfo(name)
    at = datetime.fromtimestamp(second, UTC)
    ends = Expiry(at=period, later=later).after(at, zone)
    local = ends.astimezone(zone)
    assert ends > at
    assert (local.hour, local.minute, local.day) == (0, 0, 1)
    length = {"month_end": 1, "quarter_end": 3, "year_end": 12}[period]
    assert (local.month - 1) % length == 0
    begun = at.astimezone(zone)
    months = (local.year - begun.year) * 12 + local.month - begun.month
    assert later * length < months <= (later + 1) * length
    assert date(local.year, local.month, 1) == local.date()
