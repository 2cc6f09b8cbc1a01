"""One member's history anew: the same purchases under other packs, its state as it would have been."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import Final, Protocol
from uuid import UUID

import orjson

from regulars.custom_fields.book import OwnBook
from regulars.ledger.domain import POINTS, Lot, earn_entry
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent, Newcomer, opened
from regulars.lifecycle.window import SpendWindow
from regulars.organisation.places import Places
from regulars.purchases import evaluation
from regulars.purchases.domain import PACK_SOURCE, Line, lines_of
from regulars.purchases.evaluation import NO_OWN_FACTS, Lateness, OwnFacts, Reading, Sale
from regulars.purchases.own_facts import as_recorded
from regulars.rehearsal.drafts import RehearsedPacks
from regulars.rehearsal.history import DECIDED_BY_TIME, Bought, MemberHistory, Told
from regulars.rehearsal.limited import Limits
from regulars.rules.domain import MemberFacts
from regulars.rules.evaluator import PackSet

_NO_ID: Final = UUID(int=0)
_OURS: Final = f'"{PACK_SOURCE}'
_A_MOMENT: Final = timedelta(microseconds=1)


class Witness(Protocol):
    """Who is told what a replay brings."""

    def saw(self, bought: Bought, reading: Reading) -> None:
        """A purchase, in the order in which it was recorded."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What all replays of one rehearsal share."""

    packs: RehearsedPacks
    places: Places
    limits: Limits
    own: OwnBook = field(default_factory=OwnBook)


def replay_member(stage: Stage, history: MemberHistory, witness: Witness) -> MemberTime:
    """Let all purchases of a member happen again, in `seq` order, and time decide in between.

    Args:
        stage: packs and places.
        history: all of the member's; time decides as far as it has been decided.
        witness: is told of each purchase.
    Returns: the member's time at the end, with every event and expiry of the replay.
    Source: docs/semantics.md, "Order and time".
    """
    time = _newcomer(stage, history)
    tags = _Tags()
    told = iter(history.told)
    event = next(told, None)
    for bought in history.bought:
        while event is not None and event.event.after_seq < bought.seq:
            _live_through(stage, time, event)
            event = next(told, None)
        _buy_again(stage, time, bought, tags.of(bought.tags), history, witness)
    while event is not None:
        _live_through(stage, time, event)
        event = next(told, None)
    time.reigns = stage.packs.known_at(history.advanced_to).reigns_of(history.home_store_id)
    time.advance(history.advanced_to)
    return time


def replay_anonymous(stage: Stage, bought: Bought, witness: Witness) -> None:
    """Let a purchase that named no member happen again."""
    sale = _sale(stage, bought, stage.own.of_member({}, None))
    packs = stage.packs.known_at(bought.recorded_at).packs_of(bought)
    witness.saw(bought, _read(stage, packs, evaluation.facts_for(None, (), sale, None), sale, bought))


def _read(stage: Stage, packs: PackSet, member: MemberFacts, sale: Sale, bought: Bought) -> Reading:
    reading = evaluation.read(packs, member, sale)
    return stage.limits.keep(reading, bought, packs, sale.site) if packs.limits else reading


def _newcomer(stage: Stage, history: MemberHistory) -> MemberTime:
    standing, joined = opened(
        Newcomer(history.member_id, history.home_store_id, history.enrolled_at, history.care_from)
    )
    return MemberTime(
        standing=standing,
        window=SpendWindow(standing.window_as_of, 0, 0, None, past=[]),
        reigns=stage.packs.known_at(history.enrolled_at).reigns_of(history.home_store_id),
        zone=stage.places.store(history.home_store_id).zone,
        events=[joined],
    )


def _live_through(stage: Stage, time: MemberTime, told: Told) -> None:
    """What was told of a member says how far its time had been decided, and by which packs; a freeze was
    somebody's order, and stands."""
    event = told.event
    if event.kind in DECIDED_BY_TIME:
        _known_by(stage, time, told.recorded_at)
        time.advance(event.effective_at)
    elif event.kind in ("frozen", "unfrozen"):
        _known_by(stage, time, told.recorded_at)
        time.advance(event.effective_at)
        frozen = event.kind == "frozen"
        standing = replace(
            time.standing,
            frozen_at=event.effective_at if frozen else None,
            frozen_reason=str(event.reason.get("code")) if frozen else None,
            last_event_no=time.standing.last_event_no + 1,
        )
        time.take(standing, [replace(event, event_no=standing.last_event_no)])


