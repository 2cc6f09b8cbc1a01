"""Changes of conditions: of what is compared, how, with what, and of what is asked besides."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from regulars.rules.catalogue import Field
from regulars.rules.errors import PointerUnknown
from rules_ui.editor import newcomers, operations
from rules_ui.editor.bench import PARAMETER_SIGN, Bench, Change, ChangeUnknown, chosen, scope_of
from rules_ui.editor.nodes import (
    Comparison,
    Join,
    Literally,
    Operand,
    Parameter,
    Quantifier,
    Relation,
    Total,
)
from rules_ui.editor.sheet import RELATIONS
from rules_ui.editor.values import Unit, Unreadable, typed, unit_of

COUNT: Final = "#"


def _set_field(bench: Bench, change: Change) -> str:
    node = _comparison(bench, change.at)
    known = bench.catalogue.lines if scope_of(change.at) == "line" else bench.catalogue.document
    field = known.get(change.value)
    if field is None or field.type not in RELATIONS:
        raise ChangeUnknown(change.value)
    if node.plus is not None:
        return operations.set_comparison(bench.text, _summing(node, field))
    alike = field.type == node.field.type and bool(field.options) == bool(node.field.options)
    made = newcomers.comparison(field, change.at, node.relation if alike else None)
    same = field.type == node.field.type and field.unit == node.field.unit and not field.options
    if same and field.type == "integer":
        made = replace(made, relation=node.relation, values=node.values)
    return operations.set_comparison(bench.text, made)


def _summing(node: Comparison, field: Field) -> Comparison:
    """A sum whose first fact is another: of facts that count the same, else the fact alone."""
    if field.type == "integer" and not field.options and unit_of(field) == unit_of(node.field):
        return replace(node, field=field)
    return newcomers.comparison(field, node.pointer, node.relation)


def _set_plus_fact(bench: Bench, change: Change) -> str:
    """Add another fact to the first, or none any more."""
    node = _comparison(bench, change.at)
    if not change.value:
        return operations.set_comparison(bench.text, replace(node, plus=None))
    known = bench.catalogue.lines if scope_of(change.at) == "line" else bench.catalogue.document
    field = known.get(change.value)
    if field is None or field.type != "integer" or node.field.type != "integer":
        raise ChangeUnknown(change.value)
    return operations.set_comparison(bench.text, replace(node, plus=field))


def _set_relation(bench: Bench, change: Change) -> str:
    node = bench.node(change.at)
    if isinstance(node, Total):
        relation = _relation("integer", change.value)
        values = newcomers.usual_values(node.field or bench.catalogue.lines["line"], relation, node.values)
        return operations.set_total(bench.text, change.at, _measure(bench, change.at), relation, values)
    found = _comparison(bench, change.at)
    relation = _relation(found.field.type, change.value)
    values = newcomers.usual_values(found.field, relation, found.values)
    if found.plus is not None and relation in ("one_of", "none_of"):
        raise ChangeUnknown(change.value)
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
        return bench.parameter(said)
    if not said and isinstance(before, Parameter):
        return Literally(bench.value_of_parameter(before.name))
    if field is not None and field.options:
        return Literally(typed(said, "plain", bench.exponent))
    return Literally(typed(said, unit_of(field), bench.exponent))


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
            bench.parameter(each)
            if each.startswith(PARAMETER_SIGN)
            else Literally(typed(each, unit, bench.exponent))
            for each in dict.fromkeys(said)
        )
    return operations.set_comparison(bench.text, replace(node, values=values))


def _set_join(bench: Bench, change: Change) -> str:
    joins: Mapping[str, Join] = {"and": "and", "or": "or"}
    return operations.set_join(bench.text, change.at, chosen(joins, change.value))


def _set_quantifier(bench: Bench, change: Change) -> str:
    known: Mapping[str, Quantifier] = {"some": "some", "all": "all", "none": "none"}
    return operations.set_quantifier(bench.text, change.at, chosen(known, change.value))


def _set_measure(bench: Bench, change: Change) -> str:
    return operations.set_measure(bench.text, _measure(bench, change.at), _summed(bench, change.value))


def _set_amount(bench: Bench, change: Change) -> str:
    return operations.set_measure(bench.text, change.at, _summed(bench, change.value))


def _summed(bench: Bench, said: str) -> Field | None:
    """What is added up of lines; nothing where they are counted."""
    field = None if said == COUNT else chosen(bench.catalogue.lines, said)
    if field is not None and field.type != "integer":
        raise ChangeUnknown(said)
    return field


def _add_where(bench: Bench, change: Change) -> str:
    return operations.set_lines(bench.text, _measure(bench, change.at), _usual_lines(bench))


def _add_amount_where(bench: Bench, change: Change) -> str:
    return operations.set_lines(bench.text, change.at, _usual_lines(bench))


def _usual_lines(bench: Bench) -> Comparison:
    return newcomers.comparison(bench.catalogue.lines["department"])


def _add_condition(bench: Bench, change: Change) -> str:
    kind = str(bench.document.get("kind"))
    new = newcomers.condition(change.value, bench.catalogue, kind, scope_of(change.at))
    return operations.add_condition(bench.text, change.at, new)


def _remove_condition(bench: Bench, change: Change) -> str:
    return operations.remove_condition(bench.text, change.at, root_of(change.at))


def root_of(pointer: str) -> str:
    """Of all that is asked in the place where a condition stands."""
    steps = pointer.split("/")
    if "values" in steps:
        return "/".join(steps[: steps.index("values") + 2])
    for end in ("when", "lines", "amount"):
        if end in steps:
            return "/".join(steps[: steps.index(end) + 1])
    raise PointerUnknown(pointer)


def _comparison(bench: Bench, pointer: str) -> Comparison:
    found = bench.node(pointer)
    if not isinstance(found, Comparison):
        raise PointerUnknown(pointer)
    return found


def _relation(type_: str, said: str) -> Relation:
    return chosen({code: code for code, _ in RELATIONS[type_]}, said)


def _measure(bench: Bench, pointer: str) -> str:
    """Where what a total adds up stands."""
    tree = bench.value_at(pointer)
    operator = next(iter(tree))
    return f"{pointer}/{operator}/{1 if len(tree[operator]) == 3 else 0}"


CONDITION_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "set-field": _set_field,
    "set-plus-fact": _set_plus_fact,
    "set-relation": _set_relation,
    "set-value": _set_value,
    "set-among": _set_among,
    "set-join": _set_join,
    "set-quantifier": _set_quantifier,
    "set-measure": _set_measure,
    "set-amount": _set_amount,
    "add-where": _add_where,
    "add-amount-where": _add_amount_where,
    "add-condition": _add_condition,
    "remove-condition": _remove_condition,
}
