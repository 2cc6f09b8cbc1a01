"""Undo orders of one small chain, carried out in this process unless said."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from budget_world import EARN, pack, publish
from small_chain import MONDAY, PACKS, SmallChain
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Role
from regulars.security.scope import EVERYWHERE
from regulars.undoing import review, service
from regulars.undoing.domain import Policy, Undo
from regulars.undoing.service import Wish
from regulars.undoing.working import Means, work_on, work_through

DAY = timedelta(days=1)
LONG_AFTER = MONDAY + 300 * DAY


def somebody(chain: SmallChain, *roles: Role, at: UUID | None = None) -> Actor:
    """An operator with roles at a place, headquarters unless said."""
    place = chain.desk.places.get(at or chain.hq)
    grants = tuple(Grant(role, place.id, place.path) for role in roles)
    return replace(Actor("operator", str(new_id()), "Operator", grants), scope=EVERYWHERE)


async def give_points(chain: SmallChain, code: str = "gift", **earn: Any) -> None:
    """Publish a version that gives a point for each 1.00, or as said."""
    document = orjson.loads(pack(code, "earning", "base", {"earn": EARN["earn"] | earn}, []))
    del document["limits"]
    await publish(chain, orjson.dumps(document))


async def mend_tiers(
    chain: SmallChain, silver_minor: int, gold_minor: int = 300_000, live_from: datetime = LONG_AFTER
) -> None:
    """Publish a second version of the tiers, with other thresholds."""
    document = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    document["parameters"]["silver_spend_minor"]["value"] = silver_minor
    document["parameters"]["gold_spend_minor"]["value"] = gold_minor
    document["cases"] = document["cases"][:1]
    await publish(chain, orjson.dumps(document), live_from=live_from)


@dataclass
class Undoing:
    """Orders and carries out.

    Attributes:
        at: the time at which all is done, unless said.
    """

    chain: SmallChain
    at: datetime = MONDAY + 10 * DAY
    members_together: int = 2
    orderer: Actor = field(init=False)
    approver: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.orderer = somebody(self.chain, Role.MARKETING)
        self.approver = somebody(self.chain, Role.APPROVER)

    @property
    def means(self) -> Means:
        return Means(self.chain.database, LivePacks(), Places(), lambda: self.at, self.members_together)

    async def order(self, version: str = "gift/1", policy: Policy = "let_be", **wish: Any) -> Undo:
        """Order, and have the list made."""
        code, _, number = version.partition("/")
        wanted = Wish(code, int(number), wish.pop("place", self.chain.hq), policy, **wish)
        async with self.chain.database.begin() as session:
            await self.chain.desk.places.refresh(session)
            undo = await service.order_undo(
                session, self.chain.desk.places, new_id(), wanted, self.orderer, self.at
            )
        return await work_through(self.means, undo.id)

    async def approve(self, undo: Undo, actor: Actor | None = None) -> Undo:
        async with self.chain.database.begin() as session:
            return await review.approve(
                session,
                self.chain.desk.places,
                undo.id,
                undo.content_hash or "",
                actor or self.approver,
                self.at,
            )

    async def do(self, version: str = "gift/1", policy: Policy = "let_be", **wish: Any) -> Undo:
        """Order, approve and carry out."""
        undo = await self.order(version, policy, **wish)
        if undo.state == "empty":
            return undo
        await self.approve(undo)
        return await work_through(self.means, undo.id)

    async def step(self, undo: Undo) -> Undo:
        return await work_on(self.means, undo.id)

    async def balances(self) -> dict[str, int]:
        """Member's name → points."""
        query = text("select account_id, amount from balance where unit = 'points'")
        async with self.chain.database.read() as session:
            found = {row.account_id: row.amount for row in await session.execute(query)}
        return {name: found.get(member_id, 0) for name, member_id in self.chain.members.items()}

    async def rows(self, query: str, **values: object) -> list[Mapping[str, Any]]:
        async with self.chain.database.read() as session:
            return [row._mapping for row in await session.execute(text(query), values)]

    async def verified(self) -> bool:
        """Whether every kept figure is what history says."""
        found = await verify(self.chain.database)
        assert found.ok, found
        return found.ok
