"""What a version did to members besides points, and what is left once that is struck: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

from regulars.lifecycle.domain import LifecycleEvent, Stage, Standing, restaged
from regulars.members.tagging import TagChange
from regulars.rules.consequences import STAGE_RANKS, StageMove
from regulars.rules.domain import LifecyclePlan
from regulars.undoing.tag_orders import Hold, TagGift, TagWord

AsideKind = Literal["tag", "stage", "message"]
CORRECTED: Final = "stage_corrected"
_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Aside:
    """One thing that a version did to a member besides points, and what it becomes.

    Attributes:
        what: the tag, the code of the message's text; of a stage nothing, or that days of silence led to it.
        before, after: stages; of a tag its end: an ISO instant, "" for none, None where it does not hold.
        causes: purchases whose orders about the tag are struck, or decided anew; of a stage the purchase.
        gives: of what is decided anew, all that is wanted of the tag with these purchases from then on; None
            where the version's orders are struck.
        move: of a stage that is decided anew, the move of the other version's rule; None for none.
    """

    kind: AsideKind
    what: str
    before: str | None
    after: str | None
    causes: tuple[UUID, ...] = ()
    gives: tuple[TagGift, ...] | None = None
    move: StageMove | None = None

    @property
    def changes(self) -> bool:
        """A tag that others have decided as well may stay as it is."""
        return self.before != self.after

    def told(self) -> dict[str, Any]:
        """As it is kept; `of_told` reads it."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "causes": [str(one) for one in self.causes],
            "changes": self.changes,
        }
        if self.gives is not None:
            found["gives"] = [_told(one) for one in self.gives]
        if self.move is not None:
            found["move"] = list(self.move)
        return found

    def word(self, version: str | None) -> TagWord:
        """What it says of a tag, once it was carried out.

        Args:
            version: whose orders were struck; None where they were decided anew.
        """
        return TagWord(self.what, self.causes, version, self.gives or ())


def of_told(values: Mapping[str, Any]) -> Aside:
    """What `Aside.told` was made of."""
    gives, move = values.get("gives"), values.get("move")
    return Aside(
        values["kind"],
        values["what"],
        values["before"],
        values["after"],
        tuple(UUID(one) for one in values["causes"]),
        None if gives is None else tuple(_gift(values["what"], one) for one in gives),
        None if move is None else StageMove(*move),
    )


def _told(gift: TagGift) -> dict[str, Any]:
    change = gift.change
    return {
        "purchase": str(gift.purchase_id),
        "given": change.given,
        "at": change.effective_at.isoformat(),
        "until": None if change.until is None else change.until.isoformat(),
        "version": change.pack_version,
        "rule": change.rule_id,
    }


def _gift(tag: str, told: Mapping[str, Any]) -> TagGift:
    until = None if told["until"] is None else datetime.fromisoformat(told["until"])
    at = datetime.fromisoformat(told["at"])
    change = TagChange(tag, told["given"], at, until, told["version"], told["rule"])
    return TagGift(UUID(told["purchase"]), change)


