"""Why not more, today: what the live packs would give a member or a basket now, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.service import peek_budget
from regulars.explanation import words
from regulars.explanation.domain import OfferExplanation, Said
from regulars.explanation.facts import told_facts
from regulars.explanation.limits_left import limits_left, without_used_up
from regulars.explanation.recomputing import recompute
from regulars.explanation.rivals import rivals_of
from regulars.explanation.service import speech_of
from regulars.explanation.shelf import Shelf
from regulars.explanation.speech import Speech
from regulars.explanation.stored import StoredPurchase
from regulars.explanation.telling import Told, first_reasons, tell_packs
from regulars.kernel.written import spaced
from regulars.purchases.desk import Desk
from regulars.purchases.domain import Basket, lines_json
from regulars.purchases.limits import occasion_of
from regulars.purchases.quoting import Quote, quote
from regulars.purchases.receipt import told_reasons

BASKET_FACTS: Final = frozenset({"purchase.sales_minor", "purchase.list_minor", "purchase.lines"})
_UNSIGNED: Final = b"not a promise: nobody is handed this quote's token"
_NO_LIFE: Final = timedelta(0)


async def explain_offers(
    session: AsyncSession, shelf: Shelf, desk: Desk, basket: Basket, at: datetime
) -> OfferExplanation:
    """What the live packs would give now, and for each rule that gives nothing what it would take.

    Args:
        session: any; only read from.
        shelf: pack versions as far as they are known.
        desk: what this process knows of places and packs.
        basket: where, who and what; without lines, what depends on them stays open.
        at: aware UTC, now.
    Returns: facts, rules with their conditions, what each would take, and what limits leave; nothing is
        written or reserved.
    Raises: MemberUnknown.
    Source: docs/explanation.md.
    """
    offered = await quote(session, desk, basket, _UNSIGNED, _NO_LIFE, at)
    shelved = await shelf.take(session, offered.evaluation["packs"])
    site = desk.places.store(basket.store_id)
    stored = _as_stored(offered, basket, site.code, at)
    found = recompute(stored, shelved, site)
    unknown = frozenset() if basket.lines else BASKET_FACTS
    speech = await speech_of(session, desk.places.chain, shelved.packs, site.zone)
    told = Told(found.facts, found.evaluation, stored.occurred_at, unknown)
    offering = (
        told
        if found.before is found.facts
        else Told(found.before, found.offering, stored.occurred_at, unknown)
    )
    discount = sum(found.charged.values())
    occasion = occasion_of(replace(basket, occurred_at=stored.occurred_at, quote_id=None), site)
    meter = await peek_budget(session, [(shelved.packs.limits, occasion)], at)
    left = limits_left(shelved.packs, meter, occasion, speech)
    packs = tell_packs(shelved.packs, told, offering, speech)
    return OfferExplanation(
        member_id=basket.member_id,
        store=site.code,
        occurred_at=stored.occurred_at,
        local_time=speech.stamp(stored.occurred_at),
        basket_known=bool(basket.lines),
        points=offered.outcome["points"],
        discount_minor=discount,
        summary=tuple(_summary(offered.outcome, offered.evaluation, discount, speech, basket)),
        facts=told_facts(found.facts, speech, basket=bool(basket.lines)),
        packs=packs if basket.lines else without_used_up(packs, left, rivals_of(shelved.packs)),
        limits=left,
    )


def _as_stored(offered: Quote, basket: Basket, store: str, at: datetime) -> StoredPurchase:
    """The quote as the purchase that it would be."""
    return StoredPurchase(
        id=offered.id,
        member_id=basket.member_id,
        seq=None,
        store_id=basket.store_id,
        store=store,
        receipt_no=basket.receipt_no,
        channel=basket.channel,
        occurred_at=max(basket.occurred_at, at),
        list_minor=offered.outcome["list_minor"],
        sales_minor=offered.outcome["sales_minor"],
        points=offered.outcome["points"],
        flags=(),
        attributed=False,
        lines_text=lines_json(offered.lines).decode(),
        evaluation_text=orjson.dumps(offered.evaluation).decode(),
        postings={},
        lots=(),
        claims={},
        moves=(),
        at_home=False,
    )


def _summary(
    outcome: Mapping[str, Any], record: Mapping[str, Any], discount: int, speech: Speech, basket: Basket
) -> Sequence[Said]:
    said: list[Said] = []
    if basket.lines:
        points, off = speech.points(outcome["points"]), speech.money(discount)
        said.append(
            Said(
                f"现在结账可累积 {points.zh}，优惠 {off.zh}。",
                f"Bought now, it would earn {points.en} and {off.en} off.",
            )
        )
    else:
        said.append(
            Said("没有购物篮：取决于商品的条件未作判断。", "Without a basket, what depends on it stays open.")
        )
    nearer = outcome["member"] and outcome["member"]["next_tier"]
    if nearer:
        tier, gap = speech.tier(nearer["tier"]), speech.money(nearer["missing_minor"])
        said.append(Said(spaced("距", tier.zh, f"还差 {gap.zh}。"), f"{gap.en} more to reach {tier.en}."))
    reasons = told_reasons(
        record["reasons"],
        list_minor=outcome["list_minor"],
        sales_minor=outcome["sales_minor"],
        points=outcome["points"],
    )
    return [*said, *first_reasons(reasons, words.REASONS)]
