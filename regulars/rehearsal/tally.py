"""Adds up what a rehearsal finds beside what history has, purchase by purchase."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from regulars.kernel.money import share_by_weight
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent
from regulars.purchases.domain import PACK_SOURCE
from regulars.purchases.evaluation import Reading
from regulars.rehearsal.history import Bought, Corrected, MemberHistory
from regulars.rehearsal.reversing import Done
from regulars.rehearsal.sums import (
    MEASURES,
    SAMPLES_KEPT,
    Cell,
    Frame,
    MemberChange,
    Move,
    Pair,
    RuleAmount,
    Sample,
    Sums,
    cell_of,
    keep,
)
from regulars.rules.consequences import MessageAsked, TagOrder
from regulars.rules.facts import plain_code

_NOTHING: Final = "[]"


@dataclass(slots=True)
class _Member:
    """The sums of the member that is being replayed."""

    tiers: Sequence[tuple[int, str]] = ()
    tier: str = ""
    next_tier: int = 0
    cell: Cell = field(default_factory=Cell)
    spend_minor: int = 0
    earned: Pair = field(default_factory=Pair)
    taken_by_until: Pair = field(default_factory=Pair)
    taken_in_span: Pair = field(default_factory=Pair)
    corrected: Pair = field(default_factory=Pair)
    owed: Pair = field(default_factory=Pair)
    samples: list[tuple[int, Sample]] = field(default_factory=list)


class Tally:
    """Takes in one replayed purchase after another.

    Attributes:
        sums: what has been added up of members that are done.
    """

    def __init__(self, frame: Frame) -> None:
        self.sums = Sums()
        self._frame = frame
        self._span = frame.span
        self._member = _Member()

    def begin(self, history: MemberHistory) -> None:
        """A member's purchases follow."""
        moves = [(t.event.after_seq, t.event.tier_to) for t in history.told if t.event.tier_to is not None]
        self._member = _Member(tiers=moves)

    def saw(self, bought: Bought, reading: Reading) -> None:
        """A purchase and what the rehearsed packs say of it."""
        member = self._member
        points, after = bought.points, reading.evaluation.points if bought.seq else 0
        if bought.occurred_at < self._span.until:
            member.earned.before += points
            member.earned.after += after
        if not self._span.holds(bought.occurred_at) or not self._frame.covers(bought.store_id):
            return
        discount, offered = 0, 0
        if not bought.attributed:
            member.spend_minor += bought.sales_minor
            discount, offered = offered_before(bought), sum(reading.offered.values())
        figures = (points, after, discount, offered)
        sums = self.sums
        sums.total.add(*figures)
        member.cell.add(*figures)
        cell_of(sums.by_day, reading.calendar.date).add(*figures)
        cell_of(sums.by_store, bought.store_id).add(*figures)
        cell_of(sums.by_tier, self._tier_before(bought)).add(*figures)
        self._add_rules(bought, reading)
        if bought.seq and (reading.evaluation.asked or bought.asked != _NOTHING):
            self._add_asked(bought, reading)
        if discount or offered:
            self._add_discounts_by_rule(bought, reading)
        if points != after or discount != offered:
            sums.differing_purchases += 1
            self._add_categories(bought, reading, after - points)
            self._sample(bought, reading, figures)

    def took_back(self, done: Done) -> None:
        """Points that were taken back or paid, and what of it the rehearsal takes or pays."""
        taken, member = done.taken, self._member
        both = Pair(taken.points, done.points)
        if taken.at < self._span.until:
            member.taken_by_until.join(both)
            member.owed.join(Pair(-both.before, -both.after) if taken.pays else Pair(taken.owed, done.owed))
        if self._span.holds(taken.at) and not taken.by_hand:
            member.taken_in_span.join(both)

    def corrected(self, given: Corrected, points: int) -> None:
        """Points that were given afterwards, and what of it the rehearsal gives."""
        if given.at < self._span.until:
            self._member.corrected.join(Pair(given.points, points))

    def end(self, history: MemberHistory, time: MemberTime) -> None:
        """The member's purchases are all seen."""
        sums, member, span = self.sums, self._member, self._span
        if not self._frame.covers(history.home_store_id):
            if member.cell.purchases:
                self._rank(history.member_id, ("", ""))
            return
        sums.members += 1
        sums.by_decile.setdefault(self._decile(member.spend_minor), Cell()).join(member.cell)
        before = [told.event for told in history.told if told.event.effective_at < span.until]
        after = sorted(
            (event for event in time.events if event.effective_at < span.until), key=_order_of_effect
        )
        before.sort(key=_order_of_effect)
        expired = Pair(_expired(before), _expired(after))
        earned, gone = member.earned, member.taken_by_until
        earned.join(member.corrected)
        sums.open_points.join(
            Pair(
                earned.before - expired.before - gone.before,
                earned.after - expired.after - gone.after,
            )
        )
        # A payment takes effect with its purchase, which may be earlier than the debt.
        sums.owed_points.join(Pair(max(0, member.owed.before), max(0, member.owed.after)))
        sums.taken_back_points.join(member.taken_in_span)
        self._compare_moves(
            [e for e in before if span.holds(e.effective_at)],
            [e for e in after if span.holds(e.effective_at)],
        )
        tiers = _last(before, "tier_to"), _last(after, "tier_to")
        _count(sums.tiers, *tiers)
        _count(sums.stages, _last(before, "stage_to"), _last(after, "stage_to"))
        self._rank(history.member_id, tiers)

    def _tier_before(self, bought: Bought) -> str:
        member = self._member
        while member.next_tier < len(member.tiers) and member.tiers[member.next_tier][0] < bought.seq:
            member.tier = member.tiers[member.next_tier][1]
            member.next_tier += 1
        return member.tier if bought.seq else ""

    def _decile(self, spend_minor: int) -> int:
        """1 for the tenth of members that buys most."""
        bounds = self._frame.decile_bounds_minor
        return len(bounds) + 1 - bisect_right(bounds, spend_minor)

    def _add_rules(self, bought: Bought, reading: Reading) -> None:
        by_rule = self.sums.by_rule
        if bought.awards != _NOTHING:
            for one in orjson.loads(bought.awards):
                cell_of(by_rule, (one["pack"], one["rule"])).points_before += one["points"]
        for award in reading.evaluation.awards:
            cell = cell_of(by_rule, (award.pack_version, award.rule_id))
            cell.points_after += award.points
            cell.purchases += 1

    def _add_asked(self, bought: Bought, reading: Reading) -> None:
        messages, tags = self.sums.messages, self.sums.tags
        for one in orjson.loads(bought.asked):
            if "template" in one:
                messages.setdefault(one["template"], Pair()).before += 1
            elif one.get("given"):
                tags.setdefault(one["tag"], Pair()).before += 1
        for wanted in reading.evaluation.asked:
            if isinstance(wanted, MessageAsked):
                messages.setdefault(wanted.template, Pair()).after += 1
            elif isinstance(wanted, TagOrder) and wanted.gives:
                tags.setdefault(wanted.tag, Pair()).after += 1

    def _add_discounts_by_rule(self, bought: Bought, reading: Reading) -> None:
        by_rule = self.sums.by_rule
        for one in _offered(bought):
            cell_of(by_rule, _rule_of(one["source"])).discount_before_minor += one["amount_minor"]
        for (_, source), amount in reading.offered.items():
            cell_of(by_rule, _rule_of(source)).discount_after_minor += amount

    def _add_categories(self, bought: Bought, reading: Reading, points: int) -> None:
        """A purchase that differs: its points by the sales value of its lines, its discounts line by line."""
        lines = orjson.loads(bought.lines)
        by_category = self.sums.by_category
        departments = {line["line"]: plain_code(line["department"]) for line in lines}
        for department in set(departments.values()):
            cell_of(by_category, department).purchases += 1
        if points:
            weights = [max(0, line["sales_minor"]) for line in lines]
            shares = share_by_weight(abs(points), weights if any(weights) else [1] * len(lines))
            for line, share in zip(lines, shares, strict=True):
                cell = cell_of(by_category, departments[line["line"]])
                cell.points_after += share if points > 0 else -share
        if bought.attributed:
            return
        for (number, _), amount in reading.offered.items():
            cell_of(by_category, departments[number]).discount_after_minor += amount
        for one in _offered(bought):
            cell_of(by_category, departments[one["line"]]).discount_before_minor += one["amount_minor"]

    def _sample(self, bought: Bought, reading: Reading, figures: tuple[int, int, int, int]) -> None:
        samples = self._member.samples
        weight = abs(figures[1] - figures[0]) + abs(figures[3] - figures[2])
        if len(samples) == SAMPLES_KEPT and weight <= samples[-1][0]:
            return
        sample = Sample(
            bought.purchase_id,
            bought.occurred_at,
            *figures,
            rules_before(bought),
            rules_after(reading),
            discounts_before(bought),
            discounts_after(bought, reading),
        )
        samples.append((weight, sample))
        samples.sort(key=lambda one: -one[0])
        del samples[SAMPLES_KEPT:]

    def _compare_moves(self, before: Sequence[LifecycleEvent], after: Sequence[LifecycleEvent]) -> None:
        moves = self.sums.moves
        for event in before:
            if _is_move(event):
                moves.setdefault(_move_of(event), Pair()).before += 1
        for event in after:
            if _is_move(event):
                moves.setdefault(_move_of(event), Pair()).after += 1
        self.sums.expired_points.join(Pair(_expired(before), _expired(after)))
        if Counter(map(_essence, before)) != Counter(map(_essence, after)):
            self.sums.differing_members += 1

    def _rank(self, member_id: UUID, tiers: tuple[str, str]) -> None:
        cell = self._member.cell
        change = MemberChange(
            member_id,
            cell.points_before,
            cell.points_after,
            cell.discount_before_minor,
            cell.discount_after_minor,
            *tiers,
            tuple(sample for _, sample in self._member.samples),
        )
        for measure in MEASURES:
            difference = change.difference(measure)
            if difference:
                side = "winners" if difference > 0 else "losers"
                counts = self.sums.winners if difference > 0 else self.sums.losers
                counts[measure] += 1
                ranked = self.sums.top.setdefault((measure, side), [])
                keep(ranked, (abs(difference), member_id.int, change))


