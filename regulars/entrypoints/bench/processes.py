"""Processor time of the parts of a stack: what a purchase costs, whatever else the machine does."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.state import read_state
from regulars.settings import Settings


def part_pids(*stacks: Settings) -> dict[str, int]:
    """The process number of each part that runs on these data folders, by the part's name."""
    return {
        name: part.identity.pid
        for settings in stacks
        for name, part in read_state(DataDir(settings.data_dir).state).parts.items()
        if part.identity is not None
    }


@dataclass(slots=True)
class CpuMeter:
    """Processor seconds of parts, with all their children, between two instants."""

    pids: Mapping[str, int]
    _before: dict[str, dict[int, float]] = field(default_factory=dict)
    spent_seconds: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Now the time that counts begins."""
        self._before = {name: _seconds_by_process(pid) for name, pid in self.pids.items()}

    def end(self) -> None:
        """Now it ends; `spent_seconds` is there."""
        for name, pid in self.pids.items():
            before = self._before.get(name, {})
            after = _seconds_by_process(pid)
            # A process that has ended since is left out: what it took is in nobody's figure.
            self.spent_seconds[name] = sum(taken - before.get(one, 0.0) for one, taken in after.items())


def _seconds_by_process(pid: int) -> dict[int, float]:
    found: dict[int, float] = {}
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        for one in [leader, *leader.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                found[one.pid] = times.user + times.system
    return found
