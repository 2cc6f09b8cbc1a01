"""Why a purchase gave what it gave, rule by rule, as the explanation tells it, on a page."""

from collections.abc import Mapping
from typing import Any, Final

from regulars.analytics.purchase_record import PurchaseRecord
from regulars.explanation.domain import PackSaid, PurchaseExplanation, RuleSaid
from regulars.purchases.receipt import told_reasons
from rules_ui.contexts.members import BasketLine, ExplainedPack, ExplainedRule, Explanation, RuleMood
from rules_ui.i18n import N_, Speech
from rules_ui.words import word_for

LINES_SHOWN = 12
ACTS_BY_MONEY = "discount"
READING_ORDER = ("earning", "discount", "tier", "eligibility")

_MOODS: Final[Mapping[str, RuleMood]] = {"applied": "yes", "idle": "idle", "open": "idle", "error": "bad"}
_FACTS: Final[Mapping[str, str]] = {
    "tier": N_("Tier before"),
    "stage": N_("Stage before"),
    "tags": N_("Tags"),
    "spend_365d_minor": N_("Spend in the 365 days before"),
    "visits_365d": N_("Purchases in the 365 days before"),
    "qualifying_spend_minor": N_("Spend with this purchase"),
    "visits": N_("Purchases before, in all"),
    "enrolled_days": N_("Days since joining"),
    "spend_30d_minor": N_("Spend in the 30 days before"),
    "visits_30d": N_("Purchases in the 30 days before"),
    "spend_90d_minor": N_("Spend in the 90 days before"),
    "visits_90d": N_("Purchases in the 90 days before"),
    "days_since_visit": N_("Days since the last visit"),
}


def explain(
    record: PurchaseRecord, found: PurchaseExplanation, say: Speech, *, every_line: bool
) -> Explanation:
    """The explanation in the reader's words.

    Args:
        record: the purchase as stored.
        found: its explanation; where recomputing disagrees with the books, this is said first.
        say: the reader's language.
        every_line: show the whole basket, not only its head.
    """
    shown = record.lines if every_line else record.lines[:LINES_SHOWN]
    codes = told_reasons(
        record.evaluation.get("reasons", ()),
        list_minor=record.list_minor,
        sales_minor=record.sales_minor,
        points=record.points,
    )
    reasons = tuple(say.text(word_for("reason", code)) for code in codes)
    differences = tuple(difference.words.of(say.language) for difference in found.differences)
    taken = tuple(one.words.of(say.language) for one in found.taken_back)
    return Explanation(
        reasons=(*differences, *taken, *reasons),
        facts=_facts(record.evaluation.get("facts", {}).get("member"), say),
        packs=tuple(_pack(pack, say) for pack in sorted(found.packs, key=_place)),
        lines=tuple(_line(line, say) for line in shown),
        more_lines=len(record.lines) - len(shown),
        page_href=f"/purchases/{record.id}",
    )


def _place(pack: PackSaid) -> tuple[int, str]:
    """What people ask for first stands first: points, then discounts."""
    place = READING_ORDER.index(pack.kind) if pack.kind in READING_ORDER else len(READING_ORDER)
    return place, pack.pack


def _pack(pack: PackSaid, say: Speech) -> ExplainedPack:
    code, _, version = pack.pack.partition("/")
    return ExplainedPack(
        title=pack.title.of(say.language),
        name=pack.pack,
        href=f"/packs/{code}/versions/{version}",
        rules=tuple(_rule(rule, pack.kind, say) for rule in pack.rules),
    )


def _rule(rule: RuleSaid, kind: str, say: Speech) -> ExplainedRule:
    return ExplainedRule(
        mood=_MOODS.get(rule.state, "no"),
        title=rule.title.of(say.language),
        why=rule.why.of(say.language),
        steps=tuple(step.of(say.language) for step in rule.steps),
        gave=_gave(rule, kind, say),
    )


def _gave(rule: RuleSaid, kind: str, say: Speech) -> str:
    if not rule.gave:
        return ""
    if kind == ACTS_BY_MONEY:
        return say.text(N_("%(amount)s off"), amount=say.amount(rule.gave))
    return say.ngettext("+%(num)s pt", "+%(num)s pts", rule.gave)


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
        return say.text(N_(", ")).join(value) or "–"
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
