"""Bulk actions of one small chain, and what is wrong with its members."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from small_chain import MONDAY, SmallChain
from sqlalchemy import text
from temporalio.common import RetryPolicy

from regulars.bulk_actions import running, service
from regulars.bulk_actions.domain import BulkAction, BulkKind, Filter, Outcome, Result
from regulars.bulk_actions.listing import Wish
from regulars.bulk_actions.running import Hands, Means
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Role
from regulars.security.scope import Scope
from workflows import member_lifecycle

STRIKE = """
create or replace function strike() returns trigger language plpgsql as $$
begin raise exception 'this row is not to be changed'; end $$;
drop trigger if exists strike on standing;
create trigger strike before update on standing for each row
when (new.member_id in ({ids})) execute function strike();
"""


async def plant_trouble(chain: SmallChain, *members: UUID) -> None:
    """The database refuses whatever is decided about these members, until `end_trouble`."""
    ids = ", ".join(f"'{member}'" for member in members)
    await _statements(chain, STRIKE.format(ids=ids))


async def end_trouble(chain: SmallChain) -> None:
    """Somebody has mended the cause."""
    await _statements(chain, "drop trigger strike on standing;")


def let_nothing_mend_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails from now on is not tried again for an hour: what is repaired before, somebody repaired."""
    hour = timedelta(hours=1)
    monkeypatch.setattr(
        member_lifecycle, "RETRIES", RetryPolicy(initial_interval=hour, maximum_interval=hour)
    )


async def _statements(chain: SmallChain, script: str) -> None:
    async with chain.database.begin() as session:
        connection = await (await session.connection()).get_raw_connection()
        assert connection.driver_connection is not None
        await connection.driver_connection.execute(script)


def somebody(chain: SmallChain, *roles: Role, at: UUID | None = None) -> Actor:
    """An operator with roles at a place, headquarters unless said."""
    place = chain.desk.places.get(at or chain.hq)
    grants = tuple(Grant(role, place.id, place.path) for role in roles)
    return replace(Actor("operator", str(new_id()), "Operator", grants), scope=Scope((place.path,)))


@dataclass
class NoHands:
    """Temporal is not needed: notes what it was asked for."""

    asked: list[UUID] = field(default_factory=list)
    breaks: int = 0

    async def retry(self, member_id: UUID) -> Outcome:
        if self.breaks:
            self.breaks -= 1
            raise ConnectionError("Temporal is away")
        self.asked.append(member_id)
        return "told"

    async def restart(self, member_id: UUID) -> Outcome:
        self.asked.append(member_id)
        return "restarted"


@dataclass
class Bulk:
    """Draws up, decides and carries out."""

    chain: SmallChain
    hands: Hands
    at: datetime = MONDAY + timedelta(days=10)
    together: int = 2
    orderer: Actor = field(init=False)
    approver: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.orderer = somebody(self.chain, Role.OPS)
        self.approver = somebody(self.chain, Role.OPS)

    @property
    def means(self) -> Means:
        chain = self.chain
        return Means(
            chain.database, LivePacks(), Places(), self.hands, lambda: self.at, new_id, self.together
        )

    async def draw_up(
        self, kind: BulkKind, wanted: Filter | None = None, actor: Actor | None = None, **more: Any
    ) -> BulkAction:
        wish = Wish(kind, more.pop("place", self.chain.hq), wanted or Filter(), **more)
        async with self.chain.database.begin() as session:
            await self.chain.desk.places.refresh(session)
            return await service.draw_up(
                session, self.chain.desk.places, Shelf(), new_id(), wish, actor or self.orderer, self.at
            )

    async def submit(self, action: BulkAction) -> BulkAction:
        async with self.chain.database.begin() as session:
            return await service.submit(
                session,
                self.chain.desk.places,
                action.id,
                action.content_hash,
                "因为修好了",
                self.orderer,
                self.at,
            )

    async def approve(self, action: BulkAction, actor: Actor | None = None) -> BulkAction:
        async with self.chain.database.begin() as session:
            return await service.approve(
                session,
                self.chain.desk.places,
                action.id,
                action.content_hash,
                actor or self.approver,
                self.at,
            )

    async def step(self, action: BulkAction) -> BulkAction:
        return await running.work_on(self.means, action.id)

    async def finish(self, action: BulkAction) -> BulkAction:
        while (action := await self.step(action)).state == "running":
            pass
        return action

    async def results(self, action: BulkAction) -> list[Result | None]:
        async with self.chain.database.read() as session:
            found = await service.list_items(session, action.id, self.orderer.scope)
        return [result for _, result in found]

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.chain.database.read() as session:
            return [tuple(row) for row in await session.execute(text(query))]
