"""Finds rules that differ in nothing but a few values: a decision table, a row a band."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regulars.rules.canonical import laid_out
from regulars.rules.text_edits import escaped, steps_of

_COMPARING: Final = frozenset({"===", "!==", "<", "<=", ">", ">="})
_KNOWN: Final = frozenset({"id", "order", "title", "scope", "calendar", "group", "when", "then"})
_SHARED: Final = ("scope", "calendar", "group")
_TREES: Final = frozenset({"lines", "amount", "values"})
_MOST_COLUMNS: Final = 5
_HOLE: Final = "\x00"


@dataclass(frozen=True, slots=True)
class Bands:
    """One table.

    Attributes:
        rules: places of its rules in the pack, in the order in which they act.
        asked: where within a rule the values that its conditions compare with stand, of those that differ.
        given: the same of what it does.
    """

    rules: tuple[int, ...]
    asked: tuple[str, ...]
    given: tuple[str, ...]


def bands_of(document: Mapping[str, Any]) -> tuple[Bands, ...]:
    """The tables of a pack.

    Args:
        document: the pack's values, whatever they are.
    Returns: each run of two or more rules, as they act, that have the same shape and differ in at least one
        value that is asked and one that is given.
    """
    found: list[Bands] = []
    run: list[int] = []
    shape = ""
    held = document.get("rules")
    rules = held if isinstance(held, list) else []
    for index in acting(rules):
        own = _shape(rules[index])
        if run and (own != shape or not own):
            found += _table(rules, run)
            run = []
        shape, run = own, [*run, index] if own else []
    return (*found, *_table(rules, run))


def acting(rules: Sequence[Any]) -> list[int]:
    """The places of the rules that have an order, as they act."""
    ordered = [i for i, rule in enumerate(rules) if isinstance(rule, dict) and type(rule.get("order")) is int]
    return sorted(ordered, key=lambda index: (rules[index]["order"], index))


def value_in(tree: object, pointer: str) -> Any:  # noqa: ANN401 — JSON
    """What stands in a place of a rule."""
    here: Any = tree
    for step in steps_of(pointer):
        here = here[int(step)] if isinstance(here, list) else here[step]
    return here


def _table(rules: Sequence[Any], run: Sequence[int]) -> list[Bands]:
    if len(run) < 2:
        return []
    first, *others = (rules[index] for index in run)
    differing = [
        hole
        for hole in _holes(first)
        if any(value_in(other, hole) != value_in(first, hole) for other in others)
    ]
    asked = tuple(hole for hole in differing if hole.startswith("/when"))
    given = tuple(hole for hole in differing if hole.startswith("/then"))
    fits = asked and given and len(differing) <= _MOST_COLUMNS
    return [Bands(tuple(run), asked, given)] if fits else []


def _holes(rule: Mapping[str, Any]) -> list[str]:
    return [*_compared(rule.get("when"), "/when"), *_numbers(rule.get("then"), "/then")]


def _compared(tree: object, at: str) -> Iterator[str]:
    """Places of the values that conditions compare with."""
    if isinstance(tree, list):
        for index, member in enumerate(tree):
            yield from _compared(member, f"{at}/{index}")
    elif isinstance(tree, dict):
        for operator, operands in tree.items():
            here = f"{at}/{escaped(operator)}"
            if operator in _COMPARING and isinstance(operands, list):
                yield from (f"{here}/{index}" for index, each in enumerate(operands) if _is_value(each))
            yield from _compared(operands, here)


def _numbers(tree: object, at: str) -> Iterator[str]:
    """Places of the numbers of an action, and of the tier that it sets."""
    for key, member in tree.items() if isinstance(tree, dict) else ():
        here = f"{at}/{escaped(key)}"
        if _is_value(member) and (key == "tier" or not isinstance(member, str)):
            yield here
        elif key not in _TREES:
            yield from _numbers(member, here)


def _is_value(value: object) -> bool:
    return (
        type(value) is int or isinstance(value, str) or (isinstance(value, dict) and list(value) == ["param"])
    )


def _shape(rule: Mapping[str, Any]) -> str:
    """A rule without its values; "" of one that no row can show whole."""
    if not set(rule) <= _KNOWN or not isinstance(rule.get("then"), dict):
        return ""
    made = {key: _without(rule.get(key), f"/{key}", frozenset(_holes(rule))) for key in ("when", "then")}
    return laid_out(made | {key: rule[key] for key in _SHARED if key in rule})


def _without(tree: object, at: str, holes: frozenset[str]) -> object:
    if at in holes:
        return _HOLE
    if isinstance(tree, list):
        return [_without(member, f"{at}/{index}", holes) for index, member in enumerate(tree)]
    if isinstance(tree, dict):
        return {key: _without(member, f"{at}/{escaped(key)}", holes) for key, member in tree.items()}
    return tree
