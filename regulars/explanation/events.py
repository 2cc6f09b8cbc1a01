"""What decided a lifecycle event, worked out again from the member's history and the pack in force."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from regulars.explanation.domain import Difference
from regulars.explanation.history import MemberHistory, StoredEvent
from regulars.explanation.recomputing import FactsRead
from regulars.kernel.clock import add_local_days
from regulars.lifecycle.domain import BASE_TIER, LifecycleEvent
from regulars.lifecycle.reigns import calendar_facts
from regulars.organisation.domain import StorePlace
from regulars.rules.consequences import StageMove
from regulars.rules.domain import LifecyclePlan, MemberFacts, PurchaseFacts, StoreFacts, TierBand
from regulars.rules.evaluator import PackSet

TIERS: Final = ("upgraded", "kept", "downgraded")
SILENCES: Final = ("at_risk", "lapsed")


@dataclass(frozen=True, slots=True)
class EventGround:
    """An event with all that it stands on.

    Attributes:
        packs: the version that the event names, alone; empty where it names none.
        home: the member's home store.
    """

    stored: StoredEvent
    history: MemberHistory
    packs: PackSet
    home: StorePlace

    @property
    def event(self) -> LifecycleEvent:
        return self.stored.event

    @property
    def plan(self) -> LifecyclePlan | None:
        return self.packs.plan


@dataclass(frozen=True, slots=True)
class Review:
    """A tier review worked out again.

    Attributes:
        facts: the member as the tier rules saw it.
        held: the step of the ladder that was under review.
        due_at: when the tier year ended.
    """

    facts: FactsRead
    held: TierBand
    kind: str
    tier: str
    rule_id: str | None
    due_at: datetime | None


def differences_of(ground: EventGround) -> tuple[Difference, ...]:
    """Where an event is not what its member's history and its pack give.

    Args:
        ground: the event and what it stands on.
    Returns: each figure that differs, with both values; nothing where all agrees.
    """
    event = ground.event
    if event.pack_version is not None and event.pack_version not in ground.packs.hashes:
        return (Difference("pack_missing", event.pack_version, "–", "named by the event"),)
    check = _CHECKS.get(event.kind)
    return tuple(check(ground)) if check else ()


def review_of(ground: EventGround) -> Review | None:
    """The tier review that an event records; None where no ladder is known."""
    plan, event = ground.plan, ground.event
    if plan is None:
        return None
    facts = facts_at(ground)
    ladder = sorted(plan.bands, key=lambda band: band.rank)
    held = next((band for band in ladder if band.code == event.tier_from), ladder[0])
    reached = ground.packs.tier_for(facts.member)
    due_at = _tier_year_end(ground, plan)
    if reached is not None and reached.rank >= held.rank:
        return Review(facts, held, "kept", held.code, reached.rule_id, due_at)
    below = next((band.code for band in reversed(ladder) if band.rank < held.rank), BASE_TIER)
    return Review(facts, held, "downgraded", below, None, due_at)


def facts_at(ground: EventGround) -> FactsRead:
    """The member as tier rules saw it when time decided."""
    event, history, home = ground.event, ground.history, ground.home
    spend_minor, visits = history.window_at(event)
    before = history.before(event)
    freezes = [one.kind for one in before if one.kind in ("frozen", "unfrozen")]
    stages = [one.stage_to for one in before if one.stage_to and one.kind != "silence_corrected"]
    member = MemberFacts(
        known=True,
        tier=event.tier_from or BASE_TIER,
        stage=stages[-1] if stages else "joined",
        tags=(),
        spend_365d_minor=spend_minor,
        visits_365d=visits,
        qualifying_spend_minor=spend_minor,
        visits=event.after_seq,
        enrolled_days=max(0, (event.effective_at - history.enrolled_at) // timedelta(days=1)),
        frozen=freezes[-1:] == ["frozen"],
        **history.lately_at(event),
    )
    store = StoreFacts(home.code, home.branch_code, home.above, home.zone)
    nothing = PurchaseFacts(0, 0, "", b"[]")
    return FactsRead(member, nothing, store, calendar_facts(event.effective_at.astimezone(home.zone)))


def _tier_year_end(ground: EventGround, plan: LifecyclePlan) -> datetime | None:
    began = [one for one in ground.history.before(ground.event) if one.kind in TIERS]
    if not began:
        return None
    return add_local_days(began[-1].effective_at, plan.tier_year_days, ground.home.zone)


def _joined(ground: EventGround) -> Iterator[Difference]:
    yield from _same(ground, "enrolled_at", ground.history.enrolled_at, ground.event.effective_at)


def _bought(ground: EventGround) -> Iterator[Difference]:
    """A first purchase, or one that ends a silence: it counts from its own time, or from enrolment."""
    history, event = ground.history, ground.event
    bought = next((one for one in history.bought if one.id == ground.stored.purchase_id), None)
    began = max(bought.occurred_at, history.enrolled_at) if bought else None
    yield from _same(ground, "effective_at", began, event.effective_at)
    if "silent_since" in event.reason:
        yield from _silent_since(ground, event.after_seq - 1)


def _silent(ground: EventGround) -> Iterator[Difference]:
    event, plan = ground.event, ground.plan
    if plan is None:
        return
    days = plan.at_risk_after_days if event.kind == "at_risk" else plan.lapse_after_days
    yield from _same(ground, "after_days", days, event.reason.get("after_days"))
    yield from _silent_since(ground, event.after_seq)
    since = _instant(event.reason.get("silent_since"))
    if since is not None and event.effective_at < since + timedelta(days=days):
        yield from _same(ground, "effective_at", since + timedelta(days=days), event.effective_at)


def _silent_since(ground: EventGround, last_seq: int) -> Iterator[Difference]:
    """Silence counts from a purchase or from enrolment, and nothing was bought in it."""
    event, enrolled_at = ground.event, ground.history.enrolled_at
    known = [one.occurred_at for one in ground.history.bought if one.seq <= last_seq]
    # Who returns may have bought at the very instant before: that purchase ended the silence until then.
    returns = event.kind == "reactivated"
    before = [at for at in known if at < event.effective_at or (returns and at == event.effective_at)]
    yield from _same(
        ground, "silent_since", max([enrolled_at, *before]), _instant(event.reason.get("silent_since"))
    )


def _reviewed(ground: EventGround) -> Iterator[Difference]:
    event, review = ground.event, review_of(ground)
    if review is None:
        return
    spend = review.facts.member.qualifying_spend_minor
    yield from _same(ground, "spend_365d_minor", spend, event.reason.get("spend_365d_minor"))
    threshold = review.held.threshold_minor
    yield from _same(ground, "threshold_minor", threshold, event.reason.get("threshold_minor"))
    yield from _same(ground, "decision", review.kind, event.kind)
    yield from _same(ground, "tier", review.tier, event.tier_to)
    yield from _same(ground, "rule", review.rule_id, event.rule_id)
    if review.due_at is not None and event.effective_at < review.due_at:
        yield from _same(ground, "effective_at", review.due_at, event.effective_at)


def _upgraded(ground: EventGround) -> Iterator[Difference]:
    """Which rule moved it up is compared with the purchase; here the figures that the event gives."""
    event, plan = ground.event, ground.plan
    if ground.stored.qualifying_minor is not None:
        counted = ground.stored.qualifying_minor
        yield from _same(ground, "spend_365d_minor", counted, event.reason.get("spend_365d_minor"))
    if plan is not None:
        thresholds = {band.code: band.threshold_minor for band in plan.bands}
        threshold = thresholds.get(event.tier_to or "")
        yield from _same(ground, "threshold_minor", threshold, event.reason.get("threshold_minor"))


def _moved(ground: EventGround) -> Iterator[Difference]:
    """A rule of the event's pack leads there, and the purchase that it names had happened."""
    event = ground.event
    rules = {rule.id: rule.consequence for pack in ground.packs.packs for rule in pack.rules}
    order = rules.get(event.rule_id or "")
    yield from _same(ground, "stage", order.stage if isinstance(order, StageMove) else None, event.stage_to)
    bought = next((one for one in ground.history.bought if one.id == ground.stored.purchase_id), None)
    if bought is None or bought.occurred_at > event.effective_at:
        yield from _same(ground, "effective_at", bought and bought.occurred_at, event.effective_at)


