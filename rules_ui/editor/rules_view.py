"""Rules as the form shows them: what each asks, what it does, where and when."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Addition, RuleBlock, RuleView, SlotView
from rules_ui.editor.bands import bands_of
from rules_ui.editor.bands_view import table_view
from rules_ui.editor.conditions_view import top_conditions
from rules_ui.editor.figures_view import addition, figures
from rules_ui.editor.newcomers import DISCOUNTS
from rules_ui.editor.parts_view import additions, reach_slots
from rules_ui.editor.sheet import Sheet, element_id
from rules_ui.editor.slots import ACTIONS, GROUP
from rules_ui.editor.slots_view import slots, words
from rules_ui.i18n import N_
from rules_ui.rule_words import PackWords

_ABOUT_MEMBERS: Final = (
    ("tag", N_("Rule that gives a tag")),
    ("untag", N_("Rule that takes a tag away")),
    ("message", N_("Rule that asks for a message")),
)
_RULE_ADDS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "earning": (
        ("earn", N_("Rule that earns points")),
        ("points", N_("Rule with a fixed number of points")),
        ("multiply", N_("Rule that multiplies points")),
        *_ABOUT_MEMBERS,
    ),
    "discount": (
        ("discount-rate_bps", N_("Rule with per cent off")),
        ("discount-amount_minor", N_("Rule with money off")),
        ("discount-threshold", N_("Rule with money off for each amount")),
        ("discount-price_minor", N_("Rule with a fixed price")),
        ("discount-free_items", N_("Rule with free items")),
        ("discount-nth_item", N_("Rule for each nth item")),
    ),
    "eligibility": (("refuse", N_("Rule that refuses")), *_ABOUT_MEMBERS),
    "tier": (("set_tier", N_("Rule that sets a tier")),),
    "lifecycle": (("move_stage", N_("Rule that moves the stage")), *_ABOUT_MEMBERS),
}
_FORMS: Final = (
    ("rate_bps", N_("per cent off")),
    ("amount_minor", N_("money off")),
    ("threshold", N_("money off for each amount")),
    ("price_minor", N_("a fixed price")),
    ("free_items", N_("free items")),
    ("nth_item", N_("each nth item")),
)
_EARNINGS: Final = (
    ("lines", N_("the value of the lines")),
    ("points", N_("a fixed number of points")),
)
_EXPIRIES: Final = (
    ("never", N_("do not end")),
    ("days", N_("end after days")),
    ("period", N_("end with a period")),
)
_EXTRAS: Final = {
    "lines": N_("Only some lines"),
    "base": N_("Which price counts"),
    "rounding": N_("Rounding"),
}


def blocks(sheet: Sheet, said: PackWords | None) -> tuple[RuleBlock, ...]:
    """The rules, in the order in which they act; those that make a decision table stand together."""
    alone = {rule.at: rule for rule in rules(sheet, said)}
    tables = {f"/rules/{table.rules[0]}": table for table in bands_of(sheet.document)}
    made: list[RuleBlock] = []
    while alone:
        at = next(iter(alone))
        table = tables.get(at)
        view = table_view(sheet, table) if table else None
        places = [f"/rules/{index}" for index in table.rules] if table and view else [at]
        made.append(RuleBlock(view, tuple(alone.pop(place) for place in places)))
    return tuple(made)


def rules(sheet: Sheet, said: PackWords | None) -> tuple[RuleView, ...]:
    """The rules, in the order in which they act."""
    held = sheet.document.get("rules")
    listed = held if isinstance(held, list) else []
    found = [(index, rule) for index, rule in enumerate(listed) if isinstance(rule, dict)]
    found.sort(key=lambda each: (_order(each[1]), each[0]))
    last = len(found) - 1
    return tuple(
        _rule(sheet, said, index, rule, first=place == 0, last=place == last)
        for place, (index, rule) in enumerate(found)
    )


def rule_additions(sheet: Sheet) -> tuple[Addition, ...]:
    """The sorts of rules that a pack of this kind can have."""
    offered = _RULE_ADDS.get(str(sheet.document.get("kind")), ())
    return additions(sheet, "/rules", "add-rule", offered)


def _rule(
    sheet: Sheet, said: PackWords | None, index: int, rule: Mapping[str, Any], *, first: bool, last: bool
) -> RuleView:
    at = f"/rules/{index}"
    code = str(rule.get("id", ""))
    plain = said.rules.get(code) if said else None
    join, conditions, adds = top_conditions(sheet, rule.get("when"), f"{at}/when")
    then = rule.get("then")
    action = next(iter(then), "") if isinstance(then, dict) else ""
    held = then.get(action) if isinstance(then, dict) else None
    does = held if isinstance(held, dict) else {}
    here = f"{at}/then/{action}"
    return RuleView(
        at=at,
        id=element_id(at),
        code=code,
        title=sheet.titled(rule.get("title")) or code,
        titles=words(sheet, f"{at}/title", rule.get("title")) or (),
        sentence=plain.effect if plain else "",
        conditions=conditions,
        join=join,
        adds=adds,
        action=action,
        slots=_acts(sheet, here, action, does) if action else (),
        extras=_extras(sheet, here, action, does),
        where=(*_group(sheet, at, rule, action, does), *reach_slots(sheet, at, rule)),
        remarks=sheet.remarks(at, below=True),
        first=first,
        last=last,
    )


def _group(
    sheet: Sheet, at: str, rule: Mapping[str, Any], action: str, does: Mapping[str, Any]
) -> tuple[SlotView, ...]:
    """The rule's place among rules that meet, unless its action names it."""
    can = action in ("earn", "discount", "multiply") and "group" not in does
    return slots(sheet, at, rule, GROUP) if can or "group" in rule else ()


