"""The tags that rules give and take away: what holds at an instant follows from givings and endings alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

import orjson

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TagChange:
    """One giving or ending of a tag; never changed afterwards.

    Attributes:
        given: else it ends what was given before.
        effective_at: the purchase's instant; of what was struck or ended by hand, as far as the member's time
            was decided.
        until: when a giving ends by itself; None for never, and of an ending.
        pack_version, rule_id: whose order it is; "" where a person ended it.
    """

    tag: str
    given: bool
    effective_at: datetime
    until: datetime | None
    pack_version: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class CausedChange:
    """A change of a member's tags, and what caused it.

    Attributes:
        purchase_id: whose rule wanted it; None where a person ended the tag.
        undo_id: the undo order that strikes what a purchase's rule wanted.
        ended_by: the person, e.g. "operator:…".
        nth: of the member's changes, where a person ended the tag.
    """

    member_id: UUID
    purchase_id: UUID | None
    change: TagChange
    undo_id: UUID | None = None
    ended_by: str | None = None
    nth: int = 0

    @property
    def id(self) -> UUID:
        """Follows from the business key, so that writing it twice cannot make two."""
        change = self.change
        if self.undo_id is not None:
            return uuid5(self.undo_id, f"tag:{self.member_id}:{change.tag}:{change.given}")
        if self.purchase_id is None:
            return uuid5(self.member_id, f"tag:{change.tag}:{self.nth}")
        return uuid5(self.purchase_id, f"tag:{change.pack_version}#{change.rule_id}")


def held_until(changes: Iterable[TagChange], at: datetime) -> dict[str, datetime | None]:
    """The tags that hold at an instant, and how long the longest giving of each lasts.

    Args:
        changes: a member's, in the order of recording.
        at: aware; what takes effect then is seen.
    Returns: by code, sorted; None for a tag without an end. A giving holds until its end unless an ending
        takes effect in between; of several the longest counts, in whatever order they came.
    Source: docs/semantics.md, "Tags".
    """
    lasting: dict[str, list[datetime | None]] = {}
    for change in sorted(changes, key=lambda one: one.effective_at):
        if change.effective_at > at:
            break
        if change.given:
            lasting.setdefault(change.tag, []).append(change.until)
        else:
            lasting.pop(change.tag, None)
    held = {tag: _longest(ends) for tag, ends in sorted(lasting.items())}
    return {tag: until for tag, until in held.items() if until is None or at < until}


def _longest(ends: Sequence[datetime | None]) -> datetime | None:
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


@dataclass(slots=True)
class Tagging:
    """A member's tags while purchases are read.

    Attributes:
        by_hand: what people gave; it has no date, and only people take it away.
        changes: what rules gave and ended; of the past only what still holds, or all where a purchase
            comes late.
        fresh: what has been added since it was read.
    """

    by_hand: tuple[str, ...] = ()
    changes: list[TagChange] = field(default_factory=list)
    fresh: list[TagChange] = field(default_factory=list)

    def by_rules(self, at: datetime) -> tuple[str, ...]:
        """What rules gave and nobody gave by hand."""
        if not self.changes:
            return ()
        return tuple(tag for tag in held_until(self.changes, at) if tag not in self.by_hand)

    def at(self, at: datetime) -> tuple[str, ...]:
        """All tags of the member at an instant."""
        return (*self.by_hand, *self.by_rules(at)) if self.changes else self.by_hand

    def note(self, change: TagChange) -> None:
        """Take a change in, where it makes a difference."""
        if self._says(change):
            self.changes.append(change)
            self.fresh.append(change)

    def _says(self, change: TagChange) -> bool:
        held = held_until(self.changes, change.effective_at)
        if change.tag not in held:
            return change.given
        until = held[change.tag]
        if change.given:
            return until is not None and (change.until is None or change.until > until)
        return True


def kept(changes: Sequence[TagChange], reached: datetime) -> str:
    """What a till needs to know of a member's changes: the tags that rules gave and that still hold.

    Args:
        changes: all, or what of them holds.
        reached: how far the member's time has been decided; nothing before it is read from the text.
    Returns: a JSON object, tag → end or null.
    """
    latest = max((change.effective_at for change in changes), default=reached)
    return orjson.dumps(held_until(changes, max(reached, latest))).decode()


def still_held(
    kept_tags: Mapping[str, datetime | None], by_hand: Sequence[str], at: datetime
) -> dict[str, datetime | None]:
    """What rules gave and nobody gave by hand, of what a member's row keeps: tag → end.

    Args:
        kept_tags: from `tags_of_kept`.
        at: aware; now.
    """
    return {
        tag: until
        for tag, until in sorted(kept_tags.items())
        if tag not in by_hand and (until is None or at < until)
    }


def tags_of_kept(values: object) -> dict[str, datetime | None]:
    """The tags in what a member's row keeps, with their ends, which may have passed.

    Args:
        values: the parsed text of `kept`; None where rules never gave any.
    """
    if not isinstance(values, Mapping):
        return {}
    return {str(tag): _instant(until) for tag, until in values.items()}


def of_kept(text: str | None) -> list[TagChange]:
    """What `kept` made a text of, as givings of old."""
    if text is None:
        return []
    return [_given(tag, until) for tag, until in tags_of_kept(orjson.loads(text)).items()]


def _given(tag: str, until: datetime | None) -> TagChange:
    return TagChange(tag, given=True, effective_at=_LONG_AGO, until=until, pack_version="", rule_id="")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
