"""How one purchase is read by the live packs, and what it does to its member: no database, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.budgets.counters import Promises
from regulars.budgets.domain import LIMITED
from regulars.custom_fields.domain import ProductFacts
from regulars.ledger.domain import Lot
from regulars.lifecycle.advance import MemberTime, OpenLot
from regulars.lifecycle.domain import BASE_TIER, LifecycleEvent, Stage, Standing, bought, changed, moved_up
from regulars.lifecycle.reigns import PastStanding, calendar_facts, member_facts
from regulars.lifecycle.window import WINDOW
from regulars.organisation.domain import StorePlace
from regulars.purchases.consequences import follow
from regulars.purchases.domain import (
    PACK_SOURCE,
    Line,
    lines_json,
    pack_discounts,
    with_discounts,
    without_pack_discounts,
)
from regulars.purchases.limits import Takings, Within, charged_by_rule
from regulars.rules.domain import (
    ANONYMOUS,
    CalendarFacts,
    Evaluation,
    LifecyclePlan,
    LineDiscount,
    MemberFacts,
    PurchaseFacts,
    StoreFacts,
)
from regulars.rules.evaluator import PackSet


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """The chain's own facts as JSON objects; "" where the chain has no such fields.

    Attributes:
        products: of the lines; None where no live rule reads any.
    """

    member: str = ""
    store: str = ""
    products: ProductFacts | None = None


NO_OWN_FACTS = OwnFacts()


@dataclass(frozen=True, slots=True)
class Sale:
    """What is to be read: where, when and what."""

    site: StorePlace
    occurred_at: datetime
    channel: str
    lines: tuple[Line, ...]
    lines_text: bytes
    sales_minor: int
    list_minor: int
    own: OwnFacts = NO_OWN_FACTS


@dataclass(frozen=True, slots=True)
class Reading:
    """What the packs say of one purchase.

    Attributes:
        evaluation: of the lines as charged: points, tier, and what became of each rule; of a discount, what
            became of it before anything was taken off.
        offered: what the packs would have taken off: (line, source) → minor units.
        charged: what the till took off in their name.
        takings: what it takes of the packs' limits; None where they have none.
    """

    member: MemberFacts
    calendar: CalendarFacts
    evaluation: Evaluation
    offered: dict[tuple[int, str], int]
    charged: dict[tuple[int, str], int]
    takings: Takings | None = None

    @property
    def promises(self) -> Promises:
        """What a quote of this basket would reserve."""
        return self.takings.promises if self.takings is not None else {}

    @property
    def differs(self) -> bool:
        return self.offered != self.charged


@dataclass(frozen=True, slots=True)
class Lateness:
    """A purchase that comes after time has passed it by, and the history it comes into.

    Attributes:
        history: the member's events, in order of effect, then of writing.
        reached: how far the member's time had been decided when it came.
    """

    history: Sequence[LifecycleEvent]
    reached: datetime | None = None

    def standing_at(self, at: datetime, time: MemberTime) -> PastStanding:
        """How the member stood then, as recorded; before enrolment as a newcomer."""
        told = [event for event in self.history if event.effective_at <= at]
        freezes = [event.kind for event in told if event.kind in ("frozen", "unfrozen")]
        return PastStanding(
            tier=next((e.tier_to for e in reversed(told) if e.tier_to), BASE_TIER),
            stage=self.stage_at(at) or "joined",
            visits=time.standing.visits - sum(when > at for when, _ in time.window.past or ()),
            frozen=freezes[-1:] == ["frozen"],
        )

    def stage_at(self, at: datetime) -> Stage | None:
        """The stage the member had then, as recorded."""
        return next((e.stage_to for e in reversed(self.history) if e.stage_to and e.effective_at <= at), None)

    def revisit_after(self, plan: LifecyclePlan) -> datetime | None:
        """When the next revisit would fall due, had the schedule never ended."""
        last = max((e.effective_at for e in self.history if e.kind == "revisit_due"), default=None)
        return None if last is None else last + timedelta(days=plan.revisit_every_days)


def discount_source(discount: LineDiscount) -> str:
    """How a discount of ours is named on a line."""
    return f"{PACK_SOURCE}{discount.pack_version}#{discount.rule_id}"


def offered_by(evaluation: Evaluation) -> dict[tuple[int, str], int]:
    """The discounts of an evaluation: (line, source) → minor units."""
    found: dict[tuple[int, str], int] = {}
    for discount in evaluation.discounts:
        key = (discount.line, discount_source(discount))
        found[key] = found.get(key, 0) + discount.amount_minor
    return found


def facts_for(
    time: MemberTime | None, tags: tuple[str, ...], sale: Sale, late: Lateness | None, packs: PackSet
) -> MemberFacts:
    """The member as the rules see it just before this purchase.

    Args:
        time: the member's, advanced to the purchase; None without a member.
        late: the member's history where time has passed the purchase by.
        packs: that will read it: what they do not ask for may be left out.
    """
    facts = _facts_for(time, tags, sale, late)
    if packs.reads_recent and time is not None and time.recent is not None:
        facts = replace(facts, **time.recent.seen_at(sale.occurred_at))
    return replace(facts, custom=sale.own.member) if sale.own.member else facts


def _facts_for(
    time: MemberTime | None, tags: tuple[str, ...], sale: Sale, late: Lateness | None
) -> MemberFacts:
    if time is None:
        return ANONYMOUS
    spend_minor, visits = time.window.seen_at(sale.occurred_at)
    qualifying = spend_minor + sale.sales_minor
    if late is None:
        return member_facts(time.standing, tags, spend_minor, visits, qualifying, sale.occurred_at)
    # A tier counts what is known now: the window that ends at the member's latest instant may reach further.
    if sale.occurred_at >= time.window.as_of - WINDOW:
        qualifying = max(qualifying, time.window.spend_minor + sale.sales_minor)
    return member_facts(
        time.standing,
        tags,
        spend_minor,
        visits,
        qualifying,
        sale.occurred_at,
        past=late.standing_at(sale.occurred_at, time),
    )


def read(packs: PackSet, member: MemberFacts, sale: Sale, within: Within | None = None) -> Reading:
    """Evaluate a purchase as charged, and what the packs would have taken off.

    Args:
        packs: live at the store when it happened.
        member: from `facts_for`.
        sale: the lines as the till charged them, our own discounts included.
        within: the counters of the packs' limits, which do not move; None lets limits aside.
    """
    calendar = calendar_facts(sale.occurred_at.astimezone(sale.site.zone))
    site = sale.site
    store = StoreFacts(site.code, site.branch_code, site.above, site.zone, sale.own.store)
    own = sale.own.products
    as_charged = PurchaseFacts(sale.sales_minor, sale.list_minor, sale.channel, sale.lines_text, own)
    evaluation = packs.evaluate(member, as_charged, store, calendar, sale.occurred_at)
    charged, plain = pack_discounts(sale.lines), evaluation
    if charged:
        lines = without_pack_discounts(sale.lines)
        before = PurchaseFacts(
            sum(line.sales_minor for line in lines), sale.list_minor, sale.channel, lines_json(lines), own
        )
        plain = packs.evaluate(member, before, store, calendar, sale.occurred_at)
    if within is None or not packs.limits:
        told = told_as_offered(evaluation, plain, packs) if charged else evaluation
        return Reading(member, calendar, told, offered_by(plain), charged)
    meter, occasion = within.meter, within.occasion
    cut = meter.cut(evaluation, packs.limits, occasion)
    offer, told = cut, cut.evaluation
    if charged:
        # What was charged counted for store and pack when it happened: that must not stand in its own way.
        bearing = [limit for limit in packs.limits if limit.per == "member" or not within.later]
        offer = meter.cut(plain, bearing, occasion)
        told = told_as_offered(cut.evaluation, offer.evaluation, packs)
    taken = meter.charge(charged_by_rule(charged), packs.limits, occasion, later=within.later)
    takings = Takings({**cut.awarded, **taken.claims}, offer.discounted, taken.over)
    return Reading(member, calendar, told, offered_by(offer.evaluation), charged, takings)


def told_as_offered(charged: Evaluation, offering: Evaluation, packs: PackSet) -> Evaluation:
    """The evaluation of lines as charged, with what it says of discounts as these were offered.

    A discount was decided by the lines before it: on what is left of them it may not even hold.

    Args:
        charged: of the lines as charged; points, tier and refusals are told by it.
        offering: of the same packs on the lines without their discounts.
    """
    names = {pack.version.name for pack in packs.packs if pack.kind == "discount"}
    outcomes = tuple(
        before if before.pack_version in names else after
        for after, before in zip(charged.outcomes, offering.outcomes, strict=True)
    )
    reasons = tuple(reason for reason in charged.reasons if reason != LIMITED)
    if any(outcome.note is not None and outcome.note.startswith(f"{LIMITED}:") for outcome in outcomes):
        reasons = (*reasons, LIMITED)
    return replace(charged, discounts=offering.discounts, outcomes=outcomes, reasons=reasons)


def discounted(sale: Sale, offered: dict[tuple[int, str], int]) -> Sale:
    """The same sale with the packs' discounts taken off: what a quote offers."""
    lines = with_discounts(sale.lines, offered)
    return replace(
        sale, lines=lines, lines_text=lines_json(lines), sales_minor=sum(line.sales_minor for line in lines)
    )


