"""What a process keeps between purchases, and what it hands back for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields.book import OwnBook
from regulars.lifecycle.reigns import ReignBook
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks


@dataclass(slots=True)
class Desk:
    """Places and live packs as one process remembers them; refreshed in every transaction.

    Attributes:
        new_id: draws the ids of purchases, entries and lots.
        bulk: an import: its members' workflows hear of it when it ends.
        own: the chain's own facts of members and stores.
    """

    places: Places
    packs: LivePacks
    new_id: Callable[[], UUID]
    bulk: bool = False
    own: OwnBook = field(default_factory=OwnBook)
    _book: ReignBook | None = field(init=False, default=None)

    async def refresh(self, session: AsyncSession, seen: Sequence[int | None] = ()) -> ReignBook:
        """Look what is live and open now.

        Args:
            session: in a transaction.
            seen: as for `LivePacks.refresh`.
        Returns: the reigns as this look has them; a booking keeps them from start to end.
        """
        view = await self.packs.refresh(session, seen)
        if self.places.version < view.places_version:
            await self.places.refresh(session)
        await self.own.refresh(session, self.places.version)
        if self._book is None or self._book.packs is not view:
            self._book = ReignBook(view, self.places)
        return self._book


@dataclass(frozen=True)
class Recorded:
    """A purchase that stands, newly written or found again.

    Attributes:
        receipt_text, evaluation_text: JSON as stored; equal for every replay.
        replayed: it stood already.
    """

    purchase_id: UUID
    receipt_text: str
    evaluation_text: str
    replayed: bool

    @cached_property
    def receipt(self) -> Mapping[str, Any]:
        """The receipt, parsed."""
        found: Mapping[str, Any] = orjson.loads(self.receipt_text)
        return found

    @cached_property
    def evaluation(self) -> Mapping[str, Any]:
        """The evaluation record, parsed."""
        found: Mapping[str, Any] = orjson.loads(self.evaluation_text)
        return found
