"""A whole stack of the test's own, a small chain in it, and the means to hurt its parts."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil
from conftest import free_port
from member_world import until
from small_chain import ACTOR, OPENED, SmallChain, open_small_chain
from temporalio.client import Client

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.parts import ALL_PARTS, PartName
from regulars.entrypoints.stack.state import StackState
from regulars.entrypoints.stack.supervisor import Supervisor
from regulars.kernel import clock
from regulars.kernel.ids import new_id, new_token
from regulars.outbox import service as outbox
from regulars.secret_keys import ensure_secrets
from regulars.security import repository
from regulars.security.domain import Operator, Role, RoleAt, Session, SessionTimes
from regulars.security.scope import EVERYWHERE
from regulars.security.service import get_operator
from regulars.security.sign_in import token_hash
from regulars.security.terminal_keys import issue_key
from regulars.settings import Settings
from regulars.temporal import connect

ANSWER_WITHIN_S = 30.0
BACK_WITHIN_S = 120.0
MEMBERS = 10
TRACE_SHOWN = 2_000


@dataclass
class StackWorld:
    """A running stack with a chain in it.

    Attributes:
        keys: bearer of each till, by code.
        desk: cookies and headers of an administrator who is signed in.
        recoveries: (what was killed, seconds until it was ready again).
    """

    supervisor: Supervisor
    settings: Settings
    chain: SmallChain
    keys: dict[str, str]
    desk: dict[str, str]
    recoveries: list[tuple[str, float]] = field(default_factory=list)

    @property
    def url(self) -> str:
        assert self.supervisor.state.database_url is not None
        return self.supervisor.state.database_url

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def client(self, till: str | None) -> httpx.AsyncClient:
        """A till, or the desk, on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.keys[till]}"} if till else self.desk
        return httpx.AsyncClient(base_url=self.web, headers=headers, timeout=ANSWER_WITHIN_S, trust_env=False)

    async def temporal(self) -> Client:
        """A client of the stack's Temporal."""
        address = self.supervisor.state.temporal_address
        return await connect(
            self.settings.model_copy(update={"temporal_address": address}), identity="regulars-faults"
        )

    def pid(self, part: PartName) -> int:
        """The process of a part, as the supervisor last started it."""
        identity = self.supervisor.state.parts[part].identity
        assert identity is not None
        return identity.pid

    def is_ready(self, part: PartName) -> bool:
        return self.supervisor.state.parts[part].state == "ready"

    def all_ready(self) -> bool:
        return self.supervisor.state.ready

    async def kill(self, part: PartName) -> None:
        """End a part without warning, and note how long it is away."""
        killed, started = self.pid(part), time.monotonic()
        _kill(killed)

        async def back() -> bool:
            return self.is_ready(part) and self.pid(part) != killed

        await until(back, within_s=BACK_WITHIN_S)
        self.recoveries.append((part, time.monotonic() - started))

    async def kill_a_backend(self) -> None:
        """End one of PostgreSQL's processes: the server drops every connection and recovers by itself."""
        started = time.monotonic()
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
            victim = await connection.fetchval(
                "select pid from pg_stat_activity where application_name = 'regulars-web' limit 1"
            )
            connection.terminate()
        except DATABASE_ERRORS:
            victim = None  # it is down already: the next kill finds it up
        if victim:
            _kill(victim)
        await until(self.answers_queries, within_s=BACK_WITHIN_S)
        self.recoveries.append(("postgres-backend", time.monotonic() - started))

    def stop(self, part: PartName) -> list[psutil.Process]:
        """Stop a part where it is: it holds its connections and answers nobody."""
        stopped = []
        with suppress(psutil.NoSuchProcess):
            for process in _family(self.pid(part)):
                process.suspend()
                stopped.append(process)
        return stopped

    async def stop_for(self, part: PartName, seconds: float) -> None:
        """Stop a part, and let it go on where it was."""
        stopped = self.stop(part)
        await asyncio.sleep(seconds)
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    async def answers_queries(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
            await connection.execute("select 1")
            await connection.close()
        except (*DATABASE_ERRORS, TimeoutError):
            return False
        return True

    async def waiting(self) -> int:
        """Outbox rows that Temporal has still to hear."""
        async with self.chain.database.begin() as session:
            return (await outbox.measure_backlog(session)).waiting

    async def drained(self) -> bool:
        try:
            return await self.waiting() == 0
        except DATABASE_ERRORS:
            return False

    async def heal(self, *, within_s: float = BACK_WITHIN_S) -> float:
        """Wait until every part is ready and nothing waits; return how long the outbox took."""

        async def ready() -> bool:
            return self.all_ready()

        await until(ready, within_s=within_s)
        started = time.monotonic()
        await until(self.drained, within_s=within_s)
        return time.monotonic() - started


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it is between two lives: killed already


def _family(pid: int) -> list[psutil.Process]:
    leader = psutil.Process(pid)
    return [leader, *leader.children(recursive=True)]


@asynccontextmanager
async def open_stack(data_dir: Path, **settings: object) -> AsyncIterator[StackWorld]:
    """A stack on an empty data folder, every part ready, the four starter packs live, members enrolled."""
    made = Settings.model_validate(
        {"data_dir": data_dir, "port": free_port(), "disk_reserve_bytes": 0, **settings}
    )
    DataDir(data_dir).prepare(0)
    ensure_secrets(data_dir)
    supervisor = Supervisor(made, ALL_PARTS)
    opened: list[StackWorld] = []

    async def found(state: StackState) -> None:
        opened.append(await _found(supervisor, made, state.database_url or ""))

    try:
        await supervisor.start(found)
        yield opened[0]
    except BaseException as error:
        error.add_note(_traces_in(data_dir / "logs"))  # the folder goes with the test
        raise
    finally:
        for world in opened:
            await world.chain.database.close()
        await supervisor.stop()


def _traces_in(logs: Path) -> str:
    """The traces that the parts have written, each once, the most frequent first."""
    traces: Counter[str] = Counter()
    for log in logs.glob("*.log*"):
        for line in log.read_text(errors="replace").splitlines():
            # Not all lines are ours, and a part that is killed leaves half of one.
            with suppress(ValueError, TypeError, KeyError):
                traces[json.loads(line)["exception"]] += 1
    return "\n\n".join(f"{count} × {trace[-TRACE_SHOWN:]}" for trace, count in traces.most_common())


async def _found(supervisor: Supervisor, settings: Settings, url: str) -> StackWorld:
    database = Database(make_engine(url, application="regulars-faults", pool_size=3))
    chain = await open_small_chain(database)
    for name in ("hot", *(f"member-{n}" for n in range(1, MEMBERS))):
        await chain.join(name, at=OPENED)
    pepper = settings.secrets.terminal_key_pepper
    async with database.begin() as session:
        keys = {
            code: (await issue_key(session, till, pepper, ACTOR, OPENED)).bearer
            for code, till in chain.tills.items()
        }
    return StackWorld(supervisor, settings, chain, keys, await _sign_in(database, chain.hq))


async def _sign_in(database: Database, hq: UUID) -> dict[str, str]:
    token, csrf, now = new_token(), new_token(), clock.now()
    operator = Operator(new_id(), "desk", "Desk", "en", (), OPENED, None)
    async with database.begin() as session:
        await repository.insert_operator(session, operator, "no hash")
        await repository.replace_roles(session, operator.id, [RoleAt(Role.ADMIN, hq)], OPENED)
        known = await get_operator(session, operator.id, EVERYWHERE)
        live = Session(known, csrf, token_hash(token), now + SessionTimes().life)
        await repository.insert_session(session, live, now)
    return {"X-CSRF-Token": csrf, "Cookie": f"regulars_session={token}"}
