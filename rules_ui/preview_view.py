"""Presents what a draft gives beside what is live, rule by rule."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regulars.explanation.domain import Condition, PackSaid, RuleSaid
from regulars.explanation.trying import Came, Recorded
from regulars.purchases.finding import FoundReceipt
from rules_ui.contexts.members import RuleMood
from rules_ui.contexts.preview import (
    Figure,
    FoundReceiptLine,
    NewCase,
    PreviewResult,
    TriedCondition,
    TriedPack,
    TriedRule,
)
from rules_ui.i18n import N_, Speech
from rules_ui.words import word_for

_MOODS: Final[Mapping[str, RuleMood]] = {"applied": "yes", "idle": "idle", "open": "idle", "error": "bad"}


@dataclass(frozen=True, slots=True)
class Both:
    """What came of one trial.

    Attributes:
        code: of the pack that is drafted.
        based_on: revision of the draft.
        receipt_no: "" of a sample.
        given: what a case of it gives; None where it cannot be one.
        expected: what that case would expect, in words.
        recorded: what the books have of a receipt; None of a sample.
        beside: in sentences, how that compares with the draft and why.
    """

    code: str
    based_on: int
    draft: Came
    live: Came
    what: str
    receipt_no: str
    given: Mapping[str, Any] | None
    expected: str
    recorded: Recorded | None
    beside: tuple[str, ...]


def nothing_of(code: str, message: str = "", receipts: Sequence[FoundReceiptLine] = ()) -> PreviewResult:
    """Where nothing was tried, and why."""
    return PreviewResult(code, message, "", tuple(receipts), (), (), None, None, (), None)


def result_of(both: Both, say: Speech) -> PreviewResult:
    """What came of it, in the reader's words."""
    return PreviewResult(
        code=both.code,
        message="",
        what=both.what,
        receipts=(),
        figures=_figures(both, say),
        beside=both.beside,
        draft=_pack(both.draft, both.code, say),
        live=_pack(both.live, both.code, say),
        facts=tuple((each.name.of(say.language), each.text.of(say.language)) for each in both.draft.told),
        case=_case(both),
    )


def receipt_line(code: str, found: FoundReceipt, store: str, say: Speech) -> FoundReceiptLine:
    """One of several receipts to choose from."""
    href = f"/packs/{code}/preview?source=receipt&purchase={found.id}"
    words = (
        f"{found.receipt_no} · {store} · {say.moment(found.occurred_at)} · {say.amount(found.sales_minor)}"
    )
    return FoundReceiptLine(href, words)


def _figures(both: Both, say: Speech) -> tuple[Figure, ...]:
    columns = [both.draft, both.live, *((both.recorded,) if both.recorded else ())]
    figures = [
        _figure(N_("Points"), [say.number(each.points) for each in columns], say),
        _figure(N_("Off"), [say.amount(each.discount_minor) for each in columns], say),
    ]
    if any(each.tier for each in columns):
        none = say.text(N_("no move"))
        tiers = [say.text(word_for("tier", each.tier)) if each.tier else none for each in columns]
        figures.append(_figure(N_("Tier"), tiers, say))
    return tuple(figures)


def _figure(name: str, columns: Sequence[str], say: Speech) -> Figure:
    draft, live, *till = columns
    return Figure(say.text(name), draft, live, draft != live, till[0] if till else "")


def _pack(came: Came, code: str, say: Speech) -> TriedPack | None:
    found = next((pack for pack in came.packs if pack.pack.partition("/")[0] == code), None)
    if found is None:
        return None
    number = found.pack.partition("/")[2]
    title = say.text(N_("Draft"))
    if number != "0":
        title = say.text(N_("Version %(version)s, live now"), version=number)
    return TriedPack(title, tuple(_rule(rule, found, say) for rule in found.rules))


def _rule(rule: RuleSaid, pack: PackSaid, say: Speech) -> TriedRule:
    gave = ""
    if rule.gave:
        gave = (
            say.text(N_("%(amount)s off"), amount=say.amount(rule.gave))
            if pack.kind == "discount"
            else say.ngettext("+%(num)s pt", "+%(num)s pts", rule.gave)
        )
    return TriedRule(
        mood=_MOODS.get(rule.state, "no"),
        title=rule.title.of(say.language),
        why=rule.why.of(say.language),
        gave=gave,
        conditions=tuple(_condition(each, say) for each in rule.conditions),
        steps=tuple(step.of(say.language) for step in rule.steps),
    )


def _condition(condition: Condition, say: Speech) -> TriedCondition:
    needed = condition.needed.of(say.language) if condition.needed and condition.holds is False else ""
    read = [] if needed else [value.text.of(say.language) for value in condition.values]
    return TriedCondition(
        holds=condition.holds,
        words=condition.words.of(say.language),
        now=say.text(N_(", ")).join(read),
        needed=needed,
    )


def _case(both: Both) -> NewCase | None:
    if both.given is None:
        return None
    at = str(both.given.get("at", "")).replace("T", " ")
    zh, en = f"样例 {at}", f"Sample {at}"
    if both.receipt_no:
        zh, en = f"小票 {both.receipt_no}", f"Receipt {both.receipt_no}"
    return NewCase(both.based_on, json.dumps(both.given, ensure_ascii=False), both.expected, zh, en)
