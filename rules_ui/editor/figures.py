"""A number of a message as the form says it where it is a fact, with a number added or not."""

import re
from dataclasses import dataclass
from typing import Final

from regulars.rules.canonical import laid_out
from regulars.rules.catalogue import Field
from regulars.rules.consequences import unit_of_value
from rules_ui.editor.emitting import operand
from rules_ui.editor.nodes import Operand
from rules_ui.editor.parsing import LINES, Reader
from rules_ui.editor.values import Unit, unit_of

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
USUAL_FACT: Final = "purchase.sales_minor"
USUAL_TOTAL: Final = {"+": [{"map": [LINES, {"var": "sales_minor"}]}]}


@dataclass(frozen=True, slots=True)
class OfFact:
    """A fact.

    Attributes:
        plus: what is added to it; None: nothing.
    """

    field: Field
    plus: Operand | None


def of_fact(reader: Reader, value: object) -> OfFact | None:
    """A number that is a fact; None where the form would not write it back the same."""
    added: object = None
    fact = value
    match value:
        case {"+": [first, second]}:
            fact, added = first, second
    field = reader.field(fact, "purchase")
    if field is None or field.type != "integer":
        return None
    numbers = None if added is None else reader.numbers((added,))
    if added is not None and numbers is None:
        return None
    found = OfFact(field, numbers[0] if numbers else None)
    return found if laid_out(emitted(found)) == laid_out(value) else None


def emitted(figure: OfFact) -> object:
    """The JSON-logic of a number that is a fact."""
    fact = {"var": figure.field.path}
    return fact if figure.plus is None else {"+": [fact, operand(figure.plus)]}


def unit_of_figure(name: str) -> Unit:
    """In which unit a number is typed that stands under this name in a message."""
    match unit_of_value(name):
        case "minor":
            return "minor"
        case "days":
            return "days"
        case "yyyymmdd":
            return "yyyymmdd"
        case _:
            return "plain"


def can_be_added_to(field: Field) -> bool:
    """Whether a fact and a number have a sum that means anything."""
    return not field.options and unit_of(field) != "yyyymmdd"
