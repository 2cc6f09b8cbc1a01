"""What a draft would give beside what is live: on facts that somebody made up, or on those of a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Occasion
from regulars.budgets.domain import LIMITED, Meter
from regulars.custom_fields.domain import ProductFacts
from regulars.explanation import repository
from regulars.explanation.domain import Fact, PackSaid
from regulars.explanation.errors import RecordUnreadable
from regulars.explanation.facts import told_facts
from regulars.explanation.recomputing import FactsRead, facts_of
from regulars.explanation.speech import Speech
from regulars.explanation.stored import StoredPurchase
from regulars.explanation.telling import Told, tell_packs
from regulars.organisation.places import Places
from regulars.purchases.domain import lines_json, lines_of, pack_discounts, without_pack_discounts
from regulars.purchases.errors import PurchaseUnknown
from regulars.purchases.evaluation import told_as_offered
from regulars.rules import cases
from regulars.rules.case_model import Given
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.domain import Evaluation, LineDiscount, PackVersion
from regulars.rules.evaluator import PackSet
from regulars.rules.model import Pack
from regulars.security.scope import Scope

DRAFT_VERSION: Final = 0
_NO_ID: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the books have of a real purchase, with which a trial is compared.

    Attributes:
        points: that it earned when it was recorded, or when its member was named afterwards.
        discount_minor: that the till charged in the packs' name.
        tier: that its member moved up to by it; None where nothing moved.
        packs: versions that it was read with, "code/number".
        limited: pack and limit of each limit that left a rule less than it gives.
        flags: of the purchase, e.g. "discount_differs".
    """

    points: int
    discount_minor: int
    tier: str | None
    packs: tuple[str, ...]
    limited: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One purchase to be tried.

    Attributes:
        facts: without the discounts of packs, which the packs that are tried give anew.
        receipt_no: "" where the facts were made up.
        recorded: None where the facts were made up.
    """

    facts: FactsRead
    at: datetime
    store_id: UUID
    receipt_no: str = ""
    recorded: Recorded | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a trial with one set of packs.

    Attributes:
        facts: as points and tiers saw them: after the packs' discounts.
        tier: that the member would move up to; None where nothing moves.
    """

    points: int
    discount_minor: int
    tier: str | None
    facts: FactsRead
    told: tuple[Fact, ...]
    packs: tuple[PackSaid, ...]


def draft_beside(live: PackSet, pack: Pack, document: Mapping[str, object]) -> PackSet:
    """The live packs with a draft in the place of its own live version.

    Args:
        live: of a place.
        pack, document: of the draft, checked.
    Returns: the set; the draft's version is called `code/0`.
    """
    others = [version for version in live.versions if version.code != pack.code]
    draft = PackVersion(_NO_ID, pack.code, DRAFT_VERSION, pack.kind, "draft", document)
    return PackSet([*others, draft])


def sample(given: Given, places: Places, store_id: UUID, catalogue: Catalogue) -> Trial:
    """A trial on facts that somebody made up, at a store of the chain.

    Args:
        given: as of a case; its store is not read.
        places: of the chain, refreshed.
        store_id: where it is bought.
        catalogue: what rules of the chain can read.
    Raises: UnknownPlace.
    """
    site = places.store(store_id)
    member, purchase, store, calendar, wall = cases.facts_of(given, catalogue)
    store = replace(store, code=site.code, branch=site.branch_code, above=site.above, zone=site.zone)
    return Trial(FactsRead(member, purchase, store, calendar), wall.replace(tzinfo=site.zone), store_id)


