"""What tills and desk know for themselves: what they sent, and what came back; the witness of every proof."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Sent:
    """One message, the same bytes at every try.

    Attributes:
        number: in order of the first try.
        kind: what it is, for the figures.
        till: which key it is sent with; None for the desk.
        tries: how often it was sent until it was answered.
        ambiguous: tries that ended without an answer, or with one that settles nothing.
        status, answer: of the first answer that settles it.
        was_done_before: the answer is that of an earlier try.
        seconds: from the first try to that answer.
    """

    number: int
    kind: str
    till: str | None
    method: str
    path: str
    body: bytes
    key: str | None = None
    tries: int = 0
    ambiguous: int = 0
    status: int | None = None
    answer: bytes = b""
    was_done_before: bool = False
    seconds: float = 0.0
    replays: int = 0

    @property
    def said(self) -> dict[str, Any]:
        """The answer, read."""
        found: dict[str, Any] = json.loads(self.answer)
        return found


@dataclass(slots=True)
class TillLog:
    """Every message of a run, kept in a file before it is sent and after it is answered.

    Attributes:
        surprises: answers that no till should ever get.
        unsettled: what the ambiguous tries came to: a status, or the name of a broken connection.
    """

    file: Path
    sent: list[Sent] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    unsettled: Counter[str] = field(default_factory=Counter)

    def new(self, kind: str, method: str, path: str, body: object, **more: Any) -> Sent:
        """A message that is about to be sent."""
        made = Sent(
            len(self.sent), kind, more.pop("till", None), method, path, json.dumps(body).encode(), **more
        )
        self.sent.append(made)
        self._write({"number": made.number, "kind": kind, "key": made.key, "path": path})
        return made

    def settled(self, message: Sent) -> None:
        """Note its answer."""
        self._write({"number": message.number, "status": message.status, "tries": message.tries})

    def surprise(self, message: Sent, what: str) -> None:
        """Note an answer that should not be."""
        self.surprises.append(f"{message.kind} #{message.number}: {what}")

    def purchases(self) -> list[Sent]:
        """Purchases that were acknowledged."""
        return [one for one in self.sent if one.kind in PURCHASES and one.status == 201]

    def _write(self, line: dict[str, object]) -> None:
        with self.file.open("a") as out:
            out.write(json.dumps(line) + "\n")


PURCHASES = frozenset({"purchase", "late", "quoted", "anonymous"})
