"""Use-cases of explaining: one purchase, recomputed, compared and told."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.explanation import put_right_repository, repository, reversal_repository, words
from regulars.explanation.domain import PurchaseExplanation, Said, TakenBack
from regulars.explanation.facts import told_facts
from regulars.explanation.put_right import said_of
from regulars.explanation.recomputing import Recomputed, recompute
from regulars.explanation.reversals import taken_back
from regulars.explanation.shelf import Shelf
from regulars.explanation.speech import Speech
from regulars.explanation.stored import StoredPurchase
from regulars.explanation.telling import Told, first_reasons, tell_packs
from regulars.kernel.written import spaced
from regulars.organisation.domain import Chain
from regulars.organisation.places import Places
from regulars.purchases.errors import PurchaseUnknown
from regulars.purchases.receipt import told_reasons
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.domain import ENGINE
from regulars.rules.evaluator import PackSet
from regulars.security.scope import Scope

FAILED: Final = "recompute"
"""The flag of a purchase in which a rule failed."""


async def explain_purchase(
    session: AsyncSession,
    shelf: Shelf,
    places: Places,
    purchase_id: UUID,
    scope: Scope,
    *,
    by_home: bool = True,
) -> PurchaseExplanation:
    """Why a purchase gave what it gave: recomputed from what is stored, and compared with the books.

    Args:
        session: any; only read from.
        shelf: pack versions as far as they are known.
        places: of the chain, refreshed.
        purchase_id: which; once it was attributed, the reading that the member got is explained.
        scope: where the asker may look: the store must lie there.
        by_home: a purchase whose member is at home there may be seen too.
    Returns: facts, packs, each condition with its values, the arithmetic, and every difference.
    Raises: PurchaseUnknown: there is none, or it is out of sight; RecordUnreadable: its record was changed.
    Source: docs/explanation.md.
    """
    stored = await repository.purchase(session, purchase_id, scope, by_home=by_home)
    if stored is None:
        raise PurchaseUnknown
    shelved = await shelf.take(session, stored.packs)
    site = places.store(stored.store_id)
    speech = await speech_of(session, places.chain, shelved.packs, site.zone)
    reversals = await reversal_repository.of_purchases(session, [stored.id])
    taken = tuple(taken_back(one, speech) for one in reversals)
    failed = FAILED in stored.flags
    later = await put_right_repository.of_purchase(session, stored.id) if failed else []
    mended = tuple(said_of(one, speech) for one in later)
    return _explained(stored, recompute(stored, shelved, site), shelved.packs, speech, taken, mended)


async def speech_of(session: AsyncSession, chain: Chain, packs: PackSet, zone: ZoneInfo) -> Speech:
    """How the chain says things: with its own facts, and with the tiers that these packs know."""
    tiers = {
        tier.code: Said(tier.title.zh, tier.title.en)
        for compiled in packs.packs
        for tier in compiled.pack.tiers or ()
    }
    catalogue = await catalogue_of(session)
    return Speech(chain.currency, chain.currency_exponent, zone, tiers, catalogue)


def _explained(
    stored: StoredPurchase,
    found: Recomputed,
    packs: PackSet,
    speech: Speech,
    taken: tuple[TakenBack, ...],
    mended: tuple[Said, ...],
) -> PurchaseExplanation:
    told = Told(found.facts, found.evaluation, stored.occurred_at)
    offering = told if found.before is found.facts else Told(found.before, found.offering, stored.occurred_at)
    record = stored.evaluation
    charged = sum(found.charged.values())
    return PurchaseExplanation(
        purchase_id=stored.id,
        member_id=stored.member_id,
        receipt_no=stored.receipt_no,
        store=stored.store,
        occurred_at=stored.occurred_at,
        local_time=speech.stamp(stored.occurred_at),
        attributed=stored.attributed,
        points=stored.points,
        discount_minor=charged,
        flags=stored.flags,
        engine=record["engine"],
        engine_now=ENGINE,
        summary=tuple(_summary(stored, found, speech, (*mended, *(one.words for one in taken)))),
        facts=told_facts(found.facts, speech),
        packs=tell_packs(packs, told, offering, speech),
        differences=found.differences,
        taken_back=taken,
    )


def _summary(
    stored: StoredPurchase, found: Recomputed, speech: Speech, since: Sequence[Said]
) -> Sequence[Said]:
    """What a person asks for first: what came of it, why not more, and whether the books agree."""
    points = speech.points(stored.points)
    said = [Said(f"本单累积 {points.zh}。", f"The purchase earned {points.en}.")]
    said += since
    offered, charged = sum(found.offered.values()), sum(found.charged.values())
    if offered or charged:
        off, could = speech.money(charged), speech.money(offered)
        said.append(
            Said(
                f"规则应优惠 {could.zh}，收银台实际优惠 {off.zh}。",
                f"The rules offered {could.en} off; the till charged {off.en} off.",
            )
        )
    if stored.moves:
        tier = speech.tier(stored.moves[-1][0])
        said.append(Said(spaced("本单使会员升级为", tier.zh, "。"), f"It moved the member up to {tier.en}."))
    if stored.attributed:
        said.append(
            Said("这笔消费是事后补登给会员的。", "The member was named only afterwards (attributed).")
        )
    reasons = told_reasons(
        stored.evaluation["reasons"],
        list_minor=stored.list_minor,
        sales_minor=stored.sales_minor,
        points=stored.points,
    )
    said += first_reasons(reasons, words.REASONS)
    said += first_reasons(stored.flags, words.FLAGS)
    then = stored.evaluation["engine"]
    if then != ENGINE:
        said.append(
            Said(
                f"当时使用的引擎是 {then}，以下用现在的 {ENGINE} 重新计算。",
                f"It was evaluated by {then} then; below it is recomputed by {ENGINE}.",
            )
        )
    for rule, error in found.no_longer_failing:
        said.append(
            Said(
                f"规则 {rule} 当时无法计算（{error}），今天的引擎可以计算；"
                "以下仍按当时的结果说明，可用重算补发。",
                f"The rule {rule} failed then ({error}), and today's engine can read it; below it is told as "
                "it was, and recomputing gives what it kept from the member.",
            )
        )
    said.append(_verdict(found))
    return said


def _verdict(found: Recomputed) -> Said:
    if not found.differences:
        return Said("重新计算的结果与账上完全一致。", "Recomputing gives exactly what is on the books.")
    count = len(found.differences)
    return Said(
        f"注意：重新计算与账上有 {count} 处不一致，见下。",
        f"ATTENTION: recomputing disagrees with the books in {count} place{'' if count == 1 else 's'}.",
    )
