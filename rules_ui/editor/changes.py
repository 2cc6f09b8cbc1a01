"""One change that somebody makes in the form, and what the text is after it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from regulars.rules.catalogue import Catalogue
from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import fragment, inserted, removed, replaced
from rules_ui.editor import newcomers, operations
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    Join,
    Literally,
    Operand,
    Parameter,
    Quantifier,
    Relation,
    Scope,
    Total,
)
from rules_ui.editor.parsing import Reader
from rules_ui.editor.sheet import RELATIONS
from rules_ui.editor.values import Unit, Unreadable, typed, unit_of

T = TypeVar("T")
_OF_LINES: Final = frozenset({"some", "all", "none", "filter"})
_NUMBER: Final = "set-number-"
_COUNT: Final = "#"
PARAMETER_SIGN: Final = "="


class ChangeUnknown(Exception):
    """The form sent something that it never sends."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the form sent.

    Attributes:
        do: what kind of change.
        at: JSON Pointer of what it changes.
        values: of its fields, by name, as typed.
    """

    do: str
    at: str
    values: Mapping[str, Sequence[str]]

    @property
    def value(self) -> str:
        return next(iter(self.values.get("value", ())), "")


@dataclass(frozen=True, slots=True)
class Bench:
    """A text that is being changed, and what the chain knows.

    Attributes:
        exponent: decimals of the chain's currency.
        tiers: codes, the lowest first.
    """

    text: str
    catalogue: Catalogue
    exponent: int
    tiers: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.text)
        if not isinstance(found, dict):
            raise PointerUnknown("")
        return found

    def value_at(self, pointer: str) -> Any:  # noqa: ANN401 — JSON
        return json.loads(fragment(self.text, pointer))

    def node(self, pointer: str) -> Condition:
        """The condition that stands in a place."""
        reader = Reader(self.catalogue, frozenset(self.document.get("parameters", {})))
        return reader.condition(self.value_at(pointer), pointer, scope_of(pointer))


def applied(bench: Bench, change: Change) -> str:
    """The text after a change.

    Args:
        bench: the text, which reads as JSON within the limits of a pack.
        change: what the form sent.
    Returns: the text, every byte outside of what was changed as it was.
    Raises: Unreadable: what was typed is no value of its field; PointerUnknown: the text has no such place
        any more; ChangeUnknown: no form of ours sends this.
    """
    if change.do.startswith(_NUMBER):
        return _set_number(bench, change)
    do = _CHANGES.get(change.do)
    if do is None:
        raise ChangeUnknown(change.do)
    return do(bench, change)


def scope_of(pointer: str) -> Scope:
    """Whether a condition is about a line: by where it stands."""
    steps = pointer.split("/")
    start = steps.index("when") if "when" in steps else steps.index("lines") if "lines" in steps else 0
    return "line" if "when" not in steps or _OF_LINES.intersection(steps[start:]) else "purchase"


def _set_field(bench: Bench, change: Change) -> str:
    node = _comparison(bench, change.at)
    known = bench.catalogue.lines if scope_of(change.at) == "line" else bench.catalogue.document
    field = known.get(change.value)
    if field is None or field.type not in RELATIONS:
        raise ChangeUnknown(change.value)
    made = newcomers.comparison(field, change.at, node.relation)
    same = field.type == node.field.type and field.unit == node.field.unit and not field.options
    if same and field.type == "integer":
        made = replace(made, relation=node.relation, values=node.values)
    return operations.set_comparison(bench.text, made)


def _set_relation(bench: Bench, change: Change) -> str:
    node = bench.node(change.at)
    if isinstance(node, Total):
        relation = _relation("integer", change.value)
        values = newcomers.usual_values(node.field or bench.catalogue.lines["line"], relation, node.values)
        return operations.set_total(bench.text, change.at, _measure(bench, change.at), relation, values)
    found = _comparison(bench, change.at)
    relation = _relation(found.field.type, change.value)
    values = newcomers.usual_values(found.field, relation, found.values)
    return operations.set_comparison(bench.text, replace(found, relation=relation, values=values))


def _set_value(bench: Bench, change: Change) -> str:
    node = bench.node(change.at)
    if not isinstance(node, (Comparison, Total)):
        raise PointerUnknown(change.at)
    values = list(node.values)
    for index in range(len(values)):
        said = change.values.get(f"value{index}")
        if said:
            values[index] = _operand(bench, said[0], node, values[index])
    if isinstance(node, Total):
        measure = _measure(bench, change.at)
        return operations.set_total(bench.text, change.at, measure, node.relation, values)
    return operations.set_comparison(bench.text, replace(node, values=tuple(values)))


def _operand(bench: Bench, said: str, node: Comparison | Total, before: Operand) -> Operand:
    field = node.field
    if isinstance(node, Comparison) and node.field.type != "integer":
        if not said:
            raise Unreadable("nothing")
        return Literally(said)
    if said.startswith(PARAMETER_SIGN):
        return _parameter(bench, said)
    if not said and isinstance(before, Parameter):
        return Literally(int(bench.value_at(f"/parameters/{before.name}/value")))
    if field is not None and field.options:
        return Literally(typed(said, "plain", bench.exponent))
    return Literally(typed(said, unit_of(field), bench.exponent))


def _parameter(bench: Bench, said: str) -> Parameter:
    name = said.removeprefix(PARAMETER_SIGN)
    if name not in bench.document.get("parameters", {}):
        raise PointerUnknown(f"/parameters/{name[:60]}")
    return Parameter(name)


def _set_among(bench: Bench, change: Change) -> str:
    node = _comparison(bench, change.at)
    said = [value for value in change.values.get("value", ()) if value]
    said += [piece for piece in (p.strip() for p in change.values.get("more", ())) if piece]
    if not said:
        raise Unreadable("nothing")
    if node.field.type == "text":
        values: tuple[Operand, ...] = tuple(Literally(each) for each in dict.fromkeys(said))
    else:
        unit: Unit = "plain" if node.field.options else unit_of(node.field)
        values = tuple(
            _parameter(bench, each)
            if each.startswith(PARAMETER_SIGN)
            else Literally(typed(each, unit, bench.exponent))
            for each in dict.fromkeys(said)
        )
    return operations.set_comparison(bench.text, replace(node, values=values))


def _set_join(bench: Bench, change: Change) -> str:
    joins: Mapping[str, Join] = {"and": "and", "or": "or"}
    return operations.set_join(bench.text, change.at, _of(joins, change.value))


def _set_quantifier(bench: Bench, change: Change) -> str:
    known: Mapping[str, Quantifier] = {"some": "some", "all": "all", "none": "none"}
    return operations.set_quantifier(bench.text, change.at, _of(known, change.value))


def _set_measure(bench: Bench, change: Change) -> str:
    field = None if change.value == _COUNT else _of(bench.catalogue.lines, change.value)
    if field is not None and field.type != "integer":
        raise ChangeUnknown(change.value)
    return operations.set_measure(bench.text, _measure(bench, change.at), field)


def _add_where(bench: Bench, change: Change) -> str:
    body = newcomers.comparison(bench.catalogue.lines["department"])
    return operations.set_lines(bench.text, _measure(bench, change.at), body)


def _add_condition(bench: Bench, change: Change) -> str:
    kind = str(bench.document.get("kind"))
    new = newcomers.condition(change.value, bench.catalogue, kind, scope_of(change.at))
    return operations.add_condition(bench.text, change.at, new)


def _remove_condition(bench: Bench, change: Change) -> str:
    return operations.remove_condition(bench.text, change.at, root_of(change.at))


def root_of(pointer: str) -> str:
    """Of all that is asked in the place where a condition stands."""
    steps = pointer.split("/")
    for end in ("when", "lines"):
        if end in steps:
            return "/".join(steps[: steps.index(end) + 1])
    raise PointerUnknown(pointer)


def _set_number(bench: Bench, change: Change) -> str:
    unit: Unit = change.do.removeprefix(_NUMBER)  # type: ignore[assignment]  # an unknown one has no decimals
    said = change.value.strip()
    if said.startswith(PARAMETER_SIGN):
        return operations.put(bench.text, change.at, {"param": _parameter(bench, said).name})
    if said:
        return operations.put(bench.text, change.at, typed(said, unit, bench.exponent))
    before = _value_or_none(bench, change.at)
    if isinstance(before, dict) and "param" in before:
        value = bench.value_at(f"/parameters/{before['param']}/value")
        return operations.put(bench.text, change.at, value)
    if change.values.get("optional"):
        return operations.take(bench.text, change.at)
    raise Unreadable("nothing")


def _set_text(bench: Bench, change: Change) -> str:
    if not change.value.strip():
        if change.values.get("optional"):
            return operations.take(bench.text, change.at)
        raise Unreadable("nothing")
    return operations.put(bench.text, change.at, change.value.strip())


def _set_choice(bench: Bench, change: Change) -> str:
    if not change.value:
        return operations.take(bench.text, change.at)
    return operations.put(bench.text, change.at, change.value)


def _set_whole(bench: Bench, change: Change) -> str:
    return operations.put(bench.text, change.at, typed(change.value, "plain", bench.exponent))


def _set_flag(bench: Bench, change: Change) -> str:
    return operations.put(bench.text, change.at, change.value == "true")


def _set_codes(bench: Bench, change: Change) -> str:
    said = [
        piece.strip()
        for each in change.values.get("value", ())
        for piece in each.replace("，", ",").split(",")
    ]
    codes = [each for each in dict.fromkeys(said) if each]
    return operations.put(bench.text, change.at, codes) if codes else operations.take(bench.text, change.at)


def _set_numbers(bench: Bench, change: Change) -> str:
    numbers = sorted({typed(each, "plain", 0) for each in change.values.get("value", ()) if each})
    return (
        operations.put(bench.text, change.at, numbers) if numbers else operations.take(bench.text, change.at)
    )


def _add_rule(bench: Bench, change: Change) -> str:
    held = [rule for rule in bench.document.get("rules", []) if isinstance(rule, dict)]
    try:
        new = newcomers.rule(change.value, _names(held, "id"), _orders(held), bench.tiers)
    except KeyError:
        raise ChangeUnknown(change.value) from None
    return operations.add_to(bench.text, "/rules", new)


def _copy_rule(bench: Bench, change: Change) -> str:
    held = [rule for rule in bench.document.get("rules", []) if isinstance(rule, dict)]
    copy = bench.value_at(change.at)
    stem = str(copy.get("id", "rule"))
    copy |= {
        "id": newcomers.free_name(stem, _names(held, "id"), "-"),
        "order": newcomers.next_order(_orders(held)),
    }
    return inserted(bench.text, "/rules", copy)


def _move_rule(bench: Bench, change: Change) -> str:
    """Let a rule act before the one that acts before it, or after the next: the two swap their orders."""
    if not re.fullmatch(r"/rules/[0-9]{1,3}", change.at):
        raise PointerUnknown(change.at)
    fragment(bench.text, change.at)
    held = bench.document["rules"]
    here = int(change.at.rpartition("/")[2])
    ranked = sorted(range(len(held)), key=lambda index: (held[index].get("order", 0), index))
    place = ranked.index(here) + (-1 if change.value == "up" else 1)
    if not 0 <= place < len(ranked):
        return bench.text
    other = ranked[place]
    text = replaced(bench.text, f"/rules/{here}/order", held[other]["order"])
    return replaced(text, f"/rules/{other}/order", held[here]["order"])


def _add_parameter(bench: Bench, change: Change) -> str:
    taken = list(bench.document.get("parameters", {}))
    try:
        new = newcomers.parameter(change.value)
    except KeyError:
        raise ChangeUnknown(change.value) from None
    return operations.put(bench.text, f"/parameters/{newcomers.free_name('new', taken, '_')}", new)


def _add_limit(bench: Bench, change: Change) -> str:
    document = bench.document
    held = [each for each in document.get("limits", []) if isinstance(each, dict)]
    try:
        new = newcomers.limit(change.value, str(document.get("kind")), _names(held, "code"))
    except KeyError:
        raise ChangeUnknown(change.value) from None
    return operations.add_to(bench.text, "/limits", new)


def _add_exclusion(bench: Bench, change: Change) -> str:
    del change
    return operations.add_to(bench.text, "/exclusions", newcomers.exclusion())


def _remove_part(bench: Bench, change: Change) -> str:
    if change.at.count("/") != 2 or change.at.split("/")[1] not in (
        "rules",
        "parameters",
        "limits",
        "exclusions",
        "cases",
    ):
        raise PointerUnknown(change.at)
    if change.at.startswith(("/limits", "/exclusions")):
        return operations.take(bench.text, change.at)
    return removed(bench.text, change.at)


def _comparison(bench: Bench, pointer: str) -> Comparison:
    found = bench.node(pointer)
    if not isinstance(found, Comparison):
        raise PointerUnknown(pointer)
    return found


def _relation(type_: str, said: str) -> Relation:
    return _of({code: code for code, _ in RELATIONS[type_]}, said)


def _of(known: Mapping[str, T], said: str) -> T:
    if said not in known:
        raise ChangeUnknown(said)
    return known[said]


def _measure(bench: Bench, pointer: str) -> str:
    """Where what a total adds up stands."""
    tree = bench.value_at(pointer)
    operator = next(iter(tree))
    return f"{pointer}/{operator}/{1 if len(tree[operator]) == 3 else 0}"


def _value_or_none(bench: Bench, pointer: str) -> object:
    try:
        return bench.value_at(pointer)
    except PointerUnknown:
        return None


def _names(held: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return [str(each.get(key)) for each in held]


def _orders(held: Sequence[Mapping[str, Any]]) -> list[int]:
    return [each["order"] for each in held if type(each.get("order")) is int]


_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "set-field": _set_field,
    "set-relation": _set_relation,
    "set-value": _set_value,
    "set-among": _set_among,
    "set-join": _set_join,
    "set-quantifier": _set_quantifier,
    "set-measure": _set_measure,
    "add-where": _add_where,
    "add-condition": _add_condition,
    "remove-condition": _remove_condition,
    "set-text": _set_text,
    "set-choice": _set_choice,
    "set-whole": _set_whole,
    "set-flag": _set_flag,
    "set-codes": _set_codes,
    "set-numbers": _set_numbers,
    "add-rule": _add_rule,
    "copy-rule": _copy_rule,
    "move-rule": _move_rule,
    "add-parameter": _add_parameter,
    "add-limits": _add_limit,
    "add-exclusions": _add_exclusion,
    "remove-part": _remove_part,
}
