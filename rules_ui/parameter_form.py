"""Numbers of a pack as people type them: yuan for fen, per cent for basis points, and back without loss."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from regulars.rules.model import Pack
from regulars.rules.model import Parameter as PackParameter
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.packs import Parameter
from rules_ui.editor.values import said_number, unit_of_parameter, with_word
from rules_ui.i18n import N_, Speech

BPS_PLACES = 2
LONGEST_NUMBER = 24
_PERCENT = "%"
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
"""Digits of any script; Python would take 1_0 and 1e3 for numbers as well."""


def parameters_of(
    pack: Pack, live: Pack | None, typed: Mapping[str, str], say: Speech
) -> tuple[Parameter, ...]:
    """The form's fields.

    Args:
        pack: the version that is shown.
        live: the version that is live, to tell what differs from it; None where none is.
        typed: what the person wrote, where the form is shown again.
        say: the reader's language.
    """
    return tuple(
        _field(name, one, live.parameters.get(name) if live else None, typed.get(name), say)
        for name, one in pack.parameters.items()
    )


def read_parameters(
    pack: Pack, typed: Mapping[str, str], say: Speech
) -> tuple[dict[str, int], list[FieldTrouble]]:
    """What the person wrote, as whole numbers in the pack's own units.

    Args:
        pack: the version that the form showed.
        typed: by parameter name.
        say: the reader's language.
    Returns: only the values that differ from the pack's, and what is wrong with which field.
    """
    changed: dict[str, int] = {}
    problems: list[FieldTrouble] = []
    for name, one in pack.parameters.items():
        if name not in typed:
            continue
        value = _whole(typed[name], _places(one, say))
        if value is None or not one.minimum <= value <= one.maximum:
            problems.append(FieldTrouble(name, _wrong(one, say)))
        elif value != one.value:
            changed[name] = value
    return changed, problems


def _wrong(one: PackParameter, say: Speech) -> str:
    places = _places(one, say)
    values = {"least": _plain(one.minimum, places), "most": _plain(one.maximum, places)}
    if places:
        message = N_("Write a number from %(least)s to %(most)s, with at most %(places)s decimals.")
        return say.text(message, **values, places=places)
    return say.text(N_("Write a whole number from %(least)s to %(most)s."), **values)


def _field(
    name: str, one: PackParameter, live: PackParameter | None, typed: str | None, say: Speech
) -> Parameter:
    places = _places(one, say)
    before, after = _around(one, say)
    shown = one.value if typed is None else _whole(typed, places)
    differs = live is not None and live.value != shown
    help_text = f"{one.help.of(say.language)}{say.gap}" if one.help else ""
    bounds = say.text(
        N_("from %(least)s to %(most)s"),
        least=_said(one.minimum, one, say),
        most=shown_value(one.maximum, one, say),
    )
    return Parameter(
        name=name,
        title=one.title.of(say.language),
        value=typed if typed is not None else _plain(one.value, places),
        was=shown_value(live.value, one, say) if differs and live else "",
        before=before,
        after=after,
        bounds=help_text + bounds,
        step=_plain(1, places),
        least=_plain(one.minimum, places),
        most=_plain(one.maximum, places),
    )


def _places(one: PackParameter, say: Speech) -> int:
    match one.type:
        case "money_minor":
            return say.money.exponent
        case "rate_bps":
            return BPS_PLACES
        case _:
            return 0


def _around(one: PackParameter, say: Speech) -> tuple[str, str]:
    match one.type:
        case "money_minor":
            return say.currency_sign, ""
        case "rate_bps" | "percent":
            return "", _PERCENT
        case "days":
            return "", say.text(N_("days"))
        case _:
            return "", one.unit or ""


def shown_value(value: int, one: PackParameter, say: Speech) -> str:
    """A parameter's value as people read it: "¥1,000.00", "12.5%", "30 days"."""
    after = _around(one, say)[1]
    return with_word(_said(value, one, say), "" if after == _PERCENT else after)


def _said(value: int, one: PackParameter, say: Speech) -> str:
    return said_number(value, unit_of_parameter(one.type), say)


def _plain(value: int, places: int) -> str:
    """A number as an input field wants it: 12500 with 2 places is "125"."""
    text = format(Decimal(value).scaleb(-places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(text: str, places: int) -> int | None:
    """What was typed in the pack's own unit; None where that is not a whole number of it."""
    clean = text.strip().replace("，", ",").replace(",", "").replace("．", ".")
    if len(clean) > LONGEST_NUMBER or not _NUMBER.fullmatch(clean):
        return None
    scaled = Decimal(clean).scaleb(places)
    return int(scaled) if scaled == scaled.to_integral_value() else None
