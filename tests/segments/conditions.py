"""Random conditions on members, and members chosen to trip whoever decides them by other means."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from regulars.rules.catalogue import DOCUMENT_FIELDS, MAX_COUNT, MAX_SPEND_MINOR
from regulars.segments.features import FEATURES

Trees = st.SearchStrategy[Any]
FIELDS = [DOCUMENT_FIELDS[path] for path in FEATURES]
TEXTS = [
    *("", "gold", "Gold", "GOLD", "silver", "active", "joined", "lapsed"),
    *(
        "1d",
        "24h",
        "01d",
        "60s",
        "1m",
        "~1d",
        "~~1d",
        "-1d",
        "+1d",
        " 1d",
        "1d ",
        "P1D",
        "PT24H",
        ".5h",
        "１d",
    ),
    *("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", "20260101", "12:00"),
    *(
        "银卡",
        "金卡",
        "\u00e9",
        "e\u0301",
        "ß",
        "ss",
        "İ",
        "i",
        "🧧",
        "a\u200bb",
        "\u2028",
        "\ufeff",
        "\U0010ffff",
    ),
    *("%", "_", "\\", "'", '"', "''", "$1", "{}", "null", "true", "0", "00", "1e3", "1000", "NaN", "x" * 300),
]
LITERALS = [text for text in TEXTS if text not in ("\u2028",)]
SPENDS = [
    0,
    1,
    99,
    100,
    9_999,
    10_000,
    100_000,
    1 << 31,
    (1 << 31) - 1,
    1 << 32,
    MAX_SPEND_MINOR - 1,
    MAX_SPEND_MINOR,
]
COUNTS = [0, 1, 2, 3, 12, 364, 365, MAX_COUNT - 1, MAX_COUNT]
STAGES = ["joined", "active", "at_risk", "lapsed"]
NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 7, 12, 100, 365, 10_000, 1 << 31, (1 << 52) - 1, -1, -(1 << 52) + 1, MAX_SPEND_MINOR]
) | st.integers(-1_000, 200_000)


def reading(kind: str) -> Trees:
    """A fact of one type, in either of its two spellings."""
    paths = st.sampled_from([field.path for field in FIELDS if field.type == kind])
    return paths.map(lambda path: {"var": path}) | paths.map(lambda path: {"val": path.split(".")})


def one_of_operators(names: Sequence[str], operands: Trees) -> Trees:
    return st.tuples(st.sampled_from(names), operands).map(lambda made: {made[0]: made[1]})


def pairs(inner: Trees) -> Trees:
    return st.tuples(inner, inner).map(list)


def arithmetic(inner: Trees) -> Trees:
    whole_division = st.tuples(inner, st.integers(1, 999)).map(lambda pair: {"/": list(pair)})
    return st.one_of(
        one_of_operators(["+", "-", "*", "min", "max"], pairs(inner)),
        one_of_operators(["+", "*", "min", "max"], st.lists(inner, min_size=3, max_size=3)),
        one_of_operators(["floor", "ceil"], whole_division.map(lambda tree: [tree])),
        one_of_operators(["%"], st.tuples(inner, st.integers(1, 999)).map(list)),
        one_of_operators(["abs"], inner | inner.map(lambda tree: [tree])),
    )


def whole() -> Trees:
    tags = reading("text_list").map(lambda tree: {"length": [tree]})
    return st.recursive(NUMBERS | reading("integer") | tags, arithmetic, max_leaves=5)


def text() -> Trees:
    return st.sampled_from(LITERALS) | reading("text")


def leaves() -> Trees:
    literals = st.lists(st.sampled_from(LITERALS), min_size=1, max_size=4)
    stage = st.tuples(st.just({"var": "member.stage"}), st.sampled_from(STAGES)).map(list)
    return st.one_of(
        one_of_operators(["<", "<=", ">", ">="], pairs(whole())),
        one_of_operators(["<", "<=", ">", ">="], st.lists(whole(), min_size=3, max_size=3)),
        one_of_operators(["===", "!=="], pairs(whole()) | pairs(text()) | stage),
        one_of_operators(["in"], st.tuples(text(), literals | reading("text_list")).map(list)),
        one_of_operators(["in"], st.tuples(whole(), st.lists(NUMBERS, min_size=1, max_size=4)).map(list)),
        reading("boolean"),
    )


def grown(inner: Trees) -> Trees:
    return st.one_of(
        one_of_operators(["and", "or"], st.lists(inner, min_size=1, max_size=3)),
        one_of_operators(["!"], inner | inner.map(lambda tree: [tree])),
        one_of_operators(["===", "!=="], pairs(inner)),
        st.tuples(inner, inner, inner).map(lambda each: {"if": list(each)}),
        st.tuples(inner, whole(), whole(), whole()).map(
            lambda each: {"<": [{"if": list(each[:3])}, each[3]]}
        ),
        st.tuples(inner, text(), inner, text(), text(), text()).map(
            lambda each: {"===": [{"if": list(each[:5])}, each[5]]}
        ),
    )


def conditions() -> Trees:
    """Whatever a marketer could write about members, and much that none would."""
    return st.recursive(leaves(), grown, max_leaves=6)


def adversaries(many: int, enrolled_days: Sequence[int]) -> list[Mapping[str, Any]]:
    """Members whose facts take every listed value, in ever other company."""
    return [
        {
            "tier": TEXTS[i % len(TEXTS)],
            "stage": STAGES[i * 3 % len(STAGES)] if i % 5 else TEXTS[i * 7 % len(TEXTS)],
            "tags": [TEXTS[(i * 11 + j * 5) % len(TEXTS)] for j in range(i % 4)],
            "spend_365d_minor": SPENDS[i * 5 % len(SPENDS)],
            "visits_365d": COUNTS[i * 7 % len(COUNTS)],
            "spend_30d_minor": SPENDS[i * 7 % len(SPENDS)],
            "visits_30d": COUNTS[i * 5 % len(COUNTS)],
            "spend_90d_minor": SPENDS[(i * 11 + 1) % len(SPENDS)],
            "visits_90d": COUNTS[i * 4 % len(COUNTS)],
            "days_since_visit": enrolled_days[i * 5 % len(enrolled_days)],
            "visits": COUNTS[i * 2 % len(COUNTS)],
            "enrolled_days": enrolled_days[i * 3 % len(enrolled_days)],
            "frozen": i % 3 == 0,
        }
        for i in range(many)
    ]
