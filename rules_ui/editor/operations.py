"""What a change in the form does to a pack's text: only what was touched is written anew."""

import json
from collections.abc import Sequence
from typing import Final

from regulars.rules.canonical import laid_out
from regulars.rules.catalogue import Field
from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import (
    fragment,
    inserted,
    removed,
    renamed,
    replaced,
    replaced_raw,
    steps_of,
    with_member,
)
from rules_ui.editor.emitting import comparing, emit
from rules_ui.editor.nodes import Comparison, Condition, Join, Operand, Quantifier, Relation
from rules_ui.editor.parsing import LINES

_MADE: Final = (
    *("scope", "calendar", "base", "expires", "limits", "exclusions"),
    *("title", "description", "help", "words", "hours", "except", "members", "values"),
)
"""Parts that are there only while something stands in them."""
_ONLY: Final = "/filter/1"


def set_comparison(text: str, node: Comparison) -> str:
    """Write a comparison in the place of the condition that stands there. Raises: PointerUnknown."""
    return replaced(text, node.pointer, emit(node))


def set_join(text: str, pointer: str, join: Join) -> str:
    """Let all conditions of a group hold, or any. Raises: PointerUnknown: there is no group."""
    return renamed(text, f"{pointer}/{_operator(text, pointer, ('and', 'or'))}", join)


def set_quantifier(text: str, pointer: str, quantifier: Quantifier) -> str:
    """Ask it of some lines, of all, or of none. Raises: PointerUnknown."""
    return renamed(text, f"{pointer}/{_operator(text, pointer, ('some', 'all', 'none'))}", quantifier)


def set_total(text: str, pointer: str, measure: str, relation: Relation, values: Sequence[Operand]) -> str:
    """Compare a total anew; what is added up keeps its characters.

    Args:
        text: the pack's.
        pointer: of the condition.
        measure: JSON Pointer of what is added up or counted.
        relation: the new one.
        values: one, or two for between.
    Raises: PointerUnknown.
    """
    operator, before, after = comparing(relation, tuple(values))
    members = [*(laid_out(each) for each in before), fragment(text, measure), *(laid_out(a) for a in after)]
    return replaced_raw(text, pointer, f'{{"{operator}": [{", ".join(members)}]}}')


def set_measure(text: str, measure: str, field: Field | None) -> str:
    """Add up another fact of the lines, or count them; which lines keeps its characters.

    Raises: PointerUnknown.
    """
    lines = fragment(text, _lines_of(text, measure))
    raw = f'{{"length": [{lines}]}}'
    if field is not None:
        raw = f'{{"+": [{{"map": [{lines}, {laid_out({"var": field.path})}]}}]}}'
    return replaced_raw(text, measure, raw)


def set_lines(text: str, measure: str, body: Condition | None) -> str:
    """Take only lines for which a condition holds into a total, or all of them. Raises: PointerUnknown."""
    lines: object = LINES if body is None else {"filter": [LINES, emit(body)]}
    return replaced(text, _lines_of(text, measure), lines)


def add_condition(text: str, pointer: str, new: Condition) -> str:
    """Ask one thing more.

    Args:
        text: the pack's.
        pointer: of what is asked already: of a group the new one becomes the last, of anything else
            both become a group of which all must hold, of `true` only the new one is left.
        new: its pointer means nothing.
    Raises: PointerUnknown.
    """
    raw = fragment(text, pointer)
    if raw == "true":
        return replaced(text, pointer, {"and": [emit(new)]})
    for join in ("and", "or"):
        if _has(text, pointer, join):
            return inserted(text, f"{pointer}/{join}", emit(new))
    return replaced_raw(text, pointer, f'{{"and": [{raw}, {laid_out(emit(new))}]}}')


def remove_condition(text: str, pointer: str, root: str) -> str:
    """Ask one thing less; a group that is left without any goes too, a rule without any always acts, and a
    total without any is of all lines.

    Args:
        text: the pack's.
        pointer: of what goes.
        root: of all that is asked.
    Raises: PointerUnknown.
    """
    if pointer == root:
        return replaced(text, root, True)  # noqa: FBT003 — the JSON value
    if pointer.endswith(_ONLY):
        return replaced(text, pointer.removesuffix(_ONLY), LINES)
    group = pointer.rpartition("/")[0]
    if not group.endswith(("/and", "/or")):
        raise PointerUnknown(pointer)
    if len(json.loads(fragment(text, group))) > 1:
        return removed(text, pointer)
    around = group.rpartition("/")[0]
    inside = around.endswith(_ONLY) or around.rpartition("/")[0].endswith(("/and", "/or"))
    if around != root and not inside:
        raise PointerUnknown(pointer)
    return remove_condition(text, around, root)


def _operator(text: str, pointer: str, known: Sequence[str]) -> str:
    for operator in known:
        if _has(text, pointer, operator):
            return operator
    raise PointerUnknown(pointer)


def _has(text: str, pointer: str, key: str) -> bool:
    return _there(text, f"{pointer}/{key}")


def _lines_of(text: str, measure: str) -> str:
    if _has(text, measure, "length"):
        return f"{measure}/length/0"
    return f"{measure}/+/0/map/0"


def put(text: str, pointer: str, value: object) -> str:
    """Write a plain part; objects above it that are not there are made. Raises: PointerUnknown."""
    above = pointer.rpartition("/")[0]
    if not pointer:
        raise PointerUnknown(pointer)
    if _there(text, pointer):
        return replaced(text, pointer, value)
    key = steps_of(pointer)[-1]
    if _there(text, above):
        return with_member(text, above, key, value)
    if above.rpartition("/")[2] not in _MADE:
        raise PointerUnknown(pointer)
    return put(text, above, {key: value})


def take(text: str, pointer: str) -> str:
    """Take a plain part away, and an object above it that is left empty, but for one that names a thing."""
    if not _there(text, pointer):
        return text
    without = removed(text, pointer)
    above = pointer.rpartition("/")[0]
    if above.rpartition("/")[2] in _MADE and json.loads(fragment(without, above)) in ({}, []):
        return take(without, above)
    return without


def add_to(text: str, pointer: str, value: object) -> str:
    """Add a member to a list that may not be there yet. Raises: PointerUnknown."""
    return inserted(text, pointer, value) if _there(text, pointer) else put(text, pointer, [value])


def _there(text: str, pointer: str) -> bool:
    try:
        fragment(text, pointer)
    except PointerUnknown:
        return False
    return True
