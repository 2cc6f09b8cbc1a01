"""What a purchase in which a rule failed should have given, less what it gave: pure functions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from regulars.budgets.domain import LIMITED
from regulars.recompute.errors import RecomputeReasonMissing
from regulars.rules.domain import Award
from regulars.security.actor import Actor

RecomputeCause = Literal["purchase", "attribution"]
RecomputeState = Literal[
    "due", "nothing", "no_member", "failing", "not_released", "rolled_back", "needs_second", "differs"
]
"""What recomputing comes to: points, dates or a tier are due; nothing is; nobody is there to get any; a rule
fails again; the version that is named was not released for that store, or was rolled back there; it takes
somebody else to approve it; it is not what was approved."""

SETTLED: Final[frozenset[RecomputeState]] = frozenset({"due", "nothing", "no_member"})
"""States in which a purchase is dealt with; the others wait for a mended version."""

POINTS_ALONE: Final = 2_000
"""So many points somebody may give alone, by all that is recomputed, where the chain has chosen nothing."""
ALONE_WITHIN: Final = timedelta(hours=24)

REASON_MIN: Final = 2
REASON_MAX: Final = 500
RuleKey = tuple[str, str]
"""Pack code and rule id: a mended version's rule answers for that of the version before."""


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that gave nothing because it could not be evaluated."""

    pack: str
    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a purchase was dealt with.

    Attributes:
        redated: points that got other dates.
        tier_to: to which the member was raised.
        approved_by: the second person; None where none was needed.
    """

    points: int
    entry_id: UUID | None
    versions: tuple[str, ...]
    reason: str
    actor: str
    at: datetime
    redated: int
    tier_to: str | None
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Flagged:
    """A purchase in which a rule failed.

    Attributes:
        cause: whose reading failed: the till's, or that of giving it to a member afterwards.
        points: what it earned then.
    """

    purchase_id: UUID
    cause: RecomputeCause
    member_id: UUID | None
    store_id: UUID
    receipt_no: str
    occurred_at: datetime
    points: int
    failed: tuple[FailedRule, ...]
    resolved: Resolved | None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What recomputing a purchase comes to.

    Attributes:
        versions: by which it was read.
        awards: what is to be added, by rule, within limits.
        failed: rules that fail again.
        offered_minor: discounts that the same reading offers; what the till charged stays.
        offered_before_minor: what was offered then.
        tier: the highest tier whose rule applies.
        tier_from, tier_to: the member's tier, and the higher one that it should be; None where it stays.
        redated: points that lie in lots of wrong dates, as many as are left there.
        dropped: rules that failed then, and that the versions it is read by no longer have.
    """

    state: RecomputeState
    versions: tuple[str, ...]
    awards: tuple[Award, ...] = ()
    failed: tuple[FailedRule, ...] = ()
    offered_minor: int = 0
    offered_before_minor: int = 0
    tier: str | None = None
    tier_from: str | None = None
    tier_to: str | None = None
    redated: int = 0
    dropped: tuple[FailedRule, ...] = ()

    @property
    def points(self) -> int:
        return sum(award.points for award in self.awards)

    @property
    def missed_minor(self) -> int:
        """What the till should have offered to take off, and did not: it was paid, and stays paid."""
        return max(0, self.offered_minor - self.offered_before_minor)


@dataclass(frozen=True, slots=True)
class Approved:
    """What somebody else has approved for one purchase; less may be given, and nothing else."""

    points: int
    tier_to: str | None
    redated: int
    dropped: bool = False

    def covers(self, told: Reckoned) -> bool:
        """Whether nothing is due that was not approved."""
        return (
            told.points <= self.points
            and told.redated <= self.redated
            and told.tier_to in (None, self.tier_to)
            and (self.dropped or not told.dropped)
        )


def needs_second(
    points: int, tiers: int, redated: int, dropped: int = 0, *, points_alone: int = POINTS_ALONE
) -> bool:
    """Whether somebody else must approve what one person wants to recompute.

    Args:
        points: given by that person alone lately, and to be given now.
        tiers: members who are raised.
        redated: points that get other dates, perhaps shorter ones.
        dropped: purchases that are closed though nobody has read the rule again that failed in them.
        points_alone: what the chain lets one person give.
    Source: docs/recompute.md, "Four eyes".
    """
    return points > points_alone or tiers > 0 or redated > 0 or dropped > 0


def said_reason(reason: str) -> str:
    """The reason without surrounding blanks. Raises: RecomputeReasonMissing."""
    clean = reason.strip()
    if not REASON_MIN <= len(clean) <= REASON_MAX:
        raise RecomputeReasonMissing(REASON_MAX)
    return clean


def name_of(actor: Actor) -> str:
    """Kind and id of who acts, as it is kept."""
    return f"{actor.kind}:{actor.id}"


def pack_code(version: str) -> str:
    """The pack of a version's name."""
    return version.rpartition("/")[0]


