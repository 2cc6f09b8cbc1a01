"""Fifty-two packs that forms are known to spoil: each holds one thing that no field shows as it is."""
# ruff: noqa: E501 — a table of texts, one a line, reads best as it is

import json
from typing import Final

_CONDITIONS: Final = {
    "unknown option": '{"===": [{"var": "member.stage"}, "honeymoon"]}',
    "unknown option in a list": '{"in": [{"var": "member.stage"}, ["honeymoon", "active", "zzz"]]}',
    "unknown tier": '{"===": [{"var": "member.tier"}, "platinum-2019"]}',
    "a day of the week that is none": '{"===": [{"var": "calendar.weekday"}, 9]}',
    "a day of the week as text": '{"===": [{"var": "calendar.weekday"}, "2"]}',
    "number-like text": '{"===": [{"var": "store.code"}, "007"]}',
    "number-like text with an exponent": '{"===": [{"var": "store.code"}, "1e3"]}',
    "padded text": '{"===": [{"var": "member.tier"}, "  gold "]}',
    "padded texts in a list": '{"in": [{"var": "store.code"}, [" east-1", "east-1 ", "east-1"]]}',
    "text that says true": '{"!==": [{"var": "purchase.channel"}, "true"]}',
    "empty text": '{"===": [{"var": "purchase.channel"}, ""]}',
    "digits of another width": '{"===": [{"var": "purchase.channel"}, "１２，３"]}',
    "a moment in a date field": '{"===": [{"var": "calendar.date"}, "2026-11-22T10:00:00Z"]}',
    "a day that no calendar has": '{">=": [{"var": "calendar.date"}, 20261399]}',
    "a day in a year of three digits": '{">=": [{"var": "calendar.date"}, 9991231]}',
    "a number below zero": '{">": [{"var": "member.spend_365d_minor"}, -1]}',
    "half a fen less than a yuan": '{">=": [{"var": "member.spend_365d_minor"}, 99999]}',
    "a very large number": '{">=": [{"var": "member.spend_365d_minor"}, 4503599627370495]}',
    "a number for a text": '{"===": [{"var": "member.tier"}, 3]}',
    "a remainder": '{">": [{"%": [{"var": "member.visits"}, 10]}, 8]}',
    "arithmetic on both sides": '{">=": [{"*": [{"var": "member.visits"}, 3]}, {"+": [{"param": "much"}, 1]}]}',
    "a choice in a number": '{">": [{"if": [{"var": "member.known"}, 5, 7]}, {"var": "member.visits"}]}',
    "a parameter that is gone": '{">=": [{"var": "member.visits"}, {"param": "nobody"}]}',
    "quantifiers in quantifiers": (
        '{"some": [{"var": "purchase.lines"}, {"all": [{"var": "purchase.lines"}, {"var": "promotional"}]}]}'
    ),
    "some of chosen lines": (
        '{"some": [{"filter": [{"var": "purchase.lines"}, {"var": "promotional"}]}, {"var": "promotional"}]}'
    ),
    "a sum by reduce": (
        '{">": [{"reduce": [{"var": "purchase.lines"}, {"+": [{"var": "current"}, 1]}, 0]}, 3]}'
    ),
    "a total of lines with arithmetic": (
        '{">=": [{"length": [{"filter": [{"var": "purchase.lines"},'
        ' {">": [{"%": [{"var": "quantity_milli"}, 1000]}, 0]}]}]}, 2]}'
    ),
    "groups eight deep": '{"or": [{"var": "member.known"}, ' * 8 + '{"var": "member.frozen"}' + "]}" * 8,
    "groups twenty deep": '{"and": [' * 20 + '{"var": "member.known"}' + "]}" * 20,
    "an empty group": '{"or": []}',
    "a group that is no list": '{"or": {"var": "member.known"}}',
    "no twice": '{"!": [{"!": [{"var": "member.frozen"}]}]}',
    "no without a list": '{"!":{"var":"member.frozen"}}',
    "the value first": '{"<": [10, {"var": "member.visits"}]}',
    "between without ends": '{"<": [1, {"var": "member.visits"}, 9]}',
    "a fact with a default": '{"===": [{"var": ["member.tier", "base"]}, "gold"]}',
    "a fact that nobody knows": '{"===": [{"var": "member.shoe_size"}, 46]}',
    "two operators at once": '{"===": [{"var": "member.tier"}, "gold"], "!==": [1, 2]}',
    "mixed list": '{"in": [{"var": "member.visits"}, [1, "1", true, null]]}',
}
_PARTS: Final = {
    "moments for days": '"calendar": {"from": "2026-11-22T08:00", "until": "22.11.2026", "weekdays": ["1", 2]}',
    "days written in other ways": '"calendar": {"except": ["2026-1-5", " 2026-01-06 "], "days_of_month": [0,31,31]}',
    "hours to midnight": '"calendar": {"hours": [{"from": "8", "until": "24:00"}, {"from": 9}]}',
    "codes with commas": '"scope": {"channels": ["a,b", "c；d", " e"], "places": ["nowhere", 7]}',
    "words that are none": '"limits": [{"code": "x", "title": {"zh": 1, "en": null}, "of": "uses", "at_most": "9"}]',
    "exclusion that is no object": '"exclusions": [7, {"title": {"zh": "烟", "en": "tobacco"}, "lines": 1}]',
    "groups in groups": (
        '"stacking": {"group": "a", "pick": "best", "members": ["b", {"group": "c", "pick": "all"}, 5]}'
    ),
    "fields that nobody knows": '"x-note": {"by": "王", "when": [1 , 2,3]},"$schema":"./pack.json"',
    "escapes": '"description2": "\\u4f1a\\u5458 \\ud83d\\ude00 \\/ <b>&amp;</b> \\u0041"',
    "odd spacing": '"parameters2" :\t{ \r\n "a"\t:1 ,\r\n\r\n"b" : [ ] }  ',
    "marks of another writing": '"note": "e\u0301 \u200f\u05d0 ﷽ 🧧 \u3000"',
    "text that ends a script": '"note": "</textarea></script><!-- {{ 7*7 }} %s"',
    "numbers in many ways": '"numbers": [-0, 10, 007e0]'.replace("007e0", "7"),
}


