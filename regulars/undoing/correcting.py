"""What another version would have given instead: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.rules.domain import Award, Limit
from regulars.undoing.award_lots import AwardLot, ReadPurchase
from regulars.undoing.domain import Item, LotShare

LIMITED: Final = "limited:"
Losses = Sequence[tuple[str, str, int]]
"""(pack version, rule, points)."""
RuleKey = tuple[str, str]
"""Pack code and rule: a rule is the same in each version of its pack."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry that gave points for a purchase: when it was bought, or by a correction.

    Attributes:
        standing: (pack version, rule) → points, less what was taken back of them, in the order of the
            postings.
        decided: the same, with what undo orders took back of other packs' points: that was not decided by
            the version which is corrected, and is not given again.
    """

    entry_id: UUID
    standing: Mapping[tuple[str, str], int]
    decided: Mapping[tuple[str, str], int]
    lots: tuple[AwardLot, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """A purchase that was read by a version, with all that was posted for it."""

    purchase_id: UUID
    member_id: UUID
    read: ReadPurchase
    posted: tuple[Posted, ...]

    @property
    def failed(self) -> bool:
        """Whether a rule could not be evaluated then: recomputing deals with it."""
        return any(told.get("error") for told in self.read.evaluation["rules"])


@dataclass(frozen=True, slots=True)
class Correction:
    """The difference that another version makes to a purchase; it takes or gives, never both.

    Attributes:
        losses: (pack version, rule, points) that are too much.
        gains: what is missing, with the dates that the purchase gives it.
        withheld: points that are missing and may not be given, since a limit bears on their rule.
    """

    losses: tuple[tuple[str, str, int], ...] = ()
    gains: tuple[Award, ...] = ()
    withheld: int = 0


def limited_then(recorded: Sequence[Mapping[str, Any]]) -> frozenset[RuleKey]:
    """Rules that a limit cut when the purchase was read: they stand as they are."""
    return frozenset(
        (_code(told["pack"]), told["rule"])
        for told in recorded
        if (told.get("note") or "").startswith(LIMITED)
    )


def capped(limits: Sequence[Limit]) -> frozenset[RuleKey]:
    """Rules on whose points a limit bears: how much of it was left then is not known."""
    return frozenset(
        (limit.pack_code, rule_id)
        for limit in limits
        if limit.of in ("points", "uses")
        for rule_id in limit.rule_ids
    )


def correction(
    awards: Sequence[Award],
    posted: Sequence[Posted],
    limited: frozenset[RuleKey],
    held: frozenset[RuleKey],
) -> Correction:
    """What has to be taken or given so that a purchase has given what other versions give.

    Args:
        awards: of those versions, before limits.
        posted: what stands.
        limited: rules that are left as they are.
        held: rules to which nothing is added.
    Returns: one rule's gain is set against another's loss, in their order; what is left of either.
    Source: docs/undoing.md, "Another version instead".
    """
    stands = _by_rule((one.standing for one in posted), limited)
    before = _by_rule((one.decided for one in posted), limited)
    left = {key: sum(points for _, points in given_by) for key, given_by in before.items()}
    gains, withheld = [], 0
    for award in awards:
        key = _code(award.pack_version), award.rule_id
        if key in limited:
            continue
        known = min(left.get(key, 0), award.points)
        if known:
            left[key] -= known
        missing = award.points - known
        if missing and key in held:
            withheld += missing
        elif missing:
            gains.append(award._replace(points=missing))
    losses = [
        (version, key[1], points)
        for key, given_by in stands.items()
        for version, points in _latest(given_by, left.get(key, 0))
    ]
    net = sum(award.points for award in gains) - sum(points for _, _, points in losses)
    if net > 0:
        return Correction(gains=given(gains, net), withheld=withheld)
    return Correction(losses=tuple(_first(losses, -net)), withheld=withheld)


def points_of(posted: Sequence[Posted], item: Item) -> int:
    """What of a purchase's points the same item would be measured by now."""
    return sum(points for one in posted for points in (one.decided if item.gives else one.standing).values())


