"""Why a purchase gave what it gave, rule by rule, from the record that was kept of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars.analytics.purchase_record import PackDocument, PurchaseRecord
from rules_ui.contexts.members import BasketLine, ExplainedPack, ExplainedRule, Explanation
from rules_ui.i18n import N_, Speech
from rules_ui.rule_words import PackWords, RuleWords, words_of
from rules_ui.words import word_for

LINES_SHOWN = 12
MILLI = 1000
ACTS_BY_MONEY = "discount"
GIVING = frozenset({"earning", "discount"})
READING_ORDER = ("earning", "discount", "tier", "eligibility")

_NOTES: Mapping[str, str] = {
    "no_member": N_("No member was named."),
    "frozen": N_("The account was frozen."),
    "capped": N_("Limited to the most that one purchase may get."),
    "limited": N_("A limit of the pack left no more."),
    "out_of_scope": N_("Not meant for this place, channel or tier."),
    "out_of_season": N_("Not meant for this day or hour."),
}
_FACTS: Mapping[str, str] = {
    "tier": N_("Tier before"),
    "stage": N_("Stage before"),
    "tags": N_("Tags"),
    "spend_365d_minor": N_("Spend in the 365 days before"),
    "visits_365d": N_("Purchases in the 365 days before"),
    "qualifying_spend_minor": N_("Spend with this purchase"),
    "visits": N_("Purchases before, in all"),
    "enrolled_days": N_("Days since joining"),
}


def explain(
    record: PurchaseRecord, packs: Mapping[str, PackDocument], say: Speech, *, every_line: bool
) -> Explanation:
    """The explanation in the reader's words.

    Args:
        record: the purchase with its evaluation as stored.
        packs: the pack versions that the evaluation names.
        say: the reader's language.
        every_line: show the whole basket, not only its head.
    """
    evaluation = record.evaluation
    by_pack: dict[str, list[Mapping[str, Any]]] = {}
    for outcome in evaluation.get("rules", ()):
        by_pack.setdefault(outcome["pack"], []).append(outcome)
    shown = record.lines if every_line else record.lines[:LINES_SHOWN]
    return Explanation(
        reasons=tuple(say.text(word_for("reason", code)) for code in evaluation.get("reasons", ())),
        facts=_facts(evaluation.get("facts", {}).get("member"), say),
        packs=tuple(
            _pack(name, by_pack[name], packs.get(name), say)
            for name in sorted(by_pack, key=lambda name: _place(packs.get(name)))
        ),
        lines=tuple(_line(line, say) for line in shown),
        more_lines=len(record.lines) - len(shown),
        page_href=f"/purchases/{record.id}",
    )


def _place(pack: PackDocument | None) -> int:
    """What people ask for first stands first: points, then discounts."""
    return READING_ORDER.index(pack.kind) if pack and pack.kind in READING_ORDER else len(READING_ORDER)


def pack_names(record: PurchaseRecord) -> Sequence[str]:
    """The pack versions that an explanation needs."""
    return sorted({outcome["pack"] for outcome in record.evaluation.get("rules", ())})


def _pack(
    name: str, outcomes: Sequence[Mapping[str, Any]], document: PackDocument | None, say: Speech
) -> ExplainedPack:
    code, _, version = name.partition("/")
    words = words_of(document.document, say) if document else None
    kind = document.kind if document else ""
    return ExplainedPack(
        title=words.title if words else code,
        name=name,
        href=f"/packs/{code}/versions/{version}",
        rules=tuple(_rule(outcome, words, kind, say) for outcome in outcomes),
    )


def _rule(outcome: Mapping[str, Any], words: PackWords | None, kind: str, say: Speech) -> ExplainedRule:
    rule = words.rules.get(outcome["rule"]) if words else None
    title = rule.title if rule else outcome["rule"]
    if outcome.get("error"):
        why = say.text(N_("This rule could not be read (%(tag)s), so it gave nothing."), tag=outcome["error"])
        return ExplainedRule("bad", title, why, "")
    note = _note(outcome.get("note"), words, say)
    if not outcome["applied"]:
        return ExplainedRule("no", title, _not_applied(outcome, rule, note, kind, say), "")
    if kind in GIVING and not outcome.get("gave"):
        return ExplainedRule(
            "idle", title, say.text(N_("It holds, but had nothing to give on this basket.")), ""
        )
    return ExplainedRule("yes", title, note or _applied(rule, kind, say), _gave(outcome, kind, say))


def _applied(rule: RuleWords | None, kind: str, say: Speech) -> str:
    if rule is None:
        return ""
    if kind == "tier" and rule.conditions:
        return say.text(N_("Reached: %(condition)s"), condition=say.text(N_("; ")).join(rule.conditions))
    return rule.effect


def _not_applied(
    outcome: Mapping[str, Any], rule: RuleWords | None, note: str, kind: str, say: Speech
) -> str:
    failed = outcome.get("failed")
    if failed is not None and rule and failed < len(rule.conditions):
        condition = rule.conditions[failed]
        if kind == "eligibility":
            return say.text(N_("Does not concern this purchase; not so: %(condition)s"), condition=condition)
        return say.text(N_("Not so: %(condition)s"), condition=condition)
    return note or say.text(N_("It had nothing to give here."))


def _note(note: str | None, words: PackWords | None, say: Speech) -> str:
    if not note:
        return ""
    kind, _, subject = note.partition(":")
    if kind == "excluded":
        return say.text(N_("Excluded by %(pack)s."), pack=subject)
    if kind == "outranked":
        winner = words.rules.get(subject) if words else None
        return say.text(
            N_("“%(rule)s” gives more, and only one of them counts."),
            rule=winner.title if winner else subject,
        )
    return say.text(_NOTES[kind]) if kind in _NOTES else ""


def _gave(outcome: Mapping[str, Any], kind: str, say: Speech) -> str:
    gave = outcome.get("gave", 0)
    if not gave:
        return ""
    if kind == ACTS_BY_MONEY:
        return say.text(N_("%(amount)s off"), amount=say.amount(gave))
    return say.text(N_("+%(points)s pts"), points=say.number(gave))


def _facts(member: Mapping[str, Any] | None, say: Speech) -> tuple[tuple[str, str], ...]:
    if member is None:
        return ()
    found = []
    for name, title in _FACTS.items():
        if name in member:
            found.append((say.text(title), _fact(name, member[name], say)))
    return tuple(found)


def _fact(name: str, value: Any, say: Speech) -> str:  # noqa: ANN401 — as stored
    if name.endswith("_minor"):
        return say.amount(value)
    if name in {"tier", "stage"}:
        return say.text(word_for(name, value))
    if isinstance(value, list):
        return ", ".join(value) or "–"
    return say.number(value)


def _line(line: Mapping[str, Any], say: Speech) -> BasketLine:
    discount = line["discount_minor"]
    return BasketLine(
        number=line["line"],
        sku=line["sku"],
        department=line["department"] or "–",
        quantity=say.quantity(line["quantity_milli"]),
        list_price=say.amount(line["list_minor"]),
        discount=say.amount(-discount) if discount else "",
        sales=say.amount(line["sales_minor"]),
    )