def _known_by(stage: Stage, time: MemberTime, recorded_at: datetime) -> None:
    if stage.packs.changes:
        time.reigns = stage.packs.known_at(recorded_at).reigns_of(time.standing.home_store_id)


def _buy_again(
    stage: Stage,
    time: MemberTime,
    bought: Bought,
    tags: tuple[str, ...],
    history: MemberHistory,
    witness: Witness,
) -> None:
    known = stage.packs.known_at(bought.recorded_at)
    time.reigns = known.reigns_of(time.standing.home_store_id)
    sale = _sale(stage, bought, history.own_now)
    late = None
    if bought.late:
        time.advance(_reached_before(bought, history))
        late = Lateness(sorted(time.events, key=lambda e: (e.effective_at, e.event_no)))
    else:
        time.advance(bought.occurred_at)
    facts = evaluation.facts_for(time, tags, sale, late)
    reading = _read(stage, known.packs_of(bought), facts, sale, bought)
    evaluation.settle(time, sale, reading, _lots(time, bought, reading), late)
    witness.saw(bought, reading)


def _reached_before(bought: Bought, history: MemberHistory) -> datetime:
    """How far time had been decided when a late purchase came. A record that does not say: a move up took
    effect there, and where there was none it is enough that it was further than the purchase."""
    if bought.reached is not None:
        return datetime.fromisoformat(bought.reached)
    for told in history.told:
        event = told.event
        if event.after_seq == bought.seq and event.kind == "upgraded":
            return max(event.effective_at, bought.occurred_at + _A_MOMENT)
    return bought.occurred_at + _A_MOMENT


def _sale(stage: Stage, bought: Bought, member_now: str) -> Sale:
    return Sale(
        site=stage.places.store(bought.store_id),
        occurred_at=bought.occurred_at,
        channel=bought.channel,
        lines=_lines_with_our_discounts(bought),
        lines_text=bought.lines.encode(),
        sales_minor=bought.sales_minor,
        list_minor=bought.list_minor,
        own=_own(stage, bought, member_now),
    )


def _own(stage: Stage, bought: Bought, member_now: str) -> OwnFacts:
    """The chain's own facts as recorded; of a field that came later, as they are now."""
    store_now = stage.own.of_store(bought.store_id)
    if bought.own is None:
        return OwnFacts(member_now, store_now) if member_now or store_now else NO_OWN_FACTS
    return as_recorded(orjson.loads(bought.own), OwnFacts(member_now, store_now))


def _lines_with_our_discounts(bought: Bought) -> tuple[Line, ...]:
    """The lines as values, which are only looked at where the till charged a discount of ours."""
    return lines_of(bought.lines) if _OURS in bought.lines else ()


def _lots(time: MemberTime, bought: Bought, reading: Reading) -> tuple[Lot, ...]:
    awards = [award for award in reading.evaluation.awards if award.points > 0]
    if not awards:
        return ()
    member_id, first = time.standing.member_id, awards[0]
    together = (first.available_at, first.expires_at)
    if all((award.available_at, award.expires_at) == together for award in awards):
        # One lot, as `earn_entry` would make it, without its postings: most purchases end here.
        points = sum(award.points for award in awards)
        return (Lot(_NO_ID, member_id, POINTS, points, *together),)
    return earn_entry(_NO_ID, repeat(_NO_ID), _NO_ID, member_id, bought.occurred_at, awards).lots


class _Tags:
    """Tags by their JSON text: most members have the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, text: str) -> tuple[str, ...]:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = tuple(orjson.loads(text))
        return found


def events_of(time: MemberTime) -> Iterator[LifecycleEvent]:
    """What the replay told of the member, in order of effect."""
    return iter(sorted(time.events, key=lambda e: (e.effective_at, e.event_no)))