def settle(
    time: MemberTime, sale: Sale, reading: Reading, lots: Sequence[Lot], late: Lateness | None
) -> list[LifecycleEvent]:
    """Let a purchase count: sequence, window, stage, tier and lots of its member.

    Args:
        time: the member's; moved on.
        lots: what the points it earned lie in.
    Returns: the lifecycle events that this purchase caused, also kept in `time`.
    """
    known = len(time.events)
    at, points = sale.occurred_at, reading.evaluation.points
    standing = time.standing
    counted = changed(
        standing,
        last_seq=standing.last_seq + 1,
        visits=standing.visits + 1,
        spend_minor=standing.spend_minor + sale.sales_minor,
        points_earned=standing.points_earned + points,
        next_expiry_at=_soonest(standing, lots),
    )
    time.lots += [OpenLot(lot.id, lot.amount, lot.expires_at) for lot in lots if lot.expires_at is not None]
    time.window.add(at, sale.sales_minor)
    if time.recent is not None:
        time.recent.add(at, sale.sales_minor)
    if late is None:
        time.take(*bought(counted, at, time.reigns(at).plan))
        # A correction of the tier takes effect when it is booked, which may be further than time was decided.
        _move_up(time, reading, max(at, time.standing.tier_since))
    else:
        time.standing = counted
        _settle_late(time, at, late)
        _move_up(time, reading, max(time.standing.advanced_to, time.standing.tier_since, time.window.as_of))
    if reading.evaluation.asked:
        follow(time, reading.evaluation.asked, at, is_late=late is not None)
    return time.events[known:]


