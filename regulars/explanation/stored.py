"""What the books hold of a purchase or an event, as recomputing needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from regulars.rules.domain import RecentFacts

RuleKey = tuple[str, str]
"""Pack version and rule: ("grocery-classic/1", "base")."""


@dataclass(frozen=True, slots=True)
class StoredLot:
    """Points that lie together, as the ledger has them."""

    amount: int
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class StoredPurchase:
    """A purchase with its evaluation record, and what was posted for it.

    Attributes:
        attributed: the evaluation is the one that the member got afterwards.
        lines_text: the lines as the rules read them.
        postings: points by rule, as the ledger has them.
        claims: what it took of limits, by the counter's name (`limiting.claim_name`).
        moves: (tier, pack version, rule) of each move up that the purchase caused.
        at_home: bought at the member's home store, whose packs decide about tiers.
        lately: what the member had done lately, by the books, for packs that the record says nothing for;
            None where nobody looked.
    """

    id: UUID
    member_id: UUID | None
    seq: int | None
    store_id: UUID
    store: str
    receipt_no: str
    channel: str
    occurred_at: datetime
    list_minor: int
    sales_minor: int
    points: int
    flags: tuple[str, ...]
    attributed: bool
    lines_text: str
    evaluation_text: str
    postings: Mapping[RuleKey, int]
    lots: tuple[StoredLot, ...]
    claims: Mapping[str, int]
    moves: tuple[tuple[str | None, str | None, str | None], ...]
    at_home: bool
    lately: RecentFacts | None = None

    @cached_property
    def evaluation(self) -> Mapping[str, Any]:
        """The evaluation record, parsed."""
        found: Mapping[str, Any] = orjson.loads(self.evaluation_text)
        return found

    @property
    def packs(self) -> tuple[str, ...]:
        """The pack versions that the record names."""
        named = self.evaluation.get("packs")
        return tuple(named) if isinstance(named, Mapping) else ()
