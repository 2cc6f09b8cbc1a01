"""Recomputes purchases from the command line, in the database that the settings name."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from regulars.bulk_actions import service as bulk
from regulars.bulk_actions.domain import BulkAction, Filter
from regulars.bulk_actions.listing import Wish
from regulars.entrypoints.releasing import Office
from regulars.explanation.shelf import Shelf
from regulars.kernel import clock, ids
from regulars.organisation import service as organisation
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.recompute import service
from regulars.recompute.domain import Flagged
from regulars.recompute.errors import RecomputePlaceUnknown
from regulars.recompute.repository import Wanted
from regulars.recompute.running import Means, Order, recompute_batch
from regulars.recompute.service import Previewed, PreviewPage
from regulars.rules.live import LivePacks
from regulars.security.policy import Permission

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Meant:
    """Which purchases are meant, in words of the command line.

    Attributes:
        place: a place's code; what was bought there and below.
    """

    place: str
    pack: str | None
    purchases: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RecomputeDesk:
    """One database with its places, and who works in it."""

    office: Office
    places: Places

    @classmethod
    async def open_and(cls, office: Office, act: "Callable[[RecomputeDesk], Awaitable[Answer]]") -> Answer:
        """Learn the places, and act. Raises: NoChain."""
        places = Places()
        async with office.database.read() as session:
            await organisation.get_chain(session)
            await places.refresh(session)
        return await act(cls(office, places))

    def store(self, one: Flagged) -> str:
        """The code of the store of a purchase."""
        return self.places.get(one.store_id).code

    async def flagged(self, meant: Meant, limit: int, *, resolved: bool) -> Sequence[Flagged]:
        """The earliest that wait, or that were dealt with."""
        wanted = self._wanted(meant, Permission.PACK_READ, resolved=resolved)
        async with self.office.database.read() as session:
            return (await service.list_flagged(session, wanted, limit=limit)).items

    async def preview(self, meant: Meant, versions: Sequence[str], limit: int) -> Sequence[Previewed]:
        """What the earliest would get."""
        wanted = self._wanted(meant, Permission.PACK_READ)
        async with self.office.database.read() as session:
            page = await service.preview(
                session, Shelf(), self.places, wanted, versions, clock.now(), limit=limit
            )
        return page.items

    async def run(
        self, meant: Meant, versions: Sequence[str], reason: str, told: Callable[[Previewed], None]
    ) -> None:
        """Deal with all of them, batch after batch; stopped half way, another run goes on with the rest."""
        wanted = self._wanted(meant, Permission.PURCHASE_RECOMPUTE)
        order = Order(wanted, tuple(versions), reason)
        means = Means(LivePacks(), Shelf(), self.places, ids.new_id)
        actor = self.office.actor.admitted(Permission.PURCHASE_RECOMPUTE)
        after: UUID | None = None
        while True:
            page: PreviewPage
            async with self.office.database.begin() as session:
                page = await recompute_batch(session, means, order, actor, clock.now(), after=after)
            for one in page.items:
                told(one)
            after = page.next_after
            if after is None:
                return

    async def order(self, meant: Meant, versions: Sequence[str], reason: str) -> BulkAction:
        """Draw up the list of what takes a second person, and submit it."""
        actor = self.office.actor.admitted(Permission.WORKFLOW_OPERATE)
        try:
            place = self.places.by_code(meant.place)
        except UnknownPlace:
            raise RecomputePlaceUnknown(meant.place) from None
        wish = Wish("recompute", place.id, Filter(pack=meant.pack), versions=tuple(versions))
        at = clock.now()
        async with self.office.database.begin() as session:
            drawn = await bulk.draw_up(session, self.places, Shelf(), ids.new_id(), wish, actor, at)
            return await bulk.submit(session, self.places, drawn.id, drawn.content_hash, reason, actor, at)

    async def approve(self, action_id: UUID, content_hash: str) -> BulkAction:
        """Let what somebody else has ordered be carried out; a worker finds it."""
        actor = self.office.actor.admitted(Permission.WORKFLOW_OPERATE)
        async with self.office.database.begin() as session:
            return await bulk.approve(session, self.places, action_id, content_hash, actor, clock.now())

    async def ordered(self, action_id: UUID) -> BulkAction:
        """An order as it stands."""
        actor = self.office.actor.admitted(Permission.WORKFLOW_OPERATE)
        async with self.office.database.read() as session:
            return await bulk.get_action(session, action_id, actor.scope)

    def _wanted(self, meant: Meant, permission: Permission, *, resolved: bool = False) -> Wanted:
        try:
            place = self.places.by_code(meant.place)
        except UnknownPlace:
            raise RecomputePlaceUnknown(meant.place) from None
        if not self.office.actor.admitted(permission).scope.covers(place.path):
            raise RecomputePlaceUnknown(meant.place)
        return Wanted((place.path,), meant.pack, meant.purchases or None, resolved)
