"""Which baskets of a batch are new, and which were seen before: told by their keys and by what they hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from regulars.kernel.errors import RegularsError
from regulars.lifecycle.repository import LockedMember
from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Basket, body_hash, lines_json
from regulars.purchases.errors import IdempotencyMismatch, MemberUnknown
from regulars.purchases.repository import Stored


@dataclass(frozen=True, slots=True)
class Told:
    """What a till said, as it is stored and compared."""

    basket: Basket
    lines: bytes
    body_hash: bytes

    @classmethod
    def of(cls, basket: Basket) -> "Told":
        lines = lines_json(basket.lines)
        return cls(basket, lines, body_hash(basket, lines))


@dataclass(slots=True)
class Fresh:
    """A basket that has not been seen before, and the id of the purchase that it becomes."""

    purchase_id: UUID
    basket: Basket
    lines: bytes
    body_hash: bytes


SortedOut = Fresh | Recorded | RegularsError


def sort_out(
    all_told: Sequence[Told],
    known: Sequence[Stored],
    locked: Mapping[UUID, LockedMember],
    new_id: Callable[[], UUID],
) -> list[SortedOut]:
    """Tell new baskets from repeated, contradicting and impossible ones; within the batch too."""
    by_key: dict[object, Stored | Fresh] = {}
    for purchase in known:
        by_key[purchase.business_key] = purchase
        if purchase.idempotency_key is not None:
            by_key[purchase.terminal_id, purchase.idempotency_key] = purchase
    found: list[SortedOut] = []
    for told in all_told:
        basket, digest = told.basket, told.body_hash
        retry_key = (basket.terminal_id, basket.idempotency_key)
        same = by_key.get(basket.business_key)
        if same is not None:
            found.append(_again(same, digest))
        elif basket.idempotency_key is not None and retry_key in by_key:
            found.append(IdempotencyMismatch("Idempotency-Key"))
        elif basket.member_id is not None and basket.member_id not in locked:
            found.append(MemberUnknown(basket.member_id))
        else:
            fresh = Fresh(new_id(), basket, told.lines, digest)
            by_key[basket.business_key] = fresh
            if basket.idempotency_key is not None:
                by_key[retry_key] = fresh
            found.append(fresh)
    return found


def _again(same: "Stored | Fresh", digest: bytes) -> SortedOut:
    if same.body_hash != digest:
        return IdempotencyMismatch("receipt_no")
    if isinstance(same, Stored):
        return Recorded(same.id, same.receipt, same.evaluation, replayed=True)
    return same