async def receipt(
    session: AsyncSession, places: Places, purchase_id: UUID, scope: Scope, catalogue: Catalogue
) -> Trial:
    """A trial on what the rules read of a purchase when it was recorded.

    Args:
        session: any; only read from.
        places: of the chain, refreshed.
        purchase_id: which.
        scope: where the asker may look: the store must lie there.
        catalogue: gives what the chain's own facts read that were added since.
    Raises: PurchaseUnknown; RecordUnreadable.
    """
    stored = await repository.purchase(session, purchase_id, scope, by_home=False)
    if stored is None:
        raise PurchaseUnknown
    (stored,) = await repository.with_lately(session, [stored])
    site = places.store(stored.store_id)
    try:
        facts = facts_of(stored, site)
        lines = lines_of(stored.lines_text)
        charged = pack_discounts(lines)
        recorded = _recorded(stored, sum(charged.values()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordUnreadable(f"{type(error).__name__} {error}") from None
    if charged:
        plain = without_pack_discounts(lines)
        sales = sum(line.sales_minor for line in plain)
        facts = _sold(facts, lines_json(plain), sales)
    return Trial(_with_usual(facts, catalogue), stored.occurred_at, site.id, stored.receipt_no, recorded)


def _recorded(stored: StoredPurchase, discount_minor: int) -> Recorded:
    rules: Sequence[Mapping[str, Any]] = stored.evaluation["rules"]
    noted = [(told["pack"], *(told.get("note") or "").partition(":")[::2]) for told in rules]
    limited = [(pack.partition("/")[0], limit) for pack, kind, limit in noted if kind == LIMITED]
    return Recorded(
        points=stored.points,
        discount_minor=discount_minor,
        tier=next((tier for tier, _, _ in stored.moves), None),
        packs=stored.packs,
        limited=tuple(dict.fromkeys(limited)),
        flags=stored.flags,
    )


def try_out(packs: PackSet, trial: Trial, speech: Speech) -> Came:
    """What packs give, and why: discounts first, then points on what is left to pay.

    Limits count as if nothing had been given yet in their day, month or year.

    Args:
        packs: that are live together.
        trial: on what.
        speech: how the chain says things.
    """
    member_id = _NO_ID if trial.facts.member.known else None
    zone = trial.facts.store.zone
    occasion = Occasion(member_id, trial.store_id, trial.at.astimezone(zone) if zone else trial.at)
    offered = Meter().cut(_evaluated(packs, trial.facts, trial.at), packs.limits, occasion).evaluation
    charged, evaluation = trial.facts, offered
    if offered.discounts:
        charged = _charged(trial.facts, offered.discounts)
        bought = Meter().cut(_evaluated(packs, charged, trial.at), packs.limits, occasion).evaluation
        evaluation = told_as_offered(bought, offered, packs)
    told = Told(charged, evaluation, trial.at)
    offering = told if charged is trial.facts else Told(trial.facts, offered, trial.at)
    move = evaluation.tier
    return Came(
        points=evaluation.points,
        discount_minor=sum(each.amount_minor for each in offered.discounts),
        tier=move.tier if move and move.tier != charged.member.tier else None,
        facts=charged,
        told=told_facts(trial.facts, speech),
        packs=tell_packs(packs, told, offering, speech),
    )


def _evaluated(packs: PackSet, facts: FactsRead, at: datetime) -> Evaluation:
    return packs.evaluate(facts.member, facts.purchase, facts.store, facts.calendar, at)


def _charged(facts: FactsRead, discounts: Sequence[LineDiscount]) -> FactsRead:
    """The facts after the packs' discounts."""
    off: dict[int, int] = {}
    for each in discounts:
        off[each.line] = off.get(each.line, 0) + each.amount_minor
    lines: list[dict[str, Any]] = orjson.loads(facts.purchase.lines_json)
    for line in lines:
        taken = off.get(line["line"], 0)
        line["sales_minor"] -= taken
        line["discount_minor"] += taken
    return _sold(facts, orjson.dumps(lines), facts.purchase.sales_minor - sum(off.values()))


def _sold(facts: FactsRead, lines: bytes, sales_minor: int) -> FactsRead:
    """The facts with other lines, which also count towards the member's tier."""
    member = facts.member
    if member.known:
        difference = sales_minor - facts.purchase.sales_minor
        member = replace(member, qualifying_spend_minor=member.qualifying_spend_minor + difference)
    purchase = replace(facts.purchase, sales_minor=sales_minor, lines_json=lines)
    return replace(facts, member=member, purchase=purchase)


def _with_usual(facts: FactsRead, catalogue: Catalogue) -> FactsRead:
    """The facts, with what the chain's own fields read that the record does not know."""
    member, store = facts.member, facts.store
    if catalogue.member and member.known:
        member = replace(member, custom=_filled(member.custom, catalogue.member))
    if catalogue.store:
        store = replace(store, custom=_filled(store.custom, catalogue.store))
    purchase = facts.purchase
    if catalogue.product:
        usual = {code: field.default for code, field in catalogue.product.items()}
        now = ProductFacts(usual, {})
        kept = purchase.products
        products = now if kept is None else ProductFacts(kept.usual, kept.of, now)
        purchase = replace(purchase, products=products)
    return replace(facts, member=member, store=store, purchase=purchase)


def _filled(custom: str, fields: Mapping[str, Field]) -> str:
    usual: dict[str, object] = {code: field.default for code, field in fields.items()}
    return orjson.dumps(usual | (orjson.loads(custom) if custom else {})).decode()