@dataclass(slots=True)
class AsideSums:
    """How many of which kind are on a list.

    Attributes:
        tags: tag → how many end; `tags_back` → how many are given back or end at another time.
        tags_given, tags_redated: by another version, which decides them anew.
        tags_staying: others have decided them as well.
        stages: move, as "lapsed → active", → how many.
    """

    tags: dict[str, int] = field(default_factory=dict)
    tags_back: dict[str, int] = field(default_factory=dict)
    tags_given: dict[str, int] = field(default_factory=dict)
    tags_redated: dict[str, int] = field(default_factory=dict)
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
            counts, name = self._tags(aside), aside.what
        else:
            self.tags_staying += 1
            return
        counts[name] = counts.get(name, 0) + 1

    def _tags(self, aside: Aside) -> dict[str, int]:
        if aside.after is None:
            return self.tags
        if aside.gives is None:
            return self.tags_back
        return self.tags_given if aside.before is None else self.tags_redated

    def told(self) -> dict[str, Any]:
        """For a preview."""
        return {
            "tags": dict(sorted(self.tags.items())),
            "tags_back": dict(sorted(self.tags_back.items())),
            "tags_given": dict(sorted(self.tags_given.items())),
            "tags_redated": dict(sorted(self.tags_redated.items())),
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
class StageWord:
    """One event that says in which stage a member is.

    Attributes:
        purchase_id: that caused it, or that it corrects; None where time decided.
        corrects: code of the pack whose word an undo order corrected by it; None for all other events.
    """

    kind: str
    at: datetime
    purchase_id: UUID | None
    corrects: str | None


def rests_on(
    words: Sequence[StageWord], code: str, bought: Mapping[UUID, datetime], newest_at: datetime | None
) -> UUID | None:
    """The purchase on which a member's stage rests, of those that are decided anew.

    Args:
        words: all on the member's stage, in order of effect.
        code: of the pack that is corrected.
        bought: purchase → when, in the order of recording.
        newest_at: when the member bought last.
    Returns: None where something else has decided the stage since.
    """
    newest = [purchase_id for purchase_id, at in bought.items() if at == newest_at]
    last = words[-1] if words else None
    if not newest or last is None:
        return None
    if last.kind == "stage_moved" or last.corrects == code:
        return last.purchase_id if last.purchase_id in newest else None
    since = bought[newest[-1]]
    return newest[-1] if last.at <= since or last.purchase_id == newest[-1] else None


def clear_of(words: Sequence[StageWord], since: datetime) -> datetime:
    """When a stage can be put right: no two corrections of a member share an instant.

    Args:
        words: on the member's stage, in order of effect.
        since: as far as the member's time has been decided.
    """
    last = words[-1] if words else None
    if last is None or last.kind != CORRECTED or last.at < since:
        return since
    return last.at + _MOMENT


def restored(
    standing: Standing, plan: LifecyclePlan, since: datetime, reason: Mapping[str, object]
) -> tuple[Standing, LifecycleEvent] | None:
    """A member in the stage in which silence alone would see the member; time decides on from there.

    Args:
        standing: the member's, moved by a rule that is struck; nothing has decided the stage since.
        plan: live at the home store.
        since: as far as the member's time has been decided, from `clear_of`: it takes effect then.
        reason: what the event says of the order.
    Returns: None where silence alone leads as far.
    Source: docs/undoing.md, "Tags, stages and messages".
    """
    return decided_anew(standing, plan, since, reason, None)


def decided_anew(
    standing: Standing,
    plan: LifecyclePlan,
    since: datetime,
    reason: Mapping[str, object],
    move: StageMove | None,
) -> tuple[Standing, LifecycleEvent] | None:
    """A member in the stage to which another version's rule moves, or silence alone where that leads further.

    Args:
        standing, plan, since, reason: as in `restored`.
        move: of the purchase on which the stage rests; None where the other version moves nobody with it.
    Returns: None where the member is there already.
    Source: docs/undoing.md, "Another version instead".
    """
    silent = since - standing.silent_since
    stage: Stage = "joined" if standing.first_purchase_at is None else "active"
    for days, reached in ((plan.at_risk_after_days, "at_risk"), (plan.lapse_after_days, "lapsed")):
        if silent >= timedelta(days=days):
            stage = cast(Stage, reached)
    by = move if move is not None and STAGE_RANKS[move.stage] > STAGE_RANKS[stage] else None
    stage = by.stage if by is not None else stage
    rises = STAGE_RANKS[stage] - STAGE_RANKS[standing.stage]
    if rises == 0 or (rises > 0 and by is None):
        return None
    after = restaged(standing, stage, plan, since)
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind=CORRECTED,
        effective_at=since,
        stage_from=standing.stage,
        stage_to=stage,
        pack_version=by.pack_version if by is not None else None,
        rule_id=by.rule_id if by is not None else None,
        reason=reason,
    )
    return after, event
