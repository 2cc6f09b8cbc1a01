"""Packs that mean harm, by the finding that each becomes; made when asked for, for some are large."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_CPU_SECONDS = 0.1
WORDS = {"zh": "名称", "en": "name"}
SPEND = {"var": "member.spend_365d_minor"}
LINES = {"var": "purchase.lines"}
SALES = {"+": [{"map": [LINES, {"var": "sales_minor"}]}]}
DEEP = 100_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text and what the checker has to say of it."""

    name: str
    code: str
    text: Callable[[], str | bytes]


def good_pack(*, rules: int = 1, cases: int = 1, parameters: int = 0, lines: int = 1) -> dict[str, Any]:
    """A green pack of the wanted size: one point a unit of currency."""
    made = [_rule(index, index < parameters) for index in range(rules)]
    used = [{">=": [SPEND, {"param": f"p{index}"}]} for index in range(parameters)]
    if used:
        made[0]["when"] = {"and": used}
    bought = {"purchase": {"lines": [{"sales_minor": 1_000}] * lines}}
    case = {"name": WORDS, "given": bought, "expect": {"points": rules * lines * 10}}
    return {
        "code": "hostile-host",
        "kind": "earning",
        "priority": 100,
        "title": WORDS,
        "description": WORDS,
        "parameters": {f"p{index}": _parameter() for index in range(parameters)},
        "rules": made,
        "cases": [case] * cases,
    }


def _rule(index: int, gated: bool) -> dict[str, Any]:
    return {
        "id": f"rule-{index}",
        "order": index,
        "title": WORDS,
        "when": {"and": [{">=": [SPEND, {"param": f"p{index}"}]}]} if gated else True,
        "then": {"earn": {"unit": "points", "amount": {"var": "purchase.sales_minor"}, "per": 100}},
    }


def _parameter(value: object = 0) -> dict[str, Any]:
    return {"type": "money_minor", "value": value, "minimum": 0, "maximum": 1_000, "title": WORDS}


def _with(**parts: object) -> Callable[[], str]:
    return lambda: json.dumps(good_pack() | parts)


def _when(condition: object) -> Callable[[], str]:
    rule = _rule(0, gated=False) | {"when": {"and": [condition]}}
    return _with(rules=[rule])


def _amount(tree: object) -> Callable[[], str]:
    rule = _rule(0, gated=False) | {"then": {"earn": {"unit": "points", "amount": tree, "per": 1}}}
    return _with(rules=[rule])


def _spliced(place: str, raw: str) -> Callable[[], str]:
    """A good pack with a raw piece of text where a marker stood: what no library would write."""

    def make() -> str:
        pack = good_pack()
        pack["rules"][0]["when"] = {"and": [{">=": [SPEND, "@number"]}]}
        pack["rules"][0]["title"] = {"zh": "@text", "en": "name"}
        text = json.dumps(pack)
        return text.replace(f'"@{place}"', raw).replace('"@number"', "0").replace('"@text"', '"x"')

    return make


def _nested(opening: str, closing: str, inner: str, depth: int) -> str:
    return opening * depth + inner + closing * depth


def _levels(depth: int) -> object:
    tree: object = {">": [SPEND, 0]}
    for _ in range(depth):
        tree = {"!": [tree]}
    return tree


def _doubled(depth: int, tree: object) -> object:
    for _ in range(depth):
        tree = {"+": [tree, tree]}
    return tree


def _wide(count: int) -> object:
    return {"+": [{"+": [{"map": [LINES, {"var": "sales_minor"}]}]}] * count}


def _many_rules(count: int) -> str:
    return json.dumps(good_pack() | {"rules": [{"id": "r"}] * count})


def _deep_condition(depth: int) -> str:
    """Written by hand: the writer of the library would not go so deep."""
    text = json.dumps(good_pack())
    condition = _nested('{"!":[', "]}", "true", depth)
    return text.replace('"when": true', f'"when": {condition}')


def _cyclic(other: str) -> Callable[[], str]:
    return _with(parameters={"p": _parameter({"param": other}), "q": _parameter({"param": "p"})})


_DECEMBER_TO_MARCH = {"from": "2026-12-01", "until": "2026-03-31"}


