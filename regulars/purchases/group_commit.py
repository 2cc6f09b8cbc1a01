"""Purchases that arrive together are committed together: the tills of one process share transactions."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.posting import post_purchases

LANES: Final = 2
"""Transactions under way at once: while one waits for the disk, the next is being worked out."""

WORTH_A_LANE: Final = 12
"""Purchases that are worth a transaction beside another one: fewer wait for that one's end."""

PATIENCE_SECONDS: Final = 0.02
"""But not longer than this: the other one may itself be waiting for a member."""

GATHER_SECONDS: Final = 0.012
"""How long the first purchase waits for companions, where the last one had some: for twice as many."""

GROUP_MAX: Final = 64
"""Purchases in one transaction at most, so that none waits long for its companions."""

Answer = Recorded | RegularsError


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A purchase whose till waits for the answer."""

    basket: Basket
    answer: asyncio.Future[Answer]


class GroupCommit:
    """The purchases of one process on their way into the database.

    A member whose purchase is under way keeps the member's next ones waiting, and nobody else's: no
    transaction of this process ever waits for another one's lock.
    """

    def __init__(self, database: Database, desk: Desk, now: Callable[[], datetime]) -> None:
        """How to post.

        Args:
            desk: what the process knows of places and packs.
            now: the clock; the time of recording is when a group begins.
        """
        self._database = database
        self._desk = desk
        self._now = now
        self._waiting: deque[_Waiting] = deque()
        self._under_way: set[UUID] = set()
        self._lanes: set[asyncio.Task[bool]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._expected = 1
        self._at_once = 0
        self._most_at_once = 0
        self._all_held_up = False

    async def post(self, basket: Basket) -> Answer:
        """Commit a purchase together with those that wait; its receipt is good once this returns.

        A caller who leaves early takes nothing back: the purchase is posted, and asking again finds it.

        Args:
            basket: valid by itself. A member's purchases count in the order in which they were handed in.
        Returns: as `post_purchases`, for this one.
        Raises: as `post_purchases`: nothing is known of the purchase then, and asking again is safe.
        """
        waiting = _Waiting(basket, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._at_once += 1
        self._most_at_once = max(self._most_at_once, self._at_once)
        waiting.answer.add_done_callback(self._has_left)
        self._open_lane_where_worth_it()
        return await waiting.answer

    def _has_left(self, _: asyncio.Future[Answer]) -> None:
        self._at_once -= 1

    async def close(self) -> None:
        """Wait until everything handed in has been answered."""
        while self._lanes or self._waiting:
            await asyncio.gather(*self._lanes)
            await asyncio.sleep(0)  # what a lane leaves is taken up after its end

    def _open_lane_where_worth_it(self) -> None:
        if not self._waiting or len(self._lanes) >= LANES:
            return
        enough = WORTH_A_LANE if self._lanes else self._expected
        if len(self._waiting) >= enough and not self._all_held_up:
            self._open_lane()
        elif self._patience is None:
            seconds = PATIENCE_SECONDS if self._lanes else GATHER_SECONDS
            self._patience = asyncio.get_running_loop().call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._waiting and len(self._lanes) < LANES:
            self._open_lane()

    def _open_lane(self) -> None:
        lane = asyncio.create_task(self._commit_next())
        self._lanes.add(lane)
        lane.add_done_callback(self._close_lane)

    def _close_lane(self, lane: asyncio.Task[bool]) -> None:
        self._lanes.discard(lane)
        # Who is held up is waited for: looking again and again would take the other lane's time.
        self._all_held_up = bool(self._lanes) and not lane.cancelled() and not lane.result()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._open_lane_where_worth_it()

    async def _commit_next(self) -> bool:
        """Whether there was anything that no other lane holds up."""
        group = self._next_group()
        if group:
            # Tills wait for their answers: there are no more companions than there were tills of late.
            self._expected = min(2 * len(group) - 1, WORTH_A_LANE, self._most_at_once)
            self._most_at_once = max(self._at_once, self._most_at_once - 1)
            await self._commit(group)
        return bool(group)

    def _next_group(self) -> list[_Waiting]:
        """Take, in order, what no other transaction holds up; the rest keeps its order."""
        group: list[_Waiting] = []
        passed_over: list[_Waiting] = []
        while self._waiting and len(group) < GROUP_MAX:
            waiting = self._waiting.popleft()
            held_up = waiting.basket.member_id in self._under_way
            (passed_over if held_up else group).append(waiting)
        self._waiting.extendleft(reversed(passed_over))
        return group

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        members = {w.basket.member_id for w in group if w.basket.member_id is not None}
        self._under_way |= members
        try:
            baskets = [waiting.basket for waiting in group]
            answers = await post_purchases(self._database, self._desk, baskets, self._now())
        except Exception as error:  # it belongs to those who wait
            for waiting in group:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
        else:
            for waiting, answer in zip(group, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)
        finally:
            self._under_way -= members
