"""Which of the chain's own fields of products a pack's rules read: nothing else is fetched for a purchase."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

PREFIX: Final = "custom."
"""How a line's facts of the chain's own begin, seen from inside the line."""


def product_fields_of(documents: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """The codes of the product fields that some packs' rules read, sorted.

    Args:
        documents: of packs that were checked.
    """
    return tuple(sorted({code for document in documents for code in _codes(document.get("rules"))}))


def _codes(tree: object) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            path = _path(part)
            if path is not None and path.startswith(PREFIX):
                yield path.removeprefix(PREFIX)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _path(operation: Mapping[str, object]) -> str | None:
    path = operation.get("var", operation.get("val"))
    if isinstance(path, list) and all(isinstance(step, str) for step in path):
        return ".".join(path)
    return path if isinstance(path, str) else None
