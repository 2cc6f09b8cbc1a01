"""On whom a bulk action would fall: the exact list that is then frozen."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics import operations
from regulars.bulk_actions.domain import LONGEST, BulkKind, Filter, Item
from regulars.bulk_actions.errors import BulkFilterEmpty
from regulars.explanation.shelf import Shelf
from regulars.organisation.places import Places
from regulars.recompute import service as recompute
from regulars.recompute.repository import Wanted
from regulars.security.scope import Scope

PAGES_SEARCHED: Final = 5
"""Of flagged purchases, where only some members' are wanted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, and to whom.

    Attributes:
        place_id: members at home there and below; for `recompute` purchases there and below.
        freeze_reason: code, for `freeze`.
        versions: mended pack versions, for `recompute`; none: those that were live then.
    """

    kind: BulkKind
    place_id: UUID
    wanted: Filter = field(default_factory=Filter)
    freeze_reason: str | None = None
    versions: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """What stands for all that was asked for."""
        asked = orjson.dumps(asdict(self), default=str, option=orjson.OPT_SORT_KEYS)
        return sha256(asked).hexdigest()


async def make_list(
    session: AsyncSession, places: Places, shelf: Shelf, wish: Wish, at: datetime
) -> tuple[list[Item], bool]:
    """All that matches a wish now, in a fixed order, and whether more matches than one list takes.

    Raises: BulkFilterEmpty, RecomputeVersionUnfit.
    """
    path = places.get(wish.place_id).path
    most = LONGEST[wish.kind]
    if wish.kind == "recompute":
        return await _purchases(session, places, shelf, wish, at)
    if wish.wanted.is_empty:
        raise BulkFilterEmpty
    wanted = wish.wanted
    found = await operations.find_members(
        session,
        Scope((path,)),
        at,
        most + 1,
        member_ids=wanted.member_ids,
        stage=wanted.stage,
        tier=wanted.tier,
        overdue=wanted.overdue,
        unheard=wanted.unheard,
    )
    items = [
        Item(no, member_id, member_id, store_id, 0)
        for no, (member_id, store_id) in enumerate(found[:most], start=1)
    ]
    return items, len(found) > most


async def _purchases(
    session: AsyncSession, places: Places, shelf: Shelf, wish: Wish, at: datetime
) -> tuple[list[Item], bool]:
    most = LONGEST["recompute"]
    wanted = Wanted((places.get(wish.place_id).path,), wish.wanted.pack)
    members = wish.wanted.member_ids
    items: list[Item] = []
    after: UUID | None = None
    for _ in range(PAGES_SEARCHED):
        page = await recompute.preview(
            session, shelf, places, wanted, wish.versions, at, after=after, limit=recompute.AT_ONCE_MAX
        )
        for one in page.items:
            flagged = one.flagged
            if members is None or flagged.member_id in members:
                item = Item(
                    len(items) + 1,
                    flagged.purchase_id,
                    flagged.member_id,
                    flagged.store_id,
                    one.reckoned.points,
                    one.reckoned.redated,
                    one.reckoned.missed_minor,
                    one.reckoned.tier_to,
                    one.reckoned.state in ("due", "nothing") and bool(one.reckoned.dropped),
                )
                items.append(item)
        after = page.next_after
        if after is None or len(items) >= most:
            break
    return items[:most], after is not None or len(items) > most


def kept_filter(wanted: Filter) -> dict[str, object]:
    """What is remembered of a filter."""
    told = {name: value for name, value in asdict(wanted).items() if value not in (None, False)}
    if wanted.member_ids is not None:  # they stand on the list
        told["member_ids"] = len(wanted.member_ids)
    return told
