"""What a running stack tells about itself: `stack.json`, always whole, and enough to end its orphans."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from regulars.entrypoints.stack.processes import Identity


@dataclass(slots=True)
class PartState:
    """One part as its keeper sees it.

    Attributes:
        state: waiting | starting | ready | restarting | stopping | stopped.
        identity: its process, while it has one.
        address: where it listens, as host:port; None when it does not.
        up_since: when it last became ready, ISO 8601 in UTC.
        restarts: how often it was started anew since `up`.
    """

    state: str = "waiting"
    identity: Identity | None = None
    address: str | None = None
    up_since: str | None = None
    restarts: int = 0


@dataclass(slots=True)
class StackState:
    """The whole of `stack.json`.

    Attributes:
        ports: loopback ports, chosen once and kept: postgres, temporal, temporal_ui, …
        supervisor: the process that runs the stack.
        web_url: where people go.
        database_url, temporal_address, temporal_ui_address: what parts and commands connect to.
        parts: by name, in order of start.
    """

    ports: dict[str, int] = field(default_factory=dict)
    supervisor: Identity | None = None
    web_url: str | None = None
    database_url: str | None = None
    temporal_address: str | None = None
    temporal_ui_address: str | None = None
    parts: dict[str, PartState] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether every part is ready."""
        return bool(self.parts) and all(part.state == "ready" for part in self.parts.values())

    def running(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return self.supervisor is not None and self.supervisor.process() is not None


def read_state(file: Path) -> StackState:
    """The state as last written; an empty one when there is none, or when it cannot be read as such."""
    try:
        kept = orjson.loads(file.read_bytes())
        return StackState(
            **{
                **kept,
                "supervisor": _identity(kept["supervisor"]),
                "parts": {
                    name: PartState(**{**part, "identity": _identity(part["identity"])})
                    for name, part in kept["parts"].items()
                },
            }
        )
    except (
        FileNotFoundError,
        NotADirectoryError,
        orjson.JSONDecodeError,
        TypeError,
        KeyError,
        AttributeError,
    ):
        return StackState()


def _identity(kept: dict[str, Any] | None) -> Identity | None:
    return Identity(kept["pid"], kept["birth"]) if kept else None


def write_state(file: Path, state: StackState) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    draft = file.with_suffix(".new")
    draft.write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
    draft.replace(file)
