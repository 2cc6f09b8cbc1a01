"""`regulars up`: the whole stack in the foreground, told part by part, until it is asked to end."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TextIO

from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.datadir import DataDir, try_lock
from regulars.entrypoints.stack.parts import ALL_PARTS
from regulars.entrypoints.stack.ports import require_free
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import Endpoints, endpoints
from regulars.entrypoints.stack.state import StackState, read_state
from regulars.entrypoints.stack.supervisor import Supervisor
from regulars.kernel import clock
from regulars.logs import configure_logs
from regulars.settings import Settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Teller:
    """Prints a line when a part becomes ready, and when it has died."""

    def part_ready(self, name: str, address: str | None, seconds: float) -> None:
        print(f"  {name:<10} ready   {address or '':<22} {seconds:5.1f} s", flush=True)

    def part_ended(self, name: str, code: int | None) -> None:
        print(f"  {name:<10} ended with code {code}; starting it anew", flush=True)

    def schema_ready(self, revisions: Sequence[str], seconds: float) -> None:
        what = f"{len(revisions)} new" if revisions else "up to date"
        print(f"  {'schema':<10} ready   {what:<22} {seconds:5.1f} s", flush=True)


async def found_chain(database: Database, settings: Settings) -> None:
    """Make the chain and its first operator in an empty database, and show the password this once."""
    from regulars.entrypoints.bootstrap import bootstrap

    first = await bootstrap(database, settings, clock.now())
    if first is not None:
        print(
            f"  First sign-in: {first.login} with the password {first.password} (shown only now)", flush=True
        )


Founder = Callable[[Database, Settings], Awaitable[None]]
Companion = Callable[[Endpoints], Awaitable[None]]


async def up(settings: Settings, *, found: Founder = found_chain, beside: Companion | None = None) -> None:
    """Run everything until a signal asks to end.

    Args:
        found: sees to it that an empty database has a chain and its first operator.
        beside: runs while the stack is up; its end leaves the stack up, its error ends the stack.
    Raises: StackProblem: one sentence about what keeps it from running; nothing is left running then.
    """
    data_dir = DataDir(settings.data_dir)
    data_dir.prepare(settings.disk_reserve_bytes)
    held = try_lock(data_dir)
    if held is None:
        raise StackProblem(_in_use(data_dir))
    try:
        require_free(settings.host, settings.port)
        with _open_log(data_dir) as log:
            configure_logs("supervisor", settings.log_level, log)
            await _run(Supervisor(settings, ALL_PARTS, Teller()), found, beside)
    finally:
        held.release()


def _open_log(data_dir: DataDir) -> TextIO:
    try:
        return data_dir.log("supervisor").open("a")
    except OSError as error:
        raise StackProblem(data_dir.explain(error)) from None


def _in_use(data_dir: DataDir) -> str:
    state = read_state(data_dir.state)
    who = f" (process {state.supervisor.pid})" if state.supervisor else ""
    where = f", at {state.web_url}" if state.web_url else ""
    return f"Regulars already runs on {data_dir.root}{who}{where}; end that one, or name another --data-dir."


async def _run(supervisor: Supervisor, found: Founder, beside: Companion | None) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, asked.set)
    print(f"Regulars 熟客, data in {supervisor.settings.data_dir}", flush=True)
    waiting = asyncio.create_task(asked.wait())
    working = asyncio.create_task(_start(supervisor, found, beside))
    try:
        await asyncio.wait({waiting, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            await waiting
    finally:
        print("Stopping …", flush=True)
        waiting.cancel()
        working.cancel()
        await asyncio.wait({working})
        await supervisor.stop()
        print("Stopped.", flush=True)


async def _start(supervisor: Supervisor, found: Founder, beside: Companion | None) -> None:
    async def after_schema(state: StackState) -> None:
        database = Database(make_engine(state.database_url or "", application="regulars-up", pool_size=1))
        try:
            await found(database, supervisor.settings)
        finally:
            await database.close()

    started = time.monotonic()
    await supervisor.start(after_schema)
    seconds = time.monotonic() - started
    print(f"Ready in {seconds:.1f} s at {supervisor.state.web_url} — Ctrl-C stops it.", flush=True)
    if beside:
        await beside(endpoints(supervisor.state, started_here=True))