def _acts(sheet: Sheet, at: str, action: str, does: Mapping[str, Any]) -> tuple[SlotView, ...]:
    """The parts of an action, and beside them the choices between its forms."""
    plain = slots(sheet, at, does, ACTIONS.get(action, ()))
    if action == "discount":
        form = next((form for form in DISCOUNTS if form in does), "")
        return (_switch(sheet, at, "set-form", N_("Gives"), form, _FORMS), *plain)
    if action == "message":
        return (*plain, *figures(sheet, at, does))
    if action != "earn":
        return plain
    way = next((key for key in ("amount", "points") if key in does), "lines")
    ways = _EARNINGS if way != "amount" else (("amount", N_("a computed value")), *_EARNINGS)
    expiry = "period" if "expires" in does else "days" if "valid_days" in does else "never"
    return (
        _switch(sheet, at, "set-earning", N_("Points for"), way, ways),
        *plain,
        _switch(sheet, at, "set-expiry", N_("Points"), expiry, _EXPIRIES),
    )


def _switch(
    sheet: Sheet, at: str, do: str, label: str, chosen: str, options: Sequence[tuple[str, str]]
) -> SlotView:
    said = sheet.text(label)
    offered = [Choice(code, sheet.text(words_)) for code, words_ in options]
    return SlotView(said, (sheet.choice(at, do, "value", said, chosen, offered),), id=element_id(at, do))


def _extras(sheet: Sheet, at: str, action: str, does: Mapping[str, Any]) -> tuple[Addition, ...]:
    """What can be said besides of an action."""
    possible: Sequence[str] = ()
    if action == "message":
        return (addition(sheet, at),)
    if action == "discount":
        possible = ("lines", "base", "rounding")
    elif action == "earn" and "amount" not in does and "points" not in does:
        possible = ("lines", "base")
    return additions(sheet, at, "add-extra", [(key, _EXTRAS[key]) for key in possible if key not in does])


def _order(rule: Mapping[str, Any]) -> int:
    order = rule.get("order")
    return order if type(order) is int else 0
