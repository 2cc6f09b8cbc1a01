"""Processes that replay side by side, each asking for its next part; never in the way of a till."""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database, make_engine
from regulars.kernel.errors import RegularsError
from regulars.organisation.places import Places
from regulars.rehearsal.errors import RehearsalInterrupted
from regulars.rehearsal.parts import Job, Part, PartReplayer
from regulars.rehearsal.sums import Sums

APPLICATION: Final = "regulars-rehearsal"
NICENESS: Final = 10
"""Tills come first where the processors are all busy."""


@dataclass(frozen=True, slots=True)
class Done:
    """A part has been replayed; with it the purchases in it. The first one of a process says it is ready."""

    purchases: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A process cannot go on."""

    what: str


class Process:
    """One process that replays; it ends with its work, when told to, and when its parent is gone."""

    def __init__(self, job: Job, database_url: str) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share our loop and our connections
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(job, database_url, theirs), daemon=True)
        self._process.start()
        theirs.close()

    async def work(
        self, next_part: Callable[[], Part | None], done: Callable[[int], Awaitable[None]]
    ) -> Sums:
        """Hand out parts until there are none.

        Args:
            next_part: the next one; None: no more.
            done: told of the purchases of each part.
        Raises: RehearsalInterrupted: the process failed, or died.
        """
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()
        loop.add_reader(self._ours.fileno(), arrived.set)
        try:
            while True:
                await arrived.wait()
                arrived.clear()
                while self._ours.poll():
                    word = self._receive()
                    if isinstance(word, Sums):
                        return word
                    await done(word.purchases)
                    self._ours.send(next_part())
        finally:
            loop.remove_reader(self._ours.fileno())

    def _receive(self) -> Done | Sums:
        try:
            word: Done | Sums | Failed = self._ours.recv()
        except (EOFError, OSError):
            raise RehearsalInterrupted("a process of the rehearsal died") from None
        if isinstance(word, Failed):
            raise RehearsalInterrupted(word.what)
        return word

    def end(self) -> None:
        """End the process, now."""
        self._process.terminate()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._ours.close()


def _run(job: Job, database_url: str, words: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who then ends us
    os.nice(NICENESS)
    # Tens of thousands of small values live as long as their part: looking through them early is waste.
    gc.set_threshold(200_000, 20, 100)
    try:
        asyncio.run(_work(job, database_url, words))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the parent is gone, and nobody wants the answer
    except RegularsError as error:
        words.send(Failed(error.code))
    except DATABASE_ERRORS as error:
        words.send(Failed(type(error).__name__))


async def _work(job: Job, database_url: str, words: Connection) -> None:
    database = Database(make_engine(database_url, application=APPLICATION, pool_size=1))
    try:
        places = Places()
        async with database.read() as session:
            await places.refresh(session)
        replayer = PartReplayer(job, database, places)
        words.send(Done(0))
        while (part := words.recv()) is not None:
            words.send(Done(await replayer.replay(part)))
        words.send(replayer.sums)
    finally:
        await database.close()
