"""Writes as JSON-logic what the form says."""

import json
from collections.abc import Mapping
from typing import Final

from regulars.rules.catalogue import LINES_PATH
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    EachLine,
    Group,
    Literally,
    Locked,
    Operand,
    Relation,
    Total,
)

_OPERATORS: Final[Mapping[Relation, str]] = {
    "eq": "===",
    "ne": "!==",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}


def emit(node: Condition) -> object:
    """The JSON-logic of a node; of what is locked inside it the value that was read.

    Args:
        node: as read, or as the form has changed it.
    Returns: JSON values.
    """
    match node:
        case Comparison():
            return _comparison(node)
        case Group():
            return {node.join: [emit(member) for member in node.members]}
        case EachLine():
            return {node.quantifier: [{"var": LINES_PATH}, emit(node.body)]}
        case Total():
            return _compared(node.relation, _measure(node), node.values)
        case Locked():
            return json.loads(node.raw)


def _measure(node: Total) -> object:
    lines: object = {"var": LINES_PATH}
    if node.where is not None:
        lines = {"filter": [lines, emit(node.where)]}
    return {"length": [lines]} if node.field is None else {"+": [{"map": [lines, {"var": node.field.path}]}]}


def _comparison(node: Comparison) -> object:
    fact: object = {"var": node.field.path}
    if node.plus is not None:
        fact = {"+": [fact, {"var": node.plus.path}]}
    match node.relation:
        case "yes":
            return fact
        case "no":
            return {"!": [fact]}
        case "has" | "has_not":
            held: object = {"in": [operand(node.values[0]), fact]}
            return held if node.relation == "has" else {"!": [held]}
        case "one_of" | "none_of":
            among: object = {"in": [fact, [operand(value) for value in node.values]]}
            return among if node.relation == "one_of" else {"!": [among]}
        case _:
            return _compared(node.relation, fact, node.values)


def _compared(relation: Relation, fact: object, values: tuple[Operand, ...]) -> object:
    operator, before, after = comparing(relation, values)
    return {operator: [*before, fact, *after]}


def comparing(
    relation: Relation, values: tuple[Operand, ...]
) -> tuple[str, tuple[object, ...], tuple[object, ...]]:
    """The operator of a comparison with numbers, and what stands before and after the fact."""
    if relation == "between":
        return "<=", (operand(values[0]),), (operand(values[1]),)
    return _OPERATORS[relation], (), (operand(values[0]),)


def operand(value: Operand) -> object:
    """A value as JSON-logic writes it."""
    return value.value if isinstance(value, Literally) else {"param": value.name}
