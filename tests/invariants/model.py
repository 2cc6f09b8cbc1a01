"""The trade once more, slowly: what a chain owes a member, as lists and loops without a database.

Written from docs/semantics.md and docs/adr, and sharing no code with the product. Nothing is kept that could
be counted anew: a spend is summed over all purchases, a tier is the last word on tiers, a balance is what is
left in the lots.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from invariants.packs import Numbers, Packs
from invariants.till import DAY, ZONE, Sale, earn, next_tier, offer, receipt, tier_for

YEAR = 365 * DAY
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
RANKS = {"base": 0, "silver": 1, "gold": 2}


@dataclass(frozen=True)
class Word:
    """A lifecycle event: what was said of a member, from when on, and for a silence since when it lasted."""

    at: datetime
    kind: str
    tier: str | None = None
    stage: str | None = None
    since: datetime | None = None
    points: int = 0
    worked: bool = True


@dataclass
class Lot:
    points: int
    expires_at: datetime


@dataclass
class Member:
    """One member's whole history, and what follows from it.

    `told_to` is the instant up to which time was decided; what happened before it and comes now is late.
    """

    packs: Packs
    home: str
    enrolled_at: datetime
    care_from: datetime
    staff: bool
    told_to: datetime = field(init=False)
    words: list[Word] = field(init=False)
    bought: list[tuple[datetime, int]] = field(default_factory=list)  # by seq
    lots: list[Lot] = field(default_factory=list)
    earned: int = 0
    changes: int = 1  # that the workflow has to hear of; joining is the first
    read: dict[str, Any] = field(default_factory=dict)  # by the rules, of the last purchase
    year_ends_at: datetime | None = None
    revisit_at: datetime | None = None

    def __post_init__(self) -> None:
        self.told_to = self.enrolled_at
        self.words = [Word(self.enrolled_at, "joined", tier="base", stage="joined")]

    # What history says.

    def history(self) -> list[Word]:
        """All words in order of effect; those of one instant in the order in which they were said."""
        return sorted(self.words, key=lambda word: word.at)

    def tier_at(self, at: datetime) -> str:
        return next((w.tier for w in reversed(self.history()) if w.tier and w.at <= at), "base")

    def stage_at(self, at: datetime) -> str | None:
        return next((w.stage for w in reversed(self.history()) if w.stage and w.at <= at), None)

    def frozen_at(self, at: datetime) -> bool:
        freezes = [w.kind for w in self.history() if w.kind in ("frozen", "unfrozen") and w.at <= at]
        return freezes[-1:] == ["frozen"]

    @property
    def tier(self) -> str:
        return self.tier_at(END_OF_TIME)

    @property
    def stage(self) -> str:
        """Where time stands: what was told of later instants, before a late purchase, is being told anew."""
        stage = self.stage_at(self.told_to)
        assert stage is not None
        return stage

    @property
    def frozen(self) -> bool:
        return self.frozen_at(END_OF_TIME)

    @property
    def balance(self) -> int:
        return sum(lot.points for lot in self.lots)

    def window(self, at: datetime) -> list[int]:
        """Sales values of what was bought in the 365 days up to an instant, both ends included."""
        return [sales for when, sales in self.bought if at - YEAR <= when <= at]

    @property
    def latest(self) -> datetime:
        """The latest instant at which the member bought, or was reviewed."""
        reviews = [word.at for word in self.words if word.kind in ("kept", "downgraded")]
        return max([self.enrolled_at, *reviews, *(when for when, _ in self.bought)])

    @property
    def silent_since(self) -> datetime:
        return max([self.enrolled_at, *(when for when, _ in self.bought)])

    def told(self) -> list[tuple[object, ...]]:
        """The whole story, for comparison."""
        return [(w.kind, w.at, w.tier, w.stage, w.points, w.worked) for w in self.history()]

    # What time decides.

    def dues(self, ladder: Numbers | None) -> list[tuple[datetime, int, str]]:
        """(when, precedence, what) of all that is to come: without a ladder only points expire."""
        found = [(lot.expires_at, 0, "expire") for lot in self.lots]
        if ladder is None:
            return found
        if self.year_ends_at is not None:
            found.append((self.year_ends_at, 1, "review"))
        if self.stage != "lapsed":
            days = ladder["lapse_after_days" if self.stage == "at_risk" else "at_risk_after_days"]
            found.append((self.silent_since + days * DAY, 2, "fall_silent"))
        if self.revisit_at is not None:
            found.append((self.revisit_at, 3, "revisit"))
        return found

    @property
    def next_due_at(self) -> datetime | None:
        return min((due for due, _, _ in self.dues(self.packs.ladder(self.home, self.told_to))), default=None)

    def advance(self, to: datetime) -> None:
        """Decide all that falls due up to `to`, each by the packs that are live when it does."""
        while self.told_to <= to:
            ladder = self.packs.ladder(self.home, self.told_to)
            change = self.packs.next_change(self.home, self.told_to)
            due, _, what = min(self.dues(ladder), default=(None, 0, ""))
            if due is not None and (at := max(due, self.told_to)) <= to and (change is None or at < change):
                self.told_to = at
                getattr(self, what)(at, ladder)
            elif change is not None and change <= to:
                self.told_to = change
            else:
                self.told_to = to
                return

    def expire(self, at: datetime, _: Numbers) -> None:
        gone = [lot for lot in self.lots if lot.expires_at <= at]
        self.lots = [lot for lot in self.lots if lot.expires_at > at]
        self.words.append(Word(at, "points_expired", points=sum(lot.points for lot in gone)))

    def review(self, at: datetime, ladder: Numbers) -> None:
        """The end of a tier year: kept where the spend still reaches the tier, else one step down."""
        held, reached = self.tier, tier_for(ladder, sum(self.window(at)))
        if RANKS[reached] >= RANKS[held]:
            self.words.append(Word(at, "kept", tier=held))
        else:
            down = next(tier for tier, rank in RANKS.items() if rank == RANKS[held] - 1)
            self.words.append(Word(at, "downgraded", tier=down))
        self.year_ends_at = year_after(at, ladder) if self.tier != "base" else None

    def fall_silent(self, at: datetime, _: Numbers) -> None:
        lapsed = self.stage == "at_risk"
        stage = "lapsed" if lapsed else "at_risk"
        self.words.append(Word(at, stage, stage=stage, since=self.silent_since))
        if lapsed:
            self.revisit_at = None

    def revisit(self, at: datetime, ladder: Numbers) -> None:
        self.words.append(Word(at, "revisit_due", worked=at >= self.care_from))
        self.revisit_at = at + ladder["revisit_every_days"] * DAY

    # What people decide.

    def freeze(self, at: datetime, kind: str) -> None:
        self.advance(at)
        self.words.append(Word(at, kind))
        self.changes += 1

    def buy(self, sale: Sale) -> dict[str, Any]:
        """Let a purchase count; returns the receipt."""
        late = sale.at < self.told_to
        if not late:
            self.advance(sale.at)
        facts = self.read = self.facts(sale, late=late)
        points, expires_at = earn(self.packs, sale, facts, staff=self.staff)
        offered = offer(self.packs, sale, facts["tier"], staff=self.staff)
        first, told, known, silent_since = not self.bought, self.history(), len(self.words), self.silent_since
        newest = all(when <= sale.at for when, _ in self.bought)
        self.bought.append((sale.at, sale.sales_minor))
        self.earned += points
        if points and expires_at:
            self.lots.append(Lot(points, expires_at))
        if late:
            stands = newest and max(sale.at, self.enrolled_at) == silent_since
            self.settle_late(sale.at, told, newest=newest, first=first, silence_stands=stands)
        else:
            self.wake(sale.at, self.stage, first=first)
        before = self.tier
        self.climb(sale, facts["qualifying_spend_minor"], self.told_to if late else sale.at)
        self.changes += 1
        flags = [
            flag for flag, is_so in (("discount_differs", offered != sale.charged()), ("late", late)) if is_so
        ]
        return receipt(sale, points, expires_at, flags) | {
            "member": {
                "seq": len(self.bought),
                "points_balance": self.balance,
                "pending_points": 0,
                "tier": self.tier,
                "tier_before": before,
                "stage": self.stage,
                "reactivated": any(word.kind == "reactivated" for word in self.words[known:]),
                "spend_365d_minor": (spend := sum(self.window(self.latest))),
                "next_tier": next_tier(self.packs.ladder(self.home, sale.at), self.tier, spend),
            }
        }

    def facts(self, sale: Sale, *, late: bool) -> dict[str, Any]:
        """What the rules read: the member as it stood just before the purchase, wherever that lies."""
        window, latest = self.window(sale.at), max(self.latest, sale.at)
        qualifying = sum(window) + sale.sales_minor
        if late and sale.at >= latest - YEAR:
            qualifying = max(qualifying, sum(self.window(latest)) + sale.sales_minor)
        return {
            "tier": self.tier_at(sale.at),
            "stage": self.stage_at(sale.at) or "joined",
            "frozen": self.frozen_at(sale.at),
            "spend_365d_minor": sum(window),
            "visits_365d": len(window),
            "visits": sum(when <= sale.at for when, _ in self.bought),
            "qualifying_spend_minor": qualifying,
        }

    def wake(self, at: datetime, stage: str, *, first: bool) -> None:
        """A purchase ends a silence; with the first one, and after a lapse, a schedule of revisits begins."""
        if stage == "active":
            return
        began, ladder = max(at, self.enrolled_at), self.packs.ladder(self.home, at)
        self.words.append(
            Word(began, "first_purchase" if stage == "joined" else "reactivated", stage="active")
        )
        if ladder is not None and first:
            self.revisit_at = began + ladder["first_revisit_after_days"] * DAY
        elif ladder is not None and self.revisit_at is None:
            self.revisit_at = began + ladder["revisit_every_days"] * DAY

    def climb(self, sale: Sale, qualifying_minor: int, at: datetime) -> None:
        """Up at once, where the packs of the sale say so; never inside a past that was told."""
        judge, ladder = self.packs.ladder(sale.store, sale.at), self.packs.ladder(self.home, at)
        if (
            judge is None
            or ladder is None
            or RANKS[tier := tier_for(judge, qualifying_minor)] <= RANKS[self.tier]
        ):
            return
        self.words.append(Word(at, "upgraded", tier=tier))
        self.year_ends_at = year_after(at, ladder)

    # What comes late.

    def settle_late(
        self, at: datetime, told: list[Word], *, newest: bool, first: bool, silence_stands: bool
    ) -> None:
        reached, ladder = self.told_to, self.packs.ladder(self.home, at)
        following = min((when for when, _ in self.bought if when > at), default=None)
        stage = next(
            (w.stage for w in reversed(told) if w.stage and w.at <= at), "joined" if first else "active"
        )
        if silence_stands and (not first or self.stage in ("at_risk", "lapsed")):
            if first:  # bought before joining: what was told of the silence since is true
                lapsed = self.stage == "lapsed"
                self.wake(at, "joined", first=True)
                self.revisit_at = None if lapsed else self.revisit_at
            self.advance(reached)
            return
        if ladder is not None:
            self.correct_silences(at, ladder, following)
        if newest:
            self.wake(at, stage, first=first)
            revisits = [word.at for word in told if word.kind == "revisit_due"]
            if self.revisit_at is None and ladder is not None and revisits:
                self.revisit_at = max(revisits) + ladder["revisit_every_days"] * DAY
            self.told_to = min(max(at, self.enrolled_at), reached)  # time is told again from here
        self.advance(reached)

    def correct_silences(self, at: datetime, ladder: Numbers, following: datetime | None) -> None:
        """Silences that it interrupts were none; those after it, up to the next purchase, are told."""
        last_words = {word.at: word for word in self.words if word.stage}
        refuted = [word for word in last_words.values() if word.since and word.since < at < word.at]
        for word in refuted:
            silent = word.at - at >= ladder["at_risk_after_days"] * DAY
            stage, since = ("at_risk", at) if silent else ("active", None)
            self.words.append(Word(word.at, "silence_corrected", stage=stage, since=since))
        for stage, days in (("at_risk", "at_risk_after_days"), ("lapsed", "lapse_after_days")):
            begins = at + ladder[days] * DAY
            if refuted and following is not None and begins < following:
                self.words.append(Word(begins, stage, stage=stage, since=at))


def year_after(at: datetime, ladder: Numbers) -> datetime:
    """A tier year counts days on the wall of the home store; a time that does not exist moves forward.

    In UTC again: a window of hours that ends here must not be counted on the wall.
    """
    wall = at.astimezone(ZONE) + ladder["tier_year_days"] * DAY  # aware arithmetic keeps the wall time
    return datetime.fromtimestamp(wall.replace(fold=0).timestamp(), UTC)
