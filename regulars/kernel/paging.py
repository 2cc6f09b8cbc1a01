"""A page of a list: what was asked for, and where the next one begins."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key")


def page_of(
    found: Sequence[Item], limit: int, key: Callable[[Item], Key]
) -> tuple[Sequence[Item], Key | None]:
    """The first items of a list, and the key of the last of them where there are more.

    Args:
        found: in order, one more than the page holds where there are so many.
        limit: how many the page holds, > 0.
        key: what the next page begins after.
    """
    shown = found[:limit]
    return shown, key(shown[-1]) if len(found) > limit else None
