"""Rules, parameters, limits and exclusions as the form shows them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from regulars.rules.canonical import laid_out
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Addition, Control, ControlKind, PartView, RuleView, Section, SlotView
from rules_ui.editor.conditions_view import top_conditions
from rules_ui.editor.nodes import Literally, Operand, Parameter
from rules_ui.editor.sheet import Sheet, element_id
from rules_ui.editor.slots import ACTIONS, CALENDAR, EXCLUSION, LIMIT, SCOPE, Slot
from rules_ui.editor.values import Unit, shown, unit_of_parameter
from rules_ui.i18n import N_
from rules_ui.rule_words import PackWords

_LANGUAGES: Final = (("zh", N_("Chinese")), ("en", N_("English")))
_TYPES: Final = (
    ("money_minor", N_("amount of money")),
    ("count", N_("count")),
    ("days", N_("days")),
    ("percent", N_("per cent")),
    ("rate_bps", N_("rate in per cent")),
    ("integer", N_("whole number")),
)
_ABOUT_MEMBERS: Final = (
    ("tag", N_("Rule that gives a tag")),
    ("untag", N_("Rule that takes a tag away")),
    ("message", N_("Rule that asks for a message")),
)
_RULE_ADDS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "earning": (
        ("earn", N_("Rule that earns points")),
        ("multiply", N_("Rule that multiplies points")),
        *_ABOUT_MEMBERS,
    ),
    "discount": (
        ("discount-rate", N_("Rule with per cent off")),
        ("discount-amount", N_("Rule with money off")),
        ("discount-threshold", N_("Rule with money off for each amount")),
        ("discount-price", N_("Rule with a fixed price")),
        ("discount-free", N_("Rule with free items")),
        ("discount-nth", N_("Rule for each nth item")),
    ),
    "eligibility": (("refuse", N_("Rule that refuses")), *_ABOUT_MEMBERS),
    "tier": (("set_tier", N_("Rule that sets a tier")),),
    "lifecycle": (("move_stage", N_("Rule that moves the stage")), *_ABOUT_MEMBERS),
}


def rules(sheet: Sheet, words: PackWords | None) -> tuple[RuleView, ...]:
    """The rules, in the order in which they act."""
    held = sheet.document.get("rules")
    found = [(index, rule) for index, rule in enumerate(held or ()) if isinstance(rule, dict)]
    found.sort(key=lambda each: (_order(each[1]), each[0]))
    last = len(found) - 1
    return tuple(
        _rule(sheet, words, index, rule, first=place == 0, last=place == last)
        for place, (index, rule) in enumerate(found)
    )


def rule_additions(sheet: Sheet) -> tuple[Addition, ...]:
    """The sorts of rules that a pack of this kind can have."""
    offered = _RULE_ADDS.get(str(sheet.document.get("kind")), ())
    return _additions(sheet, "/rules", "add-rule", offered)


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
        _additions(sheet, "/parameters", "add-parameter", _TYPES),
    )


def sections(sheet: Sheet) -> tuple[Section, ...]:
    """Where and when the pack counts, its limits and its exclusions."""
    reach = PartView("", "reach", "", slots(sheet, "", sheet.document, (*SCOPE, *CALENDAR)))
    return (
        Section("where", sheet.text(N_("Where, for whom and when")), "", (reach,), ()),
        _listed(
            sheet,
            "limits",
            N_("Limits and budgets"),
            N_("How much the pack may give in a stretch of time."),
            LIMIT,
            (
                ("member-month", N_("Limit a member and month")),
                ("pack-month", N_("Budget of the pack a month")),
            ),
        ),
        _listed(
            sheet,
            "exclusions",
            N_("Exclusions"),
            N_("Lines that this pack does not count."),
            EXCLUSION,
            (("lines", N_("Exclusion")),),
        ),
    )


def slots(sheet: Sheet, at: str, holder: Mapping[str, Any], wanted: Sequence[Slot]) -> tuple[SlotView, ...]:
    """The plain parts of something; what is not there and not optional is left out."""
    return tuple(
        _slot(sheet, at, holder, slot) for slot in wanted if not slot.only_with or slot.only_with in holder
    )


def _rule(
    sheet: Sheet, words: PackWords | None, index: int, rule: Mapping[str, Any], *, first: bool, last: bool
) -> RuleView:
    at = f"/rules/{index}"
    code = str(rule.get("id", ""))
    said = words.rules.get(code) if words else None
    join, conditions, adds = top_conditions(sheet, rule.get("when"), f"{at}/when")
    then = rule.get("then")
    action = next(iter(then), "") if isinstance(then, dict) else ""
    held = then.get(action) if isinstance(then, dict) else None
    wanted = ACTIONS.get(action, ())
    return RuleView(
        at=at,
        id=element_id(at),
        code=code,
        title=sheet.titled(rule.get("title")) or code,
        titles=_words(sheet, f"{at}/title", rule.get("title")),
        sentence=said.effect if said else "",
        conditions=conditions,
        join=join,
        adds=adds,
        action=action,
        slots=slots(sheet, f"{at}/then/{action}", held, wanted) if isinstance(held, dict) else (),
        where=slots(sheet, at, rule, (*SCOPE, *CALENDAR)),
        remarks=tuple(
            remark
            for part in (at, f"{at}/id", f"{at}/order", f"{at}/title", f"{at}/group")
            for remark in sheet.remarks(part)
        )
        + sheet.remarks(f"{at}/then", below=True),
        first=first,
        last=last,
    )


def _parameter(sheet: Sheet, name: str, one: Mapping[str, Any]) -> PartView:
    at = f"/parameters/{name}"
    unit = unit_of_parameter(one.get("type", "integer"))
    value, low, high = (one.get(part) for part in ("value", "minimum", "maximum"))
    control = _plain_number(sheet, f"{at}/value", value, unit)
    bounds = tuple(
        SlotView(label, (_plain_number(sheet, f"{at}/{part}", held, unit),))
        for part, held, label in (
            ("minimum", low, sheet.text(N_("Least"))),
            ("maximum", high, sheet.text(N_("Most"))),
        )
    )
    help_text = ""
    if type(low) is int and type(high) is int:
        exponent = sheet.say.money.exponent
        help_text = sheet.text(
            N_("from %(least)s to %(most)s"),
            least=shown(low, unit, exponent),
            most=shown(high, unit, exponent),
        )
    main = SlotView(
        sheet.titled(one.get("title")) or name, (control,), help_text, "", sheet.remarks(f"{at}/value")
    )
    named = SlotView(sheet.text(N_("Name")), _words(sheet, f"{at}/title", one.get("title")))
    return PartView(at, element_id(at), name, (main, named, *bounds), remarks=sheet.remarks(at))


def _plain_number(sheet: Sheet, at: str, value: object, unit: Unit) -> Control:
    """A number that no parameter can stand for."""
    before, after = sheet.around(unit)
    literal = shown(value, unit, sheet.say.money.exponent) if type(value) is int else ""
    do = f"set-number-{unit}"
    return Control(at, do, "value", element_id(at, f"{do}-value"), "", "number", literal, (), before, after)


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
            remarks=sheet.remarks(at, below=True),
        )
        for index, one in enumerate(held if isinstance(held, list) else ())
        if isinstance(one, dict)
        for at in (f"/{key}/{index}",)
    )
    return Section(
        key, sheet.text(title), sheet.text(hint), parts, _additions(sheet, f"/{key}", f"add-{key}", offered)
    )


def _with_units(one: Mapping[str, Any], wanted: Sequence[Slot]) -> Sequence[Slot]:
    """A limit of money is typed in money."""
    if one.get("of") != "money_minor":
        return wanted
    return [
        Slot(slot.path, slot.label, slot.kind, "minor") if slot.path == ("at_most",) else slot
        for slot in wanted
    ]


def _slot(sheet: Sheet, at: str, holder: Mapping[str, Any], slot: Slot) -> SlotView:
    value = _value_at(holder, slot.path)
    here = "/".join((at, *slot.path))
    label = sheet.text(slot.label)
    remarks = sheet.remarks(here, below=True)
    if slot.kind == "lines":
        _, conditions, adds = top_conditions(sheet, value, here, "line")
        return SlotView(label, (), "", "", remarks, conditions, adds)
    control = _control(sheet, here, slot, value, label)
    if control is None:
        return SlotView(label, (), sheet.words(value, here, "purchase"), _raw(value), remarks)
    return SlotView(label, control, "", "", remarks)


def _control(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    make = _MAKERS.get(slot.kind)
    return make(sheet, at, slot, value, label) if make else None


def _number(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    operand = _operand(sheet, value)
    if operand is None and value is not None:
        return None
    do = f"set-number-{slot.unit}"
    return (sheet.number(at, do, "value", label, operand, slot.unit, optional=slot.optional),)


def _titled(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    del slot, label
    return _words(sheet, at, value)


def _choice(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    options = [Choice(code, sheet.text(said)) for code, said in slot.options]
    options += sheet.offered(slot.offered)
    if slot.optional:
        options.insert(0, Choice("", "—"))
    do = "set-whole" if slot.path[-1] == "to_minor" else "set-choice"
    return (sheet.choice(at, do, "value", label, "" if value is None else str(value), options),)


def _flag(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    del slot
    flags = [Choice("true", sheet.text(N_("yes"))), Choice("false", sheet.text(N_("no")))]
    return (sheet.choice(at, "set-flag", "value", label, "true" if value is True else "false", flags),)


def _many(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    if value is not None and not isinstance(value, list):
        return None
    chosen = [str(each) for each in value or ()]
    known = [Choice(code, sheet.text(said)) for code, said in slot.options] or list(
        sheet.offered(slot.offered)
    )
    do = "set-numbers" if slot.kind == "numbers" else "set-codes"
    if not known:
        return (
            Control(
                at,
                do,
                "value",
                element_id(at, f"{do}-value"),
                label,
                "text",
                "，".join(chosen),
                optional=True,
            ),
        )
    options = [Choice(each.value, each.label, each.value in chosen) for each in known]
    offered = {each.value for each in known}
    options += [Choice(each, f"“{each}”", chosen=True) for each in chosen if each not in offered]
    return (Control(at, do, "value", element_id(at, f"{do}-value"), label, "choices", "", tuple(options)),)


def _text(sheet: Sheet, at: str, slot: Slot, value: object, label: str) -> tuple[Control, ...] | None:
    del sheet
    if value is not None and not isinstance(value, str):
        return None
    kind: ControlKind = "date" if slot.kind == "date" else "text"
    return (
        Control(
            at,
            "set-text",
            "value",
            element_id(at, "set-text-value"),
            label,
            kind,
            value or "",
            optional=slot.optional,
        ),
    )


def _words(sheet: Sheet, at: str, value: object) -> tuple[Control, ...]:
    held = value if isinstance(value, dict) else {}
    return tuple(
        Control(
            f"{at}/{language}",
            "set-text",
            "value",
            element_id(f"{at}/{language}", "set-text-value"),
            sheet.text(name),
            "text",
            str(held.get(language, "")),
            before=sheet.text(name),
        )
        for language, name in _LANGUAGES
    )


def _operand(sheet: Sheet, value: object) -> Operand | None:
    if type(value) is int:
        return Literally(value)
    if isinstance(value, dict) and list(value) == ["param"] and value["param"] in sheet.parameters:
        return Parameter(str(value["param"]))
    return None


def _value_at(holder: Mapping[str, Any], path: Sequence[str]) -> object:
    here: object = holder
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here


def _raw(value: object) -> str:
    return laid_out(value)


def _order(rule: Mapping[str, Any]) -> int:
    order = rule.get("order")
    return order if type(order) is int else 0


def _additions(sheet: Sheet, at: str, do: str, offered: Sequence[tuple[str, str]]) -> tuple[Addition, ...]:
    return tuple(
        Addition(at, do, what, sheet.text(label), element_id(at, f"{do}-{what}")) for what, label in offered
    )


_MAKERS: Final[Mapping[str, Callable[[Sheet, str, Slot, object, str], tuple[Control, ...] | None]]] = {
    "number": _number,
    "words": _titled,
    "choice": _choice,
    "flag": _flag,
    "codes": _many,
    "numbers": _many,
    "code": _text,
    "date": _text,
}
