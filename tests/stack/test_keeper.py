"""The keeper of a part that cannot be started for a while, as on a full disk."""

import asyncio
import errno
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from regulars.entrypoints.stack import keeper as keeping
from regulars.entrypoints.stack.keeper import Keeper
from regulars.entrypoints.stack.parts import Part
from regulars.entrypoints.stack.processes import kill_group
from regulars.entrypoints.stack.watcher import Silence

REFUSALS = 2


async def test_a_part_that_cannot_be_started_is_tried_again_and_its_old_number_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: Counter[int] = Counter()

    def end_group(pid: int) -> None:
        ended[pid] += 1
        kill_group(pid)

    monkeypatch.setattr(keeping, "kill_group", end_group)
    refusals = 0

    def start() -> subprocess.Popen[bytes]:
        nonlocal refusals
        if ended and refusals < REFUSALS:
            refusals += 1
            raise OSError(errno.ENOSPC, "no space left on device")
        return subprocess.Popen(["sleep", "60"], start_new_session=True)

    async def is_ready(_: int) -> bool:
        return True

    keeper = Keeper(Part("relay", None, start, is_ready), tmp_path / "log", Silence(), lambda: None)
    await keeper.start()
    first = keeper.state.identity
    assert first is not None
    try:
        os.kill(first.pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while keeper.state.state != "ready" or keeper.state.identity in (None, first):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert refusals == REFUSALS
        assert keeper.state.restarts == REFUSALS + 1
        assert ended == {first.pid: 1}
    finally:
        await keeper.stop()
