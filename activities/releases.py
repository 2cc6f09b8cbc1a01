"""What a release's workflow has done in the database: time noted, members looked at anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import release_messages as messages
from activities.release_messages import AdvanceRelease, ReleaseStanding, StirMembers, StirredMembers
from regulars.db.session import Database
from regulars.organisation.places import Places
from regulars.releases import service
from regulars.rules.live import LivePacks


@dataclass(frozen=True, slots=True)
class ReleaseActivities:
    """One process's activities; each is one transaction and may run twice."""

    database: Database
    packs: LivePacks
    places: Places
    now: Callable[[], datetime]

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.advance, self.stir]

    @activity.defn(name=messages.ADVANCE)
    async def advance(self, request: AdvanceRelease) -> ReleaseStanding:
        """Note what time decided about a release."""
        async with self.database.begin() as session:
            found = await service.advance(session, request.release_id, request.to)
        return ReleaseStanding(found.state, found.next_due_at, found.is_over, found.stir_for, found.change_no)

    @activity.defn(name=messages.STIR)
    async def stir(self, request: StirMembers) -> StirredMembers:
        """Look at some members anew."""
        async with self.database.begin() as session:
            await self.places.refresh(session)
            done = await service.stir(
                session,
                self.packs,
                self.places,
                request.release_id,
                after=request.after,
                stir_for=request.stir_for,
                to=request.to,
                at=max(request.to, self.now()),
            )
        return StirredMembers(done.after, done.moved)
