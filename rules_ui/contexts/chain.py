"""The chain as a whole: what it demands of its people, and its ladder of tiers."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import Choice, FieldTrouble, Tier, View


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is set elsewhere, as it is now."""

    title: str
    value: str
    hint: str


@dataclass(frozen=True, slots=True)
class AskedBound:
    """A higher bound that waits for a second person.

    Attributes:
        points: as a form sends it.
        now: what counts until then, as a form sends it.
        told: who asked for how much, and when.
        own: the reader asked, so that somebody else must approve.
    """

    points: int
    now: int
    told: str
    reason: str
    own: bool


@dataclass(frozen=True, slots=True)
class SettingsPage(View):
    """What the chain demands before a version goes live, and what else it has chosen.

    Attributes:
        points_alone: that one person may give alone by recomputing, as it is typed.
        reason, recompute_reason: as they are typed.
        asked: a higher number that waits for a second person.
    """

    template: ClassVar[str] = "settings.html"
    approval: tuple[Choice, ...]
    rehearsal: tuple[Choice, ...]
    points_alone: str
    reason: str
    recompute_reason: str
    asked: AskedBound | None
    facts: tuple[Fact, ...]
    history: str | None
    may_change: bool
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the ladder.

    Attributes:
        threshold: spend that reaches it; None where no pack says.
        share: of all members, in percent, for the bar.
        former: members stand here though the live pack has no such tier any more.
    """

    tier: Tier
    threshold: str | None
    members: int
    share: str
    percent: int
    href: str
    former: bool


@dataclass(frozen=True, slots=True)
class Day:
    """How long something takes in the life of a member."""

    title: str
    days: int


@dataclass(frozen=True, slots=True)
class TiersPage(View):
    """The ladder with its thresholds, and how many members stand on each step.

    Attributes:
        pack: code and version of the live tier pack; None where none is live.
        edit: where its draft is edited, for who may.
    """

    template: ClassVar[str] = "tiers.html"
    steps: tuple[Step, ...]
    members: int
    pack: str | None
    pack_href: str | None
    edit: str | None
    days: tuple[Day, ...]
