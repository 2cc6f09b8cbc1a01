"""Purchases in which a rule failed, and recomputing them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from budget_world import TENTH_OFF, pack
from small_chain import ACTOR, MONDAY, PACKS, SmallChain, line
from sqlalchemy import text
from unchecked_pack import FAILING_LINES, LINES, failing_pack, publish_unchecked

from regulars.entrypoints.verifying import verify
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Recorded
from regulars.recompute import service
from regulars.recompute.domain import Approved, Flagged
from regulars.recompute.repository import Wanted
from regulars.recompute.running import Means, Order, recompute_batch
from regulars.recompute.service import PreviewPage
from regulars.rules.live import LivePacks

EVERYTHING = Wanted(("",))
SALES = {"+": [{"map": [LINES, {"var": "sales_minor"}]}]}


def mended_pack(**changes: Any) -> dict[str, Any]:
    """The failing pack, mended: its second version."""
    document = failing_pack(**changes)
    document["rules"][0]["then"]["earn"]["amount"] = SALES
    return document


def pack_without_it() -> dict[str, Any]:
    """The failing pack without the rule that failed: nobody can say what it would have given."""
    document = mended_pack()
    document["rules"][0] |= {"id": "another", "when": False}
    return document


TOO_MUCH_AT_FIRST = {">": [{"/": [1, {"var": "member.visits"}]}, 0]}
"""A condition that divides by the purchases before."""


def tiers_pack(*, fails: bool) -> dict[str, Any]:
    """Rules that divide by the purchases before, so that a first one is too much for them."""
    document: dict[str, Any] = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    if fails:
        for rule in document["rules"]:
            rule["when"]["and"].append(TOO_MUCH_AT_FIRST)
    return document


def tenth_pack(*, fails: bool) -> dict[str, Any]:
    """A tenth off everything; where it fails, not off the first purchase."""
    document: dict[str, Any] = orjson.loads(pack("tenth", "discount", "off", TENTH_OFF, []))
    del document["limits"]
    document["rules"][0]["when"] = {"and": [TOO_MUCH_AT_FIRST]} if fails else True
    return document


class Killed(Exception):
    """The process is gone."""


@dataclass
class Recomputing:
    """Lists, previews and runs, all at one time unless said."""

    chain: SmallChain
    at: datetime = MONDAY + timedelta(days=10)
    places: Places = field(default_factory=Places)

    async def begin(self, **changes: Any) -> None:
        """A pack whose rule fails on long receipts, live from the start; and its mended version."""
        await publish_unchecked(self.chain, failing_pack(**changes))
        async with self.chain.database.read() as session:
            await self.places.refresh(session)

    async def mend(self, **changes: Any) -> None:
        """Release the mended version from `at` on."""
        await publish_unchecked(self.chain, mended_pack(**changes), version=2)

    async def fail(self, member: UUID | None, minor: int = 1_000, **changes: Any) -> Recorded:
        """Buy something on which the rule fails: a base point for each 1.00 is all it earns."""
        part = minor // FAILING_LINES
        sizes = [part] * (FAILING_LINES - 1) + [minor - part * (FAILING_LINES - 1)]
        return await self.chain.buy(
            member, *(line(size, line=n) for n, size in enumerate(sizes, 1)), **changes
        )

    async def flagged(self, wanted: Wanted = EVERYTHING) -> list[Flagged]:
        async with self.chain.database.read() as session:
            return list((await service.list_flagged(session, wanted)).items)

    async def preview(self, *versions: str, wanted: Wanted = EVERYTHING) -> PreviewPage:
        async with self.chain.database.read() as session:
            return await service.preview(session, Shelf(), self.places, wanted, versions, self.at)

    async def batch(
        self, *versions: str, wanted: Wanted = EVERYTHING, limit: int = 50, killed: bool = False
    ) -> PreviewPage:
        """Deal with the next purchases; `killed` just before they are committed."""
        means = Means(LivePacks(), Shelf(), self.places, new_id)
        order = Order(wanted, versions, "mended")
        async with self.chain.database.begin() as session:
            done = await recompute_batch(session, means, order, ACTOR, self.at, limit=limit)
            if killed:
                raise Killed
        return done

    async def approved(self, *versions: str, reckoned_at: datetime | None = None) -> PreviewPage:
        """Deal with all that waits, as somebody else has approved what the preview says."""
        told = await self.preview(*versions)
        allowed = {
            one.flagged.purchase_id: Approved(one.reckoned.points, one.reckoned.tier_to, one.reckoned.redated)
            for one in told.items
        }
        means = Means(LivePacks(), Shelf(), self.places, new_id)
        order = Order(EVERYTHING, versions, "mended", allowed, "operator:bo")
        async with self.chain.database.begin() as session:
            return await recompute_batch(session, means, order, ACTOR, reckoned_at or self.at)

    async def balance(self, member: UUID) -> int:
        query = text("select amount from balance where account_id = :id and unit = 'points'")
        async with self.chain.database.read() as session:
            return int(await session.scalar(query, {"id": member}) or 0)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.chain.database.read() as session:
            return [tuple(row) for row in await session.execute(text(query))]

    async def verified(self) -> bool:
        found = await verify(self.chain.database)
        assert found.ok, found
        return found.ok
