"""A text that is being changed, what was sent to change it, and how its places are read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from regulars.rules.catalogue import Catalogue
from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import escaped, fragment
from rules_ui.editor.nodes import Condition, Parameter, Scope
from rules_ui.editor.parsing import Reader

T = TypeVar("T")
_OF_LINES: Final = frozenset({"some", "all", "none", "filter"})
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

    @property
    def parameters(self) -> Mapping[str, Any]:
        held = self.document.get("parameters")
        return held if isinstance(held, dict) else {}

    def value_at(self, pointer: str) -> Any:  # noqa: ANN401 — JSON
        return json.loads(fragment(self.text, pointer))

    def value_or_none(self, pointer: str) -> Any:  # noqa: ANN401 — JSON
        try:
            return self.value_at(pointer)
        except PointerUnknown:
            return None

    def object_at(self, pointer: str) -> dict[str, Any]:
        """The object in a place. Raises: PointerUnknown: there is none."""
        found = self.value_at(pointer)
        if not isinstance(found, dict):
            raise PointerUnknown(pointer)
        return found

    def node(self, pointer: str) -> Condition:
        """The condition that stands in a place."""
        reader = Reader(self.catalogue, frozenset(self.parameters))
        return reader.condition(self.value_at(pointer), pointer, scope_of(pointer))

    def parameter(self, said: str) -> Parameter:
        """The parameter that a choice of the form names. Raises: PointerUnknown: it is no more."""
        name = said.removeprefix(PARAMETER_SIGN)
        if name not in self.parameters:
            raise PointerUnknown(f"/parameters/{name[:60]}")
        return Parameter(name)

    def value_of_parameter(self, name: str) -> int:
        """What a parameter is set to. Raises: PointerUnknown."""
        pointer = f"/parameters/{escaped(name)}/value"
        value = self.value_at(pointer)
        if type(value) is not int:
            raise PointerUnknown(pointer)
        return value

    def listed(self, key: str) -> list[dict[str, Any]]:
        """The members of a list of the pack that are objects."""
        held = self.document.get(key)
        return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def scope_of(pointer: str) -> Scope:
    """Whether a condition is about a line: by where it stands."""
    steps = pointer.split("/")
    if "when" not in steps:
        return "line"
    return "line" if _OF_LINES.intersection(steps[steps.index("when") :]) else "purchase"


def chosen(known: Mapping[str, T], said: str) -> T:
    """What a choice of the form means. Raises: ChangeUnknown: the form does not offer it."""
    if said not in known:
        raise ChangeUnknown(said)
    return known[said]


def groups_named(document: Mapping[str, Any]) -> list[str]:
    """The groups that rules name, in the order in which they stand, each once."""
    found: list[str] = []
    rules = document.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        then = rule.get("then") if isinstance(rule, dict) else None
        holders = [rule, *then.values()] if isinstance(then, dict) else []
        found += [h["group"] for h in holders if isinstance(h, dict) and isinstance(h.get("group"), str)]
    return list(dict.fromkeys(found))
