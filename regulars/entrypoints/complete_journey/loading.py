"""Baskets through the door that every purchase uses: in batches, in order, in processes of their own."""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final
from uuid import UUID

from regulars.db.away import DATABASE_ERRORS, is_away
from regulars.db.session import Database, make_engine
from regulars.entrypoints.complete_journey.interrupts import DatabaseAway
from regulars.entrypoints.complete_journey.source import Slice, SourceBasket, Till, open_source
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.clock import now
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk
from regulars.purchases.service import record_purchases
from regulars.rules.live import LivePacks

LINES_A_BATCH: Final = 4_000
"""One transaction: enough to make its round trips cheap, little enough to show progress and to lose."""

_AWAY: Final = -2
_FAILED: Final = -1
_ENDED: Final = 0


class BasketRefused(StackProblem):
    """A basket of the files was not taken; the import stops before it counts wrongly."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"Basket {number} was refused: {why}")


@dataclass(frozen=True, slots=True)
class Load:
    """What one loader has to do.

    Attributes:
        wanted: which baskets; members must be no other loader's at the same time.
        without: numbers of the baskets that are in already.
    """

    database_url: str
    wanted: Slice
    members: Mapping[int, UUID]
    tills: Mapping[int, Till]
    without: frozenset[int]


async def load(task: Load, loaded: Callable[[int], None]) -> None:
    """Record the baskets of a task.

    Args:
        task: what to do.
        loaded: called after each commit with the number of purchases in it.
    Raises: BasketRefused.
    """
    source = open_source()
    database = Database(make_engine(task.database_url, application="regulars-import", pool_size=2))
    desk = Desk(Places(), LivePacks(), new_id, bulk=True)
    try:
        baskets = source.baskets(task.wanted, task.members, task.tills, without=task.without)
        for batch in batches(baskets, LINES_A_BATCH):
            await _record(database, desk, batch)
            loaded(len(batch))
    finally:
        await database.close()
        source.close()


async def _record(database: Database, desk: Desk, batch: list[SourceBasket]) -> None:
    async with database.begin() as session:
        answers = await record_purchases(session, desk, [sold.basket for sold in batch], now())
        for sold, answer in zip(batch, answers, strict=True):
            if isinstance(answer, RegularsError):
                raise BasketRefused(sold.number, answer.message)


def batches(baskets: Iterable[SourceBasket], lines: int) -> Iterator[list[SourceBasket]]:
    """Cut a stream of baskets into lists of about so many lines, in order."""
    batch: list[SourceBasket] = []
    size = 0
    for sold in baskets:
        batch.append(sold)
        size += len(sold.basket.lines)
        if size >= lines:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Loader:
    """A process that loads; it ends with its task, when told to, and when its parent is gone."""

    def __init__(self, task: Load) -> None:
        context = multiprocessing.get_context("spawn")
        self._reports, reports = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(task, reports), daemon=True)
        self._process.start()
        reports.close()

    async def follow(self, loaded: Callable[[int], None]) -> None:
        """Hand on the process's reports until it ends.

        Raises: StackProblem: it failed, or died.
        """
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()
        loop.add_reader(self._reports.fileno(), arrived.set)
        try:
            while True:
                await arrived.wait()
                arrived.clear()
                while self._reports.poll():
                    count, words = self._receive()
                    if count == _ENDED:
                        return
                    if count == _AWAY:
                        raise DatabaseAway
                    if count == _FAILED:
                        raise StackProblem(words)
                    loaded(count)
        finally:
            loop.remove_reader(self._reports.fileno())

    def _receive(self) -> tuple[int, str]:
        try:
            report: tuple[int, str] = self._reports.recv()
        except EOFError:
            return _FAILED, "A loader died; run the import again, and it goes on where it stopped."
        return report

    def end(self) -> None:
        """End the process, now; what it had committed stays."""
        self._process.terminate()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._reports.close()


def _run(task: Load, reports: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who then ends us
    # Tens of thousands of small values live as long as their batch: looking through them early is waste.
    gc.set_threshold(200_000, 20, 100)

    def loaded(count: int) -> None:
        try:
            reports.send((count, ""))
        except OSError:
            os._exit(1)  # nobody listens any more: the parent is gone, and so is its lock

    try:
        asyncio.run(load(task, loaded))
    except (StackProblem, RegularsError) as problem:
        reports.send((_FAILED, str(problem)))
    except DATABASE_ERRORS as error:
        if not is_away(error):
            raise
        reports.send((_AWAY, ""))
    else:
        reports.send((_ENDED, ""))
