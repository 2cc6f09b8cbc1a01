"""`regulars up` as people use it: it comes up, mends itself, tells its state, and leaves nothing behind."""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.privileges import run_as
from regulars.entrypoints.stack.status import StackReport, report

CLI = [sys.executable, "-m", "regulars.entrypoints.cli"]
PARTS = ("postgres", "temporal", "worker", "relay", "web")
PATIENCE_SECONDS = 60


@dataclass
class Up:
    """A running `regulars up`."""

    process: subprocess.Popen[str]
    data_dir: Path
    port: int
    said: str

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [*CLI, "status", "--json", "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            check=False,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (0 if found["ready"] else 1)
        return found

    def now(self) -> StackReport:
        return report(DataDir(self.data_dir))

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def _up(data_dir: Path, user: pwd.struct_passwd | None = None) -> Iterator[Up]:
    port = choose({}, ("web",))["web"]
    command = [*CLI, "up", "--data-dir", str(data_dir), "--port", str(port)]
    line = run_as(user, command, reaching=[Path(sys.executable), data_dir], dies_by="KILL")
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = ""
    try:
        for spoken in process.stdout:
            said += spoken
            if spoken.startswith("Ready"):
                break
        assert process.poll() is None, said
        yield Up(process, data_dir, port, said)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
        process.stdout.close()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def _left_behind(data_dir: Path) -> list[str]:
    """Command lines of processes that name this data folder."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if any(str(data_dir) in argument for argument in process.info["cmdline"] or ())
    ]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with _up(tmp_path_factory.mktemp("up") / "data") as running:
        yield running


def test_up_tells_each_part_and_shows_the_first_password_once(stack: Up) -> None:
    for part in PARTS:
        assert re.search(rf"^  {part} +ready ", stack.said, re.MULTILINE), stack.said
    assert stack.said.count("First sign-in: admin with the password ") == 1
    assert f"at http://127.0.0.1:{stack.port} " in stack.said


def test_status_tells_each_part(stack: Up) -> None:
    told = stack.status()
    assert told["ready"]
    assert told["url"] == f"http://127.0.0.1:{stack.port}"
    assert tuple(told["parts"]) == PARTS
    for name, part in told["parts"].items():
        assert part["state"] == "ready", name
        assert part["memory_pss_bytes"] > 1_000_000, name
        assert psutil.pid_exists(part["pid"]), name
    assert told["parts"]["web"]["port"] == stack.port


@pytest.mark.parametrize("parts", [("postgres",), ("temporal",), ("worker", "relay", "web")], ids="+".join)
def test_killed_parts_come_back(stack: Up, parts: tuple[str, ...]) -> None:
    before = stack.now().parts
    for name in parts:
        os.kill(before[name].pid or 0, signal.SIGKILL)

    def all_back() -> bool:
        now = stack.now()
        return now.ready and all(now.parts[name].restarts > before[name].restarts for name in parts)

    _until(all_back)
    assert not {stack.now().parts[name].pid for name in parts} & {before[name].pid for name in parts}
    _until(lambda: httpx.get(f"http://127.0.0.1:{stack.port}/readyz").status_code == httpx.codes.OK)


def test_a_second_up_names_the_first(stack: Up) -> None:
    refused = subprocess.run(
        [*CLI, "up", "--data-dir", str(stack.data_dir)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert f"already runs on {stack.data_dir} (process {stack.process.pid})" in refused.stderr
    assert f"http://127.0.0.1:{stack.port}" in refused.stderr


def test_servers_listen_on_loopback_only(stack: Up) -> None:
    for part in stack.now().parts.values():
        process = psutil.Process(part.pid)
        for one in (process, *process.children(recursive=True)):
            listening = [c for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
            assert {c.laddr.ip for c in listening} <= {"127.0.0.1", "::1"}, one.name()


def test_up_works_for_a_plain_user_and_ends_on_ctrl_c_leaving_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user:
        os.chown(home, user.pw_uid, user.pw_gid)
    with _up(home / "data", user) as running:
        owners = {psutil.Process(part.pid).uids().real for part in running.now().parts.values()}
        assert owners == {user.pw_uid if user else os.geteuid()}
        assert running.stop(signal.SIGINT) == 0
        assert not running.now().running
        assert {part.state for part in running.now().parts.values()} == {"stopped"}
    assert _left_behind(home) == []


def test_up_after_its_supervisor_was_killed_ends_the_orphans_and_goes_on(stack: Up) -> None:
    pids = [part.pid for part in stack.now().parts.values()]
    stack.stop(signal.SIGKILL)
    with _up(stack.data_dir) as second:
        assert "First sign-in" not in second.said
        assert second.now().ready
        assert not any(psutil.pid_exists(pid or 0) for pid in pids)
        assert second.stop(signal.SIGTERM) == 0
    assert _left_behind(stack.data_dir) == []