def _stack(depth: int, *members: str) -> dict[str, Any]:
    """Groups within groups, the innermost with members of its own."""
    made: dict[str, Any] = {"group": "g0", "pick": "all"} | ({"members": list(members)} if members else {})
    for level in range(1, depth):
        made = {"group": f"g{level}", "pick": "all", "members": [made]}
    return made


def _exclusions() -> list[dict[str, Any]]:
    lines = {"or": [{"===": [{"var": "sku"}, str(number)]} for number in range(150)]}
    return [{"title": WORDS, "lines": lines}] * 20


HOSTILE: list[Hostile] = [
    # deep
    Hostile("100000 lists deep", "too_deep", lambda: "[" * DEEP),
    Hostile("100000 closed lists deep", "too_deep", lambda: _nested("[", "]", "1", DEEP)),
    Hostile("40000 objects deep", "too_deep", lambda: _nested('{"a":', "}", "1", 40_000)),
    Hostile("100000 objects deep", "pack_too_large", lambda: _nested('{"a":', "}", "1", DEEP)),
    Hostile("30000 operators deep", "too_deep", lambda: _nested('{"!":[', "]}", "true", 30_000)),
    Hostile("100000 operators deep", "pack_too_large", lambda: _nested('{"!":[', "]}", "true", DEEP)),
    Hostile("2000 levels in a condition", "too_deep", lambda: _deep_condition(2_000)),
    Hostile("49 levels in a condition", "too_deep", _when(_levels(49))),
    # large
    Hostile("50 MB of rules", "pack_too_large", lambda: json.dumps(good_pack()) + " " * 50_000_000),
    Hostile("50 MB as bytes", "pack_too_large", lambda: b" " * 50_000_000),
    Hostile("50 MB of one text", "pack_too_large", lambda: '"' + "x" * 50_000_000 + '"'),
    Hostile("100000 rules", "pack_too_large", lambda: _many_rules(100_000)),
    Hostile("20000 rules", "too_complex", lambda: _many_rules(20_000)),
    Hostile("5000 rules", "list_length", lambda: _many_rules(5_000)),
    Hostile("201 rules", "list_length", lambda: json.dumps(good_pack(rules=201))),
    Hostile("30000 cases", "too_complex", lambda: json.dumps(good_pack() | {"cases": [{}] * 30_000})),
    Hostile("19000 cases", "list_length", lambda: json.dumps(good_pack() | {"cases": [{}] * 19_000})),
    Hostile(
        "30000 parameters",
        "too_complex",
        lambda: json.dumps(good_pack() | {"parameters": {f"p{i}": 1 for i in range(19_990)}}),
    ),
    Hostile(
        "10000 parameters",
        "object_expected",
        lambda: json.dumps(good_pack() | {"parameters": {f"p{i}": 1 for i in range(10_000)}}),
    ),
    Hostile("101 parameters", "list_length", lambda: json.dumps(good_pack(parameters=101))),
    Hostile(
        "10000 unknown fields",
        "field_unknown",
        lambda: json.dumps(good_pack() | {f"field{i}": 1 for i in range(10_000)}),
    ),
    Hostile(
        "a text of 200000 characters", "text_length", _with(title={"zh": "长" * 200, "en": "x" * 200_000})
    ),
    # numbers
    Hostile("NaN", "number_not_finite", _spliced("number", "NaN")),
    Hostile("Infinity", "number_not_finite", _spliced("number", "Infinity")),
    Hostile("minus Infinity", "number_not_finite", _spliced("number", "-Infinity")),
    Hostile("1e400", "fraction_found", _spliced("number", "1e400")),
    Hostile("1.0", "fraction_found", _spliced("number", "1.0")),
    Hostile("2^52", "number_too_large", _spliced("number", str(1 << 52))),
    Hostile("2^53 + 1", "number_too_large", _spliced("number", str((1 << 53) + 1))),
    Hostile("100000 digits", "number_too_large", _spliced("number", "9" * 100_000)),
    Hostile("a fraction of 100000 digits", "fraction_found", _spliced("number", "0." + "9" * 100_000)),
    Hostile("a number as a text", "types_differ", _when({"===": [SPEND, "100"]})),
    Hostile("a padded number as a text", "operand_type", _when({">": [SPEND, " 100 "]})),
    Hostile("truth as a number", "integer_expected", _with(priority=True)),
    Hostile("a number as a truth", "operand_type", _when(1)),
    # texts
    Hostile("half a character", "text_unprintable", _spliced("text", '"\\ud800"')),
    Hostile("half a character in a key", "text_unprintable", lambda: '{"\\udfff": 1}'),
    Hostile("half a character unescaped", "not_utf8", lambda: '{"code": "\ud800"}'),
    Hostile("bytes that are no text", "not_utf8", lambda: b'{"code": "\xff\xfe"}'),
    Hostile("UTF-16", "not_utf8", lambda: json.dumps(good_pack()).encode("utf-16")),
    Hostile("a zero character", "text_unprintable", _spliced("text", '"\\u0000"')),
    Hostile("a mark of byte order", "not_json", lambda: "\ufeff" + json.dumps(good_pack())),
    Hostile("nothing", "not_json", lambda: ""),
    Hostile("a second value behind it", "not_json", lambda: json.dumps(good_pack()) + "{}"),
    Hostile("a comment", "not_json", lambda: "// pack\n" + json.dumps(good_pack())),
    Hostile("a key twice", "key_repeated", lambda: '{"code": "a", "code": "b"}'),
    Hostile("an operator twice", "key_repeated", _spliced("number", '{"param": "a", "param": "b"}')),
    # trees
    Hostile("an unknown operator", "operator_unknown", _when({"exec": ["rm"]})),
    Hostile("an operator of dates", "operator_unknown", _when({"now": []})),
    Hostile("an operator that throws", "operator_unknown", _when({"throw": ["x"]})),
    Hostile("an operator called __class__", "operator_unknown", _when({"__class__": [1]})),
    Hostile("a path into Python", "path_unknown", _when({"===": [{"var": "member.__class__"}, "x"]})),
    Hostile(
        "a path of 100000 characters", "path_unknown", _when({"===": [{"var": "member." * 14_000}, "x"]})
    ),
    Hostile("a path up and out", "path_expected", _when({"===": [{"val": [[99], "member"]}, "x"]})),
    Hostile("a huge reduce", "operator_refused", _amount({"reduce": [LINES, {"*": [9, 9]}, 1]})),
    Hostile(
        "lines times lines",
        "iterator_nested",
        _amount({"+": [{"map": [LINES, {"+": [{"map": [LINES, 1]}]}]}]}),
    ),
    Hostile("a product beyond all bounds", "number_may_overflow", _amount({"*": [SPEND] * 40})),
    Hostile("a number doubled 14 times", "too_complex", _amount(_doubled(14, 1))),
    Hostile(
        "a spend times 5 doubled 10 times",
        "number_may_overflow",
        _amount(_doubled(10, {"+": [SPEND] * 5})),
    ),
    Hostile("3000 walks over the lines", "pack_too_costly", _amount(_wide(1_500))),
    Hostile("19000 conditions", "too_complex", _when({"and": [{"!": [1]}] * 19_000})),
    Hostile("a parameter that names itself", "integer_expected", _cyclic("p")),
    Hostile("parameters in a circle", "integer_expected", _cyclic("q")),
    Hostile(
        "a condition that is a parameter of a parameter",
        "parameter_unknown",
        _when({"param": {"param": "p"}}),
    ),
    Hostile("a condition of nulls", "literal_refused", _when({"and": [None, None]})),
    Hostile("stacking 60 groups deep", "too_deep", _with(stacking=_stack(60))),
    Hostile("stacking that holds itself", "id_repeated", _with(stacking=_stack(1, "g0"))),
    Hostile("a group named 50 times", "id_repeated", _with(stacking=_stack(1, *["g"] * 50))),
    Hostile("500 days left out", "list_length", _with(calendar={"except": ["2026-12-25"] * 500})),
    Hostile("a day that is none", "date_expected", _with(calendar={"from": "2026-02-30"})),
    Hostile("a calendar that ends first", "calendar_reversed", _with(calendar=_DECEMBER_TO_MARCH)),
    Hostile("60 limits", "list_length", _with(limits=[{}] * 60)),
    Hostile("3000 exclusions", "pack_too_costly", _with(exclusions=_exclusions())),
    Hostile("an empty operator", "operator_unknown", _when({"": []})),
    Hostile("an object of nothing", "one_operator_expected", _when({})),
]
