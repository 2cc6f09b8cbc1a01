"""Real servers for the tests: a PostgreSQL and a Temporal a test process, a fresh database a test."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from small_chain import STARTER_PACKS, SmallChain, open_small_chain
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from regulars.db.migrate import upgrade
from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack import postgres

# Failed comparisons of chain and model show both sides, whoever imports them first.
pytest.register_assert_rewrite("invariants.world")

for variable in [name for name in os.environ if name.startswith("REGULARS_")]:
    del os.environ[variable]  # tests are about what stands in them
os.environ["REGULARS_WEB_PROCESSES"] = "1"  # starting is half of what a stack does here; faults have two

TEMPLATE = "template_regulars"
MEMORY, ROOM_BYTES = Path("/dev/shm"), 2 * 1024**3
CLUSTER_PREFIX = "regulars-tests-"
_numbers = count(1)
LONGEST_FIRST = (
    "journeys/test_every_page.py",
    "security/test_schemathesis.py",
    "bench/test_benches.py",
    "faults/test_kills.py",
    "security/test_scope_matrix.py",
    "bench/test_workflows_bench.py",
    "faults/",
    "journeys/",
    "bench/",
    "stack/",
    "backup/",
)
"""Files that take long, so that no process is left with one of them when the others have nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files begin; the rest follows in its order."""
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix()
        return next(
            (n for n, start in enumerate(LONGEST_FIRST) if path.startswith(start)), len(LONGEST_FIRST)
        )

    items.sort(key=turn)


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _folder_in_memory() -> Path | None:
    """Where a database's six hundred files cost no disk to make and remove; None where there is no room."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= ROOM_BYTES else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL cluster whose data may be lost."""
    home = Path(tempfile.mkdtemp(prefix=CLUSTER_PREFIX, dir=_folder_in_memory()))
    home.chmod(0o711)  # PostgreSQL may run as another user than the tests
    made = postgres.Cluster(home, free_port())
    postgres.prepare(made)
    server = postgres.start(made, {**postgres.FOR_TESTS, "max_wal_size": "256MB"}, home / "log")
    try:
        postgres.wait_ready(made, server)
        yield made
    finally:
        postgres.stop(server)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
async def template(cluster: postgres.Cluster) -> str:
    """A migrated database that tests are copied from."""
    await postgres.ensure_database(cluster, TEMPLATE)
    await upgrade(cluster.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
async def maintenance(cluster: postgres.Cluster) -> AsyncIterator[asyncpg.Connection]:
    """The connection that databases are made and dropped by."""
    made = await asyncpg.connect(cluster.url("postgres"))
    yield made
    await made.close()


@pytest.fixture
async def empty_database_url(
    cluster: postgres.Cluster, maintenance: asyncpg.Connection
) -> AsyncIterator[str]:
    """A database without a schema."""
    async for url in _fresh_database(cluster, maintenance, "template1"):
        yield url


@dataclass(frozen=True)
class Opened:
    """A database that holds a chain, to be copied, and the chain in it."""

    template: str
    chain: SmallChain


@pytest.fixture(scope="session")
def opened(
    cluster: postgres.Cluster, maintenance: asyncpg.Connection, template: str
) -> Callable[[Sequence[str]], Awaitable[Opened]]:
    """Opens a small chain with these packs, once: its copies cost a tenth of opening another."""
    kept: dict[Sequence[str], Opened] = {}

    async def open_once(packs: Sequence[str]) -> Opened:
        if packs not in kept:
            name = f"{TEMPLATE}_{len(kept)}"
            await _create(maintenance, name, template)
            database = Database(make_engine(cluster.url(name), application="regulars-test"))
            kept[packs] = Opened(name, await open_small_chain(database, packs))
            await database.close()  # what is connected to cannot be copied
        return kept[packs]

    return open_once


@pytest.fixture
def chain_packs() -> Sequence[str] | None:
    """What is live in `chain`; None where a module's own `chain` is another one."""
    return STARTER_PACKS


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest,
    cluster: postgres.Cluster,
    maintenance: asyncpg.Connection,
    template: str,
    opened: Callable[[Sequence[str]], Awaitable[Opened]],
) -> AsyncIterator[str]:
    """A migrated database of the test's own, with the chain in it where the test asks for one."""
    source = template
    if "chain" in request.fixturenames and (packs := request.getfixturevalue("chain_packs")) is not None:
        source = (await opened(packs)).template
    async for url in _fresh_database(cluster, maintenance, source):
        yield url


async def _create(maintenance: asyncpg.Connection, name: str, source: str) -> None:
    await maintenance.execute(f'create database "{name}" template "{source}" strategy wal_log')


async def _fresh_database(
    cluster: postgres.Cluster, maintenance: asyncpg.Connection, source: str
) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    await _create(maintenance, name, source)
    yield cluster.url(name)
    await maintenance.execute(f'drop database "{name}" with (force)')


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The sessions of a process, on a migrated database of the test's own."""
    made = Database(make_engine(database_url, application="regulars-test"))
    yield made
    await made.close()


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """An open transaction, committed at the end of the test."""
    async with database.begin() as opened:
        yield opened


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server; workflows run in real time unless a test fast-forwards them."""
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_log_level="error",
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
            *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="20ms"'),
        ],
        dev_server_startup_timeout=timedelta(seconds=30),
    )
    yield environment
    await environment.shutdown()
    await asyncio.sleep(1)  # the interpreter may crash at exit right after a shutdown


@pytest.fixture
def temporal_client(temporal: WorkflowEnvironment) -> Client:
    """A client of the real Temporal server."""
    return temporal.client


@pytest.fixture
async def chain(
    database: Database,
    chain_packs: Sequence[str],
    opened: Callable[[Sequence[str]], Awaitable[Opened]],
) -> SmallChain:
    """A small chain with the four starter packs live, or those of the module's own `chain_packs`."""
    return (await opened(chain_packs)).chain.copied_to(database)
