"""The numbers that a message carries: each its name, what it is, and the fields for that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from regulars.rules.canonical import laid_out
from regulars.rules.text_edits import escaped
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Addition, Control, OptionGroup, SlotView
from rules_ui.editor.figures import OfFact, can_be_added_to, of_fact, unit_of_figure
from rules_ui.editor.sheet import Sheet, element_id
from rules_ui.editor.slots_view import operand_of, totalled
from rules_ui.editor.values import unit_of
from rules_ui.i18n import N_

_SOURCES: Final = (
    ("fact", N_("a fact")),
    ("total", N_("a total of lines")),
    ("number", N_("a number or a parameter")),
)
_COMPUTED: Final = ("computed", N_("a computed value"))


def figures(sheet: Sheet, at: str, message: Mapping[str, Any]) -> tuple[SlotView, ...]:
    """The numbers of a message, in the order in which they stand."""
    held, here = message.get("values"), f"{at}/values"
    if held is None:
        return ()
    if not isinstance(held, dict):
        label, id_ = sheet.text(N_("Numbers in the text")), element_id(here, "slot")
        remarks = sheet.remarks(here, below=True, beside=id_)
        return (SlotView(label, (), "", laid_out(held), remarks, id=id_, line=sheet.line_of(here)),)
    return tuple(_figure(sheet, f"{here}/{escaped(name)}", name, value) for name, value in held.items())


def addition(sheet: Sheet, at: str) -> Addition:
    """Another number for the text."""
    return Addition(
        f"{at}/values",
        "add-figure",
        "fact",
        sheet.text(N_("Number in the text")),
        element_id(f"{at}/values", "add"),
    )


def _figure(sheet: Sheet, at: str, name: str, value: object) -> SlotView:
    label, id_ = sheet.text(N_("Number in the text")), element_id(at, "slot")
    made = (
        _of_number(sheet, at, name, value) or _of_fact(sheet, at, value) or totalled(sheet, at, label, value)
    )
    source = _COMPUTED[0]
    if made is None:
        words = sheet.words(value, at, "purchase")
        made = SlotView(label, (), words, laid_out(value), line=sheet.line_of(at))
    else:
        source = _source_of(value)
    first = (_name(sheet, at, name), _source(sheet, at, source))
    return replace(
        made,
        label=label,
        controls=(*first, *made.controls),
        remarks=sheet.remarks(at, below=True, beside=id_),
        removal=at,
        id=id_,
    )


def _source_of(value: object) -> str:
    if type(value) is int or (isinstance(value, dict) and "param" in value):
        return "number"
    is_fact = isinstance(value, dict) and (
        "var" in value or (isinstance(value.get("+"), list) and len(value["+"]) > 1)
    )
    return "fact" if is_fact else "total"


def _name(sheet: Sheet, at: str, name: str) -> Control:
    label, id_ = sheet.text(N_("Name in the text")), element_id(at, "set-figure-name-value")
    return Control(at, "set-figure-name", "value", id_, label, "text", name, after="=")


def _source(sheet: Sheet, at: str, chosen: str) -> Control:
    sources: Sequence[tuple[str, str]] = _SOURCES if chosen != _COMPUTED[0] else (_COMPUTED, *_SOURCES)
    if not sheet.catalogue.lines:
        sources = tuple(each for each in sources if each[0] != "total")
    options = [Choice(code, sheet.text(said)) for code, said in sources]
    return sheet.choice(at, "set-figure", "value", sheet.text(N_("What it is")), chosen, options)


def _of_number(sheet: Sheet, at: str, name: str, value: object) -> SlotView | None:
    operand = operand_of(sheet, value)
    if operand is None:
        return None
    unit = unit_of_figure(name)
    control = sheet.number(at, f"set-number-{unit}", "value", sheet.text(N_("a fixed number")), operand, unit)
    if unit == "plain" and name.endswith("points"):
        control = replace(control, after=sheet.text(N_("points")))
    return SlotView("", (control,))


def _of_fact(sheet: Sheet, at: str, value: object) -> SlotView | None:
    found = of_fact(sheet.reader, value)
    if found is None:
        return None
    fact = Control(
        at,
        "set-figure-fact",
        "value",
        element_id(at, "set-figure-fact-value"),
        sheet.text(N_("Fact")),
        "choice",
        found.field.path,
        groups=_numbers(sheet, found),
    )
    if found.plus is None and not can_be_added_to(found.field):
        return SlotView("", (fact,))
    unit, label = unit_of(found.field), sheet.text(N_("plus"))
    plus = sheet.number(at, f"set-plus-{unit}", "value", label, found.plus, unit, optional=True)
    before = f"{label} {plus.before}".strip()
    return SlotView("", (fact, replace(plus, before=before)))


def _numbers(sheet: Sheet, found: OfFact) -> tuple[OptionGroup, ...]:
    """The facts that are numbers."""
    known = sheet.catalogue.document
    groups = (
        replace(group, options=tuple(each for each in group.options if known[each.value].type == "integer"))
        for group in sheet.facts("purchase", found.field)
    )
    return tuple(group for group in groups if group.options)
