"""The parts of the stack: how each is started, when it is ready, how it is asked to end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from regulars.entrypoints.ready import READY_FILE_VARIABLE
from regulars.entrypoints.stack import postgres, temporal, tuning
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.ports import LOOPBACK
from regulars.entrypoints.stack.privileges import run_as, yielding
from regulars.settings import Settings

PartName = Literal["postgres", "temporal", "worker", "relay", "web"]
ALL_PARTS: tuple[PartName, ...] = ("postgres", "temporal", "worker", "relay", "web")
"""In order of start; they are ended in the opposite order."""

_YIELDING = frozenset({"worker", "relay"})
PORT_NAMES = ("postgres", "temporal", "temporal_ui", "temporal_http", "temporal_metrics")
DATABASE = "regulars"


@dataclass(frozen=True, slots=True)
class Part:
    """One program that the stack keeps running.

    Attributes:
        start: makes the process, in a group of its own, its output appended to the part's log.
        is_ready: asked about the process with this number, again and again until it says yes.
        stop_signal: what the program takes as a request to end in order.
        stop_patience_seconds: how long that may take before the group is killed.
    """

    name: PartName
    address: str | None
    start: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[int], Awaitable[bool]]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_patience_seconds: float = 15


def postgres_part(data_dir: DataDir, port: int, connections: int) -> tuple[Part, postgres.Cluster]:
    """PostgreSQL, and where to reach it."""
    cluster = postgres.Cluster(data_dir.postgres, port)

    def start() -> subprocess.Popen[bytes]:
        postgres.prepare(cluster)
        return postgres.start(cluster, tuning.for_machine(connections), data_dir.log("postgres"))

    async def is_ready(_: int) -> bool:
        return await asyncio.to_thread(postgres.is_ready, cluster)

    address = f"{LOOPBACK}:{port}"
    return Part("postgres", address, start, is_ready, signal.SIGINT, 60), cluster


def temporal_part(data_dir: DataDir, ports: Mapping[str, int]) -> tuple[Part, temporal.TemporalServer]:
    """Temporal, and where to reach it."""
    server = temporal.TemporalServer(
        data_dir.temporal,
        ports["temporal"],
        ports["temporal_ui"],
        ports["temporal_http"],
        ports["temporal_metrics"],
    )

    def start() -> subprocess.Popen[bytes]:
        return temporal.start(server, data_dir.log("temporal"))

    async def is_ready(_: int) -> bool:
        return await temporal.is_ready(server)

    return Part("temporal", server.address, start, is_ready), server


def own_part(name: Literal["worker", "relay"], data_dir: DataDir, environment: Mapping[str, str]) -> Part:
    """A part of ours that says itself when it is ready."""
    ready_file = data_dir.ready_file(name)

    def start() -> subprocess.Popen[bytes]:
        ready_file.unlink(missing_ok=True)
        return _start_command(name, data_dir, {**environment, READY_FILE_VARIABLE: str(ready_file)})

    async def is_ready(pid: int) -> bool:
        try:
            return ready_file.read_text().strip() == str(pid)
        except FileNotFoundError:
            return False

    return Part(name, None, start, is_ready)


def web_part(data_dir: DataDir, settings: Settings, environment: Mapping[str, str]) -> Part:
    """The API and the pages."""
    host = reachable_host(settings.host)

    def start() -> subprocess.Popen[bytes]:
        return _start_command("web", data_dir, environment)

    async def is_ready(_: int) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"http://{host}:{settings.port}/readyz", timeout=2)
            return answer.status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return Part("web", f"{host}:{settings.port}", start, is_ready)


def reachable_host(host: str) -> str:
    """The address by which this machine reaches a part that listens on `host`."""
    match host:
        case "0.0.0.0" | "":  # noqa: S104 — compared, not listened on
            return LOOPBACK
        case "::":
            return "[::1]"
        case _:
            return f"[{host}]" if ":" in host else host


def _start_command(name: str, data_dir: DataDir, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """`regulars <name>` as a process of its own."""
    command = [sys.executable, "-m", "regulars.entrypoints.cli", name, "--data-dir", str(data_dir.root)]
    line = run_as(None, command, reaching=[Path(sys.executable)], dies_by="TERM")
    if name in _YIELDING:
        line = yielding(line)
    with data_dir.log(name).open("ab") as output:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            process_group=0,
        )
