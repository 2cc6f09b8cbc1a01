"""Runs the parts on one data folder: ends orphans, starts servers and our own parts, and ends them all."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from regulars.db.migrate import upgrade
from regulars.entrypoints.stack import postgres, tuning
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.keeper import Keeper
from regulars.entrypoints.stack.logfiles import cap
from regulars.entrypoints.stack.parts import (
    ALL_PARTS,
    DATABASE,
    PORT_NAMES,
    Part,
    PartName,
    own_part,
    postgres_part,
    reachable_host,
    temporal_part,
    web_part,
)
from regulars.entrypoints.stack.ports import LOOPBACK, choose, require_free
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.processes import Identity, end
from regulars.entrypoints.stack.state import StackState, read_state, write_state
from regulars.entrypoints.stack.watcher import Silence, Watcher
from regulars.secret_keys import ensure_secrets
from regulars.settings import Settings

ORPHAN_PATIENCE_SECONDS = 10.0
LOG_ROUND_SECONDS = 5.0


class Supervisor:
    """The parts of one data folder, whose lock the caller holds."""

    def __init__(self, settings: Settings, parts: Sequence[PartName], watcher: Watcher | None = None) -> None:
        self.settings = settings
        self.data_dir = DataDir(settings.data_dir)
        self._wanted = [name for name in ALL_PARTS if name in parts and not self._is_elsewhere(name)]
        self._watcher = watcher or Silence()
        self._keepers: dict[PartName, Keeper] = {}
        self._capping: asyncio.Task[None] | None = None
        self.state = StackState()

    def _is_elsewhere(self, name: PartName) -> bool:
        """Whether the settings name a server of the chain's own in this part's place."""
        own = {"postgres": self.settings.database_url, "temporal": self.settings.temporal_address}
        return own.get(name) is not None

    async def start(self, after_schema: Callable[[StackState], Awaitable[None]] | None = None) -> None:
        """Return once every part is ready.

        Args:
            after_schema: called when the database can be used, before our own parts start.
        Raises: StackProblem: one sentence about what cannot be had.
        """
        try:
            await self._start(after_schema)
        except OSError as error:
            raise StackProblem(self.data_dir.explain(error)) from error

    async def _start(self, after_schema: Callable[[StackState], Awaitable[None]] | None) -> None:
        self.data_dir.refuse_half_restored()
        kept = read_state(self.data_dir.state)
        await asyncio.to_thread(end_orphans, self.data_dir, kept)
        if "web" in self._wanted:
            require_free(self.settings.host, self.settings.port)
        ensure_secrets(self.data_dir.root)
        self.state = StackState(ports=choose(kept.ports, PORT_NAMES), supervisor=Identity.of(os.getpid()))
        self._capping = asyncio.create_task(self._cap_logs(), name="cap-logs")
        await _together(self._start_database(), self._start_temporal())
        if after_schema and self.state.database_url:
            await after_schema(self.state)
        await _together(*(self._keep(part) for part in self._own_parts()))
        if "web" in self._wanted:
            self.state.web_url = f"http://{reachable_host(self.settings.host)}:{self.settings.port}"
        self._write()

    async def _start_database(self) -> None:
        url = self.settings.database_url
        if "postgres" in self._wanted:
            connections = tuning.connections_of(self.settings)
            part, cluster = postgres_part(self.data_dir, self.state.ports["postgres"], connections)
            await self._keep(part)
            await postgres.ensure_database(cluster, DATABASE)
            url = cluster.url(DATABASE)
        if url:
            started = time.monotonic()
            revisions = await upgrade(url)
            self._watcher.schema_ready(revisions, time.monotonic() - started)
        self.state.database_url = url  # told to others only now that it can be used

    async def _start_temporal(self) -> None:
        self.state.temporal_address = self.settings.temporal_address
        self.state.temporal_ui_address = self.settings.temporal_ui_address
        if "temporal" in self._wanted:
            part, server = temporal_part(self.data_dir, self.state.ports)
            await self._keep(part)
            self.state.temporal_address = server.address
            self.state.temporal_ui_address = f"{LOOPBACK}:{server.ui_port}"

    def _own_parts(self) -> list[Part]:
        environment = {
            "REGULARS_DATA_DIR": str(self.data_dir.root),
            "REGULARS_DATABASE_URL": self.state.database_url or "",
            "REGULARS_TEMPORAL_ADDRESS": self.state.temporal_address or "",
            "REGULARS_TEMPORAL_UI_ADDRESS": self.state.temporal_ui_address or "",
            "REGULARS_HOST": self.settings.host,
            "REGULARS_PORT": str(self.settings.port),
        }
        parts: list[Part] = []
        if "worker" in self._wanted:
            parts.append(own_part("worker", self.data_dir, environment))
        if "relay" in self._wanted:
            parts.append(own_part("relay", self.data_dir, environment))
        if "web" in self._wanted:
            parts.append(web_part(self.data_dir, self.settings, environment))
        return parts

    async def _keep(self, part: Part) -> None:
        keeper = Keeper(part, self.data_dir.log(part.name), self._watcher, self._write)
        self._keepers[part.name] = keeper
        await keeper.start()

    async def stop(self) -> None:
        """End every part, the last first, and leave none. Safe at any point of a start."""
        if self._capping:
            self._capping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._capping
        for name in reversed(ALL_PARTS):
            if keeper := self._keepers.get(name):
                await keeper.stop()
        self.state.supervisor = None
        self._write()

    def _write(self) -> None:
        self.state.parts = {name: self._keepers[name].state for name in ALL_PARTS if name in self._keepers}
        with contextlib.suppress(OSError):  # a full disk must not end the stack
            write_state(self.data_dir.state, self.state)

    async def _cap_logs(self) -> None:
        while True:
            for name in self._wanted:
                cap(self.data_dir.log(name), self.settings.log_file_limit_bytes)
            await asyncio.sleep(LOG_ROUND_SECONDS)


def end_orphans(data_dir: DataDir, kept: StackState) -> None:
    """End what a killed supervisor left running; the caller holds the lock, so nobody else can own it."""
    for name in reversed(ALL_PARTS):
        if (part := kept.parts.get(name)) and part.identity:
            polite = signal.SIGINT if name == "postgres" else signal.SIGTERM
            end(part.identity, polite, ORPHAN_PATIENCE_SECONDS)
    postgres.end_orphan(data_dir.postgres / "data", ORPHAN_PATIENCE_SECONDS)


async def _together(*starts: Coroutine[None, None, None]) -> None:
    """Run all at once; when one fails the others are called off, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
