"""The places as one process remembers them, so that a purchase asks the database nothing about them."""

import asyncio
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.organisation import repository
from regulars.organisation.domain import Chain, Place, StorePlace, Till
from regulars.organisation.errors import NoChain, UnknownPlace

_NEVER: Final = -1
LOOK_EVERY_SECONDS: Final = 1.0


class Places:
    """The chain and its tree in memory; `refresh` is one row where nothing changed."""

    def __init__(self) -> None:
        self._version = _NEVER
        self._looked_at = -LOOK_EVERY_SECONDS
        self._chain: Chain | None = None
        self._by_id: dict[UUID, Place] = {}
        self._by_code: dict[str, Place] = {}
        self._stores: dict[UUID, StorePlace] = {}
        self._tills: dict[UUID, Till] = {}

    @property
    def version(self) -> int:
        """Grows with every change of the chain that this process has seen."""
        return self._version

    @property
    def chain(self) -> Chain:
        """The chain. Raises: NoChain: there is none, or `refresh` was never called."""
        if self._chain is None:
            raise NoChain("this database holds no chain yet")
        return self._chain

    async def refresh(self, session: AsyncSession) -> None:
        """Notice what changed of chain and places since the last call.

        Args:
            session: one that has not itself changed places: what is rolled back must not be remembered.
        """
        version = await repository.places_version(session)
        if version is None or version <= self._version:
            return
        await self._load(session, version)

    async def refresh_now_and_then(self, database: Database) -> None:
        """Notice within a second what changed; for what a later look in a transaction does not depend on."""
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + LOOK_EVERY_SECONDS:
            return
        if self._version != _NEVER:
            self._looked_at = now  # the others need not wait for this look
        async with database.begin() as session:
            await self.refresh(session)
        self._looked_at = now

    def get(self, place_id: UUID) -> Place:
        """Any place by id. Raises: UnknownPlace."""
        found = self._by_id.get(place_id)
        if found is None:
            raise UnknownPlace(place_id)
        return found

    def by_code(self, code: str) -> Place:
        """Any place by code. Raises: UnknownPlace."""
        found = self._by_code.get(code)
        if found is None:
            raise UnknownPlace(code)
        return found

    def store(self, store_id: UUID) -> StorePlace:
        """A store by id. Raises: UnknownPlace."""
        found = self._stores.get(store_id)
        if found is None:
            raise UnknownPlace(store_id)
        return found

    def till(self, terminal_id: UUID) -> Till:
        """A terminal by id, with its store. Raises: UnknownPlace."""
        found = self._tills.get(terminal_id)
        if found is None:
            raise UnknownPlace(terminal_id)
        return found

    @property
    def headquarters(self) -> Place:
        """The root of the tree. Raises: NoChain."""
        for place in self._by_id.values():
            if place.parent_id is None:
                return place
        raise NoChain("this database holds no chain yet")

    def all(self) -> Iterable[Place]:
        """Every place, closed ones included, in no order."""
        return self._by_id.values()

    def stores(self) -> Iterable[StorePlace]:
        """Every store, closed ones included."""
        return self._stores.values()

    def tills(self) -> Iterable[Till]:
        """Every terminal, closed ones included."""
        return self._tills.values()

    async def _load(self, session: AsyncSession, version: int) -> None:
        rows = await repository.all_places(session)
        chain = await repository.find_chain(session)
        if version <= self._version:  # somebody with a newer look was quicker
            return
        by_id = {row.id: row for row in rows}
        stores = {row.id: _store(row, by_id) for row in rows if row.kind == "store"}
        self._tills = {
            row.id: Till(row.id, row.code, row.path, stores[row.parent_id], row.closed_at is None)
            for row in rows
            if row.kind == "terminal" and row.parent_id is not None
        }
        self._stores, self._by_id = stores, by_id
        self._by_code = {row.code: row for row in rows}
        self._chain = chain
        self._version = version


def _store(row: Place, by_id: dict[UUID, Place]) -> StorePlace:
    return StorePlace(
        id=row.id,
        code=row.code,
        name=row.name,
        branch_code=_branch_above(row, by_id),
        path=row.path,
        zone=row.zone,
        cutoff_minutes=row.cutoff_minutes,
        open=row.closed_at is None,
        above=_codes_above(row, by_id),
    )


def _codes_above(row: Place, by_id: dict[UUID, Place]) -> tuple[str, ...]:
    codes: list[str] = []
    while row.parent_id is not None:
        row = by_id[row.parent_id]
        codes.append(row.code)
    return tuple(codes)


def _branch_above(row: Place, by_id: dict[UUID, Place]) -> str:
    above = by_id.get(row.parent_id) if row.parent_id else None
    return above.code if above is not None and above.kind == "branch" else ""
