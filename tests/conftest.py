"""Real servers for the tests: a PostgreSQL and a Temporal a test process, a fresh database a test."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from small_chain import SmallChain, open_small_chain
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

TEMPLATE = "template_regulars"
_numbers = count(1)


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL cluster whose data may be lost."""
    home = Path(tempfile.mkdtemp(prefix="regulars-tests-"))
    home.chmod(0o711)  # PostgreSQL may run as another user than the tests
    made = postgres.Cluster(home, free_port())
    postgres.prepare(made)
    server = postgres.start(made, postgres.FOR_TESTS, home / "log")
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


@pytest.fixture
async def empty_database_url(cluster: postgres.Cluster) -> AsyncIterator[str]:
    """A database without a schema."""
    async for url in _fresh_database(cluster, "template1"):
        yield url


@pytest.fixture
async def database_url(cluster: postgres.Cluster, template: str) -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    async for url in _fresh_database(cluster, template):
        yield url


async def _fresh_database(cluster: postgres.Cluster, source: str) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    admin = await asyncpg.connect(cluster.url("postgres"))
    try:
        await admin.execute(f'create database "{name}" template "{source}" strategy file_copy')
        yield cluster.url(name)
        await admin.execute(f'drop database "{name}" with (force)')
    finally:
        await admin.close()


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
async def chain(database: Database) -> SmallChain:
    """A small chain with the four starter packs live."""
    return await open_small_chain(database)
