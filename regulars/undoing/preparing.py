"""Finding out what an undo order would do: the frozen list, to the point, and what it cannot undo."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.ledger import service as ledger
from regulars.lifecycle import repository as standings
from regulars.lifecycle.reigns import ReignBook
from regulars.organisation.places import Places
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.security.scope import EVERYWHERE
from regulars.undoing import correction_repository, effects_repository, repository, tier_repository
from regulars.undoing.aside_correcting import AsideCorrector
from regulars.undoing.aside_finder import AsideFinder, asks, find
from regulars.undoing.asides import AsideSums
from regulars.undoing.award_lots import AwardEntry
from regulars.undoing.correcting import Touched
from regulars.undoing.correction_finder import CorrectionFinder
from regulars.undoing.domain import Item, Reach, Undo, takings
from regulars.undoing.giving import gifts, with_gifts
from regulars.undoing.keeping import BY_WORKFLOW, ended, keep, locked, reach_of
from regulars.undoing.lot_finder import LotFinder
from regulars.undoing.silences import SilenceFinder, days_of, every_silenced
from regulars.undoing.tier_finder import TierFinder

MEMBERS_AT_ONCE: Final = 500
_OfMember = TypeVar("_OfMember", AwardEntry, Touched)


@dataclass(slots=True)
class _StoreSum:
    """What an order means for one store."""

    members: set[UUID] = field(default_factory=set)
    entries: int = 0
    points: int = 0
    due: int = 0
    takes: int = 0
    owes: int = 0
    gives: int = 0

    def told(self) -> dict[str, int]:
        return {
            "members": len(self.members),
            "entries": self.entries,
            "points": self.points,
            "taken_before": self.points - self.due,
            "takes": self.takes,
            "spent": self.due - self.takes,
            "owes": self.owes,
            "gives": self.gives,
        }


class _Preview:
    """The sums of a list and the hash of its content, as it is written down."""

    def __init__(self, undo: Undo) -> None:
        header = [undo.version_name, undo.to_name, str(undo.place_id), undo.since, undo.until, undo.policy]
        self._digest = sha256(orjson.dumps(header))
        self._owes = undo.policy == "debt"
        self._in_all = _StoreSum()
        self._by_store: dict[UUID, _StoreSum] = {}
        self._tiers: dict[str, int] = {}
        self._asides = AsideSums()

    def add(self, item: Item) -> None:
        self._digest.update(orjson.dumps(_line(item)))
        for one in (self._in_all, self._by_store.setdefault(item.store_id, _StoreSum())):
            one.members.add(item.member_id)
            one.entries += item.aside is None
            one.points += item.points
            one.due += item.due
            one.takes += item.takes
            one.owes += item.due - item.takes if self._owes else 0
            one.gives += item.to_give
        if item.tier_to is not None:
            move = f"{item.tier_from} → {item.tier_to}"
            self._tiers[move] = self._tiers.get(move, 0) + 1
        if item.aside is not None:
            self._asides.add(item.aside)

    @property
    def content_hash(self) -> str:
        return self._digest.hexdigest()

    @property
    def members(self) -> int:
        return len(self._in_all.members)

    def told(self, places: Places) -> dict[str, Any]:
        stores = sorted((places.get(store_id).code, one) for store_id, one in self._by_store.items())
        return {
            **self._in_all.told(),
            "tiers": dict(sorted(self._tiers.items())),
            **self._asides.told(),
            "by_store": [{"store": code, **one.told()} for code, one in stores],
        }


def _line(item: Item) -> list[object]:
    """What the hash covers of one item."""
    line = [
        str(item.member_id),
        str(item.entry_id),
        item.due,
        item.takes,
        item.rules,
        [tuple(award) for award in item.gives],
        item.tier_from,
        item.tier_to,
    ]
    return line if item.aside is None else [*line, item.aside.told()]


async def prepare_undo(
    session: AsyncSession, packs: LivePacks, places: Places, undo_id: UUID, at: datetime
) -> Undo:
    """Freeze the list of an order, with what can be taken back of each entry as things stand.

    Args:
        session: in a transaction that sees one state throughout; nothing is kept if it fails.
        packs: the process's.
        places: as they are now.
        undo_id: one that is being prepared; any other is left as it is.
        at: aware UTC, now.
    Returns: the order: in review, or empty where there is nothing to take back.
    Raises: UnknownUndo.
    Source: docs/undoing.md, "The preview".
    """
    undo = await locked(session, undo_id, EVERYWHERE)
    if undo.state != "preparing":
        return undo
    reach = reach_of(undo, places)
    preview = _Preview(undo)
    left_out: dict[str, int] = {}
    tiers = await TierFinder.of(session, undo)
    if tiers is not None:
        left_out = await _list_tiers(session, tiers, reach, preview, at)
    elif undo.to_name is None:
        await _list_awards(session, places, undo, reach, preview, at)
        left_out = await _list_asides(session, packs, places, undo, reach, preview)
    else:
        book = ReignBook(await packs.refresh(session), places)
        left_out = await _list_differences(session, book, places, undo, undo.to_name, reach, preview, at)
    left_out |= await _list_silences(session, packs, places, undo, reach, preview, at)
    prepared = replace(
        undo,
        state="in_review",
        content_hash=preview.content_hash,
        preview={**preview.told(places), **left_out, **await _not_undone(session, reach)},
        members_in_all=preview.members,
        listed_at=at,
    )
    if not preview.members:
        prepared = ended(prepared, "empty", at)
    details = {"content_hash": prepared.content_hash, "members": prepared.members_in_all}
    return await keep(session, undo, prepared, "undo.prepare", BY_WORKFLOW, at, details=details)


async def _list_awards(
    session: AsyncSession, places: Places, undo: Undo, reach: Reach, preview: _Preview, at: datetime
) -> None:
    """What the version gave."""
    finder = LotFinder(session, places, undo.version_name)
    async for entries in _by_member(effects_repository.entries(session, reach)):
        await _freeze(session, undo, await finder.items(entries), preview, at)


async def _list_asides(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    undo: Undo,
    reach: Reach,
    preview: _Preview,
) -> dict[str, int]:
    """What the version did to members besides."""
    if not asks((await rules.get_version(session, undo.pack_code, undo.version)).version.document):
        return {}
    book = ReignBook(await packs.refresh(session), places)
    finder = AsideFinder(undo.id, reach, book, await find(session, reach))
    member_ids = finder.found.member_ids
    for start in range(0, len(member_ids), MEMBERS_AT_ONCE):
        items = await finder.items(session, member_ids[start : start + MEMBERS_AT_ONCE])
        await _add(session, undo, items, preview)
    return finder.found.left


async def _list_differences(
    session: AsyncSession,
    book: ReignBook,
    places: Places,
    undo: Undo,
    to: str,
    reach: Reach,
    preview: _Preview,
    at: datetime,
) -> dict[str, int]:
    """What another version makes of the purchases that this one read."""
    finder = CorrectionFinder.of(session, places, undo.version_name, to)
    corrector = await AsideCorrector.of(session, undo, reach, book)
    async for touched in _by_member(correction_repository.touched(session, reach)):
        items = await finder.items(touched)
        await _freeze(session, undo, [(item, 0) for item in items], preview, at)
        if corrector is not None:
            await _add(session, undo, await corrector.items(session, finder.read_again), preview)
    besides = asdict(corrector.left) if corrector is not None else {}
    return asdict(finder.left_out) | besides


async def _list_tiers(
    session: AsyncSession, finder: TierFinder, reach: Reach, preview: _Preview, at: datetime
) -> dict[str, int]:
    """Whose tier another version sees elsewhere."""
    member_ids = await tier_repository.members_in(session, reach)
    moved_since = 0
    for start in range(0, len(member_ids), MEMBERS_AT_ONCE):
        items, others = await finder.items(session, member_ids[start : start + MEMBERS_AT_ONCE], at)
        moved_since += others
        await _add(session, finder.undo, items, preview)
    return {"moved_since": moved_since}


async def _list_silences(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    undo: Undo,
    reach: Reach,
    preview: _Preview,
    at: datetime,
) -> dict[str, int]:
    """Whose stage another version's days of silence see elsewhere."""
    other = await days_of(session, undo)
    if other is None:
        return {}
    finder = SilenceFinder(undo, other, ReignBook(await packs.refresh(session), places))
    async for some in every_silenced(session, reach):
        await _add(session, undo, await finder.items(session, some, at), preview)
    return {"silences": finder.found, "silences_live": finder.still_live}


