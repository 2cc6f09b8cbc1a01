"""What was ever asked of a member's tags, and how they hold once some of it is struck or decided anew."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.members.tagging import CausedChange, TagChange, Tagging, held_until

OfTag = tuple[UUID, str]
"""A purchase and a tag."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether rules hold a tag on a member, and until when; None for without an end."""

    holds: bool
    until: datetime | None = None


NOT_HELD: Final = Hold(holds=False)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the rules of a purchase, or a person, wanted of a member's tags.

    Attributes:
        purchase_id, store_id: None where a person ended a tag.
        recorded_at: of the purchase, or of the ending.
        in_reach: whether the purchase lies at the place and in the span of the undo order.
        changes: when and what, in the rules' order; nothing where the rules wanted nothing.
    """

    purchase_id: UUID | None
    store_id: UUID | None
    recorded_at: datetime
    in_reach: bool
    changes: tuple[TagChange, ...]


@dataclass(frozen=True, slots=True)
class TagGift:
    """What another version wants of a tag with a purchase."""

    purchase_id: UUID
    change: TagChange


@dataclass(frozen=True, slots=True)
class TagWord:
    """What an undo order that was carried out decided about a tag of a member.

    Attributes:
        causes: the purchases.
        struck: the version whose orders count no longer; None where all that was wanted of the tag with these
            purchases is what `gives` says.
    """

    tag: str
    causes: tuple[UUID, ...]
    struck: str | None
    gives: tuple[TagGift, ...]


@dataclass(frozen=True, slots=True)
class Struck:
    """One tag of a member once some of what was wanted of it counts no longer, or is wanted otherwise.

    Attributes:
        before, after: how it holds with it and without.
        causes: the purchases.
        word: one of the orders that count no longer; where there is none, of those that were added.
        rest: the giving that holds it then, with its purchase; None where none does.
        gives: all that is wanted of the tag with these purchases from now on.
    """

    tag: str
    before: Hold
    after: Hold
    causes: tuple[Ordered, ...]
    word: TagChange
    rest: TagGift | None
    gives: tuple[TagGift, ...]


def standing(orders: Sequence[Ordered], words: Iterable[TagWord]) -> tuple[list[Ordered], set[OfTag]]:
    """What counts of all that was ever wanted.

    Args:
        orders: as recorded, in that order.
        words: of the undo orders that were carried out, the earliest first.
    Returns: the same orders as they stand; of each struck one (purchase, "version#tag").
    """
    now, gone = list(orders), set[OfTag]()
    for word in words:
        if word.struck is None:
            now = replaced(now, wanted_of(word.tag, word.causes, word.gives))
        else:
            now = without(now, word.struck, {(cause, word.tag) for cause in word.causes})
            gone |= {(cause, f"{word.struck}#{word.tag}") for cause in word.causes}
    return now, gone


def without(orders: Sequence[Ordered], version: str, meant: Collection[OfTag] | None = None) -> list[Ordered]:
    """The same without what a version wanted.

    Args:
        meant: with which purchases and of which tags; None for all purchases in reach.
    """

    def counts(one: Ordered, change: TagChange) -> bool:
        if one.purchase_id is None or change.pack_version != version:
            return True
        return not (one.in_reach if meant is None else (one.purchase_id, change.tag) in meant)

    return [
        replace(one, changes=tuple(change for change in one.changes if counts(one, change))) for one in orders
    ]


def wanted_of(
    tag: str, causes: Iterable[UUID], gives: Iterable[TagGift]
) -> dict[OfTag, tuple[TagChange, ...]]:
    """What is wanted of a tag with each of some purchases."""
    given = list(gives)
    return {(cause, tag): tuple(one.change for one in given if one.purchase_id == cause) for cause in causes}


def replaced(orders: Sequence[Ordered], wanted: Mapping[OfTag, tuple[TagChange, ...]]) -> list[Ordered]:
    """The same with other orders for some tags of some purchases."""
    found = []
    for one in orders:
        tags = [tag for cause, tag in wanted if cause == one.purchase_id]
        if one.purchase_id is not None and tags:
            others = [change for change in one.changes if change.tag not in tags]
            instead = [change for tag in tags for change in wanted[one.purchase_id, tag]]
            one = replace(one, changes=(*others, *instead))
        found.append(one)
    return found


def instead(
    one: Ordered, wanted: Sequence[TagChange], gone: Collection[OfTag], code: str
) -> tuple[TagChange, ...]:
    """What another version of a pack makes of the orders of a purchase.

    Args:
        one: as they stand.
        wanted: by that version, and by the other packs beside it.
        gone: what undo orders struck: of other packs it is not wanted again.
        code: the pack's.
    Returns: an order that both versions give stays that of the one which gave it.
    """
    known = {_key(change): change for change in one.changes}
    return tuple(
        known.get(_key(change), change)
        for change in wanted
        if _key(change) in known
        or _code(change.pack_version) == code
        or (one.purchase_id, f"{change.pack_version}#{change.tag}") not in gone
    )


def _key(change: TagChange) -> tuple[str, bool, datetime | None, str, str]:
    return change.tag, change.given, change.until, _code(change.pack_version), change.rule_id


def _code(version: str) -> str:
    return version.rpartition("/")[0]


def retold(before: Sequence[Ordered], after: Sequence[Ordered], at: datetime) -> list[Struck]:
    """The tags on which a difference between two readings of a member's history bears.

    Args:
        before, after: the same purchases and endings in the same order, with what counts of their orders.
        at: as far as the member's time has been decided.
    Returns: by tag; without those that the difference would not touch even if nobody else had decided them.
    """
    was, rests = _held(before, at), _held(after, at)
    removed = [_less(one, other) for one, other in zip(before, after, strict=True)]
    added = [_less(other, one) for one, other in zip(before, after, strict=True)]
    alone, alone_then = _held(removed, at), _held(added, at)
    bought = [each for each in zip(after, removed, added, strict=True) if each[0].purchase_id is not None]
    found = []
    for tag in sorted({change.tag for _, less, more in bought for change in (*less.changes, *more.changes)}):
        hold, then = was.get(tag, NOT_HELD), rests.get(tag, NOT_HELD)
        if hold == then and alone.get(tag) == alone_then.get(tag):
            continue
        gone = [change for _, less, _ in bought for change in less.changes if change.tag == tag]
        new = [change for _, _, more in bought for change in more.changes if change.tag == tag]
        causes = tuple(
            one
            for one, less, more in bought
            if any(change.tag == tag for change in (*less.changes, *more.changes))
        )
        gives = tuple(
            TagGift(one.purchase_id, change)
            for one in causes
            for change in one.changes
            if one.purchase_id is not None and change.tag == tag
        )
        found.append(Struck(tag, hold, then, causes, [*new, *gone][-1], _giving(after, tag, then), gives))
    return found


def strike(orders: Sequence[Ordered], version: str, at: datetime) -> list[Struck]:
    """A member's tags as they would be had a version never asked for any in reach.

    Args:
        orders: as they stand.
        at: as far as the member's time has been decided.
    """
    return retold(orders, without(orders, version), at)


def _less(one: Ordered, other: Ordered) -> Ordered:
    """What the one wants and the other does not; what people ended is in both."""
    left = list(other.changes)
    changes = []
    for change in one.changes:
        if change in left:
            left.remove(change)
        else:
            changes.append(change)
    return replace(one, changes=tuple(changes)) if one.purchase_id is not None else one


def _held(orders: Iterable[Ordered], at: datetime) -> dict[str, Hold]:
    tagging = Tagging()
    for order in orders:
        for change in order.changes:
            if order.purchase_id is None:
                tagging.changes.append(change)
            else:
                tagging.note(change)
    return {tag: Hold(holds=True, until=until) for tag, until in held_until(tagging.changes, at).items()}


def _giving(orders: Sequence[Ordered], tag: str, rests: Hold) -> TagGift | None:
    if not rests.holds:
        return None
    givings = (
        TagGift(one.purchase_id, change)
        for one in reversed(orders)
        for change in reversed(one.changes)
        if one.purchase_id is not None and change.tag == tag and change.given
    )
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
    made = []
    if held.holds:
        ends = replace(found.word, given=False, effective_at=since, until=None)
        made.append((found.causes[-1].purchase_id, ends))
    if found.rest is not None:
        made.append((found.rest.purchase_id, replace(found.rest.change, effective_at=since)))
    return [CausedChange(member_id, purchase_id, change, undo_id) for purchase_id, change in made]
