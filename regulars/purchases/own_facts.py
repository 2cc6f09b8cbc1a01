"""The chain's own facts of a purchase, as the process remembers them and as the record keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields.domain import ProductFacts, Value
from regulars.lifecycle.reigns import ReignBook
from regulars.purchases.desk import Desk
from regulars.purchases.domain import Basket
from regulars.purchases.evaluation import NO_OWN_FACTS, OwnFacts
from regulars.rules.evaluator import PackSet


@dataclass(frozen=True, slots=True)
class OwnRead:
    """What a batch of purchases needs of the chain's own facts.

    Attributes:
        members: the facts of members for whom something is set, as JSON text.
        products: what is set for products, by their codes; only of baskets whose rules read any.
    """

    members: Mapping[UUID, str]
    products: Mapping[str, Mapping[str, Value]]


async def read_own(session: AsyncSession, desk: Desk, book: ReignBook, baskets: Sequence[Basket]) -> OwnRead:
    """Fetch the chain's own facts for a whole batch: at most one statement each for members and products.

    Args:
        session: any.
        desk: refreshed; book: what is live where and when.
        baskets: what is bought.
    """
    ids = {basket.member_id for basket in baskets if basket.member_id is not None}
    members = await desk.own.of_members(session, list(ids))
    if not desk.own.knows_products:
        return OwnRead(members, {})
    codes = {
        line.sku
        for basket in baskets
        if book.packs.at(basket.store_id, basket.occurred_at).product_fields
        for line in basket.lines
    }
    return OwnRead(members, await desk.own.of_products(session, codes))


def own_facts(desk: Desk, read: OwnRead, basket: Basket, packs: PackSet) -> OwnFacts:
    """The chain's own facts of a purchase that happens now.

    Args:
        desk: refreshed.
        read: what `read_own` gave for the batch.
        basket: what is bought.
        packs: live at the store when it happened.
    """
    member, store = desk.own.of_member(read.members, basket.member_id), desk.own.of_store(basket.store_id)
    products = None
    if packs.product_fields:
        codes = dict.fromkeys(line.sku for line in basket.lines)
        products = desk.own.product_facts(packs.product_fields, read.products, codes)
    return OwnFacts(member, store, products) if member or store or products else NO_OWN_FACTS


def recorded(own: OwnFacts) -> dict[str, Any]:
    """What the evaluation record keeps of them; nothing where there are none."""
    kept = {"member": own.member, "store": own.store}
    found: dict[str, Any] = {group: orjson.loads(text) for group, text in kept.items() if text}
    if own.products is not None:
        found["product"] = {"usual": own.products.usual, "of": own.products.of}
    return found


def as_recorded(kept: Mapping[str, Any] | None, now: OwnFacts = NO_OWN_FACTS) -> OwnFacts:
    """What `recorded` kept.

    Args:
        kept: of a purchase; None where its record has none.
        now: gives the fields that the chain has added since, and those of products that no rule read then.
    """
    if not kept:
        return now
    member, store = _with(now.member, kept.get("member")), _with(now.store, kept.get("store"))
    return OwnFacts(member, store, _with_products(now.products, kept.get("product")))


def _with(now: str, kept: Mapping[str, Any] | None) -> str:
    facts = (orjson.loads(now) if now else {}) | dict(kept or {})
    return orjson.dumps(facts).decode() if facts else ""


def _with_products(now: ProductFacts | None, kept: Mapping[str, Any] | None) -> ProductFacts | None:
    if not kept:
        return now
    usual, of = kept["usual"], kept["of"]
    whole = now is None or now.usual.keys() <= usual.keys()
    return ProductFacts(usual, of, None if whole else now)
