"""Temporal is away and both processes are killed: stores change at their minute, each act is noted once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from member_world import until
from outbox.test_temporal_outage import StoppableTemporal, own_temporal
from releases.conftest import ReleaseWorld
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.kernel import clock
from regulars.releases import repository, review, service
from regulars.releases.domain import Release
from regulars.secret_keys import ensure_secrets
from regulars.security.scope import EVERYWHERE
from workflows.pack_release import PackReleaseWorkflow
from workflows.release_messages import workflow_id

__all__ = ["own_temporal"]
PARTS = ("worker", "relay")


class Processes:
    """A worker and a relay of their own, to be killed."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for part in PARTS:
            with (self._folder / f"{part}.log").open("ab") as log:
                command = [sys.executable, "-m", "regulars.entrypoints.cli", part]
                self._running.append(subprocess.Popen(command, env=self._environment, stdout=log, stderr=log))

    def kill(self) -> None:
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait()
        self._running = []


@pytest.fixture
def processes(
    database_url: str,
    own_temporal: StoppableTemporal,
    tmp_path: Path,
) -> Iterator[Processes]:
    ensure_secrets(tmp_path)
    environment = {
        **os.environ,
        "REGULARS_DATABASE_URL": database_url,
        "REGULARS_TEMPORAL_ADDRESS": own_temporal.server.address,
        "REGULARS_DATA_DIR": str(tmp_path),
        "REGULARS_DATABASE_CONNECTIONS": "5",
    }
    made = Processes(environment, tmp_path)
    yield made
    made.kill()


async def acts(world: ReleaseWorld, release: Release) -> list[str]:
    lines = await world.do(lambda s: service.release_history(s, release.id, EVERYWHERE))
    return [line.action.removeprefix("release.") for line in lines]


async def test_a_release_goes_on_while_everything_that_follows_it_is_dead(
    world: ReleaseWorld,
    own_temporal: StoppableTemporal,
    processes: Processes,
) -> None:
    async def all_told() -> bool:
        return await world.do(lambda s: repository.untold(s, 10)) == []

    async def noted() -> bool:
        return "go_live" in await acts(world, release)

    world.at = clock.now()
    await own_temporal.start()
    processes.start()
    release = await world.submit()
    await until(all_told, within_s=90)
    processes.kill()
    own_temporal.kill()

    world.at = clock.now()
    await world.do(lambda s: review.approve(s, release.id, world.person("bo", "approver"), world.at))
    soon, later = world.at + timedelta(seconds=2), world.at + timedelta(days=2)
    await world.schedule(release, ("east-1", soon.isoformat()), ("HQ", later.isoformat()))

    async def has_begun() -> bool:
        return clock.now() > soon

    await until(has_begun)
    world.at = clock.now()
    assert [await world.live(store, world.at) for store in ("east-1", "east-2")] == [2, 1]
    assert (await world.release(release)).state == "live"
    assert "go_live" not in await acts(world, release)

    await own_temporal.start()
    processes.start()
    await until(noted, within_s=90)
    processes.kill()
    world.at = clock.now()
    await world.roll_back(release)
    assert await world.live("east-1", world.at) == 1
    processes.start()
    client = await Client.connect(own_temporal.server.address, data_converter=pydantic_data_converter)
    handle = client.get_workflow_handle_for(PackReleaseWorkflow.run, workflow_id(release.id))

    async def is_done() -> bool:
        return (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED

    await until(is_done, within_s=90)
    assert await handle.result() == "rolled_back"
    assert await acts(world, release) == ["submit", "approve", "schedule", "go_live", "roll_back"]
