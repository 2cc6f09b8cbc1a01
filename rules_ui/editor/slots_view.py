"""Plain parts as the form shows them: a control for what it can say, a locked chip for the rest."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from regulars.rules.canonical import laid_out
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import SUGGESTED_PLACES, Addition, Control, ControlKind, SlotView
from rules_ui.editor.conditions_view import measured, top_conditions
from rules_ui.editor.emitting import emit
from rules_ui.editor.nodes import Literally, Operand, Parameter, Total
from rules_ui.editor.sheet import MOST_SHOWN, Sheet, element_id
from rules_ui.editor.slots import Slot
from rules_ui.editor.values import Unit, shown
from rules_ui.i18n import N_

_LANGUAGES: Final = (("zh", N_("Chinese")), ("en", N_("English")))
Made = tuple[Control, ...] | None
"""Controls; None where what stands there is none that they can show unchanged."""


def slots(sheet: Sheet, at: str, holder: Mapping[str, Any], wanted: Sequence[Slot]) -> tuple[SlotView, ...]:
    """The plain parts of something; what is not there and not optional is left out."""
    return tuple(
        _slot(sheet, at, holder, slot)
        for slot in wanted
        if not slot.only_with or value_at(holder, slot.only_with.split(".")) is not None
    )


def _slot(sheet: Sheet, at: str, holder: Mapping[str, Any], slot: Slot) -> SlotView:
    value = value_at(holder, slot.path)
    here = "/".join((at, *slot.path))
    made = _filled(sheet, here, slot, value)
    removal = f"{at}/{slot.removes}" if slot.removes else ""
    remarks = sheet.remarks(here, below=True, beside=made.id)
    return replace(made, remarks=remarks, removal=removal)


def _filled(sheet: Sheet, here: str, slot: Slot, value: object) -> SlotView:
    label, id_ = sheet.text(slot.label), element_id(here, "slot")
    if slot.kind == "lines":
        join, conditions, adds = top_conditions(sheet, value, here, "line")
        return SlotView(label, (join,) if join else (), conditions=conditions, adds=adds, id=id_)
    if slot.kind == "amount":
        return totalled(sheet, here, label, value) or _locked(sheet, here, label, value, id_)
    controls = _MAKERS[slot.kind](sheet, here, slot, value, label)
    if controls is None:
        return _locked(sheet, here, label, value, id_)
    return SlotView(label, controls, id=id_)


def _locked(sheet: Sheet, here: str, label: str, value: object, id_: str) -> SlotView:
    words = sheet.words(value, here, "purchase")
    return SlotView(label, (), words, laid_out(value), id=id_, line=sheet.line_of(here))


def totalled(sheet: Sheet, here: str, label: str, value: object) -> SlotView | None:
    """A value that is a total of lines; None where it is something else."""
    found = sheet.reader.measured(value, here, 0)
    if found is None:
        return None
    field, where = found
    whole = emit(Total(here, field, where, "ge", (Literally(0),)))
    if laid_out(whole) != laid_out({">=": [value, 0]}):
        return None
    control = measured(sheet, here, "set-amount", field)
    id_ = element_id(here, "slot")
    if where is None:
        said = sheet.text(N_("Only some lines"))
        some = Addition(here, "add-amount-where", "where", said, element_id(here, "where"))
        return SlotView(label, (control,), adds=(some,), id=id_)
    join, conditions, adds = top_conditions(sheet, emit(where), where.pointer, "line")
    controls = (control, join) if join else (control,)
    return SlotView(label, controls, conditions=conditions, adds=adds, id=id_)


def _number(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    operand = operand_of(sheet, value)
    if operand is None and value is not None:
        return None
    do = f"set-number-{slot.unit}"
    return (sheet.number(at, do, "value", label, operand, slot.unit, optional=slot.optional),)


def _whole(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    return plain_number(sheet, at, value, slot.unit, label)


def _titled(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    del label
    return words(sheet, at, value, kind="long" if slot.kind == "long" else "text")


def _choice(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    options = [Choice(code, sheet.text(said)) for code, said in slot.options]
    options += sheet.offered(slot.offered)
    whole = slot.path[-1] == "to_minor"
    if value is not None and type(value) is not (int if whole else str):
        return None
    if slot.optional:
        options.insert(0, Choice("", "—"))
    do = "set-whole" if whole else "set-choice"
    return (sheet.choice(at, do, "value", label, "" if value is None else str(value), options),)


def _flag(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    del slot
    if value is not None and type(value) is not bool:
        return None
    flags = [Choice("true", sheet.text(N_("yes"))), Choice("false", sheet.text(N_("no")))]
    return (sheet.choice(at, "set-flag", "value", label, "true" if value is True else "false", flags),)


def _many(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    kind = int if slot.kind == "numbers" else str
    if value is not None and not (isinstance(value, list) and all(type(each) is kind for each in value)):
        return None
    chosen = [str(each) for each in value] if isinstance(value, list) else []
    if any(not _one_piece(each) for each in chosen):
        return None
    known = [Choice(code, sheet.text(said)) for code, said in slot.options] or list(
        sheet.offered(slot.offered)
    )
    more, suggest = slot.more, ""
    if slot.offered == "places" and sheet.offers.suggested:
        upper = min(sheet.offers.upper, MOST_SHOWN)
        known = known[:upper] + [each for each in known[upper:] if each.value in chosen]
        more, suggest = "text", SUGGESTED_PLACES
    options = [Choice(each.value, each.label, each.value in chosen) for each in known]
    offered = {each.value for each in known}
    options += [Choice(each, each, chosen=True) for each in chosen if each not in offered]
    do = "set-numbers" if kind is int else "set-codes"
    id_ = element_id(at, f"{do}-value")
    return (Control(at, do, "value", id_, label, "choices", "", tuple(options), more=more, suggest=suggest),)


def _one_piece(code: str) -> bool:
    """Whether a code comes back from the form as it went there: none of what separates codes is in it."""
    return bool(code) and code == code.strip() and not re.search(r"[,，、;；\n]", code)


def _text(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> Made:
    del sheet
    if value is not None and not isinstance(value, str):
        return None
    kind: ControlKind = "date" if slot.kind == "date" and _is_day(value) else "text"
    id_ = element_id(at, "set-text-value")
    return (Control(at, "set-text", "value", id_, label, kind, value or "", optional=slot.optional),)


def _is_day(value: str | None) -> bool:
    """Whether a date field can show it; of anything else it would show nothing."""
    try:
        return not value or date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def words(
    sheet: Sheet, at: str, value: object, *, kind: ControlKind = "text", optional: bool = False
) -> tuple[Control, ...] | None:
    """A text in both languages."""
    if value is not None and not isinstance(value, dict):
        return None
    held = value or {}
    if any(not isinstance(each, str) for each in held.values()):
        return None
    return tuple(
        Control(
            f"{at}/{language}",
            "set-text",
            "value",
            element_id(f"{at}/{language}", "set-text-value"),
            sheet.text(name),
            kind,
            str(held.get(language, "")),
            before=sheet.text(name),
            optional=optional,
        )
        for language, name in _LANGUAGES
    )


def plain_number(sheet: Sheet, at: str, value: object, unit: Unit, label: str) -> Made:
    """A number that no parameter can stand for."""
    if type(value) is not int:
        return None
    before, after = sheet.around(unit)
    do = f"set-number-{unit}"
    typed = shown(value, unit, sheet.say.money.exponent)
    return (
        Control(at, do, "value", element_id(at, f"{do}-value"), label, "number", typed, (), before, after),
    )


def operand_of(sheet: Sheet, value: object) -> Operand | None:
    """A number or a parameter; None of anything else."""
    if type(value) is int:
        return Literally(value)
    if isinstance(value, dict) and list(value) == ["param"] and _is_parameter(sheet, value["param"]):
        return Parameter(str(value["param"]))
    return None


def _is_parameter(sheet: Sheet, name: object) -> bool:
    return isinstance(name, str) and name in sheet.parameters


def value_at(holder: Mapping[str, Any], path: Sequence[str]) -> object:
    """What stands in a place of something; None where nothing does."""
    here: object = holder
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here


_MAKERS: Final[Mapping[str, Callable[[Sheet, str, Slot, object, str], Made]]] = {
    "number": _number,
    "whole": _whole,
    "words": _titled,
    "long": _titled,
    "choice": _choice,
    "flag": _flag,
    "codes": _many,
    "numbers": _many,
    "code": _text,
    "date": _text,
}
