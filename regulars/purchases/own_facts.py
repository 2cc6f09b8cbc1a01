"""The chain's own facts of a purchase, as the process remembers them and as the record keeps them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from regulars.purchases.desk import Desk
from regulars.purchases.domain import Basket
from regulars.purchases.evaluation import NO_OWN_FACTS, OwnFacts


def own_facts(desk: Desk, members: Mapping[UUID, str], basket: Basket) -> OwnFacts:
    """The chain's own facts of a purchase that happens now.

    Args:
        desk: refreshed.
        members: what `desk.own.of_members` gave for the batch.
        basket: what is bought.
    """
    member, store = desk.own.of_member(members, basket.member_id), desk.own.of_store(basket.store_id)
    return OwnFacts(member, store) if member or store else NO_OWN_FACTS


def recorded(own: OwnFacts) -> dict[str, Any]:
    """What the evaluation record keeps of them; nothing where there are none."""
    kept = {"member": own.member, "store": own.store}
    return {group: orjson.loads(text) for group, text in kept.items() if text}


def as_recorded(kept: Mapping[str, Any] | None, now: OwnFacts = NO_OWN_FACTS) -> OwnFacts:
    """What `recorded` kept.

    Args:
        kept: of a purchase; None where its record has none.
        now: gives the fields that the chain has added since.
    """
    if not kept:
        return now
    return OwnFacts(_with(now.member, kept.get("member")), _with(now.store, kept.get("store")))


def _with(now: str, kept: Mapping[str, Any] | None) -> str:
    facts = (orjson.loads(now) if now else {}) | dict(kept or {})
    return orjson.dumps(facts).decode() if facts else ""