def _settle_late(time: MemberTime, at: datetime, late: Lateness) -> None:
    """A late purchase refutes the silences it interrupts; the newest one also ends the current silence."""
    standing, reached = time.standing, time.standing.advanced_to
    newest = standing.last_purchase_at is None or at >= standing.last_purchase_at
    if newest and _silence_stands(standing, at):
        _buy_within_silence(time, at)
    elif newest:
        time.correct_silences(at, late.history, None)
        _buy_late(time, at, late)
        rewound = max(at, time.standing.enrolled_at)
        time.standing = changed(time.standing, advanced_to=min(rewound, reached))
    else:
        following = min(when for when, _ in time.window.past or () if when > at)
        time.correct_silences(at, late.history, following)
        first = time.standing.first_purchase_at
        time.standing = changed(time.standing, first_purchase_at=min(at, first) if first else at)
    time.advance(reached)
    if newest:
        time.correct_stage(at, late.history)


def _silence_stands(standing: Standing, at: datetime) -> bool:
    """Whether silence was told already and still counts from the same instant: a receipt of the same moment
    as the last, or from before the member joined."""
    told = standing.last_purchase_at is not None or standing.stage in ("at_risk", "lapsed")
    return told and max(at, standing.enrolled_at) == standing.silent_since


def _buy_within_silence(time: MemberTime, at: datetime) -> None:
    """The newest purchase, which leaves the stage as it was told."""
    standing = time.standing
    if standing.last_purchase_at is not None:
        time.standing = changed(standing, last_purchase_at=at)
        return
    time.take(*bought(changed(standing, stage="joined"), at, time.reigns(at).plan))
    revisit = None if standing.stage == "lapsed" else time.standing.next_revisit_at
    time.standing = changed(
        time.standing, stage=standing.stage, stage_since=standing.stage_since, next_revisit_at=revisit
    )


def _buy_late(time: MemberTime, at: datetime, late: Lateness) -> None:
    """The newest purchase, though late: the stage goes on from the one that was true then."""
    plan = time.reigns(at).plan
    stage = late.stage_at(at) or ("joined" if time.standing.first_purchase_at is None else "active")
    time.take(*bought(changed(time.standing, stage=stage), at, plan))
    if time.standing.next_revisit_at is None and plan is not None:
        time.standing = changed(time.standing, next_revisit_at=late.revisit_after(plan))


def _move_up(time: MemberTime, reading: Reading, at: datetime) -> None:
    move, plan = reading.evaluation.tier, time.reigns(at).plan
    if move is None or plan is None:
        return
    raised = moved_up(time.standing, move, plan, at, time.zone, reading.member.qualifying_spend_minor)
    if raised is not None:
        time.take(raised[0], [raised[1]])


def _soonest(standing: Standing, lots: Sequence[Lot]) -> datetime | None:
    expiries = [lot.expires_at for lot in lots]
    return min((at for at in (*expiries, standing.next_expiry_at) if at is not None), default=None)
