"""Chains side by side on one PostgreSQL, each with a database, a folder and a web part of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from regulars.db.migrate import upgrade
from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.load import Order
from regulars.entrypoints.bench.loading import Loaded, flawless
from regulars.entrypoints.bench.population import Chain, buyers, found, populate
from regulars.entrypoints.bench.processes import part_pids
from regulars.entrypoints.bench.workplace import inside
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.parts import PartName
from regulars.entrypoints.stack.running import Endpoints, running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_token
from regulars.secret_keys import ensure_secrets
from regulars.settings import Settings

BUYERS_MOST: Final = 200_000


@dataclass(slots=True)
class Shop:
    """A chain that tills can buy in.

    Attributes:
        settings: of its own folder, naming its database and the shared Temporal.
        members: who buys, in an order that has nothing to do with the one they joined in.
        servers: process numbers of what all chains share.
    """

    settings: Settings
    url: str
    database: Database
    chain: Chain
    members: Sequence[str]
    servers: Mapping[str, int]
    begun: int = 0

    @asynccontextmanager
    async def open(self, parts: Sequence[PartName] = ("web",)) -> AsyncIterator[None]:
        """Run parts of this chain for as long as it lasts."""
        async with running(self.settings, parts):
            yield

    def order(
        self,
        tills: int,
        seconds: float,
        *,
        members: Sequence[str] | None = None,
        rate: float | None = None,
        warm_up_seconds: float = 1.0,
    ) -> Order:
        """A load on this chain; it goes on among the members where the last one ended."""
        return Order(
            self.settings.host,
            self.settings.port,
            self.chain.bearers,
            self.members if members is None else members,
            new_token(6),
            tills,
            seconds,
            warm_up_seconds,
            rate,
            first=self.begun,
        )

    async def load(self, order: Order) -> Loaded:
        """Carry an order out, every answer being right.

        Raises: LoadFailed.
        """
        loaded = await flawless(order, {**self.servers, **part_pids(self.settings)})
        self.begun += loaded.tally.begun
        return loaded


@asynccontextmanager
async def founded(base: Settings, stack: Endpoints, name: str, members: int) -> AsyncIterator[Shop]:
    """A chain with so many members, in a new database of the stack's PostgreSQL.

    Args:
        base: settings of the folder that the stack runs in.
        stack: with a database and a Temporal.
        name: of the database, and of the chain's folder.
    """
    url = await new_database(stack.database_url, name)
    await upgrade(url)
    settings = inside(base, base.data_dir / name).model_copy(
        update={"database_url": url, "temporal_address": stack.temporal_address}
    )
    DataDir(settings.data_dir).prepare(settings.disk_reserve_bytes)
    ensure_secrets(settings.data_dir)
    database = Database(make_engine(url, application="regulars-bench", pool_size=2))
    try:
        chain = await found(database, settings, now())
        tell(f"Chain {name}: enrolling {members:,} members …")
        await populate(url, chain.model, members)
        who = await buyers(database, min(members, BUYERS_MOST))
        yield Shop(settings, url, database, chain, who, part_pids(base))
    finally:
        await database.close()


async def new_database(url: str, name: str) -> str:
    """Make a database beside the one that `url` names, and return its URL."""
    connection = await asyncpg.connect(url)
    try:
        present = await connection.fetchval("select current_database()")
        await connection.execute(f'create database "{name}"')
    finally:
        await connection.close()
    return url.replace(f"/{present}?", f"/{name}?", 1)
