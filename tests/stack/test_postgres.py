"""A cluster starts where people put it, after whatever happened to it."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from regulars.entrypoints.stack import postgres, tuning
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.postgres import Cluster, server_user
from regulars.entrypoints.stack.privileges import run_as
from regulars.entrypoints.stack.problems import StackProblem
from regulars.purchases.group_commit import LANES
from regulars.settings import Settings


def _cluster(home: Path) -> Cluster:
    return Cluster(home, choose({}, ("postgres",))["postgres"])


@contextmanager
def _server(cluster: Cluster) -> Iterator[int]:
    postgres.prepare(cluster)
    server = postgres.start(cluster, postgres.FOR_TESTS, cluster.home / "log")
    try:
        postgres.wait_ready(cluster, server)
        yield server.pid
    finally:
        postgres.stop(server)


async def _value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_cluster_runs_below_a_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = _cluster(closed / "postgres")
    with _server(cluster):
        assert await _value(cluster.url("postgres"), "select 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_program_below_a_folder_closed_to_others_may_also_ask_whether_it_may(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "postgres"
    program.touch(mode=0o755)
    question = "import os, sys; sys.exit(not os.access(sys.argv[1], os.R_OK | os.X_OK))"
    asking = [sys.executable, "-I", "-c", question, str(program)]
    line = run_as(server_user(closed), asking, reaching=[program], dies_by="KILL")
    assert subprocess.run(line, check=False).returncode == 0


@pytest.mark.parametrize("name", ["x" * 100, "a:b"], ids=["long", "colon"])
async def test_cluster_runs_where_its_own_folder_cannot_hold_the_socket(tmp_path: Path, name: str) -> None:
    cluster = _cluster(tmp_path / name)
    with _server(cluster):
        assert cluster.socket_folder != cluster.data
        assert cluster.socket_folder.stat().st_mode & 0o077 == 0
        assert await _value(cluster.url("postgres"), "select 1") == 1
    shutil.rmtree(cluster.socket_folder)


async def test_loopback_wants_the_password(cluster: Cluster) -> None:
    assert await _value(cluster.tcp_url("postgres"), "select 1") == 1
    password = cluster.password_file.read_text().strip()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _value(cluster.tcp_url("postgres").replace(password, "guess"), "select 1")


async def test_committed_rows_survive_a_kill(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path / "postgres")
    postgres.prepare(cluster)
    server = postgres.start(cluster, tuning.for_machine(), tmp_path / "log")
    postgres.wait_ready(cluster, server)
    await _value(cluster.url("postgres"), "create table kept as select 7 as n")
    server.send_signal(signal.SIGKILL)
    server.wait()
    with _server(cluster):
        assert await _value(cluster.url("postgres"), "select n from kept") == 7


async def test_a_stranger_with_the_number_of_the_killed_server_is_no_obstacle(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path / "postgres")
    postgres.prepare(cluster)
    (cluster.data / "postmaster.pid").write_text(f"{os.getppid()}\n{cluster.data}\n0\n1\n\n\n\n")
    with _server(cluster):
        assert await _value(cluster.url("postgres"), "select 1") == 1


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path / "postgres")
    cluster.data.mkdir(parents=True)
    (cluster.data / "holiday.jpg").touch()
    with pytest.raises(StackProblem, match=r"holiday\.jpg"):
        postgres.prepare(cluster)


def test_machine_settings_keep_what_was_committed() -> None:
    settings = tuning.for_machine()
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & settings.keys()
    buffers = int(settings["shared_buffers"].removesuffix("MB")) * 1_048_576
    assert buffers <= max(64 * 1_048_576, psutil.virtual_memory().total // 8)


def test_postgresql_admits_as_many_connections_as_the_serving_processes_keep() -> None:
    settings = Settings(web_processes=8, database_connections=30)
    assert int(tuning.for_machine()["max_connections"]) == 100
    admitted = int(tuning.for_machine(tuning.connections_of(settings))["max_connections"])
    assert admitted > 8 * (settings.database_connections + LANES) + settings.database_connections


async def test_root_runs_a_plain_users_cluster_as_that_user(tmp_path: Path) -> None:
    """Whoever starts it, the cluster stays its owner's; as a plain user this is the usual case."""
    cluster = _cluster(tmp_path / "postgres")
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    cluster.data.mkdir(parents=True)
    os.chown(cluster.data, owner.pw_uid, owner.pw_gid)
    with _server(cluster) as pid:
        assert psutil.Process(pid).uids().real == owner.pw_uid
        assert await _value(cluster.url("postgres"), "select 1") == 1
