"""Parameters, limits, exclusions and what else the pack has, as the form shows them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regulars.rules.text_edits import escaped
from rules_ui.contexts.editor import Addition, PartView, Remark, Section, SlotView
from rules_ui.editor.sheet import Sheet, element_id
from rules_ui.editor.slots import (
    CALENDAR,
    EXCLUSION,
    HOURS,
    LIFECYCLE,
    LIMIT,
    PACK,
    SCOPE,
    STACK,
    TIER,
    Slot,
)
from rules_ui.editor.slots_view import plain_number, slots, words
from rules_ui.editor.values import Unit, said_number, unit_of_parameter, with_word
from rules_ui.i18n import N_

_TYPES: Final = (
    ("money_minor", N_("amount of money")),
    ("count", N_("count")),
    ("days", N_("days")),
    ("percent", N_("per cent")),
    ("rate_bps", N_("rate in per cent")),
    ("integer", N_("whole number")),
)
_GIVING: Final = ("earning", "discount")
_DEEPEST: Final = 8
"""Groups of rules nested deeper are code."""


def parameters(sheet: Sheet) -> Section:
    """The numbers that may be turned."""
    parts = tuple(
        _parameter(sheet, name, one) for name, one in sheet.parameters.items() if isinstance(one, dict)
    )
    return Section(
        "parameters",
        sheet.text(N_("Parameters")),
        sheet.text(N_("The numbers of this pack. Rules and limits follow them.")),
        parts,
        additions(sheet, "/parameters", "add-parameter", _TYPES),
        sheet.remarks("/parameters", below=True, beside="parameters-title"),
    )


def sections(sheet: Sheet) -> tuple[Section, ...]:
    """What the pack says besides parameters and rules; what its kind does not have only where it is there."""
    kind = sheet.document.get("kind")
    found = [_tiers(sheet), _lifecycle(sheet)]
    if kind not in ("tier", "lifecycle") or "scope" in sheet.document or "calendar" in sheet.document:
        found.append(_reach(sheet))
    for key, section in (("limits", _limits), ("exclusions", _exclusions), ("stacking", _stacking)):
        if kind in _GIVING or key in sheet.document:
            found.append(section(sheet))
    found.append(_pack(sheet))
    return tuple(section for section in found if section is not None)


def additions(sheet: Sheet, at: str, do: str, offered: Sequence[tuple[str, str]]) -> tuple[Addition, ...]:
    """What can be added in a place."""
    return tuple(
        Addition(at, do, what, sheet.text(label), element_id(at, f"{do}-{what}")) for what, label in offered
    )


def reach_slots(sheet: Sheet, at: str, holder: Mapping[str, Any]) -> tuple[SlotView, ...]:
    """Where, for whom and when something counts."""
    here = f"{at}/calendar"
    held = holder.get("calendar")
    listed = held.get("hours") if isinstance(held, dict) else None
    plain = slots(sheet, at, holder, (*SCOPE, *CALENDAR))
    hours = [
        _hour(sheet, f"{here}/hours/{index}", one)
        for index, one in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    ]
    adds = additions(sheet, here, "add-hours", (("hours", N_("Hours of the day")),))
    return (*plain, *hours, SlotView("", (), "", "", _rest(sheet, at), (), adds, element_id(here, "more")))


def _rest(sheet: Sheet, at: str) -> tuple[Remark, ...]:
    """What is found of place and time and of none of their parts."""
    beside = element_id(f"{at}/calendar", "more")
    found = [sheet.remarks(f"{at}/{part}", below=True, beside=beside) for part in ("scope", "calendar")]
    return (*found[0], *found[1])


def _hour(sheet: Sheet, at: str, one: Mapping[str, Any]) -> SlotView:
    remarks = sheet.remarks(at, below=True)
    parts = slots(sheet, at, one, HOURS)
    return SlotView(
        sheet.text(N_("Hours from – until")),
        tuple(control for part in parts for control in part.controls),
        raw=" ".join(part.raw for part in parts if part.raw),
        remarks=remarks,
        id=element_id(at),
        line=sheet.line_of(at),
        removal=at,
    )


def _reach(sheet: Sheet) -> Section:
    reach = PartView("", "reach", "", reach_slots(sheet, "", sheet.document))
    return Section("where", sheet.text(N_("Where, for whom and when")), "", (reach,), ())


def _pack(sheet: Sheet) -> Section:
    part = PartView("", "pack", "", slots(sheet, "", sheet.document, PACK))
    return Section("about", sheet.text(N_("Title and description")), "", (part,), ())


def _tiers(sheet: Sheet) -> Section | None:
    if sheet.document.get("kind") != "tier" and "tiers" not in sheet.document:
        return None
    hint = N_("The lowest tier begins at nothing; to each of the others a rule leads.")
    return _listed(sheet, "tiers", N_("Tiers"), hint, TIER, ())


def _lifecycle(sheet: Sheet) -> Section | None:
    held = sheet.document.get("lifecycle")
    if not isinstance(held, dict):
        return None
    part = PartView("", "lifecycle", "", slots(sheet, "/lifecycle", held, LIFECYCLE))
    remarks = sheet.remarks("/lifecycle", below=True, beside="lifecycle-title")
    return Section("lifecycle", sheet.text(N_("What time does")), "", (part,), (), remarks)


def _limits(sheet: Sheet) -> Section:
    return _listed(
        sheet,
        "limits",
        N_("Limits and budgets"),
        N_("How much the pack may give in a stretch of time."),
        LIMIT,
        (
            ("member-month", N_("Limit a member and month")),
            ("pack-month", N_("Budget of the pack a month")),
        ),
    )


def _exclusions(sheet: Sheet) -> Section:
    return _listed(
        sheet,
        "exclusions",
        N_("Exclusions"),
        N_("Lines that this pack does not count."),
        EXCLUSION,
        (("lines", N_("Exclusion")),),
    )


def _stacking(sheet: Sheet) -> Section:
    held = sheet.document.get("stacking")
    parts = tuple(_stack_parts(sheet, "/stacking", held, 0)) if isinstance(held, dict) else ()
    offered = () if held is not None else (("stacking", N_("Say which rules count together")),)
    hint = N_("Without it all groups count together, and in one group the rule that gives most.")
    return Section(
        "stacking",
        sheet.text(N_("Rules that meet")),
        sheet.text(hint),
        parts,
        additions(sheet, "", "add-stacking", offered),
        sheet.remarks("/stacking", below=True, beside="stacking-title"),
    )


def _stack_parts(sheet: Sheet, at: str, held: Mapping[str, Any], depth: int) -> Sequence[PartView]:
    """A group, then the groups that are spelled out in it."""
    members = held.get("members")
    inner = list(enumerate(members)) if isinstance(members, list) else []
    spelled = [(index, each) for index, each in inner if isinstance(each, dict)]
    wanted = [slot for slot in STACK if slot.path != ("members",) or not spelled]
    own = slots(sheet, at, held, wanted)
    named = sheet.text(N_(", ")).join(each for _, each in inner if isinstance(each, str))
    if spelled and named:
        own += (SlotView(sheet.text(N_("Groups in it")), (), named, id=element_id(at, "named")),)
    adds = additions(sheet, at, "add-stacking", (("group", N_("Group in this group")),))
    part = PartView(at, element_id(at), str(held.get("group", "")), own, (), adds, removable=True)
    deeper = spelled if depth < _DEEPEST else ()
    parts = [p for i, each in deeper for p in _stack_parts(sheet, f"{at}/members/{i}", each, depth + 1)]
    return [part, *parts]


def _parameter(sheet: Sheet, name: str, one: Mapping[str, Any]) -> PartView:
    at = f"/parameters/{escaped(name)}"
    unit = _unit(one.get("type"))
    title = sheet.titled(one.get("title")) or name
    parts = (
        _number_slot(sheet, f"{at}/value", one.get("value"), unit, title, _bounds(sheet, one, unit)),
        _words_slot(sheet, f"{at}/title", one.get("title"), N_("Title")),
        _number_slot(sheet, f"{at}/minimum", one.get("minimum"), unit, sheet.text(N_("Least"))),
        _number_slot(sheet, f"{at}/maximum", one.get("maximum"), unit, sheet.text(N_("Most"))),
        _words_slot(sheet, f"{at}/help", one.get("help"), N_("Help"), long=True),
    )
    return PartView(at, element_id(at), sheet.titled(one.get("help")), parts, sheet.remarks(at, below=True))


def _unit(type_: object) -> Unit:
    known = type_ if isinstance(type_, str) else "integer"
    return unit_of_parameter(known)  # type: ignore[arg-type]  # an unknown one is plain


def _number_slot(
    sheet: Sheet, at: str, value: object, unit: Unit, label: str, help_text: str = ""
) -> SlotView:
    control = plain_number(sheet, at, value, unit, label)
    raw = "" if control is not None else sheet.raw(value)
    id_ = element_id(at, "slot")
    remarks = sheet.remarks(at, below=True, beside=id_)
    return SlotView(label, control or (), help_text, raw, remarks, id=id_, line=sheet.line_of(at))


def _words_slot(sheet: Sheet, at: str, value: object, label: str, *, long: bool = False) -> SlotView:
    controls = words(sheet, at, value, kind="long" if long else "text", optional=long)
    raw = "" if controls is not None else sheet.raw(value)
    id_ = element_id(at, "slot")
    remarks = sheet.remarks(at, below=True, beside=id_)
    return SlotView(sheet.text(label), controls or (), "", raw, remarks, id=id_, line=sheet.line_of(at))


def _bounds(sheet: Sheet, one: Mapping[str, Any], unit: Unit) -> str:
    low, high = one.get("minimum"), one.get("maximum")
    if type(low) is not int or type(high) is not int:
        return ""
    least, most = (said_number(each, unit, sheet.say) for each in (low, high))
    most = with_word(most, sheet.word_of(one, unit))
    return sheet.text(N_("from %(least)s to %(most)s"), least=least, most=most)


def _listed(
    sheet: Sheet, key: str, title: str, hint: str, wanted: Sequence[Slot], offered: Sequence[tuple[str, str]]
) -> Section:
    held = sheet.document.get(key)
    parts = tuple(
        PartView(
            at,
            element_id(at),
            sheet.titled(one.get("title")),
            slots(sheet, at, one, _with_units(one, wanted)),
            sheet.remarks(at, below=True),
            removable=bool(offered),
        )
        for index, one in enumerate(held if isinstance(held, list) else ())
        if isinstance(one, dict)
        for at in (f"/{key}/{index}",)
    )
    adds = additions(sheet, f"/{key}", f"add-{key}", offered)
    remarks = sheet.remarks(f"/{key}", below=True, beside=f"{key}-title")
    return Section(key, sheet.text(title), sheet.text(hint), parts, adds, remarks)


def _with_units(one: Mapping[str, Any], wanted: Sequence[Slot]) -> Sequence[Slot]:
    """A limit of money is typed in money."""
    if one.get("of") != "money_minor":
        return wanted
    return [
        Slot(slot.path, slot.label, slot.kind, "minor") if slot.path == ("at_most",) else slot
        for slot in wanted
    ]