def awkward_pack(code: str, *, condition: str = '{"var": "member.frozen"}', part: str = "") -> str:
    """A pack with a condition or a part as it is given, character by character."""
    return (
        f'{{ "code" : "{code}","kind":"earning",\n "priority":100 ,\n'
        ' "title": {"zh":"难 弄", "en":"Awkward"},\n'
        ' "description": {"zh": "说明", "en": "Words"},\n'
        f" {part}{',' if part else ''}\n"
        ' "parameters": {"much": {"type": "count", "value": 5, "minimum": 1, "maximum": 9,'
        ' "title": {"zh": "多", "en": "Much"}}},\n'
        ' "rules":[ {"id":"one", "order":10, "title": {"zh": "一", "en": "One"},\n'
        f'   "when": {{"and": [{{"var": "member.known"}}, {condition}]}},\n'
        '   "then": {"earn":  {"unit":"points","per":100, "valid_days": {"param": "much"}}} } ],\n'
        ' "cases": []}\n'
    )


def awkward_packs() -> list[tuple[str, str, str]]:
    """Code of each, what is awkward about it, and its text."""
    conditions = [(what, {"condition": raw}) for what, raw in _CONDITIONS.items()]
    parts = [(what, {"part": raw}) for what, raw in _PARTS.items()]
    made = []
    for number, (what, given) in enumerate([*conditions, *parts], start=1):
        code = f"awkward-{number}"
        made.append((code, what, awkward_pack(code, **given)))
    return made


def is_json(text: str) -> bool:
    """Whether it can be shown as a form at all."""
    return isinstance(json.loads(text), dict)
