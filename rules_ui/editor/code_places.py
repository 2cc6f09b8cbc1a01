"""Where the places of a pack stand in its text: lines, counted from 1."""

from bisect import bisect_left
from dataclasses import dataclass, field

from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import Span, span_of, steps_of


@dataclass(frozen=True, slots=True)
class CodePlaces:
    """The lines of one text.

    Attributes:
        root: of the whole of it; None where the text is no JSON.
        breaks: where its lines end.
    """

    root: Span | None
    breaks: list[int] = field(default_factory=list)

    def lines_of(self, pointer: str) -> tuple[int, int]:
        """First and last line of a place, or of the nearest thing around it; 0 where nothing is known."""
        here = self.root
        if here is None:
            return 0, 0
        start = here.start
        for step in _steps(pointer):
            members = here.members or ()
            found = next(
                (m for index, m in enumerate(members) if (str(index) if m.key is None else m.key) == step),
                None,
            )
            if found is None:
                break
            here, start = found.value, found.start
        return self._line(start), self._line(here.end - 1)

    def _line(self, position: int) -> int:
        return bisect_left(self.breaks, position) + 1


def places_of_text(text: str, *, readable: bool) -> CodePlaces:
    """The places of a text.

    Args:
        text: of a draft.
        readable: whether it is JSON within the limits of a pack.
    """
    if not readable:
        return CodePlaces(None)
    return CodePlaces(span_of(text), [at for at, character in enumerate(text) if character == "\n"])


def _steps(pointer: str) -> list[str]:
    try:
        return list(steps_of(pointer))
    except PointerUnknown:
        return []
