"""Two serving processes share the connections, and one that is killed is followed at its own door."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from regulars.entrypoints.stack.ports import choose

SERVER = """
import os
import uvicorn
from regulars.entrypoints.doors import ServingProcesses
from regulars.settings import Settings

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

if __name__ == "__main__":
    settings = Settings(port=int(os.environ["PORT"]), web_processes=2)
    config = uvicorn.Config("server:app", workers=2, lifespan="off", log_level="error")
    ServingProcesses(config, settings).run()
"""
CONNECTIONS = 64
PATIENCE_SECONDS = 30


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = choose({}, ("web",))["web"]
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": os.pathsep.join([root, str(tmp_path)])}
    process = subprocess.Popen([sys.executable, str(script)], env=environment, cwd=tmp_path)
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0


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
            except httpx.ConnectError:
                await asyncio.sleep(0.1)


async def test_connections_are_shared_out_and_a_killed_process_has_a_successor(address: str) -> None:
    served = await both_answer(address)
    assert min(served.values()) >= CONNECTIONS // 8

    killed = min(served)
    os.kill(killed, signal.SIGKILL)
    survivors_and_successor = await both_answer(address)
    assert len(set(served) & set(survivors_and_successor)) == 1
