"""Changes of plain values: numbers, texts, choices, lists; an optional one that is emptied goes."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from rules_ui.editor import operations
from rules_ui.editor.bench import PARAMETER_SIGN, Bench, Change
from rules_ui.editor.values import Unit, Unreadable, typed

NUMBER: Final = "set-number-"
_COMMAS: Final = re.compile(r"[,，、;；\n]")


def set_number(bench: Bench, change: Change) -> str:
    """A number in the unit that the change names, a parameter in its place, or the number it stands for."""
    unit: Unit = change.do.removeprefix(NUMBER)  # type: ignore[assignment]  # an unknown one has no decimals
    said = change.value.strip()
    if said.startswith(PARAMETER_SIGN):
        return operations.put(bench.text, change.at, {"param": bench.parameter(said).name})
    if said:
        return operations.put(bench.text, change.at, typed(said, unit, bench.exponent))
    before = bench.value_or_none(change.at)
    if isinstance(before, dict) and "param" in before:
        return operations.put(bench.text, change.at, bench.value_of_parameter(str(before["param"])))
    if change.values.get("optional"):
        return operations.take(bench.text, change.at)
    raise Unreadable("nothing")


def _set_text(bench: Bench, change: Change) -> str:
    said = change.value.replace("\r\n", "\n").strip()
    if not said:
        if change.values.get("optional"):
            return operations.take(bench.text, change.at)
        raise Unreadable("nothing")
    return operations.put(bench.text, change.at, said)


def _set_choice(bench: Bench, change: Change) -> str:
    if not change.value:
        return operations.take(bench.text, change.at)
    return operations.put(bench.text, change.at, change.value)


def _set_whole(bench: Bench, change: Change) -> str:
    return operations.put(bench.text, change.at, typed(change.value, "plain", bench.exponent))


def _set_flag(bench: Bench, change: Change) -> str:
    return operations.put(bench.text, change.at, change.value == "true")


def _set_codes(bench: Bench, change: Change) -> str:
    codes = list(dict.fromkeys(_pieces(change)))
    return operations.put(bench.text, change.at, codes) if codes else operations.take(bench.text, change.at)


def _set_numbers(bench: Bench, change: Change) -> str:
    numbers = sorted({typed(each, "plain", 0) for each in _pieces(change)})
    return (
        operations.put(bench.text, change.at, numbers) if numbers else operations.take(bench.text, change.at)
    )


def _pieces(change: Change) -> list[str]:
    """What was ticked or typed with commas between, and what was written besides."""
    said = [*change.values.get("value", ()), *change.values.get("more", ())]
    return [piece for each in said for piece in (p.strip() for p in _COMMAS.split(each)) if piece]


VALUE_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "set-text": _set_text,
    "set-choice": _set_choice,
    "set-whole": _set_whole,
    "set-flag": _set_flag,
    "set-codes": _set_codes,
    "set-numbers": _set_numbers,
}
