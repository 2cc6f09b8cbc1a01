"""What a version did to members besides points, and what is left once that is struck: pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

from regulars.lifecycle.domain import LifecycleEvent, Stage, Standing, restaged
from regulars.members.tagging import CausedChange, TagChange, Tagging, held_until
from regulars.rules.consequences import STAGE_RANKS
from regulars.rules.domain import LifecyclePlan

AsideKind = Literal["tag", "stage", "message"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether rules hold a tag on a member, and until when; None for without an end."""

    holds: bool
    until: datetime | None = None


NOT_HELD: Final = Hold(holds=False)


@dataclass(frozen=True, slots=True)
class Aside:
    """One thing that a version did to a member besides points, and what it becomes.

    Attributes:
        what: the tag, the code of the message's text; of a stage nothing.
        before, after: stages; of a tag its end: an ISO instant, "" for none, None where it does not hold.
        causes: purchases whose orders about the tag are struck.
    """

    kind: AsideKind
    what: str
    before: str | None
    after: str | None
    causes: tuple[UUID, ...] = ()

    @property
    def changes(self) -> bool:
        """A tag that others have decided as well may stay as it is."""
        return self.before != self.after

    def told(self) -> dict[str, Any]:
        """As it is kept; `of_told` reads it."""
        return {**asdict(self), "causes": [str(one) for one in self.causes], "changes": self.changes}


def of_told(values: Mapping[str, Any]) -> Aside:
    """What `Aside.told` was made of."""
    return Aside(
        values["kind"],
        values["what"],
        values["before"],
        values["after"],
        tuple(UUID(one) for one in values["causes"]),
    )


@dataclass(slots=True)
class AsideSums:
    """How many of which kind are on a list.

    Attributes:
        tags: tag → how many end; `tags_back` → how many are given back or end at another time.
        tags_staying: others have decided them as well.
        stages: move, as "lapsed → active", → how many.
    """

    tags: dict[str, int] = field(default_factory=dict)
    tags_back: dict[str, int] = field(default_factory=dict)
    tags_staying: int = 0
    stages: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)

    def add(self, aside: Aside) -> None:
        """Count one."""
        if aside.kind == "stage":
            counts, name = self.stages, f"{aside.before} → {aside.after}"
        elif aside.kind == "message":
            counts, name = self.messages, aside.what
        elif aside.changes:
            counts, name = (self.tags if aside.after is None else self.tags_back), aside.what
        else:
            self.tags_staying += 1
            return
        counts[name] = counts.get(name, 0) + 1

    def told(self) -> dict[str, Any]:
        """For a preview."""
        return {
            "tags": dict(sorted(self.tags.items())),
            "tags_back": dict(sorted(self.tags_back.items())),
            "tags_staying": self.tags_staying,
            "stages": dict(sorted(self.stages.items())),
            "messages": dict(sorted(self.messages.items())),
        }


def end_of(hold: Hold) -> str | None:
    """A hold as an aside keeps it."""
    if not hold.holds:
        return None
    return "" if hold.until is None else hold.until.isoformat()


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a rule of a purchase, or a person, wanted of a member's tags.

    Attributes:
        purchase_id, store_id: None where a person ended the tag.
        change: when and what.
        in_reach: whether the purchase lies at the place and in the span of the undo order.
    """

    purchase_id: UUID | None
    store_id: UUID | None
    change: TagChange
    in_reach: bool


@dataclass(frozen=True, slots=True)
class Struck:
    """One tag of a member once the orders of a version are struck.

    Attributes:
        before, after: how it holds with them and without.
        orders: the struck ones.
        rest: the giving that holds it then; None where none does.
    """

    tag: str
    before: Hold
    after: Hold
    orders: tuple[Ordered, ...]
    rest: Ordered | None


def strike(
    orders: Sequence[Ordered], gone: Collection[tuple[UUID, str, str]], version: str, at: datetime
) -> list[Struck]:
    """A member's tags as they would be had a version never asked for any.

    Args:
        orders: all that rules and people ever wanted of the member's tags, in the order of recording.
        gone: (purchase, version, tag) that earlier undo orders struck.
        version: whose orders in reach are struck.
        at: as far as the member's time has been decided.
    Returns: the tags on which a struck order still bears: it holds the tag, or keeps it away.
    """
    standing = [one for one in orders if _key(one) not in gone]
    struck = [one for one in standing if one.in_reach and one.change.pack_version == version]
    others = [one for one in standing if one not in struck]
    before, after = _held(standing, at), _held(others, at)
    alone = _held([one for one in standing if one in struck or one.purchase_id is None], at)
    found = []
    for tag in sorted({one.change.tag for one in struck}):
        was, rests = before.get(tag, NOT_HELD), after.get(tag, NOT_HELD)
        if was == rests and tag not in alone:
            continue
        mine = tuple(one for one in struck if one.change.tag == tag)
        found.append(Struck(tag, was, rests, mine, _giving(others, tag, rests)))
    return found


def _key(order: Ordered) -> tuple[UUID | None, str, str]:
    return order.purchase_id, order.change.pack_version, order.change.tag


def _held(orders: Iterable[Ordered], at: datetime) -> dict[str, Hold]:
    tagging = Tagging()
    for order in orders:
        if order.purchase_id is None:
            tagging.changes.append(order.change)
        else:
            tagging.note(order.change)
    return {tag: Hold(holds=True, until=until) for tag, until in held_until(tagging.changes, at).items()}


def _giving(orders: Sequence[Ordered], tag: str, rests: Hold) -> Ordered | None:
    if not rests.holds:
        return None
    givings = (one for one in reversed(orders) if one.change.tag == tag and one.change.given)
    return next((one for one in givings if one.change.until == rests.until), None)


def tag_changes(
    undo_id: UUID, member_id: UUID, found: Struck, held: Hold, since: datetime
) -> list[CausedChange]:
    """What brings a tag from how it is held to how it should be; nothing where that is so already.

    Args:
        undo_id: the order.
        member_id: whose tag.
        found: what is struck.
        held: how the member's row has it.
        since: from when on it takes effect.
    """
    if held == found.after:
        return []
    ends = replace(found.orders[-1].change, given=False, effective_at=since, until=None)
    made = [(found.orders[-1].purchase_id, ends)] if held.holds else []
    if found.rest is not None:
        made.append((found.rest.purchase_id, replace(found.rest.change, effective_at=since)))
    return [CausedChange(member_id, purchase_id, change, undo_id) for purchase_id, change in made]


def restored(
    standing: Standing, plan: LifecyclePlan, since: datetime, reason: Mapping[str, object]
) -> tuple[Standing, LifecycleEvent] | None:
    """A member in the stage in which silence alone would see the member; time decides on from there.

    Args:
        standing: the member's, moved by a rule that is struck; nothing has decided the stage since.
        plan: live at the home store.
        since: as far as the member's time has been decided: it takes effect then.
        reason: what the event says of the order.
    Returns: None where silence alone leads as far.
    Source: docs/undoing.md, "Tags, stages and messages".
    """
    silent = since - standing.silent_since
    stage: Stage = "joined" if standing.first_purchase_at is None else "active"
    for days, reached in ((plan.at_risk_after_days, "at_risk"), (plan.lapse_after_days, "lapsed")):
        if silent >= timedelta(days=days):
            stage = cast(Stage, reached)
    if STAGE_RANKS[stage] >= STAGE_RANKS[standing.stage]:
        return None
    after = restaged(standing, stage, plan, since)
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind="stage_corrected",
        effective_at=since,
        stage_from=standing.stage,
        stage_to=stage,
        reason=reason,
    )
    return after, event
