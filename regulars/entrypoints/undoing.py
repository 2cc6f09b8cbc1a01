"""Works on undo orders from the command line, in the database that the settings name."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from regulars.entrypoints.releasing import Office
from regulars.kernel import clock, ids
from regulars.kernel.errors import FieldProblem
from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.security.scope import EVERYWHERE
from regulars.undoing import review, service
from regulars.undoing.domain import Effect, EffectKey, EffectKind, Policy, Reach, Undo
from regulars.undoing.working import Means, work_on, work_through

Answer = TypeVar("Answer")
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Meant:
    """Which effects are meant, in words of the command line.

    Attributes:
        version: its name, e.g. "grocery-classic/2".
        place: a place's code; what was bought there and below.
        to_version: of the same pack, which should have decided instead.
    """

    version: str
    place: str
    since: datetime | None
    until: datetime | None
    to_version: int | None = None


@dataclass(frozen=True, slots=True)
class UndoDesk:
    """One database with its places, and who works in it."""

    office: Office
    places: Places

    @classmethod
    async def open_and(cls, office: Office, act: "Callable[[UndoDesk], Awaitable[Answer]]") -> Answer:
        """Learn the places, and act."""
        places = Places()
        async with office.database.read() as session:
            await places.refresh(session)
        return await act(cls(office, places))

    async def effects(self, meant: Meant, kind: EffectKind, limit: int) -> list[tuple[Effect, str]]:
        """The latest effects of one kind, each with its store's code."""
        code, number = _named(meant.version)
        path = self._place(meant.place).path
        async with self.office.database.read() as session:
            name = (await rules.get_version(session, code, number)).version.name
            reach = Reach(name, (path,), meant.since, meant.until)
            found: list[Effect] = []
            after: EffectKey | None = None
            while True:
                page = await service.list_effects(session, reach, kind, after=after, limit=limit - len(found))
                found += page.effects
                after = page.next_after
                if after is None or len(found) == limit:
                    break
        return [(one, self.places.get(one.store_id).code) for one in found]

    async def order(self, meant: Meant, policy: Policy, note: str | None) -> Undo:
        """Order, and find out at once what it would do."""
        code, number = _named(meant.version)
        wish = service.Wish(
            code,
            number,
            self._place(meant.place).id,
            policy,
            meant.since,
            meant.until,
            note=note,
            to_version=meant.to_version,
        )
        actor = self.office.actor
        ordered = await self.office.do(
            lambda s: service.order_undo(s, self.places, ids.new_id(), wish, actor, clock.now())
        )
        return await work_on(self._means(), ordered.id)

    async def approve(self, undo_id: UUID, content_hash: str, words: str | None) -> Undo:
        """Approve what somebody else ordered."""
        actor = self.office.actor
        return await self.office.do(
            lambda s: review.approve(s, self.places, undo_id, content_hash, actor, clock.now(), words)
        )

    async def reject(self, undo_id: UUID, words: str) -> Undo:
        """Refuse an order."""
        actor = self.office.actor
        return await self.office.do(
            lambda s: review.reject(s, self.places, undo_id, words, actor, clock.now())
        )

    async def cancel(self, undo_id: UUID, words: str) -> Undo:
        """Give an order up."""
        actor = self.office.actor
        return await self.office.do(
            lambda s: review.cancel(s, self.places, undo_id, words, actor, clock.now())
        )

    async def pause(self, undo_id: UUID) -> Undo:
        """Let an order rest."""
        actor = self.office.actor
        return await self.office.do(lambda s: review.pause(s, self.places, undo_id, actor, clock.now()))

    async def resume(self, undo_id: UUID) -> Undo:
        """Go on with an order that rests."""
        actor = self.office.actor
        return await self.office.do(lambda s: review.resume(s, self.places, undo_id, actor, clock.now()))

    async def run(self, undo_id: UUID, told: Callable[[Undo], None]) -> Undo:
        """Carry an approved order out in this process; a worker may be at it as well."""
        return await work_through(self._means(), undo_id, told)

    async def show(self, undo_id: UUID | None) -> Sequence[Undo]:
        """One order, or the latest."""
        async with self.office.database.read() as session:
            if undo_id is not None:
                return [await service.get_undo(session, undo_id, EVERYWHERE)]
            return (await service.list_undos(session, EVERYWHERE, limit=MOST_LISTED)).undos

    def _means(self) -> Means:
        return Means(self.office.database, LivePacks(), self.places, clock.now)

    def _place(self, code: str) -> Place:
        try:
            return self.places.by_code(code)
        except UnknownPlace:
            raise FieldProblem(
                f"--place {code}: there is no such place; see the list of places", field="place"
            ) from None


def _named(name: str) -> tuple[str, int]:
    code, _, number = name.partition("/")
    if not (code and number.isascii() and number.isdigit() and len(number) <= 9):
        raise FieldProblem(f"{name}: write CODE/VERSION, such as grocery-classic/2", field="version")
    return code, int(number)
