"""Two serving processes share the connections, and each has its successors at its own door."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn

from regulars.entrypoints.doors import ServingProcesses
from regulars.entrypoints.stack.ports import choose, is_free
from regulars.entrypoints.stack.problems import StackProblem
from regulars.settings import Settings

SERVER = """
import os
import time
import uvicorn
from regulars.entrypoints import doors
from regulars.entrypoints.doors import ServingProcesses, end_with_parent
from regulars.settings import Settings

end_with_parent()
if "SLOW" in os.environ and __name__ == "__mp_main__":
    with open(os.environ["SLOW"], "a") as begun:
        begun.write(f"{os.getpid()}\\n")
    time.sleep(HUNG_SECONDS_HERE * 2)

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

if __name__ == "__main__":
    if "SLOW" in os.environ:
        doors.HUNG_SECONDS = HUNG_SECONDS_HERE
    settings = Settings(port=int(os.environ["PORT"]), web_processes=2)
    config = uvicorn.Config("server:app", workers=2, lifespan="off", log_level="error")
    ServingProcesses(config, settings).run()
"""
CONNECTIONS = 64
PATIENCE_SECONDS = 30
HUNG_SECONDS_HERE = 1.0


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Processes take longer to start than one may be silent; each leaves its number here."""
    begun = tmp_path / "begun"
    monkeypatch.setenv("SLOW", str(begun))
    return begun


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = choose({}, ("web",))["web"]
    script = tmp_path / "server.py"
    script.write_text(SERVER.replace("HUNG_SECONDS_HERE", str(HUNG_SECONDS_HERE)))
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": os.pathsep.join([root, str(tmp_path)])}
    process = subprocess.Popen([sys.executable, str(script)], env=environment, cwd=tmp_path)
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) in (0, -signal.SIGKILL)


async def who_answers(address: str) -> Counter[int]:
    """Which processes answer many connections at once, each with how many."""

    async def ask() -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            return int((await client.get(address, timeout=PATIENCE_SECONDS)).text)

    return Counter(await asyncio.gather(*(ask() for _ in range(CONNECTIONS))))


async def both_answer(address: str) -> Counter[int]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                if len(found := await who_answers(address)) == 2:
                    return found
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_connections_are_shared_out_and_a_killed_process_has_a_successor(address: str) -> None:
    served = await both_answer(address)
    assert min(served.values()) >= CONNECTIONS // 8

    killed = min(served)
    os.kill(killed, signal.SIGKILL)
    survivors_and_successor = await both_answer(address)
    assert len(set(served) & set(survivors_and_successor)) == 1


async def test_processes_that_are_replaced_on_request_leave_no_door_without_anybody(address: str) -> None:
    served = await both_answer(address)
    os.kill(psutil.Process(min(served)).ppid(), signal.SIGHUP)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while set(served) & set(successors := await both_answer(address)):
            pass
    assert min(successors.values()) >= CONNECTIONS // 8


async def test_a_process_that_is_slow_to_start_is_not_taken_for_hung(slow: Path, address: str) -> None:
    served = await both_answer(address)
    await asyncio.sleep(2 * HUNG_SECONDS_HERE)
    begun = [int(pid) for pid in slow.read_text().split()]  # noqa: ASYNC240 — a line
    assert sorted(begun) == sorted(served)


def test_a_port_that_another_regulars_listens_on_is_refused_and_not_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = Settings(port=other.getsockname()[1], web_processes=2)
        with pytest.raises(StackProblem, match="in use by another program"):
            ServingProcesses(uvicorn.Config("server:app", workers=2), settings)


async def test_processes_whose_parent_was_killed_give_its_port_back(address: str) -> None:
    served = await both_answer(address)
    os.kill(psutil.Process(min(served)).ppid(), signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await asyncio.sleep(0.05)
            if is_free("127.0.0.1", int(address.rpartition(":")[2])):
                break
