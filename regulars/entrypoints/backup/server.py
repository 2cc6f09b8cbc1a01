"""PostgreSQL alone on a data folder, with the schema left as it is: what a backup and a restore need."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from regulars.entrypoints.stack import postgres, tuning
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.state import read_state
from regulars.entrypoints.stack.supervisor import end_orphans


@asynccontextmanager
async def serving(
    data_dir: DataDir, options: Mapping[str, str] | None = None
) -> AsyncIterator[postgres.Cluster]:
    """The cluster of a data folder whose lock the caller holds; stopped and on the disk afterwards.

    Args:
        options: settings of PostgreSQL on top of the usual ones.
    Raises: StackProblem: it does not start, and why.
    """
    state = read_state(data_dir.state)
    await asyncio.to_thread(end_orphans, data_dir, state)
    port = choose(dict(state.ports), ("postgres",))["postgres"]
    cluster = postgres.Cluster(data_dir.postgres, port)
    await asyncio.to_thread(postgres.prepare, cluster)
    settings = {**tuning.for_machine(), **(options or {})}
    server = postgres.start(cluster, settings, data_dir.log("postgres"))
    try:
        await asyncio.to_thread(postgres.wait_ready, cluster, server)
        yield cluster
    finally:
        await asyncio.shield(asyncio.to_thread(postgres.stop, server, 60))
