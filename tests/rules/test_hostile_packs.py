"""Whatever is handed in as a pack becomes a clear finding within 100 ms of processor time."""

import json
import re
from collections.abc import Callable
from time import thread_time
from typing import Any

import pytest
from hostile_packs import HOSTILE, MOST_CPU_SECONDS, Hostile, good_pack

from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.checker import Report, check, examine
from regulars.rules.evaluator import PackSet
from regulars.rules.facts import safe_code
from regulars.rules.findings import LONGEST_DETAIL, SENTENCES
from regulars.rules.reading import MOST_BYTES

Check = Callable[[str | bytes], Report]


def quickest(checked: Check, text: str | bytes) -> tuple[Report, float]:
    """The report, and the least processor time of three tries: others work on this machine as well."""
    spent: list[float] = []
    for _ in range(3):
        begun = thread_time()
        report = checked(text)
        spent.append(thread_time() - begun)
    return report, min(spent)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda one: one.name)
def test_a_hostile_pack_is_a_clear_finding_at_once(hostile: Hostile) -> None:
    report, seconds = quickest(examine, hostile.text())
    assert not report.green
    assert hostile.code in {found.code for found in report.findings}
    assert seconds < MOST_CPU_SECONDS
    for found in report.findings:
        assert found.code in SENTENCES
        for sentence in (found.zh, found.en):
            assert 5 < len(sentence) < 20 * LONGEST_DETAIL
            assert sentence.encode().decode().isprintable()
        assert re.fullmatch(r"(/([^~/]|~[01])*)*", found.pointer), "a JSON Pointer"
        found.pointer.encode()


def test_after_all_of_them_a_good_pack_is_as_green_as_ever() -> None:
    for hostile in HOSTILE:
        check(hostile.text())
    assert examine(json.dumps(good_pack())).green


LARGE: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("as many rules as a pack may have", lambda: good_pack(rules=200)),
    ("as many cases as a pack may have", lambda: good_pack(cases=200)),
    ("as many rules and cases as fit", lambda: good_pack(rules=60, cases=150)),
    ("as many parameters as a pack may have", lambda: good_pack(parameters=100)),
    ("a case with many lines", lambda: good_pack(cases=40, lines=100)),
]


@pytest.mark.parametrize(("name", "make"), LARGE, ids=[name for name, _ in LARGE])
def test_the_largest_packs_are_checked_as_quickly(name: str, make: Callable[[], dict[str, Any]]) -> None:
    text = json.dumps(make())
    assert len(text) < MOST_BYTES
    report, seconds = quickest(check, text)
    assert report.green, report.findings[:3]
    assert seconds < MOST_CPU_SECONDS


NEIGHBOURS = [
    EXACT_BELOW - 1,
    EXACT_BELOW,
    EXACT_BELOW + 1,
    2 * EXACT_BELOW - 1,
    -EXACT_BELOW,
    1 << 63,
    1 << 64,
]


@pytest.mark.parametrize("number", NEIGHBOURS)
def test_a_number_at_the_edge_of_exactness_is_refused_or_exact(number: int) -> None:
    pack = good_pack()
    pack["rules"][0]["when"] = {"and": [{">=": [{"var": "member.spend_365d_minor"}, number]}]}
    codes = {found.code for found in check(json.dumps(pack)).findings}
    assert ("number_too_large" in codes) == (abs(number) >= EXACT_BELOW)


def line(number: int, sku: str) -> dict[str, Any]:
    """A line of 10.00 as a purchase hands it to the rules."""
    amounts = {"list_minor": 1_000, "sales_minor": 1_000, "discount_minor": 0, "quantity_milli": 1_000}
    texts = {"sku": safe_code(sku), "department": "", "kind": "goods"}
    return {"line": number, "promotional": False} | amounts | texts


TIMELIKE = ["1d", "24h", "60s", "1m", "2026-11-22", "2026-11-22T00:00:00Z", "0d", "1e5", "007", "+1", "１２"]


@pytest.mark.parametrize("code", TIMELIKE)
def test_a_text_shaped_like_a_time_or_number_means_itself_only(code: str, evaluate: Any) -> None:
    pack = good_pack()
    bought = {"filter": [{"var": "purchase.lines"}, {"===": [{"var": "sku"}, code]}]}
    pack["rules"][0]["then"]["earn"]["amount"] = {"+": [{"map": [bought, {"var": "sales_minor"}]}]}
    assert check(json.dumps(pack)).green
    others = [other for other in [*TIMELIKE, "86400", "1440m", "100000", "7"] if other != code]
    assert evaluate([pack], [line(1, code)]).points == 10
    assert evaluate([pack], [line(i, other) for i, other in enumerate(others, 1)]).points == 0


@pytest.mark.parametrize("code", ["1d", "2026-11-22", "NaN", "1e5", "__proto__", "a" * 61, "", "a b", "a/b"])
def test_a_code_of_a_pack_or_rule_is_a_plain_word(code: str) -> None:
    for place in ("code", "id"):
        pack = good_pack()
        if place == "code":
            pack["code"] = code
        else:
            pack["rules"][0]["id"] = code
        found = {one.code for one in check(json.dumps(pack)).findings}
        assert found & {"code_expected", "text_length"}


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(.*)*x", "^" * 90, "%s%n{0}{x}", "{{7*7}}", "'; drop table x;--"]
)
def test_a_text_that_is_a_pattern_elsewhere_is_a_text_here(pattern: str) -> None:
    pack = good_pack()
    tier = {"===": [{"var": "member.tier"}, pattern]}
    pack["rules"][0]["when"] = {"and": [{"!": [tier]}]}
    pack["title"] = {"zh": pattern, "en": pattern}
    assert "rule_without_case" not in {one.code for one in examine(json.dumps(pack)).findings}
    pack["rules"][0]["when"] = {"and": [{pattern: [1]}, {"===": [{"var": pattern}, 1]}]}
    assert {one.code for one in check(json.dumps(pack)).findings} >= {"operator_unknown", "path_unknown"}


def test_a_rule_that_slipped_past_the_checker_gives_nothing_and_harms_nobody(evaluate: Any) -> None:
    pack = good_pack()
    bomb = pack["rules"][0] | {"id": "bomb", "order": 99}
    inner = {"+": [{"map": [{"val": [[2], "purchase", "lines"]}, 1]}]}
    squared = {"+": [{"map": [{"var": "purchase.lines"}, inner]}]}
    bomb["then"] = {"earn": {"unit": "points", "amount": squared, "per": 1}}
    pack["rules"] = [*pack["rules"], bomb]
    result = evaluate([pack], [100] * 2_000)
    told = {outcome.rule_id: outcome for outcome in result.outcomes}
    assert told["rule-0"].gave == 2_000
    assert told["bomb"].error == "BudgetExceeded"
    assert result.points == 2_000


def test_a_pack_set_of_hostile_values_only_never_raises(evaluate: Any) -> None:
    pack = good_pack()
    pack["rules"][0]["then"]["earn"]["amount"] = {"no-such-operator": [1]}
    result = evaluate([pack], [1_000])
    assert [outcome.error for outcome in result.outcomes] == ["RuleRefused"]
    assert isinstance(PackSet([]), PackSet)