def _by_rule(
    each: Iterable[Mapping[tuple[str, str], int]], limited: frozenset[RuleKey]
) -> dict[RuleKey, list[tuple[str, int]]]:
    """Rule → (version, points), the earliest first."""
    stands: dict[tuple[str, str], int] = {}
    for one in each:
        for rule, points in one.items():
            stands[rule] = stands.get(rule, 0) + points
    found: dict[RuleKey, list[tuple[str, int]]] = {}
    for (version, rule_id), points in stands.items():
        key = _code(version), rule_id
        if points > 0 and key not in limited:
            found.setdefault(key, []).append((version, points))
    return found


def given(gains: Sequence[Award], points: int) -> tuple[Award, ...]:
    """The first so many points of some awards."""
    kept = []
    for award in gains:
        part = min(award.points, points)
        points -= part
        if part > 0:
            kept.append(award._replace(points=part))
    return tuple(kept)


def still_valid(award: Award, occurred_at: datetime, at: datetime) -> Award:
    """An award that is booked late: what would have expired by then is valid as long, from then on.

    Args:
        award: dated by the purchase.
        occurred_at: when that was.
        at: when it is booked.
    """
    if award.expires_at is None or award.expires_at > at:
        return award
    return award._replace(expires_at=at + (award.expires_at - occurred_at))


def given_by(losses: Losses, posted: Sequence[Posted]) -> list[tuple[Posted, Losses]]:
    """By which entries the points were given that are too much, the earliest first.

    Args:
        losses: of `correction`.
        posted: the purchase's entries.
    """
    left = {(version, rule_id): points for version, rule_id, points in losses}
    found: list[tuple[Posted, Losses]] = []
    for one in posted:
        mine = []
        for rule, points in left.items():
            part = min(points, one.standing.get(rule, 0))
            if part > 0:
                mine.append((*rule, part))
                left[rule] -= part
        if mine:
            found.append((one, mine))
    return found


def lots_of(
    losses: Sequence[tuple[str, str, int]], posted: Sequence[Posted], awards: Sequence[Award]
) -> tuple[LotShare, ...]:
    """In which lots the points lie that are too much.

    Args:
        losses: of `correction`.
        posted: the entries, with their lots.
        awards: as the purchase was read, for their dates.
    Returns: lot → points; of a rule whose dates are not known they lie in its entry's lots, as far as these
        hold, the last to expire first.
    """
    dates = {(a.pack_version, a.rule_id): (a.available_at, a.expires_at) for a in awards}
    found: dict[UUID, int] = {}
    for version, rule_id, points in losses:
        for one in posted:
            part = min(points, one.standing.get((version, rule_id), 0))
            if part <= 0:
                continue
            points -= part
            lots = {(lot.available_at, lot.expires_at): lot.id for lot in one.lots}
            lot_id = lots.get(dates[version, rule_id]) if (version, rule_id) in dates else None
            shares = [(lot_id, part)] if lot_id is not None else _from_the_last(one.lots, part, found)
            for taken_from, share in shares:
                found[taken_from] = found.get(taken_from, 0) + share
    return tuple(found.items())


def _from_the_last(
    lots: Sequence[AwardLot], points: int, found: Mapping[UUID, int]
) -> list[tuple[UUID, int]]:
    shares = []
    for lot in sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at, lot.id), reverse=True):
        share = min(points, lot.amount - found.get(lot.id, 0))
        if share > 0:
            points -= share
            shares.append((lot.id, share))
    return shares


def _code(version: str) -> str:
    return version.rpartition("/")[0]


def _latest(given_by: Sequence[tuple[str, int]], points: int) -> list[tuple[str, int]]:
    """What was given last is too much first."""
    return [
        (version, part) for version, _, part in _first([(v, "", p) for v, p in reversed(given_by)], points)
    ]


def _first(losses: Sequence[tuple[str, str, int]], points: int) -> list[tuple[str, str, int]]:
    kept = []
    for version, rule_id, most in losses:
        part = min(most, points)
        points -= part
        if part > 0:
            kept.append((version, rule_id, part))
    return kept
