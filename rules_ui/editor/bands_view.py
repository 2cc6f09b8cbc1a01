"""Decision tables as the form shows them: a column a value that differs, a row a rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from regulars.rules.text_edits import escaped
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Addition, BandCell, BandRow, BandTable, Control
from rules_ui.editor.bands import Bands, value_in
from rules_ui.editor.nodes import Comparison, Parameter, Total
from rules_ui.editor.sheet import RELATIONS, Sheet, element_id
from rules_ui.editor.slots import ACTIONS, Slot
from rules_ui.editor.slots_view import operand_of, plain_number, words
from rules_ui.editor.values import Unit, unit_of, unit_of_parameter
from rules_ui.i18n import N_

PREFIX: Final = "t"
"""Before the ids of a table's fields: the same fields stand in the rules as well."""


def table_view(sheet: Sheet, table: Bands) -> BandTable | None:
    """A table; None where one of its values is none that a cell can show."""
    first = table.rules[0]
    heads = [_asked_head(sheet, first, place) for place in table.asked]
    heads += [_given_head(sheet, place) for place in table.given]
    rows = [_row(sheet, table, index) for index in table.rules]
    made = [row for row in rows if row is not None]
    if len(made) < len(rows) or not all(heads):
        return None
    last = f"/rules/{table.rules[-1]}"
    add = Addition(last, "add-band", "row", sheet.text(N_("Add a row")), f"{PREFIX}{element_id(last, 'add')}")
    return BandTable(
        f"{PREFIX}{element_id(f'/rules/{first}')}",
        tuple(heads),
        tuple(made),
        add,
        _also(sheet, table),
    )


def _row(sheet: Sheet, table: Bands, index: int) -> BandRow | None:
    at, rule = f"/rules/{index}", sheet.document["rules"][index]
    cells = [_asked(sheet, table, at, place) for place in table.asked]
    cells += [_given(sheet, at, rule, place) for place in table.given]
    made = [cell for cell in cells if cell is not None]
    if len(made) < len(cells):
        return None
    titles = words(sheet, f"{at}/title", rule.get("title")) or ()
    own = [title for title in titles if title.at.endswith(f"/{sheet.say.language}")]
    return BandRow(at, f"{PREFIX}{element_id(at)}", tuple(_named(title) for title in own), tuple(made))


def _asked(sheet: Sheet, table: Bands, at: str, place: str) -> BandCell | None:
    here, node, number = _node(sheet, at, place)
    if node is None or not 0 <= number < len(node.values):
        return None
    value = node.values[number]
    if isinstance(value, Parameter):
        return _of_parameter(sheet, value)
    label = sheet.text(N_("Value"))
    if "/then/set_tier/tier" in table.given and isinstance(value.value, int):
        control = sheet.number(at, "set-threshold", "value", label, value, "minor")
    elif isinstance(node, Total):
        control = sheet.number(here, "set-value", f"value{number}", label, value, unit_of(node.field))
    else:
        control = sheet.operand(here, "set-value", f"value{number}", label, value, node.field)
    return BandCell(_named(replace(control, options=_fixed(control))), "")


def _given(sheet: Sheet, at: str, rule: Mapping[str, Any], place: str) -> BandCell | None:
    slot, value = _slot(place), value_in(rule, place)
    here = f"{at}{place}"
    if slot is None:
        return None
    label = sheet.text(slot.label)
    if slot.kind == "choice" and isinstance(value, str):
        return BandCell(_named(sheet.choice(here, "set-choice", "value", label, value, _tiers(sheet))), "")
    operand = operand_of(sheet, value)
    if isinstance(operand, Parameter):
        return _of_parameter(sheet, operand)
    control = plain_number(sheet, here, value, slot.unit, label)
    return BandCell(_named(control[0]), "") if control else None


def _of_parameter(sheet: Sheet, value: Parameter) -> BandCell | None:
    """The number that a parameter gives: it is the parameter that is changed."""
    held = sheet.parameters.get(value.name)
    if not isinstance(held, dict):
        return None
    type_ = held.get("type")
    unit: Unit = unit_of_parameter(type_) if isinstance(type_, str) else "plain"  # type: ignore[arg-type]
    title = sheet.titled(held.get("title")) or value.name
    made = plain_number(sheet, f"/parameters/{escaped(value.name)}/value", held.get("value"), unit, title)
    if made is None:
        return None
    return BandCell(replace(made[0], id=sheet.once(f"{PREFIX}{made[0].id}")), title)


def _node(sheet: Sheet, at: str, place: str) -> tuple[str, Comparison | Total | None, int]:
    """The comparison that a value stands in, where that is, and which of its values it is."""
    inside, _, position = place.rpartition("/")
    inside = inside.rpartition("/")[0]
    here = f"{at}{inside}"
    tree = value_in(sheet.document["rules"][int(at.rpartition("/")[2])], inside)
    line = any(f"/{word}/" in f"{inside}/" for word in ("some", "all", "none", "filter"))
    node = sheet.reader.condition(tree, here, "line" if line else "purchase")
    if not isinstance(node, (Comparison, Total)):
        return here, None, 0
    return here, node, 0 if position == "0" or node.relation != "between" else 1


def _asked_head(sheet: Sheet, index: int, place: str) -> str:
    node = _node(sheet, f"/rules/{index}", place)[1]
    if node is None:
        return ""
    fact = sheet.named(node.field) if node.field else sheet.text(N_("number of lines"))
    if isinstance(node, Comparison) and node.plus is not None:
        fact = f"{fact} + {sheet.named(node.plus)}"
    known = dict(RELATIONS["integer"]) | dict(RELATIONS["text"])
    if node.relation == "between":
        known["between"] = N_("is at least") if place.endswith("/0") else N_("is at most")
    relation = sheet.text(known.get(node.relation, ""))
    return f"{fact[:1].upper()}{fact[1:]} {relation}".strip()


def _given_head(sheet: Sheet, place: str) -> str:
    slot = _slot(place)
    return sheet.text(slot.label) if slot else ""


def _slot(place: str) -> Slot | None:
    _, _, action, *path = place.split("/")
    return next((slot for slot in ACTIONS.get(action, ()) if slot.path == tuple(path)), None)


def _also(sheet: Sheet, table: Bands) -> tuple[str, ...]:
    """What all rows ask alike, in words."""
    index = table.rules[0]
    when = sheet.document["rules"][index].get("when")
    asked = when.get("and") if isinstance(when, dict) else None
    said = [
        sheet.words(tree, f"/rules/{index}/when/and/{number}", "purchase")
        for number, tree in enumerate(asked if isinstance(asked, list) else ())
        if not any(place.startswith(f"/when/and/{number}/") for place in table.asked)
    ]
    return tuple(each for each in said if each)


def _named(control: Control) -> Control:
    return replace(control, id=f"{PREFIX}{control.id}")


def _fixed(control: Control) -> tuple[Choice, ...]:
    """A number's cell does not offer parameters: the rule itself does."""
    return () if control.kind == "number" else control.options


def _tiers(sheet: Sheet) -> tuple[Choice, ...]:
    return sheet.offered("tiers")