def _offered(bought: Bought) -> Sequence[Mapping[str, Any]]:
    return () if bought.offered == _NOTHING else orjson.loads(bought.offered)


def _rule_of(source: str) -> tuple[str, str]:
    """What `discount_source` was given."""
    pack, _, rule = source.removeprefix(PACK_SOURCE).rpartition("#")
    return pack, rule


def offered_before(bought: Bought) -> int:
    """What the packs would have taken off then, in minor units."""
    return sum(one["amount_minor"] for one in _offered(bought))


def rules_before(bought: Bought) -> tuple[RuleAmount, ...]:
    """What each rule gave then."""
    return tuple(RuleAmount(one["pack"], one["rule"], one["points"]) for one in orjson.loads(bought.awards))


def rules_after(reading: Reading) -> tuple[RuleAmount, ...]:
    """What each rule gives in the rehearsal."""
    return tuple(RuleAmount(a.pack_version, a.rule_id, a.points) for a in reading.evaluation.awards)


def discounts_before(bought: Bought) -> tuple[RuleAmount, ...]:
    """What each rule offered then, of all lines."""
    if bought.attributed:
        return ()
    return _by_source((one["source"], one["amount_minor"]) for one in _offered(bought))


def discounts_after(bought: Bought, reading: Reading) -> tuple[RuleAmount, ...]:
    """What each rule offers in the rehearsal, of all lines."""
    if bought.attributed:
        return ()
    return _by_source((source, amount) for (_, source), amount in reading.offered.items())


