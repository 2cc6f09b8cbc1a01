"""Each condition with what both sides came to, which lines fulfil it, and what it would have needed."""

from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.explanation.conditions import Telling
from regulars.explanation.domain import Condition
from regulars.explanation.offers import BASKET_FACTS
from regulars.explanation.probing import Probe
from regulars.explanation.speech import Speech
from regulars.rules.sentences import pack_of
from regulars.rules.starters import starter_text

SPEECH = Speech("CNY", 2, ZoneInfo("Asia/Shanghai"), {})
PACK = pack_of(starter_text("grocery-classic"))
LINES = [
    {"line": number, "department": department, "sales_minor": sales, "discount_minor": 0, "sku": sku}
    for number, department, sales, sku in (
        (1, "MEAT", 500, "~1d"),
        (2, "PRODUCE", 900, "a"),
        (3, "MEAT", 50, "b"),
    )
]
FACTS = {
    "member": {"known": True, "tier": "silver", "tags": ["vip"], "spend_365d_minor": 98_750, "visits": 3},
    "purchase": {"sales_minor": 1_450, "list_minor": 1_450, "channel": "store"},
    "calendar": {"weekday": 1, "hour": 9},
}


def telling(*, unknown: frozenset[str] = frozenset()) -> Telling:
    def text(lines: object) -> str:
        return orjson.dumps({**FACTS, "purchase": {**FACTS["purchase"], "lines": lines}}).decode()

    return Telling(Probe(PACK, text(LINES), text([])), SPEECH.in_pack(PACK), unknown)


def told(tree: object) -> Condition:
    return telling().tell(tree)


SPEND = {"var": "member.spend_365d_minor"}
HOUR = {"var": "calendar.hour"}
IN_MEAT = {"===": [{"var": "department"}, "MEAT"]}
MEAT = {"+": [{"map": [{"filter": [{"var": "purchase.lines"}, IN_MEAT]}, {"var": "sales_minor"}]}]}
# fmt: off
NEEDED = {
    "short": (
        {">=": [SPEND, 100_000]},
        "需达到 ¥1,000.00，差 ¥12.50",
        "it takes CN¥1,000.00: CN¥12.50 short",
    ),
    "more than": (
        {">": [SPEND, 98_750]},
        "需达到 ¥987.51，差 ¥0.01",
        "it takes CN¥987.51: CN¥0.01 short",
    ),
    "too much": (
        {"<=": [SPEND, 90_000]},
        "不得超过 ¥900.00，多出 ¥87.50",
        "at most CN¥900.00: CN¥87.50 too much",
    ),
    "flipped": (
        {"<=": [100_000, SPEND]},
        "需达到 ¥1,000.00，差 ¥12.50",
        "it takes CN¥1,000.00: CN¥12.50 short",
    ),
    "parameter": (
        {">=": [SPEND, {"param": "regular_spend_minor"}]},
        "需达到 ¥1,000.00，差 ¥12.50",
        "it takes CN¥1,000.00: CN¥12.50 short",
    ),
    "below a span": ({"<=": [10, HOUR, 20]}, "实际是 9 时", "it is 9:00"),
    "above a span": ({"<=": [6, HOUR, 8]}, "实际是 9 时", "it is 9:00"),
    "another": (
        {"===": [{"var": "calendar.weekday"}, 6]},
        "实际是周一",
        "it is Monday",
    ),
    "anything but": (
        {"!==": [{"var": "member.tier"}, "silver"]},
        "实际是“silver”",
        "it is “silver”",
    ),
    "one of": (
        {"in": [{"var": "member.tier"}, ["gold", "staff"]]},
        "实际是“silver”",
        "it is “silver”",
    ),
    "among": ({"in": ["staff", {"var": "member.tags"}]}, "其中没有“staff”", "“staff” is not among them"),
    "sum of lines": (
        {">=": [MEAT, 1_000]},
        "需达到 ¥10.00，差 ¥4.50",
        "it takes CN¥10.00: CN¥4.50 short",
    ),
    "no line": (
        {"some": [{"var": "purchase.lines"}, {"===": [{"var": "department"}, "FUEL"]}]},
        "共 3 行，没有一行满足",
        "none of 3 lines fulfils it",
    ),
    "not all lines": (
        {"all": [{"var": "purchase.lines"}, IN_MEAT]},
        "第 2 行不满足",
        "not so for line 2",
    ),
    "lines there should not be": (
        {"none": [{"var": "purchase.lines"}, IN_MEAT]},
        "不应有，却有第 1、3 行",
        "there should be none, but it is so for lines 1, 3",
    ),
}
# fmt: on


