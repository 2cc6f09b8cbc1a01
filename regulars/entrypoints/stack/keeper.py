"""Keeps one part running: starts it, sees that it becomes ready, starts it anew when it dies, ends it."""

import asyncio
import contextlib
import logging
import math
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from regulars.entrypoints.stack.logfiles import last_line
from regulars.entrypoints.stack.parts import Part
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.processes import Identity, kill_group
from regulars.entrypoints.stack.state import PartState
from regulars.entrypoints.stack.watcher import Watcher
from regulars.kernel import clock

POLL_SECONDS = 0.1
READY_SECONDS = 300
FIRST_TRIES = 3
PAUSE_FIRST_SECONDS = 0.2
PAUSE_LONGEST_SECONDS = 10.0
STEADY_SECONDS = 30.0
"""A part that ran this long had not failed to start: its next pause is the shortest again."""

log = logging.getLogger(__name__)


class Keeper:
    """The one who looks after a part.

    Attributes:
        part: what it looks after.
        state: how that is; `changed` is called whenever this has changed.
    """

    def __init__(self, part: Part, log_file: Path, watcher: Watcher, changed: Callable[[], None]) -> None:
        self.part = part
        self.state = PartState(address=part.address)
        self._log_file = log_file
        self._changed = changed
        self._watcher = watcher
        self._server: subprocess.Popen[bytes] | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once the part is ready; it is kept running from then on.

        Raises: StackProblem: it ended each time it was tried, or is not ready in time.
        """
        for tried in range(1, FIRST_TRIES + 1):
            self._launch()
            if await self._became_ready():
                self._keeping = asyncio.create_task(self._keep(), name=f"keep-{self.part.name}")
                return
            if self._code() is None:
                break
            self._note_end()
            if tried < FIRST_TRIES:
                await asyncio.sleep(PAUSE_FIRST_SECONDS * 4**tried)
        raise StackProblem(self._why_not_ready())

    async def stop(self) -> None:
        """End the part and whatever it left running."""
        if self._keeping:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self._server is not None:
            self._set("stopping")
            await self._end(self._server)
            self._server = None
        self.state.identity = None
        self._set("stopped")

    async def _keep(self) -> None:
        pause_seconds = PAUSE_FIRST_SECONDS
        while True:
            started = time.monotonic()
            if self._server:
                await _has_ended(self._server)
            self._note_end()
            steady = time.monotonic() - started > STEADY_SECONDS
            pause_seconds = PAUSE_FIRST_SECONDS if steady else min(pause_seconds * 2, PAUSE_LONGEST_SECONDS)
            await asyncio.sleep(pause_seconds)
            await self._relaunch()

    async def _relaunch(self) -> None:
        self.state.restarts += 1
        try:
            self._launch()
        except (OSError, StackProblem) as error:
            log.warning("part_not_started", extra={"ended": self.part.name, "error": str(error)})
            self._server = self.state.identity = None  # the number of the dead one may be a stranger's by now
            return
        if not await self._became_ready() and self._server and self._code() is None:
            await self._end(self._server)

    def _launch(self) -> None:
        self._server = self.part.start()
        self.state.identity = Identity.of(self._server.pid)
        self._set("starting")

    async def _became_ready(self) -> bool:
        started = time.monotonic()
        deadline = started + READY_SECONDS
        while self._server and self._code() is None and time.monotonic() < deadline:
            if await self.part.is_ready(self._server.pid) and self._code() is None:
                self.state.up_since = clock.now().isoformat(timespec="seconds")
                self._set("ready")
                self._watcher.part_ready(self.part.name, self.part.address, time.monotonic() - started)
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    def _note_end(self) -> None:
        if self._server:
            kill_group(self._server.pid)  # what a dead leader left behind
        log.warning("part_ended", extra={"ended": self.part.name, "code": self._code()})
        self._set("restarting")
        self._watcher.part_ended(self.part.name, self._code())

    def _code(self) -> int | None:
        return self._server.poll() if self._server else 0

    def _why_not_ready(self) -> str:
        code = self._code()
        what = f"is not ready after {READY_SECONDS} s" if code is None else f"ended at once with code {code}"
        return f"{self.part.name} {what}: {last_line(self._log_file)} (see {self._log_file})"

    async def _end(self, server: subprocess.Popen[bytes]) -> None:
        if server.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                server.send_signal(self.part.stop_signal)
        await _has_ended(server, self.part.stop_patience_seconds)
        kill_group(server.pid)
        await asyncio.to_thread(server.wait)

    def _set(self, state: str) -> None:
        if state != "ready":
            self.state.up_since = None
        self.state.state = state
        self._changed()


async def _has_ended(server: subprocess.Popen[bytes], patience_seconds: float = math.inf) -> None:
    """Return when the process has ended, or after so long."""
    deadline = time.monotonic() + patience_seconds
    while server.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 — no event tells it
        await asyncio.sleep(POLL_SECONDS)