def replaced(versions: Sequence[str], mended: Mapping[str, str]) -> tuple[str, ...]:
    """Version names, with mended ones in the place of theirs.

    Args:
        versions: as a purchase was read by.
        mended: pack code → version name; a pack that was not live then is not read now either.
    """
    return tuple(mended.get(pack_code(name), name) for name in versions)


def additions(
    awards: Sequence[Award], posted: Mapping[tuple[str, str], int], limited: frozenset[RuleKey]
) -> tuple[Award, ...]:
    """What is missing of what a purchase should have given.

    Args:
        awards: of today's reading, before limits.
        posted: (pack version, rule) → points that were posted for it.
        limited: rules that a limit cut then: they got what was left.
    Returns: what rules give now beyond what they gave, in their order, and together no more than the
        purchase as a whole lacks. What a rule gave too much is set against it, and never taken back.
    Source: docs/semantics.md, "Recomputing".
    """
    before: dict[RuleKey, int] = {}
    for (version, rule), points in posted.items():
        key = pack_code(version), rule
        if key not in limited:
            before[key] = before.get(key, 0) + points
    gains: list[Award] = []
    for award in awards:
        key = pack_code(award.pack_version), award.rule_id
        if key in limited:
            continue
        known = min(before.get(key, 0), award.points)
        if known:
            before[key] -= known
        if award.points > known:
            gains.append(award._replace(points=award.points - known))
    return _at_most(gains, sum(award.points for award in gains) - sum(before.values()))


def _at_most(awards: Sequence[Award], points: int) -> tuple[Award, ...]:
    kept: list[Award] = []
    for award in awards:
        part = min(award.points, points)
        if part <= 0:
            break
        kept.append(award._replace(points=part))
        points -= part
    return tuple(kept)


def still_valid(award: Award, occurred_at: datetime, at: datetime) -> Award:
    """An award that is booked late: what would have expired by then is valid as long, from then on.

    Args:
        award: dated by the purchase.
        occurred_at: when that was.
        at: when it is booked, or how far its member's time was decided, if further.
    """
    if award.expires_at is None or award.expires_at > at:
        return award
    return award._replace(expires_at=at + (award.expires_at - occurred_at))


def limited_rules(recorded: Sequence[Mapping[str, Any]]) -> frozenset[RuleKey]:
    """The rules of which a purchase's record says that a limit left them less."""
    return frozenset(
        (pack_code(told["pack"]), told["rule"])
        for told in recorded
        if (told.get("note") or "").startswith(f"{LIMITED}:")
    )


def dropped_rules(failed: Sequence[FailedRule], read: Collection[RuleKey]) -> tuple[FailedRule, ...]:
    """The rules that failed and of which nobody can say now what they would have given.

    Args:
        failed: as the purchase's record has them.
        read: the rules of the versions by which it is read again.
    """
    return tuple(one for one in failed if (pack_code(one.pack), one.rule) not in read)


def failed_rules(recorded: Sequence[Mapping[str, Any]]) -> tuple[FailedRule, ...]:
    """The rules that a purchase's record says could not be evaluated."""
    return tuple(
        FailedRule(told["pack"], told["rule"], told["error"]) for told in recorded if told.get("error")
    )
