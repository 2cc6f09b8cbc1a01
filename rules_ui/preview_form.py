"""Reads what somebody typed to try a draft: a sample basket, or which receipt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic import ValidationError

from regulars.rules.case_model import Given
from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick
from rules_ui.contexts.preview import PreviewForm, SampleLine
from rules_ui.editor.values import Unreadable, typed
from rules_ui.i18n import N_, Speech
from rules_ui.preview_view import nothing_of

LINES: Final = 4
NOBODY: Final = "-"
_AMOUNT: Final = N_("Write an amount, such as 99.90.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says, as typed.

    Attributes:
        values: by field; fields that were not sent are missing.
        stores: the store that was chosen, and what was typed instead of it.
    """

    values: Mapping[str, str]
    stores: Sequence[str] = ()

    def of(self, name: str, usual: str = "") -> str:
        return self.values.get(name, usual)[:100]

    @property
    def source(self) -> str:
        return "receipt" if self.of("source") == "receipt" else "sample"


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form offers to choose from."""

    stores: PlacePick
    tiers: Sequence[Choice]
    departments: Sequence[str]


def form_of(code: str, asked: Asked, offered: Offered, say: Speech) -> PreviewForm:
    """The form as it was typed; a first sample where nothing was."""
    now = say.now.astimezone(say.zone)
    usual = offered.departments[0] if offered.departments else ""
    first = {"department1": usual, "amount1": "100"} if "amount1" not in asked.values else {}
    return PreviewForm(
        code=code,
        source=asked.source,
        stores=offered.stores,
        tiers=_chosen(offered.tiers, asked.of("tier")),
        at=asked.of("at", now.strftime("%Y-%m-%dT%H:%M")),
        spend=asked.of("spend"),
        sign=say.currency_sign,
        lines=tuple(
            SampleLine(
                number,
                asked.of(f"department{number}", first.get(f"department{number}", "")),
                asked.of(f"amount{number}", first.get(f"amount{number}", "")),
            )
            for number in range(1, LINES + 1)
        ),
        departments=tuple(offered.departments),
        receipt_no=asked.of("receipt_no"),
        receipt_day=asked.of("receipt_day", now.strftime("%Y-%m-%d")),
        troubles=(),
        result=nothing_of(code),
    )


def sample_of(form: PreviewForm, say: Speech) -> tuple[Given | None, list[FieldTrouble]]:
    """The sample basket as a case gives it.

    Returns: None and what is wrong with which fields, or the facts and nothing.
    """
    troubles: list[FieldTrouble] = []
    given: dict[str, Any] = {"purchase": {"lines": _lines(form, say, troubles)}}
    tier = next((each.value for each in form.tiers if each.chosen), NOBODY)
    given["member"] = {"known": False, "tier": ""} if tier == NOBODY else {"tier": tier}
    if form.spend.strip() and tier != NOBODY:
        spend = _minor(form.spend, "spend", say, troubles)
        given["member"]["spend_365d_minor"] = spend
    try:
        given["at"] = datetime.fromisoformat(form.at).strftime("%Y-%m-%dT%H:%M")
    except ValueError:
        troubles.append(FieldTrouble("at", say.text(N_("Choose a day and a time."))))
    if not given["purchase"]["lines"] and not troubles:
        troubles.append(FieldTrouble("amount1", say.text(_AMOUNT)))
    if troubles:
        return None, troubles
    try:
        return Given.model_validate(given), []
    except ValidationError:
        return None, [FieldTrouble("amount1", say.text(N_("The number is too large.")))]


def day_of(form: PreviewForm) -> date | None:
    """The business day of the receipt that is looked for."""
    try:
        return date.fromisoformat(form.receipt_day)
    except ValueError:
        return None


def departments_of(document: Mapping[str, Any]) -> list[str]:
    """Departments that a pack's cases name, the most frequent first."""
    counted: dict[str, int] = {}
    cases = document.get("cases")
    for case in cases if isinstance(cases, list) else ():
        for name in _named(json.dumps(case)):
            counted[name] = counted.get(name, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], name))


def _named(text: str) -> list[str]:
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        found.extend(
            value for key, value in pairs if key == "department" and isinstance(value, str) and value
        )

    json.loads(text, object_pairs_hook=note)
    return found


def _lines(form: PreviewForm, say: Speech, troubles: list[FieldTrouble]) -> list[dict[str, Any]]:
    lines = []
    for line in form.lines:
        if not line.amount.strip():
            continue
        amount = _minor(line.amount, f"amount{line.number}", say, troubles)
        lines.append({"department": line.department.strip(), "sales_minor": amount})
    return lines


def _minor(said: str, field: str, say: Speech, troubles: list[FieldTrouble]) -> int:
    try:
        amount = typed(said, "minor", say.money.exponent)
    except Unreadable:
        amount = -1
    if amount < 0:
        troubles.append(FieldTrouble(field, say.text(_AMOUNT)))
    return amount


def _chosen(choices: Sequence[Choice], wanted: str) -> tuple[Choice, ...]:
    known = wanted if any(each.value == wanted for each in choices) else ""
    return tuple(
        Choice(each.value, each.label, each.value == known if known else number == 0)
        for number, each in enumerate(choices)
    )
