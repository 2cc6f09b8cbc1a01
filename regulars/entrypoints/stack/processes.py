"""Which process is meant: a number alone may since belong to a stranger, number and start time never do."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of this machine.

    Attributes:
        pid: its number, also that of its group where we started it.
        birth: when the kernel made it; a text that clock changes and restarts of the machine leave alone.
    """

    pid: int
    birth: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """The process that has this number now; None when there is none."""
        birth = _birth(pid)
        return cls(pid, birth) if birth else None

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            found = psutil.Process(self.pid)
            alive = _birth(self.pid) == self.birth and found.status() != psutil.STATUS_ZOMBIE
            return found if alive else None
        except psutil.NoSuchProcess:
            return None


def _birth(pid: int) -> str | None:
    """The kernel's boot and the clock ticks from it to the process's start."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{boot}+{after_name[19]}"
    except (FileNotFoundError, ProcessLookupError):
        return None


def end(identity: Identity, first: signal.Signals, patience_seconds: float) -> None:
    """End a process that is not our child, and its group: politely, then by force.

    Args:
        identity: of the group's leader; a stranger with its number is left alone.
        first: the signal that it takes as a request to end.
        patience_seconds: how long it may take before it is killed.
    """
    process = identity.process()
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(first)
    deadline = time.monotonic() + patience_seconds
    while identity.process() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    if identity.process():
        kill_group(identity.pid)
        while identity.process():
            time.sleep(_POLL_SECONDS)


def kill_group(leader_pid: int) -> None:
    """Kill what is left of a group that we started; its leader may have ended already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def memory_bytes(identity: Identity, *, with_children: bool = True) -> int | None:
    """Memory of a process and its children, shared pages by share (PSS); None when it cannot be read."""
    process = identity.process()
    if process is None:
        return None
    total = 0
    try:
        for one in [process, *(process.children(recursive=True) if with_children else ())]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().pss
    except psutil.AccessDenied:
        return None
    return total
