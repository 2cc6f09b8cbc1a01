"""A stack to work with: the one that runs, else one that is started for as long as it is needed."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from regulars.entrypoints.stack.datadir import DataDir, Held, try_lock
from regulars.entrypoints.stack.parts import PartName
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.state import StackState, read_state
from regulars.entrypoints.stack.supervisor import Supervisor
from regulars.entrypoints.stack.watcher import Watcher
from regulars.settings import Settings

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the parts are reached; None for what was not asked for."""

    database_url: str
    temporal_address: str | None
    temporal_ui_address: str | None
    web_url: str | None
    started_here: bool

    def settings(self, settings: Settings) -> Settings:
        """The settings with these places in them."""
        return settings.model_copy(
            update={
                "database_url": self.database_url,
                "temporal_address": self.temporal_address,
                "temporal_ui_address": self.temporal_ui_address,
            }
        )


@asynccontextmanager
async def running(
    settings: Settings, parts: Sequence[PartName], watcher: Watcher | None = None
) -> AsyncIterator[Endpoints]:
    """The parts named, ready to use.

    Args:
        settings: of the data folder meant; servers that they name elsewhere are used as they are.
        parts: what is needed, e.g. ("postgres",) to read, all but "web" to import.
        watcher: told about each part that is started here.
    Yields: where they are; what was started here is ended afterwards, what ran already is left running.
    Raises: StackProblem: one sentence about what cannot be had.
    """
    data_dir = DataDir(settings.data_dir)
    data_dir.prepare(settings.disk_reserve_bytes)
    held, state = await _own_or_running(data_dir, parts)
    if held is None:
        yield endpoints(state, started_here=False)
        return
    supervisor = Supervisor(settings, parts, watcher)
    try:
        await supervisor.start()
        yield endpoints(supervisor.state, started_here=True)
    finally:
        await asyncio.shield(supervisor.stop())
        held.release()


async def _own_or_running(data_dir: DataDir, parts: Sequence[PartName]) -> tuple[Held | None, StackState]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if held := try_lock(data_dir):
            return held, StackState()
        state = read_state(data_dir.state)
        if state.running() and state.database_url and set(parts) <= _offered(state):
            return None, state
        await asyncio.sleep(POLL_SECONDS)
    raise StackProblem(
        f"Another regulars command uses {data_dir.root} without {', '.join(parts)} being ready; "
        "wait until it ends, or see `regulars status`."
    )


def _offered(state: StackState) -> set[str]:
    """The parts that are ready, and those whose server is elsewhere."""
    elsewhere = {"postgres": state.database_url, "temporal": state.temporal_address}
    offered = {name for name, place in elsewhere.items() if place and name not in state.parts}
    return offered | {name for name, part in state.parts.items() if part.state == "ready"}


def endpoints(state: StackState, *, started_here: bool) -> Endpoints:
    """Where a stack's parts are reached."""
    if state.database_url is None:
        raise StackProblem("No PostgreSQL: name one in REGULARS_DATABASE_URL, or ask for the part postgres.")
    return Endpoints(
        state.database_url, state.temporal_address, state.temporal_ui_address, state.web_url, started_here
    )
