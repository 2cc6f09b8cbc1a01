"""Who is told what happens to the parts, e.g. to print it."""

from collections.abc import Sequence
from typing import Protocol


class Watcher(Protocol):
    """Told what happens, as it happens."""

    def part_ready(self, name: str, address: str | None, seconds: float) -> None:
        """A part is ready, so long after it was started, for the first time or anew."""

    def part_ended(self, name: str, code: int | None) -> None:
        """A part died with this code (negative: by that signal) and will be started anew."""

    def schema_ready(self, revisions: Sequence[str], seconds: float) -> None:
        """The schema is new, after these revisions ran."""


class Silence:
    """Tells nobody."""

    def part_ready(self, name: str, address: str | None, seconds: float) -> None:
        """Nothing."""

    def part_ended(self, name: str, code: int | None) -> None:
        """Nothing."""

    def schema_ready(self, revisions: Sequence[str], seconds: float) -> None:
        """Nothing."""
