"""Who is told how far a backup or a restore has come."""

from typing import Protocol

from rich.console import Console

_MB = 1_048_576


class Teller(Protocol):
    """Told each step as it begins, and how much data it has moved."""

    def step(self, what: str) -> None:
        """The next thing to do."""

    def moved(self, data_bytes: int) -> None:
        """So many bytes of the present step are done."""


class Silence:
    """Tells nobody."""

    def step(self, what: str) -> None:
        """Nothing."""

    def moved(self, data_bytes: int) -> None:
        """Nothing."""


class Terminal:
    """A line a step on the error output; on a terminal the last one grows."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("")
        self._what = ""

    def __enter__(self) -> "Terminal":
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def step(self, what: str) -> None:
        self._what = what
        self._console.print(f"  {what}")
        self._status.update(what)

    def moved(self, data_bytes: int) -> None:
        self._status.update(f"{self._what}: {data_bytes / _MB:,.0f} MB")
