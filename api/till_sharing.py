"""Processes that serve one port share the busy tills out: whoever has too many lets some come in anew.

The kernel leads each new connection to a process by chance, and tills keep their connections: of 32, 22 with
one process and 10 with the other are nothing rare, and then a third of a machine idles.
"""

from collections.abc import MutableSequence, Sequence
from typing import Final

LOOK_SECONDS: Final = 1.0
"""How often a process looks; a till that has sold nothing for so long weighs nothing."""
TOLERATED: Final = 2
"""Tills that one process may have more than another: a till that comes in anew costs something too."""


class Shares:
    """How many tills are selling at each of the processes, in memory that all of them see."""

    def __init__(self, selling: MutableSequence[int], own: int) -> None:
        """A process's view.

        Args:
            selling: tills at each process; each writes its own number and reads all.
            own: the place of this process's.
        """
        self._selling = selling
        self._own = own

    def surplus(self, here: int) -> int:
        """Tell the others how many tills sell here, and learn how many of them are too many."""
        self._selling[self._own] = here
        return too_many(here, list(self._selling))


def too_many(here: int, everywhere: Sequence[int]) -> int:
    """How many tills to let come in anew: where to is chance again, and so some of them come back.

    Args:
        here: at this process.
        everywhere: at each process, this one too; at least two.
    """
    processes = len(everywhere)
    if here - min(everywhere) <= TOLERATED:
        return 0
    surplus = here - -(-sum(everywhere) // processes)
    return max(0, surplus * processes // (processes - 1))
