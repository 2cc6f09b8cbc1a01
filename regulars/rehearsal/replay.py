"""One member's history anew: the same purchases under other packs, its state as it would have been."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import Final, Protocol
from uuid import UUID

import orjson

from regulars.custom_fields.book import OwnBook
from regulars.custom_fields.domain import ProductFacts
from regulars.ledger.domain import POINTS, Lot, earn_entry
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent, Newcomer, next_due, opened, restaged, retiered
from regulars.lifecycle.recent import RecentVisits
from regulars.lifecycle.window import SpendWindow
from regulars.organisation.places import Places
from regulars.purchases import evaluation
from regulars.purchases.domain import PACK_SOURCE, Line, lines_of
from regulars.purchases.evaluation import NO_OWN_FACTS, Lateness, OwnFacts, Reading, Sale
from regulars.purchases.own_facts import as_recorded
from regulars.rehearsal.drafts import RehearsedPacks
from regulars.rehearsal.history import DECIDED_BY_TIME, Bought, Corrected, MemberHistory, Told
from regulars.rehearsal.limited import Limits
from regulars.rehearsal.reversing import Done, Reversing
from regulars.rules.domain import MemberFacts
from regulars.rules.evaluator import PackSet

_NO_ID: Final = UUID(int=0)
_OURS: Final = f'"{PACK_SOURCE}'
_NONE: Final = "[]"
_A_MOMENT: Final = timedelta(microseconds=1)


class Witness(Protocol):
    """Who is told what a replay brings."""

    def saw(self, bought: Bought, reading: Reading) -> None:
        """A purchase, in the order in which it was recorded."""

    def took_back(self, done: Done) -> None:
        """Points were taken back or paid, in history and in the replay."""

    def corrected(self, given: Corrected, points: int) -> None:
        """Points were given afterwards in history, and so many in the replay."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What all replays of one rehearsal share.

    Attributes:
        products: the chain's own facts of products today, for purchases that were read without them; None
            where no pack reads any.
    """

    packs: RehearsedPacks
    places: Places
    limits: Limits
    own: OwnBook = field(default_factory=OwnBook)
    products: ProductFacts | None = None


@dataclass(frozen=True, slots=True)
class _Course:
    """What the replays of one member's purchases share."""

    stage: Stage
    history: MemberHistory
    witness: Witness
    reversing: Reversing


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
    reversing = Reversing(history.taken, history.corrected)
    course = _Course(stage, history, witness, reversing)
    tags = _Tags()
    told, retagged = iter(history.told), deque(history.retagged)
    event, replayed = next(told, None), set[UUID]()
    for bought in history.bought:
        while event is not None and event.event.after_seq < bought.seq:
            _live_through(course, time, event)
            event = next(told, None)
        time.tags.by_hand = tags.by_hand(bought)
        while retagged and retagged[0].precedes(bought, replayed):
            time.tags.changes.append(retagged.popleft().change)
        _buy_again(course, time, bought, time.tags.at(bought.occurred_at))
        if retagged:
            replayed.add(bought.purchase_id)
    while event is not None:
        _live_through(course, time, event)
        event = next(told, None)
    time.reigns = stage.packs.known_at(history.advanced_to).reigns_of(history.home_store_id)
    _advance(time, history.advanced_to, reversing)
    reversing.finish(time)
    for done in reversing.done:
        witness.took_back(done)
    for given, points in reversing.given:
        witness.corrected(given, points)
    return time


def _advance(time: MemberTime, to: datetime, reversing: Reversing) -> None:
    if reversing.busy:
        reversing.reach(time, to)
    time.advance(to)


def replay_anonymous(stage: Stage, bought: Bought, witness: Witness) -> None:
    """Let a purchase that named no member happen again."""
    sale = _sale(stage, bought, stage.own.of_member({}, None))
    packs = stage.packs.known_at(bought.recorded_at).packs_of(bought)
    facts = evaluation.facts_for(None, (), sale, None, packs)
    witness.saw(bought, _read(stage, packs, facts, sale, bought))


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
        recent=RecentVisits((), history.enrolled_at) if stage.packs.reads_recent else None,
    )


def _live_through(course: _Course, time: MemberTime, told: Told) -> None:
    """What was told of a member says how far its time had been decided, and by which packs; a freeze was
    somebody's order, and stands."""
    event = told.event
    if event.kind in DECIDED_BY_TIME:
        _known_by(course.stage, time, told.recorded_at)
        _advance(time, event.effective_at, course.reversing)
    elif event.kind in ("frozen", "unfrozen"):
        _known_by(course.stage, time, told.recorded_at)
        _advance(time, event.effective_at, course.reversing)
        frozen = event.kind == "frozen"
        standing = replace(
            time.standing,
            frozen_at=event.effective_at if frozen else None,
            frozen_reason=str(event.reason.get("code")) if frozen else None,
            last_event_no=time.standing.last_event_no + 1,
        )
        time.take(standing, [replace(event, event_no=standing.last_event_no)])
    elif event.kind in ("tier_corrected", "stage_corrected"):
        _known_by(course.stage, time, told.recorded_at)
        due = next_due(time.standing, time.reigns(time.standing.advanced_to).plan)
        if due is not None and due <= told.recorded_at:
            _advance(time, told.recorded_at, course.reversing)
        (_correct_tier if event.kind == "tier_corrected" else _correct_stage)(course, time, told)


