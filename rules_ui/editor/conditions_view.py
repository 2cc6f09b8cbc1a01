"""Conditions as the form shows them: each a row of controls that reads as a sentence."""

from dataclasses import replace
from typing import Final

from regulars.rules.catalogue import Field
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Addition, ConditionView, Control
from rules_ui.editor.condition_changes import COUNT
from rules_ui.editor.emitting import emit
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    EachLine,
    Group,
    Literally,
    Locked,
    Operand,
    Scope,
    Total,
)
from rules_ui.editor.sheet import Sheet, element_id
from rules_ui.editor.values import Unit, unit_of
from rules_ui.i18n import N_

_JOINS: Final = (("and", N_("all of these hold")), ("or", N_("any of these holds")))
_QUANTIFIERS: Final = (
    ("some", N_("some line has")),
    ("all", N_("every line has")),
    ("none", N_("no line has")),
)
_ADDS: Final = (
    ("condition", N_("Condition")),
    ("total", N_("Total of lines")),
    ("lines", N_("Condition on lines")),
    ("sum", N_("Sum of two facts")),
    ("group", N_("Group")),
)
_OF_ONE: Final = ("one_of", "none_of")
"""What is asked of one fact alone."""
_LINE_ADDS: Final = (("condition", N_("Condition")), ("group", N_("Group")))


def top_conditions(
    sheet: Sheet, tree: object, pointer: str, scope: Scope = "purchase"
) -> tuple[Control | None, tuple[ConditionView, ...], tuple[Addition, ...]]:
    """All that is asked in one place: how it is joined, each condition, and what can be added.

    Args:
        sheet: the draft.
        tree: what stands there; `true` asks nothing.
        pointer: where.
        scope: what names in it mean.
    """
    adds = additions(sheet, pointer, scope)
    if tree is True:
        return None, (), adds
    node = sheet.reader.condition(tree, pointer, scope)
    if isinstance(node, Group):
        return _join(sheet, node), tuple(shown(sheet, each, scope) for each in node.members), adds
    return None, (shown(sheet, node, scope),), adds


def additions(sheet: Sheet, pointer: str, scope: Scope) -> tuple[Addition, ...]:
    """What can be asked besides."""
    plain = scope == "line" or sheet.document.get("kind") == "tier" or not sheet.catalogue.lines
    offered = _LINE_ADDS if plain else _ADDS
    return tuple(
        Addition(pointer, "add-condition", what, sheet.text(label), element_id(pointer, f"add-{what}"))
        for what, label in offered
    )


def shown(sheet: Sheet, node: Condition, scope: Scope) -> ConditionView:
    """One condition."""
    words = sheet.words(emit(node), node.pointer, scope)
    match node:
        case Comparison():
            return _comparison(sheet, node, words, scope)
        case Group():
            return ConditionView(
                "group",
                node.pointer,
                element_id(node.pointer),
                words,
                (_join(sheet, node),),
                tuple(shown(sheet, each, scope) for each in node.members),
                additions(sheet, node.pointer, scope),
                sheet.remarks(node.pointer, below=True),
            )
        case EachLine():
            return _each_line(sheet, node, words)
        case Total():
            return _total(sheet, node, words)
        case Locked():
            return ConditionView(
                "locked",
                node.pointer,
                element_id(node.pointer),
                words,
                raw=node.raw,
                remarks=sheet.remarks(node.pointer, below=True),
                line=sheet.line_of(node.pointer),
            )


def _comparison(sheet: Sheet, node: Comparison, words: str, scope: Scope) -> ConditionView:
    at, field = node.pointer, node.field
    plus = [] if node.plus is None else [_plus(sheet, node, node.plus, scope)]
    relations = sheet.relations(field.type, node.relation)
    if plus:
        relations = tuple(each for each in relations if each.value not in _OF_ONE)
    controls = [
        _fact(sheet, at, field, scope),
        *plus,
        sheet.choice(at, "set-relation", "value", sheet.text(N_("Comparison")), node.relation, relations),
        *_values(sheet, node, tiers=field.path == "member.tier"),
    ]
    return ConditionView(
        "comparison",
        at,
        element_id(at),
        words,
        tuple(controls),
        remarks=sheet.remarks(at, below=True),
    )


def _fact(sheet: Sheet, at: str, field: Field, scope: Scope) -> Control:
    return Control(
        at,
        "set-field",
        "value",
        element_id(at, "set-field-value"),
        sheet.text(N_("Fact")),
        "choice",
        field.path,
        groups=sheet.facts(scope, field),
    )


def _plus(sheet: Sheet, node: Comparison, plus: Field, scope: Scope) -> Control:
    """The fact that is added: of those that count the same, or none."""
    at, label = node.pointer, sheet.text(N_("plus"))
    known = sheet.catalogue.lines if scope == "line" else sheet.catalogue.document
    same = unit_of(node.field)
    groups = [
        replace(
            group,
            options=tuple(
                each for each in group.options if each.value == plus.path or _counts(known[each.value], same)
            ),
        )
        for group in sheet.facts(scope, plus)
    ]
    return Control(
        at,
        "set-plus-fact",
        "value",
        element_id(at, "set-plus-fact-value"),
        label,
        "choice",
        plus.path,
        (Choice("", sheet.text(N_("nothing more"))),),
        before=label,
        groups=tuple(group for group in groups if group.options),
    )


