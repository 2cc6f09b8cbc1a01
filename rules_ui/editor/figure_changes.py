"""Changes of the numbers that a message carries."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import escaped, renamed, replaced, steps_of
from rules_ui.editor import newcomers, operations
from rules_ui.editor.bench import PARAMETER_SIGN, Bench, Change, ChangeUnknown, chosen
from rules_ui.editor.figures import NAME, USUAL_FACT, USUAL_TOTAL, OfFact, can_be_added_to, of_fact
from rules_ui.editor.nodes import Parameter
from rules_ui.editor.parsing import Reader
from rules_ui.editor.values import Unit, Unreadable, typed, unit_of

PLUS: Final = "set-plus-"
FIGURE: Final = re.compile(r"/rules/[0-9]{1,3}/then/message/values/[^/]+")
_VALUES: Final = re.compile(r"/rules/[0-9]{1,3}/then/message/values")
_USUAL: Final[Mapping[str, Any]] = {"fact": {"var": USUAL_FACT}, "total": USUAL_TOTAL, "number": 1}


def set_plus(bench: Bench, change: Change) -> str:
    """Add a number to a fact, or a parameter, or nothing any more."""
    at, said = change.at, change.value.strip()
    found = _of_fact(bench, at)
    unit: Unit = unit_of(found.field)
    if said.startswith(PARAMETER_SIGN):
        more: object = {"param": bench.parameter(said).name}
    elif said:
        more = typed(said, unit, bench.exponent)
    else:
        more = bench.value_of_parameter(found.plus.name) if isinstance(found.plus, Parameter) else 0
    if found.plus is None:
        return replaced(bench.text, at, {"+": [{"var": found.field.path}, more]}) if more else bench.text
    if not more:
        return replaced(bench.text, at, {"var": found.field.path})
    return replaced(bench.text, f"{at}/+/1", more)


def _set_name(bench: Bench, change: Change) -> str:
    """Call a number otherwise, and in the cases that expect it."""
    *_, rule, _, _, _, before = steps_of(_known(change.at))
    name = change.value.strip()
    if not NAME.fullmatch(name):
        raise Unreadable("name")
    if name == before:
        return bench.text
    if name in bench.object_at(change.at.rpartition("/")[0]):
        raise Unreadable("taken")
    bench.value_at(change.at)
    text = renamed(bench.text, change.at, name)
    rule_id = bench.value_or_none(f"/rules/{rule}/id")
    for number, case in enumerate(bench.document.get("cases") or ()):
        held = _expected(case, rule_id)
        if before in held and name not in held:
            place = f"/cases/{number}/expect/messages/{escaped(str(rule_id))}/{escaped(before)}"
            text = renamed(text, place, name)
    return text


def _expected(case: object, rule_id: object) -> Mapping[str, Any]:
    """The numbers that a case expects of a rule's message."""
    here = case
    for step in ("expect", "messages", rule_id):
        here = here.get(step) if isinstance(here, dict) and isinstance(step, str) else None
    return here if isinstance(here, dict) else {}


def _set_source(bench: Bench, change: Change) -> str:
    bench.value_at(_known(change.at))
    return replaced(bench.text, change.at, chosen(_USUAL, change.value))


def _set_fact(bench: Bench, change: Change) -> str:
    found = _of_fact(bench, change.at)
    field = bench.catalogue.document.get(change.value)
    if field is None or field.type != "integer":
        raise ChangeUnknown(change.value)
    fact = {"var": field.path}
    if found.plus is None:
        return replaced(bench.text, change.at, fact)
    if unit_of(field) == unit_of(found.field) and can_be_added_to(field):
        return replaced(bench.text, f"{change.at}/+/0", fact)
    return replaced(bench.text, change.at, fact)


def _add(bench: Bench, change: Change) -> str:
    if not _VALUES.fullmatch(change.at):
        raise PointerUnknown(change.at)
    bench.object_at(change.at.rpartition("/")[0])
    held = bench.value_or_none(change.at)
    taken = list(held) if isinstance(held, dict) else []
    name = newcomers.free_name(USUAL_FACT.rpartition(".")[2], taken, "_")
    return operations.put(bench.text, f"{change.at}/{name}", {"var": USUAL_FACT})


def _of_fact(bench: Bench, at: str) -> OfFact:
    reader = Reader(bench.catalogue, frozenset(bench.parameters))
    found = of_fact(reader, bench.value_at(_known(at)))
    if found is None:
        raise PointerUnknown(at)
    return found


def _known(pointer: str) -> str:
    if not FIGURE.fullmatch(pointer):
        raise PointerUnknown(pointer)
    return pointer


FIGURE_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "set-figure": _set_source,
    "set-figure-name": _set_name,
    "set-figure-fact": _set_fact,
    "add-figure": _add,
}
