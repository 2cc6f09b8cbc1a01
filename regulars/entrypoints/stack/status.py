"""What `regulars status` tells: each part as it is now, not only as it was last written."""

from dataclasses import dataclass

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.parts import ALL_PARTS
from regulars.entrypoints.stack.processes import memory_bytes
from regulars.entrypoints.stack.state import PartState, read_state


@dataclass(frozen=True, slots=True)
class PartReport:
    """One part.

    Attributes:
        state: waiting | starting | ready | restarting | stopping | stopped | orphaned (no supervisor).
        port: where it listens; None when it does not.
        up_since: ISO 8601 in UTC; None while it is not ready.
        memory_pss_bytes: of its processes, shared pages counted by share; None when this user may not see it.
    """

    state: str
    ready: bool
    pid: int | None
    port: int | None
    up_since: str | None
    restarts: int
    memory_pss_bytes: int | None


@dataclass(frozen=True, slots=True)
class StackReport:
    """The whole stack of one data folder."""

    data_dir: str
    running: bool
    ready: bool
    url: str | None
    memory_pss_bytes: int
    parts: dict[str, PartReport]


def report(data_dir: DataDir) -> StackReport:
    """The stack as it is now."""
    state = read_state(data_dir.state)
    running = state.running()
    parts: dict[str, PartReport] = {
        name: _part(state.parts.get(name, PartState(state="stopped")), supervised=running)
        for name in ALL_PARTS
    }
    own = memory_bytes(state.supervisor, with_children=False) if state.supervisor and running else None
    return StackReport(
        data_dir=str(data_dir.root),
        running=running,
        ready=running and all(parts[name].ready for name in state.parts),
        url=state.web_url if running else None,
        memory_pss_bytes=(own or 0) + sum(part.memory_pss_bytes or 0 for part in parts.values()),
        parts=parts,
    )


def _part(kept: PartState, *, supervised: bool) -> PartReport:
    alive = kept.identity is not None and kept.identity.process() is not None
    ready = supervised and alive and kept.state == "ready"
    return PartReport(
        state=_state(kept.state, alive=alive, supervised=supervised),
        ready=ready,
        pid=kept.identity.pid if kept.identity and alive else None,
        port=int(kept.address.rpartition(":")[2]) if kept.address and alive else None,
        up_since=kept.up_since if ready else None,
        restarts=kept.restarts,
        memory_pss_bytes=memory_bytes(kept.identity) if kept.identity and alive else None,
    )


def _state(kept: str, *, alive: bool, supervised: bool) -> str:
    if not supervised:
        return "orphaned" if alive else "stopped"
    return "restarting" if kept == "ready" and not alive else kept


def as_lines(found: StackReport) -> list[str]:
    """The report as a table for the terminal."""
    lines = [f"{'part':<10}{'state':<12}{'pid':>8}{'port':>8}{'restarts':>10}{'memory':>10}  up since"]
    for name, part in found.parts.items():
        memory = f"{part.memory_pss_bytes // 1_048_576} MB" if part.memory_pss_bytes is not None else "–"
        lines.append(
            f"{name:<10}{part.state:<12}{part.pid or '–':>8}{part.port or '–':>8}"
            f"{part.restarts:>10}{memory:>10}  {part.up_since or '–'}"
        )
    where = found.url or ("no web part" if found.running else "not running")
    lines.append(f"{where}; {found.memory_pss_bytes // 1_048_576} MB in all")
    return lines
