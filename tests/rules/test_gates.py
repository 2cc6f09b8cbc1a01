"""Where, when and for whom packs and rules count."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pack_language import WORDS, errors, live

from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.domain import Evaluation
from regulars.rules.sentences import pack_of, sentences

HUNDRED = {"lines": [{"sales_minor": 10_000}]}


def outcome(document: dict[str, Any], **given: Any) -> str | int | None:
    """The note of the rule "base", or the points it gave."""
    facts = {"purchase": HUNDRED} | given
    evaluation: Evaluation = live(document).evaluate(*facts_of(Given.model_validate(facts)))
    (found,) = evaluation.outcomes
    return found.note or found.gave


PLACES = [
    ({"code": "store-001", "branch": "east"}, ["store-001"], 100),
    ({"code": "store-001", "branch": "east"}, ["east"], 100),
    ({"code": "store-001", "branch": "east", "above": ["east", "north", "HQ"]}, ["north"], 100),
    ({"code": "store-001", "branch": "east", "above": ["east", "north", "HQ"]}, ["west", "HQ"], 100),
    ({"code": "store-001", "branch": "east"}, ["store-002", "west"], "out_of_scope"),
]


@pytest.mark.parametrize(("store", "places", "expected"), PLACES)
def test_a_place_stands_for_all_that_lies_below_it(pack: Any, store: Any, places: Any, expected: Any) -> None:
    assert outcome(pack(scope={"places": places}), store=store) == expected


def test_channel_and_tier_must_both_fit(pack: Any) -> None:
    document = pack(scope={"channels": ["app", "mini"], "tiers": ["silver", "gold"]})
    member = {"tier": "gold"}
    assert outcome(document, member=member, purchase=HUNDRED | {"channel": "app"}) == 100
    assert outcome(document, member=member) == "out_of_scope"
    assert outcome(document, purchase=HUNDRED | {"channel": "mini"}) == "out_of_scope"


SEASONS = [
    ({"from": "2026-12-01", "until": "2026-12-31"}, "2026-11-30T23:59", "out_of_season"),
    ({"from": "2026-12-01", "until": "2026-12-31"}, "2026-12-01T00:00", 100),
    ({"from": "2026-12-01", "until": "2026-12-31"}, "2026-12-31T23:59", 100),
    ({"from": "2026-12-01", "until": "2026-12-31"}, "2027-01-01T00:00", "out_of_season"),
    ({"from": "2026-12-01"}, "2126-12-01T00:00", 100),
    ({"until": "2026-12-01"}, "2026-12-02T00:00", "out_of_season"),
    ({"weekdays": [6, 7]}, "2026-11-21T10:00", 100),
    ({"weekdays": [6, 7]}, "2026-11-20T10:00", "out_of_season"),
    ({"days_of_month": [8, 28]}, "2026-11-28T10:00", 100),
    ({"days_of_month": [8, 28]}, "2026-11-29T10:00", "out_of_season"),
    ({"hours": [{"from": "08:00", "until": "10:30"}]}, "2026-11-20T08:00", 100),
    ({"hours": [{"from": "08:00", "until": "10:30"}]}, "2026-11-20T10:29", 100),
    ({"hours": [{"from": "08:00", "until": "10:30"}]}, "2026-11-20T10:30", "out_of_season"),
    ({"hours": [{"from": "22:00", "until": "02:00"}]}, "2026-11-20T01:59", 100),
    ({"hours": [{"from": "22:00", "until": "02:00"}]}, "2026-11-20T02:00", "out_of_season"),
    ({"hours": [{"from": "22:00", "until": "24:00"}]}, "2026-11-20T23:59", 100),
    ({"except": ["2026-11-20"]}, "2026-11-20T12:00", "out_of_season"),
    ({"from": "2026-11-01", "weekdays": [5], "except": ["2026-11-27"]}, "2026-11-20T12:00", 100),
]


@pytest.mark.parametrize(("calendar", "at", "expected"), SEASONS)
def test_a_calendar_opens_and_closes_to_the_minute(pack: Any, calendar: Any, at: str, expected: Any) -> None:
    assert outcome(pack(calendar=calendar), at=at) == expected


def test_a_rule_narrows_what_its_pack_allows(pack: Any, rule: Any) -> None:
    rules = [rule("base") | {"scope": {"tiers": ["gold"]}, "calendar": {"weekdays": [1]}}]
    document = pack(scope={"channels": ["store"]}, calendar={"from": "2026-11-01"}, rules=rules)
    monday, gold = "2026-11-23T12:00", {"tier": "gold"}
    assert outcome(document, at=monday, member=gold) == 100
    assert outcome(document, at=monday) == "out_of_scope"
    assert outcome(document, at="2026-11-24T12:00", member=gold) == "out_of_season"
    assert outcome(document, at="2026-10-26T12:00", member=gold) == "out_of_season"
    away = HUNDRED | {"channel": "app"}
    assert outcome(document, at=monday, member=gold, purchase=away) == "out_of_scope"


def test_a_rule_that_does_not_count_here_says_so_before_its_conditions_and_errors(
    pack: Any, rule: Any
) -> None:
    broken = {"+": [{"map": [{"var": "purchase.lines"}, {"var": "no_such_field"}]}]}
    for then in ({"amount": 0, "unit": "points", "per": 1}, {"amount": broken, "unit": "points", "per": 1}):
        document = pack(
            calendar={"weekdays": [1]},
            rules=[rule("base", when={"and": [{"!": [{"var": "member.known"}]}]}, earn=then)],
        )
        assert outcome(document) == "out_of_season"


def test_a_closed_refusal_refuses_nothing(pack: Any, rule: Any) -> None:
    refuse = {"scopes": ["earning"], "reason": {"code": "no", "words": WORDS}}
    out = pack("out", "eligibility", rules=[rule("no", refuse=refuse)], scope={"channels": ["app"]})
    facts = facts_of(Given.model_validate({"purchase": HUNDRED}))
    evaluation = live(out, pack()).evaluate(*facts)
    assert (evaluation.points, evaluation.reasons) == (100, ())


def test_the_calendar_is_that_of_the_store(pack: Any) -> None:
    at = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)  # 00:30 on the first of December in Shanghai
    wall = at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert outcome(pack(calendar={"from": "2026-12-01"}), at=wall.strftime("%Y-%m-%dT%H:%M")) == 100


WRONG = [
    ({"scope": {}}, "part_empty", "/scope"),
    ({"scope": {"places": []}}, "list_empty", "/scope/places"),
    ({"scope": {"shops": ["a"]}}, "field_unknown", "/scope/shops"),
    ({"calendar": {}}, "part_empty", "/calendar"),
    ({"calendar": {"from": "2026-02-30"}}, "date_expected", "/calendar/from"),
    ({"calendar": {"from": "20261201"}}, "date_expected", "/calendar/from"),
    ({"calendar": {"from": "2026-12-02", "until": "2026-12-01"}}, "calendar_reversed", "/calendar/from"),
    ({"calendar": {"weekdays": [8]}}, "value_too_large", "/calendar/weekdays/0"),
    ({"calendar": {"hours": [{"from": "8", "until": "9"}]}}, "clock_expected", "/calendar/hours/0/from"),
    ({"calendar": {"hours": [{"from": "08:00", "until": "08:00"}]}}, "hours_empty", "/calendar/hours/0"),
    (
        {"calendar": {"hours": [{"from": "08:00", "until": "25:00"}]}},
        "clock_expected",
        "/calendar/hours/0/until",
    ),
    ({"calendar": {"except": ["tomorrow"]}}, "date_expected", "/calendar/except/0"),
]


@pytest.mark.parametrize(("part", "code", "pointer"), WRONG)
def test_what_is_wrong_with_scope_and_calendar_is_found(
    pack: Any, part: Any, code: str, pointer: str
) -> None:
    found = errors(pack(**part))
    assert (code, pointer) in found
    assert {name for name, _ in found} == {code}


def test_a_tier_is_the_same_everywhere_and_always(pack: Any, rule: Any) -> None:
    document = pack("ladder", "tier", scope={"channels": ["app"]})
    assert ("part_misplaced", "/scope") in errors(document)


def test_scope_and_calendar_are_said_in_both_languages(pack: Any, rule: Any) -> None:
    season = {"from": "2026-12-01", "weekdays": [7, 6], "hours": [{"from": "08:00", "until": "20:00"}]}
    document = pack(
        scope={"places": ["east"], "tiers": ["gold"]},
        calendar={"days_of_month": [8, 18], "except": ["2026-12-25"]},
        rules=[rule("base") | {"calendar": season}],
    )
    assert errors(document) == set()
    (zh,) = sentences(pack_of(document), "zh", tier_names={"gold": "金卡"})
    assert zh.scope == "门店：east，等级：金卡"
    assert zh.calendar == "每月 8、18 日，2026-12-25 除外；2026-12-01 起，周六、周日，08:00–20:00"
    (en,) = sentences(pack_of(document), "en", tier_names={"gold": "Gold"})
    assert en.scope == "At east, for Gold"
    assert en.calendar == (
        "On day 8, 18 of the month, but not on 2026-12-25; from 2026-12-01, Saturday, Sunday, 08:00–20:00"
    )
    (plain,) = sentences(pack_of(pack()), "en")
    assert (plain.scope, plain.calendar) == ("", "")


def test_a_case_can_expect_why_a_rule_gave_nothing(pack: Any) -> None:
    case = {
        "name": WORDS,
        "given": {"at": "2026-11-20T12:00"},
        "expect": {"notes": {"base": "out_of_season"}},
    }
    open_case = {"name": WORDS, "given": {"at": "2026-11-23T12:00"}, "expect": {"applied": ["base"]}}
    document = pack(calendar={"weekdays": [1]}, cases=[case, open_case])
    assert errors(document) == set()
