"""Moves of tier that a version decided, decided anew by another: pure functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.lifecycle.domain import BASE_TIER, LifecycleEvent, Standing, retiered
from regulars.rules.domain import LifecyclePlan, MemberFacts, TierMove

KIND: Final = "tier_corrected"
_UNWRITTEN: Final = UUID(int=0)
TierFor = Callable[[MemberFacts], TierMove | None]


@dataclass(frozen=True, slots=True)
class TierWord:
    """One event that says in which tier a member is.

    Attributes:
        facts: of the member, as recorded with the purchase that decided it; None where time did.
        spend_minor: that decided a review at the end of a tier year.
        store_id: where it was bought; of what time decided, the member's home store.
    """

    event_id: UUID
    member_id: UUID
    kind: str
    at: datetime
    tier_from: str | None
    tier_to: str
    version: str | None
    purchase_id: UUID | None
    store_id: UUID
    spend_minor: int
    facts: MemberFacts | None


@dataclass(frozen=True, slots=True)
class Decided:
    """The tier that another version gives, and its rule; "" where no rule gives it."""

    tier: str
    rule_id: str


def words_in(events: Iterable[LifecycleEvent], store_id: UUID) -> list[TierWord]:
    """What time has just decided of a member's tier, and nobody has written yet.

    Args:
        store_id: the member's home store.
    """
    return [
        TierWord(
            _UNWRITTEN,
            event.member_id,
            event.kind,
            event.effective_at,
            event.tier_from,
            event.tier_to,
            event.pack_version,
            None,
            store_id,
            int(str(event.reason.get("spend_365d_minor") or 0)),
            None,
        )
        for event in events
        if event.tier_to is not None
    ]


def run_of(words: Sequence[TierWord], version: str, since: datetime | None) -> tuple[TierWord, ...]:
    """The last words on a member's tier, as far back as one version spoke them all.

    Args:
        words: all, in order of effect.
        version: whose words are meant.
        since: none before it.
    Returns: none where the last word is another's: the tier rests on what came after.
    """
    found: list[TierWord] = []
    for word in reversed(words):
        if word.version != version or (since is not None and word.at < since):
            break
        found.append(word)
    return tuple(reversed(found))


def decide(run: Sequence[TierWord], plan: LifecyclePlan, tier_for: TierFor, now: MemberFacts) -> Decided:
    """Which tier a member would be in.

    Args:
        run: from `run_of`, not empty.
        plan, tier_for: the other version's.
        now: the member's facts as of now.
    Returns: from the tier before the run: each move up by the facts of its purchase, each review by the spend
        that was recorded with it, and at last whatever is reached now.
    """
    stands = follow(Decided(run[0].tier_from or BASE_TIER, ""), run, plan, tier_for)
    return raised(stands, tier_for(now), plan)


def follow(stands: Decided, words: Sequence[TierWord], plan: LifecyclePlan, tier_for: TierFor) -> Decided:
    """From one tier on: each move up by the facts of its purchase, each review by its recorded spend.

    Args:
        stands: before the words.
        words: in order of effect.
        plan, tier_for: of the version that decides.
    """
    ladder = sorted(plan.bands, key=lambda band: band.rank)
    for word in words:
        if word.facts is not None:
            stands = raised(stands, tier_for(word.facts), plan)
        elif word.kind in ("kept", "downgraded"):
            held = next((band for band in ladder if band.code == stands.tier), ladder[0])
            if word.spend_minor < held.threshold_minor:
                below = [band.code for band in ladder if band.rank < held.rank]
                stands = Decided(below[-1] if below else ladder[0].code, "")
    return stands


def raised(stands: Decided, move: TierMove | None, plan: LifecyclePlan) -> Decided:
    """The tier after a move, which leads up or nowhere."""
    ranks = {band.code: band.rank for band in plan.bands}
    if move is None or move.rank <= ranks.get(stands.tier, 0):
        return stands
    return Decided(move.tier, move.rule_id)


def corrected(
    standing: Standing,
    decided: Decided,
    plan: LifecyclePlan,
    at: datetime,
    zone: ZoneInfo,
    reason: Mapping[str, object],
) -> tuple[Standing, LifecycleEvent]:
    """A member in the tier in which the other version sees the member; a tier year starts.

    Args:
        standing: advanced as far as is due.
        decided: from `decide`, another tier than the member's.
        plan: the other version's.
        at: when it is booked; it takes effect then, or when time was decided further already, then.
        zone: the home store's.
        reason: what the event says of the order.
    """
    effective_at = max(at, standing.advanced_to, standing.tier_since)
    after = retiered(standing, decided.tier, plan, effective_at, zone)
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind=KIND,
        effective_at=effective_at,
        tier_from=standing.tier,
        tier_to=decided.tier,
        pack_version=plan.pack_version,
        rule_id=decided.rule_id or None,
        reason=reason,
    )
    return after, event
