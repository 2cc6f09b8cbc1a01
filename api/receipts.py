"""A stored receipt or a quote as the API answers it: figures as kept, conditions in words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from api.schemas.purchases import (
    AwardOut,
    ConditionOut,
    DiscountIn,
    DiscountOut,
    LineOut,
    MemberOut,
    QuoteOut,
    ReceiptOut,
    RuleOut,
)
from regulars.purchases.desk import Recorded
from regulars.purchases.quoting import Quote
from regulars.rules.domain import PackVersion
from regulars.rules.live import LivePacks
from regulars.rules.sentences import RuleSentence, pack_of, sentences

Words = Mapping[str, tuple[RuleSentence, RuleSentence]]


def receipt_out(recorded: Recorded, packs: LivePacks) -> ReceiptOut:
    """A purchase as it stands, the same whenever it is asked for."""
    return ReceiptOut(
        purchase_id=recorded.purchase_id, **_outcome(recorded.receipt, recorded.evaluation, packs)
    )


def quote_out(quote: Quote, packs: LivePacks) -> QuoteOut:
    """A quote with the lines to charge."""
    outcome: Mapping[str, Any] = orjson.loads(orjson.dumps(quote.outcome))
    evaluation: Mapping[str, Any] = orjson.loads(orjson.dumps(quote.evaluation))
    lines = [
        LineOut(
            line=line.line,
            sku=line.sku,
            list_minor=line.list_minor,
            sales_minor=line.sales_minor,
            discounts=[
                DiscountIn(source=d.source, funder=d.funder, amount_minor=d.amount_minor)
                for d in line.discounts
            ],
        )
        for line in quote.lines
    ]
    return QuoteOut(
        quote_id=quote.id,
        quote=quote.token,
        expires_at=quote.expires_at,
        lines=lines,
        **_outcome(outcome, evaluation, packs),
    )


def _outcome(receipt: Mapping[str, Any], evaluation: Mapping[str, Any], packs: LivePacks) -> dict[str, Any]:
    member = receipt["member"]
    return {
        **receipt,
        "member": MemberOut(**member) if member is not None else None,
        "awards": [AwardOut(**award) for award in evaluation["awards"]],
        "offered": [DiscountOut(**discount) for discount in evaluation["offered"]],
        "charged": [DiscountOut(**discount) for discount in evaluation["charged"]],
        "rules": [_rule(rule, packs) for rule in evaluation["rules"]],
        "reasons": evaluation["reasons"],
    }


def _rule(rule: Mapping[str, Any], packs: LivePacks) -> RuleOut:
    version = packs.named(rule["pack"])
    both = _words(version).get(rule["rule"]) if version else None
    index = rule.get("failed")
    return RuleOut(
        pack=rule["pack"],
        rule=rule["rule"],
        title_zh=both[0].title if both else rule["rule"],
        title_en=both[1].title if both else rule["rule"],
        applied=rule["applied"],
        gave=rule.get("gave", 0),
        failed_condition=_condition(index, both),
        error=rule.get("error"),
        note=rule.get("note"),
    )


def _condition(index: int | None, both: tuple[RuleSentence, RuleSentence] | None) -> ConditionOut | None:
    if index is None:
        return None
    if both is None or index >= len(both[0].conditions):
        return ConditionOut(index=index, zh="", en="")
    return ConditionOut(index=index, zh=both[0].conditions[index], en=both[1].conditions[index])


_KNOWN: dict[UUID, Words] = {}


def _words(version: PackVersion) -> Words:
    """Each rule of a version in both languages; made once, for a version never changes."""
    known = _KNOWN.get(version.id)
    if known is None:
        pack = pack_of(version.document)
        zh, en = sentences(pack, "zh"), sentences(pack, "en")
        known = _KNOWN[version.id] = {one.rule_id: (one, other) for one, other in zip(zh, en, strict=True)}
    return known
