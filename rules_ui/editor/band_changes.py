"""Changes of a decision table: a band more, a band less, another threshold of a tier."""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import escaped, inserted, removed, replaced, with_member
from rules_ui.editor import newcomers
from rules_ui.editor.bands import Bands, bands_of, value_in
from rules_ui.editor.bench import Bench, Change
from rules_ui.editor.part_changes import names, orders
from rules_ui.editor.values import typed

_RULE: Final = re.compile(r"/rules/([0-9]{1,3})")
_BAND: Final = {"zh": "新档", "en": "New band"}
_TIER: Final = {"zh": "新等级", "en": "New tier"}
_SET_TIER: Final = "/then/set_tier/tier"
_MOST_ORDER: Final = 9_999


def _add_band(bench: Bench, change: Change) -> str:
    """Put a row below the last: what differs goes on as it went from the last but one to the last."""
    table = _table(bench, change.at)
    rules = bench.document["rules"]
    before, last = (rules[index] for index in table.rules[-2:])
    new = copy.deepcopy(last)
    new |= {
        "id": newcomers.free_name(str(last.get("id", "rule")), names(bench.listed("rules"), "id"), "-"),
        "order": _next_order(orders(bench.listed("rules")), before["order"], last["order"]),
        "title": dict(_BAND),
    }
    text = bench.text
    for place in (*table.asked, *table.given):
        value = _going_on(bench, rules, table, place)
        stood = value_in(last, place)
        if isinstance(stood, dict) and isinstance(value, int):
            text, name = _with_parameter(text, str(stood["param"]), value)
            value = {"param": name}
        _put(new, place, value)
    if _SET_TIER in table.given:
        text = _with_tier(bench, text, new, table)
    return inserted(text, "/rules", new, index=max(table.rules) + 1)


def _with_parameter(text: str, name: str, value: int) -> tuple[str, str]:
    """A parameter of a new row: like that of the row above it, with another value."""
    held = json.loads(text)["parameters"]
    one = copy.deepcopy(held[name])
    one["value"] = value
    for bound, wider in (("minimum", min), ("maximum", max)):
        if type(one.get(bound)) is int:
            one[bound] = wider(one[bound], value)
    if isinstance(one.get("title"), dict):
        one["title"] = {
            language: f"{_BAND.get(language, '')} · {said}" for language, said in one["title"].items()
        }
    free = newcomers.free_name(name, held, "_")
    return with_member(text, "/parameters", free, one), free


def _remove_band(bench: Bench, change: Change) -> str:
    """Take a row away, the tier that it led to, and the parameters that nothing else follows."""
    table = _table(bench, change.at)
    gone = bench.object_at(change.at)
    text = removed(bench.text, change.at)
    if _SET_TIER in table.given:
        tier = _tier_at(bench, value_in(gone, _SET_TIER))
        text = text if tier is None else removed(text, f"/tiers/{tier}")
    stood = [value_in(gone, place) for place in (*table.asked, *table.given)]
    for name in [str(value["param"]) for value in stood if isinstance(value, dict)]:
        if name in bench.parameters and not _followed(json.loads(text), name):
            text = removed(text, f"/parameters/{escaped(name)}")
    return text


def _followed(tree: object, name: str) -> bool:
    """Whether anything names a parameter, or a case sets it."""
    if isinstance(tree, list):
        return any(_followed(member, name) for member in tree)
    if not isinstance(tree, dict):
        return False
    if tree == {"param": name}:
        return True
    set_here = tree.get("parameters")
    own = "expect" in tree and isinstance(set_here, dict) and name in set_here
    return own or any(_followed(member, name) for member in tree.values())


def _set_threshold(bench: Bench, change: Change) -> str:
    """Let a tier begin elsewhere: its rule and its step of the ladder say the same."""
    table = _table(bench, change.at)
    value = typed(change.value, "minor", bench.exponent)
    text = replaced(bench.text, f"{change.at}{table.asked[0]}", value)
    tier = _tier_at(bench, bench.value_at(f"{change.at}{_SET_TIER}"))
    return text if tier is None else replaced(text, f"/tiers/{tier}/threshold", value)


def _table(bench: Bench, pointer: str) -> Bands:
    """The table that a rule is a row of. Raises: PointerUnknown."""
    rule = _RULE.fullmatch(pointer)
    found = [table for table in bands_of(bench.document) if rule and int(rule[1]) in table.rules]
    if not found:
        raise PointerUnknown(pointer)
    return found[0]


def _next_order(taken: Sequence[int], before: int, last: int) -> int:
    wanted = last + max(1, last - before)
    while wanted in taken:
        wanted += 1
    return min(wanted, _MOST_ORDER)


def _going_on(bench: Bench, rules: Sequence[Any], table: Bands, place: str) -> object:
    before, last = (_number(bench, value_in(rules[index], place)) for index in table.rules[-2:])
    if before is not None and last is not None:
        return last + (last - before)
    value = value_in(rules[table.rules[-1]], place)
    used = [value_in(rules[index], place) for index in table.rules]
    return next((tier for tier in bench.tiers if value in bench.tiers and tier not in used), value)


def _number(bench: Bench, value: object) -> int | None:
    if isinstance(value, dict):
        return bench.value_of_parameter(str(value.get("param")))
    return value if isinstance(value, int) else None


def _with_tier(bench: Bench, text: str, new: dict[str, Any], table: Bands) -> str:
    """A step more of the ladder, to which the new rule leads."""
    tiers = bench.listed("tiers")
    if not tiers or len(table.asked) != 1:
        return text
    code = newcomers.free_name("new-tier", names(tiers, "code"), "-")
    _put(new, _SET_TIER, code)
    ranks = [each["rank"] for each in tiers if type(each.get("rank")) is int]
    step = {
        "code": code,
        "rank": max(ranks, default=0) + 1,
        "title": dict(_TIER),
        "threshold": value_in(new, table.asked[0]),
    }
    return inserted(text, "/tiers", step)


def _tier_at(bench: Bench, code: object) -> int | None:
    held = bench.document.get("tiers")
    listed = held if isinstance(held, list) else []
    return next(
        (i for i, each in enumerate(listed) if isinstance(each, dict) and each.get("code") == code), None
    )


def _put(rule: Any, place: str, value: object) -> None:  # noqa: ANN401 — JSON
    above, _, last = place.rpartition("/")
    holder = value_in(rule, above)
    holder[int(last) if isinstance(holder, list) else last] = value


BAND_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "add-band": _add_band,
    "remove-band": _remove_band,
    "set-threshold": _set_threshold,
}