@pytest.mark.parametrize("name", NEEDED)
def test_what_does_not_hold_says_what_it_takes(name: str) -> None:
    tree, zh, en = NEEDED[name]
    found = told(tree)
    assert found.holds is False
    assert found.needed is not None
    assert (found.needed.zh, found.needed.en) == (zh, en)


def test_a_sum_names_the_lines_it_was_computed_from() -> None:
    (value,) = told({">=": [MEAT, 500]}).values
    assert (value.value, value.lines, value.text.zh) == (550, (1, 3), "¥5.50")


def test_lines_are_asked_each_though_the_first_decides() -> None:
    found = told({"some": [{"var": "purchase.lines"}, IN_MEAT]})
    assert (found.holds, found.lines, found.of_lines) == (True, (1, 3), (1, 2, 3))


def test_parts_after_the_first_that_fails_are_told_too() -> None:
    found = told({"or": [{">=": [SPEND, 100_000]}, {"!": [{"var": "member.known"}]}]})
    assert [part.holds for part in found.parts] == [False, False]
    assert [part.holds for part in found.parts[1].parts] == [True]
    assert found.needed is not None


def test_a_code_that_reads_as_a_duration_is_told_as_it_was_written() -> None:
    found = told({"some": [{"var": "purchase.lines"}, {"===": [{"var": "sku"}, "1d"]}]})
    assert (found.holds, found.lines) == (True, (1,))


def test_what_cannot_be_read_is_told_with_the_engines_word() -> None:
    found = told({">=": [{"var": "member.nothing"}, 1]})
    assert (found.holds, found.error) == (None, "VariableNotFound")
    divided = told({"and": [{">=": [{"%": [{"var": "member.visits"}, 0]}, 1]}]})
    assert (divided.holds, divided.error) == (None, "Thrown")


def test_without_a_basket_what_is_known_may_decide() -> None:
    open_one, known_false = {">=": [MEAT, 1]}, {">=": [SPEND, 100_000]}
    ask = telling(unknown=BASKET_FACTS)
    assert ask.tell(open_one).holds is None
    assert ask.tell({"and": [open_one, known_false]}).holds is False
    assert ask.tell({"or": [open_one, {"!": [known_false]}]}).holds is True
    assert ask.tell({"!": [open_one]}).holds is None


_LEAVES = st.sampled_from(
    [
        {">=": [SPEND, 98_750]},
        {"<": [SPEND, 98_750]},
        {"<=": [8, HOUR, 10]},
        {"in": [{"var": "member.tier"}, ["silver"]]},
        {"in": ["staff", {"var": "member.tags"}]},
        {"var": "member.known"},
        {"some": [{"var": "purchase.lines"}, IN_MEAT]},
        {"all": [{"var": "purchase.lines"}, IN_MEAT]},
        {">": [MEAT, 549]},
    ]
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"!": [part]}),
    ),
    max_leaves=6,
)


@given(_TREES)
def test_every_part_is_what_its_own_parts_make_it(tree: Any) -> None:
    found = told(tree)
    assert found.holds is _by_parts(tree, found)


def _by_parts(tree: dict[str, Any], found: Condition) -> bool | None:
    (operator,) = tree
    parts = [part.holds for part in found.parts]
    match operator:
        case "and":
            return all(parts)
        case "or":
            return any(parts)
        case "!":
            return not parts[0]
    return found.holds