def _correct_stage(course: _Course, time: MemberTime, told: Told) -> None:
    """A stage is put right where that of the replay rests on the very word that was struck."""
    event, plan = told.event, time.reigns(told.event.effective_at).plan
    if "days_of" in event.reason:  # days of silence had decided it, and counted up to there
        _advance(time, event.effective_at, course.reversing)
    before = [one.event for one in course.history.told if one.event.event_no < event.event_no]
    if plan is None or event.stage_to is None or _last_stage(time.events) != _last_stage(before):
        return
    after = restaged(time.standing, event.stage_to, plan, event.effective_at)
    time.take(after, [replace(event, event_no=after.last_event_no)])


def _last_stage(events: Iterable[LifecycleEvent]) -> tuple[str, str | None, str | None]:
    words = [event for event in events if event.stage_to is not None]
    last = max(words, key=lambda event: (event.effective_at, event.event_no))
    return last.kind, last.pack_version, last.stage_to


def _correct_tier(course: _Course, time: MemberTime, told: Told) -> None:
    """A corrected tier stands where the replay's tier rests on the very word that was corrected: a draft
    decides tiers from history, and what another version decided instead is not corrected."""
    event = told.event
    plan = course.stage.packs.plan_of(event.pack_version or "")
    before = _last_word(one.event for one in course.history.told if one.event.event_no < event.event_no)
    if plan is None or event.tier_to is None or _last_word(time.events) != before:
        return
    if before[0] is None and course.stage.packs.is_new(plan.pack_version):
        return  # nobody had decided anything: the draft does
    after = retiered(time.standing, event.tier_to, plan, event.effective_at, time.zone)
    time.take(after, [replace(event, event_no=after.last_event_no)])


def _last_word(events: Iterable[LifecycleEvent]) -> tuple[str | None, str | None]:
    """The version that decided a member's tier last, and the tier."""
    words = [event for event in events if event.tier_to is not None]
    last = max(words, key=lambda event: (event.effective_at, event.event_no))
    return last.pack_version, last.tier_to


def _known_by(stage: Stage, time: MemberTime, recorded_at: datetime) -> None:
    if stage.packs.changes:
        time.reigns = stage.packs.known_at(recorded_at).reigns_of(time.standing.home_store_id)


def _buy_again(course: _Course, time: MemberTime, bought: Bought, tags: tuple[str, ...]) -> None:
    stage, history, reversing = course.stage, course.history, course.reversing
    known = stage.packs.known_at(bought.recorded_at)
    time.reigns = known.reigns_of(time.standing.home_store_id)
    sale = _sale(stage, bought, history.own_now)
    late = None
    if bought.late:
        _advance(time, _reached_before(bought, history), reversing)
        late = Lateness(sorted(time.events, key=lambda e: (e.effective_at, e.event_no)))
    else:
        _advance(time, bought.occurred_at, reversing)
    packs = known.packs_of(bought)
    facts = evaluation.facts_for(time, tags, sale, late, packs)
    reading = _read(stage, packs, facts, sale, bought)
    lots = _lots(time, bought, reading)
    if reversing.busy:
        lots = reversing.paid(time, bought.purchase_id, bought.points, bought.occurred_at, lots)
    evaluation.settle(time, sale, reading, lots, late)
    if reversing.busy:
        same = orjson.loads(bought.packs).keys() & packs.hashes.keys()
        as_then = frozenset(name.rpartition("/")[0] for name in same)
        reversing.earned(bought.purchase_id, reading.evaluation.awards, lots, as_then)
        reversing.reach(time, bought.occurred_at)
    course.witness.saw(bought, reading)


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
    store_now, products_now = stage.own.of_store(bought.store_id), stage.products
    if bought.own is None and not (member_now or store_now or products_now):
        return NO_OWN_FACTS
    now = OwnFacts(member_now, store_now, products_now)
    return now if bought.own is None else as_recorded(orjson.loads(bought.own), now)


def _lines_with_our_discounts(bought: Bought) -> tuple[Line, ...]:
    """The lines as values, which are only looked at where the till charged a discount of ours."""
    return lines_of(bought.lines) if _OURS in bought.lines else ()


def _lots(time: MemberTime, bought: Bought, reading: Reading) -> Sequence[Lot]:
    """What the purchase earns, each lot under the purchase's own id."""
    awards = [award for award in reading.evaluation.awards if award.points > 0]
    if not awards:
        return ()
    member_id, first = time.standing.member_id, awards[0]
    together = (first.available_at, first.expires_at)
    if all((award.available_at, award.expires_at) == together for award in awards):
        # One lot, as `earn_entry` would make it, without its postings: most purchases end here.
        points = sum(award.points for award in awards)
        return (Lot(bought.purchase_id, member_id, POINTS, points, *together),)
    lot_ids = repeat(bought.purchase_id)
    return earn_entry(_NO_ID, lot_ids, _NO_ID, member_id, bought.occurred_at, awards).lots


class _Tags:
    """Tags by their JSON text: most members have the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def by_hand(self, bought: Bought) -> tuple[str, ...]:
        """What people had given by then; what rules gave follows from the packs that are rehearsed."""
        tags = self.of(bought.tags)
        if bought.rule_tags == _NONE:
            return tags
        by_rules = self.of(bought.rule_tags)
        return tuple(tag for tag in tags if tag not in by_rules)

    def of(self, text: str) -> tuple[str, ...]:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = tuple(orjson.loads(text))
        return found


def events_of(time: MemberTime) -> Iterator[LifecycleEvent]:
    """What the replay told of the member, in order of effect."""
    return iter(sorted(time.events, key=lambda e: (e.effective_at, e.event_no)))