def _counts(field: Field, unit: Unit) -> bool:
    return field.type == "integer" and not field.options and unit_of(field) == unit


def _values(sheet: Sheet, node: Comparison, *, tiers: bool) -> list[Control]:
    field, at = node.field, node.pointer
    label = sheet.text(N_("Value"))
    if node.relation in ("one_of", "none_of"):
        return [_among(sheet, node, tiers=tiers)]
    return [
        sheet.operand(at, "set-value", f"value{index}", label, value, field)
        for index, value in enumerate(node.values)
    ]


def _among(sheet: Sheet, node: Comparison, *, tiers: bool) -> Control:
    """Several values; those that the fact no longer has stay, as chosen ones."""
    field, at = node.field, node.pointer
    known = list(sheet.options(field) or (sheet.offered("tiers") if tiers else ()))
    chosen = [str(sheet_value(value)) for value in node.values]
    options = [Choice(each.value, each.label, each.value in chosen) for each in known]
    offered = {each.value for each in known}
    options += [
        Choice(value, _said(sheet, value, listed=bool(known)), chosen=True)
        for value in chosen
        if value not in offered
    ]
    return Control(
        at,
        "set-among",
        "value",
        element_id(at, "set-among-value"),
        sheet.text(N_("Values")),
        "choices",
        "",
        tuple(options),
        more="number" if field.type == "integer" else "text",
    )


def _said(sheet: Sheet, value: str, *, listed: bool) -> str:
    return sheet.text(N_("%(value)s (not on the list)"), value=value) if listed else f"“{value}”"


def sheet_value(value: Operand) -> int | str:
    """What an operand says: its value, or `=` and the name of its parameter."""
    return value.value if isinstance(value, Literally) else f"={value.name}"


def _join(sheet: Sheet, node: Group) -> Control:
    return _listed(sheet, node.pointer, "set-join", sheet.text(N_("Joined")), node.join, _JOINS)


def _listed(
    sheet: Sheet, at: str, do: str, label: str, chosen: str, options: tuple[tuple[str, str], ...]
) -> Control:
    return sheet.choice(at, do, "value", label, chosen, [Choice(c, sheet.text(said)) for c, said in options])


def _each_line(sheet: Sheet, node: EachLine, words: str) -> ConditionView:
    here = f"{node.pointer}/{node.quantifier}/1"
    join, members, adds = top_conditions(sheet, emit(node.body), here, "line")
    if len(members) == 1:
        members = (replace(members[0], removable=False),)
    quantifier = _listed(
        sheet, node.pointer, "set-quantifier", sheet.text(N_("Lines")), node.quantifier, _QUANTIFIERS
    )
    return ConditionView(
        "each_line",
        node.pointer,
        element_id(node.pointer),
        words,
        (quantifier, join) if join else (quantifier,),
        members,
        adds,
        sheet.remarks(node.pointer, below=True),
    )


def _total(sheet: Sheet, node: Total, words: str) -> ConditionView:
    at = node.pointer
    measure = measured(sheet, at, "set-measure", node.field)
    relation = sheet.choice(
        at,
        "set-relation",
        "value",
        sheet.text(N_("Comparison")),
        node.relation,
        [each for each in sheet.relations("integer", node.relation) if each.value not in _OF_ONE],
    )
    values = [
        sheet.number(at, "set-value", f"value{index}", sheet.text(N_("Value")), value, unit_of(node.field))
        for index, value in enumerate(node.values)
    ]
    members: tuple[ConditionView, ...] = ()
    joined: tuple[Control, ...] = ()
    adds: tuple[Addition, ...] = (
        Addition(at, "add-where", "where", sheet.text(N_("Only some lines")), element_id(at, "where")),
    )
    if node.where is not None:
        join, members, adds = top_conditions(sheet, emit(node.where), node.where.pointer, "line")
        joined = (join,) if join else ()
    controls = (measure, relation, *values, *joined)
    return ConditionView(
        "total", at, element_id(at), words, controls, members, adds, sheet.remarks(at, below=True)
    )


def measured(sheet: Sheet, at: str, do: str, field: Field | None) -> Control:
    """What is added up of lines, or that they are counted."""
    sums = [
        Choice(each.path, sheet.text(N_("total %(fact)s"), fact=sheet.named(each)))
        for each in sheet.catalogue.lines.values()
        if each.type == "integer" and each.path != "line"
    ]
    counted = Choice(COUNT, sheet.text(N_("number of lines")))
    chosen = field.path if field else COUNT
    return sheet.choice(at, do, "value", sheet.text(N_("Total")), chosen, [counted, *sums])
