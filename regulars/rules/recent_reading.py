"""Whether packs ask for what a member has done lately: for chains whose packs do not, nothing is fetched."""

from collections.abc import Iterable, Mapping
from typing import Final

from regulars.rules.domain import RECENT_FACTS

_NAMES: Final = frozenset(RECENT_FACTS)
_NOT_ASKED: Final = frozenset({"cases", "title", "description"})


def reads_recent(documents: Iterable[Mapping[str, object]]) -> bool:
    """Whether any pack names one of `RecentFacts`, however deep and in whichever spelling of a path.

    Args:
        documents: of packs that were checked.
    """
    return any(_names_any(document) for document in documents)


def _names_any(document: Mapping[str, object]) -> bool:
    waiting: list[object] = [value for key, value in document.items() if key not in _NOT_ASKED]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if part.rpartition(".")[2] in _NAMES:
                return True
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False