def _by_source(amounts: Iterable[tuple[str, int]]) -> tuple[RuleAmount, ...]:
    sums: dict[tuple[str, str], int] = {}
    for source, amount in amounts:
        rule = _rule_of(source)
        sums[rule] = sums.get(rule, 0) + amount
    return tuple(RuleAmount(pack, rule, amount) for (pack, rule), amount in sorted(sums.items()))


def _is_move(event: LifecycleEvent) -> bool:
    return event.kind != "joined" and (event.tier_to is not None or event.stage_to is not None)


def _move_of(event: LifecycleEvent) -> Move:
    if event.tier_to is not None:
        return event.kind, event.tier_from, event.tier_to
    return event.kind, event.stage_from, event.stage_to


def _essence(event: LifecycleEvent) -> tuple[object, ...]:
    return event.kind, event.effective_at, event.tier_to, event.stage_to, event.reason.get("points")


def _order_of_effect(event: LifecycleEvent) -> tuple[datetime, int]:
    return event.effective_at, event.event_no


def _expired(events: Iterable[LifecycleEvent]) -> int:
    return sum(int(str(e.reason["points"])) for e in events if e.kind == "points_expired")


def _last(events: Sequence[LifecycleEvent], name: str) -> str:
    return next((value for e in reversed(events) if (value := getattr(e, name)) is not None), "")


def _count(pairs: dict[str, Pair], before: str, after: str) -> None:
    pairs.setdefault(before, Pair()).before += 1
    pairs.setdefault(after, Pair()).after += 1
