"""Changes of parts: rules, parameters, limits and the like are added, copied, moved, switched and removed."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import inserted, removed, renamed, replaced
from rules_ui.editor import newcomers, operations
from rules_ui.editor.bench import Bench, Change, chosen, groups_named

_RULE: Final = re.compile(r"/rules/[0-9]{1,3}")
_ACTION: Final = re.compile(r"/rules/[0-9]{1,3}/then/(earn|discount)")
_STACK: Final = re.compile(r"/stacking(/members/[0-9]{1,2}){0,8}")
_CALENDAR: Final = re.compile(r"(/rules/[0-9]{1,3})?/calendar")
_LISTED: Final = re.compile(r"/(rules|parameters|cases|tiers)/[^/]+")
_TAKEN: Final = re.compile(
    r"/(limits|exclusions)/[0-9]{1,2}"
    r"|/rules/[0-9]{1,3}/then/(earn|discount)/(lines|base|rounding)"
    r"|(/rules/[0-9]{1,3})?/calendar/hours/[0-9]{1,2}"
    r"|/stacking(/members/[0-9]{1,2}){0,8}"
    r"|/rules/[0-9]{1,3}/then/message/values/[^/]+"
)
"""Parts that take what holds them along when they are the last in it."""
_WAYS_OF_EARNING: Final = ("amount", "per", "points", "lines", "base")


def _add_rule(bench: Bench, change: Change) -> str:
    held = bench.listed("rules")
    chosen(newcomers.ACTIONS, change.value)
    new = newcomers.rule(change.value, names(held, "id"), orders(held), bench.tiers)
    return operations.add_to(bench.text, "/rules", new)


def _copy_rule(bench: Bench, change: Change) -> str:
    held = bench.listed("rules")
    copy = bench.object_at(_known(_RULE, change.at))
    stem = str(copy.get("id", "rule"))
    copy |= {
        "id": newcomers.free_name(stem, names(held, "id"), "-"),
        "order": newcomers.next_order(orders(held)),
    }
    return inserted(bench.text, "/rules", copy)


def _move_rule(bench: Bench, change: Change) -> str:
    """Let a rule act before the one that acts before it, or after the next: the two swap their orders."""
    bench.object_at(_known(_RULE, change.at))
    held = bench.document["rules"]
    if len(orders(bench.listed("rules"))) < len(held):
        raise PointerUnknown(f"{change.at}/order")
    here = int(change.at.rpartition("/")[2])
    ranked = sorted(range(len(held)), key=lambda index: (held[index]["order"], index))
    place = ranked.index(here) + (-1 if change.value == "up" else 1)
    if not 0 <= place < len(ranked):
        return bench.text
    other = ranked[place]
    text = replaced(bench.text, f"/rules/{here}/order", held[other]["order"])
    return replaced(text, f"/rules/{other}/order", held[here]["order"])


def _add_parameter(bench: Bench, change: Change) -> str:
    taken = list(bench.parameters)
    chosen(newcomers.PARAMETERS, change.value)
    name = newcomers.free_name("new", taken, "_")
    return operations.put(bench.text, f"/parameters/{name}", newcomers.parameter(change.value))


def _add_limit(bench: Bench, change: Change) -> str:
    chosen(newcomers.LIMITS, change.value)
    kind = str(bench.document.get("kind"))
    new = newcomers.limit(change.value, kind, names(bench.listed("limits"), "code"))
    return operations.add_to(bench.text, "/limits", new)


def _add_exclusion(bench: Bench, change: Change) -> str:
    del change
    return operations.add_to(bench.text, "/exclusions", newcomers.exclusion())


def _add_hours(bench: Bench, change: Change) -> str:
    at = f"{_known(_CALENDAR, change.at)}/hours"
    return operations.add_to(bench.text, at, dict(newcomers.HOURS))


def _add_stacking(bench: Bench, change: Change) -> str:
    """Begin to say which rules count together, or put a group into a group."""
    groups = groups_named(bench.document)
    if not change.at:
        new: dict[str, Any] = {"group": newcomers.free_name("all", groups, "-"), "pick": "highest"}
        return operations.put(bench.text, "/stacking", new | ({"members": groups} if groups else {}))
    taken = [*groups, *_stacked(bench.value_at("/stacking"))]
    inner = {"group": newcomers.free_name("group", taken, "-"), "pick": "highest"}
    return operations.add_to(bench.text, f"{_known(_STACK, change.at)}/members", inner)


def _stacked(stack: object) -> list[str]:
    if not isinstance(stack, dict):
        return [str(stack)]
    members = stack.get("members")
    inner = [code for member in members for code in _stacked(member)] if isinstance(members, list) else []
    return [str(stack.get("group")), *inner]


def _add_extra(bench: Bench, change: Change) -> str:
    """Say of an action which lines it sees, which of their values, or how it is rounded."""
    new = chosen(newcomers.EXTRAS, change.value)
    return operations.put(bench.text, f"{_known(_ACTION, change.at)}/{change.value}", new)


def _set_form(bench: Bench, change: Change) -> str:
    """Let a discount be of another form; all else of it stays."""
    held = bench.object_at(_known(_ACTION, change.at))
    new = chosen(newcomers.DISCOUNTS, change.value)
    old = next((form for form in newcomers.DISCOUNTS if form in held), None)
    if old is None:
        return operations.put(bench.text, f"{change.at}/{change.value}", new)
    if old == change.value:
        return bench.text
    text = renamed(bench.text, f"{change.at}/{old}", change.value)
    return replaced(text, f"{change.at}/{change.value}", new)


def _set_earning(bench: Bench, change: Change) -> str:
    """Let points be for the value of lines, or be so many whatever was bought."""
    held = bench.object_at(_known(_ACTION, change.at))
    new = chosen(newcomers.EARNINGS, change.value)
    text = bench.text
    for gone in (way for way in _WAYS_OF_EARNING if way in held and way not in new):
        text = removed(text, f"{change.at}/{gone}")
    for key, value in new.items():
        if key not in held:
            text = operations.put(text, f"{change.at}/{key}", value)
    return text


def _set_expiry(bench: Bench, change: Change) -> str:
    """Say in another way when points end."""
    _known(_ACTION, change.at)
    new = chosen(newcomers.EXPIRIES, change.value)
    text = bench.text
    for gone in ("valid_days", "expires"):
        text = operations.take(text, f"{change.at}/{gone}")
    for key, value in new.items():
        text = operations.put(text, f"{change.at}/{key}", value)
    return text


def _remove_part(bench: Bench, change: Change) -> str:
    if _TAKEN.fullmatch(change.at):
        return operations.take(bench.text, change.at)
    return removed(bench.text, _known(_LISTED, change.at))


def _known(pattern: re.Pattern[str], pointer: str) -> str:
    if not pattern.fullmatch(pointer):
        raise PointerUnknown(pointer)
    return pointer


def names(held: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    """What things are called."""
    return [str(each.get(key)) for each in held]


def orders(held: Sequence[Mapping[str, Any]]) -> list[int]:
    """The orders of rules, of those that have one."""
    return [each["order"] for each in held if type(each.get("order")) is int]


PART_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "add-rule": _add_rule,
    "copy-rule": _copy_rule,
    "move-rule": _move_rule,
    "add-parameter": _add_parameter,
    "add-limits": _add_limit,
    "add-exclusions": _add_exclusion,
    "add-hours": _add_hours,
    "add-stacking": _add_stacking,
    "add-extra": _add_extra,
    "set-form": _set_form,
    "set-earning": _set_earning,
    "set-expiry": _set_expiry,
    "remove-part": _remove_part,
}
