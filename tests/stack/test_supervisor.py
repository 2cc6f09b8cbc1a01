"""The supervisor keeps its parts, ends them all, and clears up after a killed one."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.logfiles import cap, last_line
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.processes import Identity
from regulars.entrypoints.stack.running import Endpoints, running
from regulars.entrypoints.stack.state import PartState, StackState, read_state, write_state
from regulars.entrypoints.stack.supervisor import end_orphans
from regulars.ledger.domain import HOUSE
from regulars.settings import Settings, load_settings

SERVERS = ("postgres", "temporal")
ACCOUNTS = "select array_agg(id) from account"
"""A database that was made whole holds the house's accounts, and no other yet."""
HOLD = """
import asyncio, sys
from pathlib import Path
from regulars.entrypoints.stack.running import running
from regulars.settings import load_settings

async def main():
    async with running(load_settings(Path(sys.argv[1])), ("postgres", "temporal")):
        print("ready", flush=True)
        await asyncio.sleep(120)

asyncio.run(main())
"""


async def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.05)


def _processes(data_dir: Path) -> list[int]:
    """Servers that run on this data."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(data_dir) in argument for argument in process.info["cmdline"] or ())
    ]


async def _ask(stack: Endpoints, query: str) -> object:
    connection = await asyncpg.connect(stack.database_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "data")


async def _kill_and_wait(state: Path, name: str) -> None:
    identity = read_state(state).parts[name].identity
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    await _until(lambda: read_state(state).parts[name].restarts == 1 and read_state(state).ready)


async def test_each_server_killed_is_started_anew_with_its_data(settings: Settings) -> None:
    async with running(settings, SERVERS) as stack:
        await _ask(stack, "create table kept as select 7 as n")
        for name in SERVERS:
            await _kill_and_wait(DataDir(settings.data_dir).state, name)
        assert await _ask(stack, "select n from kept") == 7
    assert _processes(settings.data_dir) == []


async def test_a_second_user_of_the_folder_shares_what_runs_and_leaves_it_running(settings: Settings) -> None:
    async with running(settings, ("postgres",)) as stack:
        async with running(settings, ("postgres",)) as shared:
            assert not shared.started_here
            assert shared.database_url == stack.database_url
        assert await _ask(stack, "select 1") == 1


async def test_ports_and_keys_stay_the_same_over_restarts(settings: Settings) -> None:
    async with running(settings, ("postgres",)) as first:
        pass
    keys = (settings.data_dir / "secrets.json").read_bytes()
    async with running(settings, ("postgres",)) as second:
        assert second.database_url == first.database_url
    assert (settings.data_dir / "secrets.json").read_bytes() == keys


def _hold_and_kill(data_dir: Path) -> None:
    """Run the servers in a process of their own, and kill it while they run."""
    command = [sys.executable, "-c", HOLD, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        holder.kill()


async def test_a_start_after_the_supervisor_was_killed_finds_everything(settings: Settings) -> None:
    await asyncio.to_thread(_hold_and_kill, settings.data_dir)
    async with running(settings, SERVERS) as stack:
        assert set(await _ask(stack, ACCOUNTS)) == HOUSE
    assert _processes(settings.data_dir) == []


def test_orphans_are_ended_and_strangers_left_alone(tmp_path: Path) -> None:
    orphan = subprocess.Popen(["sleep", "60"], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    reaper = threading.Thread(target=orphan.wait)
    reaper.start()
    kept = {
        "web": PartState(identity=Identity.of(orphan.pid)),
        "worker": PartState(identity=Identity(stranger.pid, "another boot+1")),
    }
    file = tmp_path / "stack.json"
    write_state(file, StackState(parts=kept))
    end_orphans(DataDir(tmp_path), read_state(file))
    reaper.join()
    assert orphan.returncode == -signal.SIGTERM
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_a_server_that_cannot_start_is_told_in_one_sentence(settings: Settings) -> None:
    async with running(settings, ("postgres",)):
        pass
    (settings.data_dir / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(StackProblem, match=r"postgres ended at once .* \(see .*postgres\.log"):
        async with running(settings, ("postgres",)):
            pass
    assert _processes(settings.data_dir) == []


def test_a_damaged_state_file_reads_as_none(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    for damage in (b"", b"{", b"[]", b'{"parts": {}}', b"null"):
        file.write_bytes(damage)
        assert read_state(file) == StackState()


def test_ports_are_kept_while_free_and_never_shared() -> None:
    first = choose({}, ("a", "b"))
    assert choose(first, ("a", "b")) == first
    same = choose({"a": first["a"], "b": first["a"]}, ("a", "b"))
    assert same["a"] == first["a"]
    assert same["b"] != first["a"]


def test_a_grown_log_is_kept_once_and_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "part.log"
    with file.open("a") as writer:
        writer.write("first\nlast\n")
        writer.flush()
        assert last_line(file) == "last"
        cap(file, 5)
        writer.write("again\n")
    assert file.read_text() == "again\n"
    assert (tmp_path / "part.log.1").read_text() == "first\nlast\n"


async def test_a_database_elsewhere_is_used_and_none_is_started_here(
    settings: Settings, empty_database_url: str
) -> None:
    elsewhere = settings.model_copy(update={"database_url": empty_database_url})
    async with running(elsewhere, ("postgres",)) as stack:
        assert stack.database_url == empty_database_url
        assert set(await _ask(stack, ACCOUNTS)) == HOUSE
        assert read_state(DataDir(settings.data_dir).state).parts == {}
    assert not (settings.data_dir / "postgres" / "data").exists()


def test_a_part_alone_says_which_servers_it_needs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "regulars.entrypoints.cli", "relay", "--data-dir", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "REGULARS_DATABASE_URL" in done.stderr
    assert "REGULARS_TEMPORAL_ADDRESS" in done.stderr
    assert "Traceback" not in done.stderr