async def _add(session: AsyncSession, undo: Undo, items: Sequence[Item], preview: _Preview) -> None:
    """What takes and gives no points."""
    for item in items:
        preview.add(item)
    await repository.write_items(session, undo.id, items)


async def _by_member(chunks: AsyncIterator[list[_OfMember]]) -> AsyncIterator[list[_OfMember]]:
    """The same rows, those of one member never in two parts."""
    rest: list[_OfMember] = []
    async for found in chunks:
        rest += found
        last = rest[-1].member_id  # the rest of this member may still come
        yield [one for one in rest if one.member_id != last]
        rest = [one for one in rest if one.member_id == last]
    yield rest


async def _freeze(
    session: AsyncSession,
    undo: Undo,
    found: Sequence[tuple[Item, int]],
    preview: _Preview,
    at: datetime,
) -> None:
    by_member: dict[UUID, list[Item]] = {}
    before: dict[UUID, int] = {}
    for item, taken in found:
        if item.points > taken or item.gives:
            by_member.setdefault(item.member_id, []).append(item)
            before[item.entry_id] = taken
    lots = await ledger.points_lots(session, list(by_member), at)
    if any(item.gives for item, _ in found):
        seen = await standings.peek(session, list(by_member))
        owed = {member_id: member.points_owed for member_id, member in seen.items()}
        lots = with_gifts(lots, gifts(undo.id, [item for item, _ in found], {}, owed, at))
    frozen = [
        replace(taking.item, due=taking.due, takes=taking.taken)
        for member_id, items in by_member.items()
        for taking in takings(items, before, lots.get(member_id, ()), undo.policy, at)
    ]
    for item in frozen:
        preview.add(item)
    await repository.write_items(session, undo.id, frozen)


async def _not_undone(session: AsyncSession, reach: Reach) -> dict[str, Any]:
    """What is listed only: money that is gone, moves, refusals."""
    discounts = await effects_repository.sums(session, reach, "discount")
    moves = await effects_repository.sums(session, reach, "move")
    refusals = await effects_repository.sums(session, reach, "refusal")
    return {
        "discounts": sum(effects for _, effects, _ in discounts),
        "discount_minor": sum(amount for _, _, amount in discounts),
        "moves": {what: effects for what, effects, _ in moves},
        "refusals": sum(effects for _, effects, _ in refusals),
    }
