"""How far a long task is: a bar for a person at a terminal, a line now and then for a log."""

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_EVERY_SECONDS: Final = 5.0


class Meter:
    """Counts one task up to its total."""

    def __init__(
        self,
        console: Console,
        title: str,
        total: int,
        *,
        line_every_seconds: float = LINE_EVERY_SECONDS,
    ) -> None:
        self._console = console
        self._line_every_seconds = line_every_seconds
        self._title = title
        self._total = total
        self._done = 0
        self._said_at = time.monotonic()
        self._bar = _bar(console) if console.is_terminal else None
        self._task = self._bar.add_task(title, total=total) if self._bar else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif error is None:
            self._say()

    def total(self, total: int) -> None:
        """The whole turned out to be this much."""
        self._total = total
        if self._bar and self._task is not None:
            self._bar.update(self._task, total=total)

    def add(self, count: int) -> None:
        """So many more are done."""
        self.set(self._done + count)

    def set(self, done: int) -> None:
        """So many are done in all."""
        self._done = done
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done)
        elif time.monotonic() - self._said_at >= self._line_every_seconds:
            self._say()

    def _say(self) -> None:
        self._said_at = time.monotonic()
        self._console.print(f"{self._title}: {self._done:,} of {self._total:,}", highlight=False)


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        refresh_per_second=4,
    )
