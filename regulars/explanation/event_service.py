"""Use-cases of explaining what happened to a member: one event recomputed, compared and told."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.explanation import (
    adjusted,
    adjusted_repository,
    history_repository,
    repository,
    reversal_repository,
    reversals,
)
from regulars.explanation.domain import EventExplanation, PackSaid
from regulars.explanation.errors import EventUnknown
from regulars.explanation.event_words import summary_of
from regulars.explanation.events import EventGround, differences_of, facts_at, review_of
from regulars.explanation.facts import told_facts
from regulars.explanation.history import EventLine, EventPage, MemberHistory, StoredEvent
from regulars.explanation.recomputing import FactsRead, recompute
from regulars.explanation.reversals import TAKEN_BACK
from regulars.explanation.service import speech_of
from regulars.explanation.shelf import Shelf
from regulars.explanation.speech import Speech
from regulars.explanation.telling import Told, tell_packs
from regulars.organisation.places import Places
from regulars.rules.evaluator import PackSet
from regulars.security.scope import EVERYWHERE, Scope


class _Lines(Protocol):
    async def __call__(
        self, session: AsyncSession, member_id: UUID, scope: Scope, before: int | None, down_to: int, /
    ) -> list[tuple[int, EventLine]]: ...


_BESIDE: Final[Mapping[str, _Lines]] = {
    TAKEN_BACK: reversal_repository.lines_of,
    adjusted.ADJUSTED: adjusted_repository.lines_of,
}
"""What happened to points beside the member's lifecycle, by kind."""


async def explain_event(
    session: AsyncSession,
    shelf: Shelf,
    places: Places,
    event_id: UUID,
    scope: Scope,
    member_id: UUID | None = None,
) -> EventExplanation:
    """Why a member's tier, stage or points changed: worked out again, and compared with the record.

    Args:
        session: any; only read from.
        shelf: pack versions as far as they are known.
        places: of the chain, refreshed.
        event_id: of the lifecycle event; or of the entry by which points were taken back or adjusted.
        scope: where the asker may look: the member must be at home there.
        member_id: whose event it must be, where the asker names somebody.
    Returns: what happened, the figures that decided it, the rules with their conditions, every difference.
    Raises: EventUnknown: there is none, it is another member's, or it is out of sight.
    Source: docs/explanation.md.
    """
    owner = await history_repository.member_of_event(session, event_id, member_id, scope)
    if owner is None:
        return await _explain_entry(session, places, event_id, scope, member_id)
    (history,) = await history_repository.histories(session, [owner])
    stored = next(one for one in history.events if one.id == event_id)
    ground = await ground_of(session, shelf, places, history, stored)
    speech = await speech_of(session, places.chain, ground.packs, ground.home.zone)
    facts, packs = await _decided_by(session, shelf, places, ground, speech)
    differences = differences_of(ground)
    event = stored.event
    return EventExplanation(
        event_id=event_id,
        member_id=owner,
        event_no=event.event_no,
        kind=event.kind,
        effective_at=event.effective_at,
        local_time=speech.stamp(event.effective_at),
        purchase_id=stored.purchase_id,
        pack=event.pack_version,
        summary=summary_of(ground, differences, speech),
        facts=told_facts(facts, speech, basket=stored.purchase_id is not None) if facts else (),
        packs=packs,
        differences=differences,
    )


async def _explain_entry(
    session: AsyncSession, places: Places, entry_id: UUID, scope: Scope, member_id: UUID | None
) -> EventExplanation:
    """What no lifecycle event tells: points that were adjusted by hand, or taken back."""
    by_hand = await adjusted_repository.find(session, entry_id, member_id, scope)
    if by_hand is not None:
        adjusted_entry, home_store_id = by_hand
        zone = places.store(home_store_id).zone
        return adjusted.explained(adjusted_entry, await speech_of(session, places.chain, PackSet([]), zone))
    found = await reversal_repository.find(session, entry_id, member_id, scope)
    if found is None:
        raise EventUnknown
    reversal, home_store_id = found
    zone = places.store(home_store_id).zone
    return reversals.explained(reversal, await speech_of(session, places.chain, PackSet([]), zone))


async def list_events(
    session: AsyncSession,
    member_id: UUID,
    scope: Scope,
    *,
    kind: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> EventPage:
    """What happened to a member, the newest written first.

    Args:
        session: any; only read from.
        member_id: whose.
        scope: where the asker may look: the member must be at home there.
        kind: only events of this kind; `points_taken_back` is what undo orders took back,
            `points_adjusted` what people gave or took by hand.
        before: only events numbered below it, and what was taken back or adjusted after those.
        limit: at most so many events, ≥ 1; what was taken back or adjusted among them is not counted.
    Returns: a page; empty where the member is unknown or out of sight.
    """
    lines_beside = _BESIDE.get(kind or "")
    if lines_beside is not None:
        found = await lines_beside(session, member_id, scope, before, 0)
        return EventPage(tuple(line for _, line in found), None)
    lines = await history_repository.events_of(session, member_id, scope, kind, before, limit + 1)
    shown = lines[:limit]
    last = shown[-1].event_no if len(lines) > limit else None
    if kind is None and shown:
        beside = [
            line
            for lines_of in _BESIDE.values()
            for line in await lines_of(session, member_id, scope, before, last or 0)
        ]
        shown = _interleaved(shown, beside)
    return EventPage(tuple(shown), last)


def _interleaved(events: Sequence[EventLine], beside: Sequence[tuple[int, EventLine]]) -> list[EventLine]:
    """What was taken back or adjusted, each time above the event that was written before it."""
    in_time = sorted(beside, key=lambda one: (one[0], one[1].recorded_at, one[1].event_id))
    ordered = [((event.event_no or 0, 0), event) for event in events]
    ordered += [((after, 1 + place), line) for place, (after, line) in enumerate(in_time)]
    return [line for _, line in sorted(ordered, key=lambda one: one[0], reverse=True)]


async def ground_of(
    session: AsyncSession, shelf: Shelf, places: Places, history: MemberHistory, stored: StoredEvent
) -> EventGround:
    """An event with the pack version that it names."""
    named = stored.event.pack_version
    shelved = await shelf.take(session, [named] if named else [])
    return EventGround(stored, history, shelved.packs, places.store(history.home_store_id))


async def _decided_by(
    session: AsyncSession, shelf: Shelf, places: Places, ground: EventGround, speech: Speech
) -> tuple[FactsRead | None, tuple[PackSaid, ...]]:
    """The tier rules that decided a move: as the purchase saw them, or as the review did."""
    kind, purchase_id = ground.event.kind, ground.stored.purchase_id
    if kind in ("kept", "downgraded") and review_of(ground) is not None:
        facts = facts_at(ground)
        reviewed = _told(ground.packs, facts, ground)
        return facts, tell_packs(ground.packs, reviewed, reviewed, speech)
    if kind != "upgraded" or purchase_id is None:
        return None, ()
    stored = await repository.purchase(session, purchase_id, EVERYWHERE, by_home=False)
    if stored is None:
        return None, ()
    shelved = await shelf.take(session, stored.packs)
    found = recompute(stored, shelved, places.store(stored.store_id))
    told = Told(found.facts, found.evaluation, stored.occurred_at)
    packs = tell_packs(shelved.packs, told, told, speech)
    return found.facts, tuple(pack for pack in packs if pack.kind == "tier")


def _told(packs: PackSet, facts: FactsRead, ground: EventGround) -> Told:
    at = ground.event.effective_at
    evaluation = packs.evaluate(facts.member, facts.purchase, facts.store, facts.calendar, at)
    return Told(facts, evaluation, at)