def _expired(ground: EventGround) -> Iterator[Difference]:
    booked = ground.history.expired.get(ground.stored.id)
    told = ground.event.reason.get("points")
    yield from _same(ground, "points", sum(lot.amount for lot in booked.lots) if booked else 0, told)
    yield from _same(ground, "posted", told, booked.posted if booked else 0)
    for lot in booked.lots if booked else ():
        if lot.expires_at is None or lot.expires_at > ground.event.effective_at:
            yield from _same(ground, "expires_at", ground.event.effective_at, lot.expires_at)


def _corrected(ground: EventGround) -> Iterator[Difference]:
    reason = ground.event.reason
    late_at = _instant(reason.get("late_purchase_at"))
    when = next((one.occurred_at for one in ground.history.bought if one.occurred_at == late_at), None)
    yield from _same(ground, "late_purchase_at", when, late_at)
    number = reason.get("corrects_event_no")
    events = [one.event_no for one in ground.history.before(ground.event) if one.event_no == number]
    yield from _same(ground, "corrects_event_no", events[0] if events else None, number)


_CHECKS: Final[Mapping[str, Callable[[EventGround], Iterator[Difference]]]] = {
    "joined": _joined,
    "first_purchase": _bought,
    "reactivated": _bought,
    "at_risk": _silent,
    "lapsed": _silent,
    "kept": _reviewed,
    "downgraded": _reviewed,
    "upgraded": _upgraded,
    "stage_moved": _moved,
    "points_expired": _expired,
    "silence_corrected": _corrected,
}


def _same(ground: EventGround, figure: str, recomputed: object, recorded: object) -> Iterator[Difference]:
    if recomputed != recorded:
        subject = f"{ground.event.kind} {ground.event.event_no}: {figure}"
        yield Difference("event", subject, _figure(recomputed), _figure(recorded))


def _figure(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "–" if value is None else str(value)


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
