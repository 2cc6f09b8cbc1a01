"""How committed changes reach Temporal: claim, tell, forget; and what happens when one of these fails."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database
from regulars.outbox import service
from regulars.outbox.domain import MemberNews, lag_ms
from regulars.outbox.errors import MessageRefused, TemporalAway

log = structlog.get_logger(__name__)

LAGS_KEPT = 1_000
Failure = TemporalAway | MessageRefused | None


class Messenger(Protocol):
    """Who can reach the members' workflows."""

    async def tell(self, news: MemberNews) -> None:
        """Hand one message over.

        Raises: TemporalAway: nobody answered; MessageRefused: this message was not taken.
        """

    async def answers(self) -> bool:
        """Whether Temporal is there just now; never raises."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the relay works; times in seconds.

    Attributes:
        members_per_round: messages claimed together.
        in_flight: messages under way at once.
        tell_within_s: after which a message counts as not taken.
        lease_s: after which another relay may take over; longer than a round should ever last.
        sweep_s: how long to wait for a NOTIFY before looking anyway.
        gather_s: pause after a NOTIFY, so that purchases that come together travel together.
        retry_s: pause before trying again where PostgreSQL or Temporal is away.
    """

    members_per_round: int = 128
    in_flight: int = 16
    tell_within_s: float = 10.0
    lease_s: float = 60.0
    sweep_s: float = 2.0
    gather_s: float = 0.05
    retry_s: float = 1.0


@dataclass(slots=True)
class Relay:
    """One relay; several may run at once, and one may die at any point.

    Attributes:
        name: unique among relays.
        now: the clock.
        woken: set by whoever hears a NOTIFY.
        stop: set by whoever wants the relay to end.
    """

    database: Database
    messenger: Messenger
    name: str
    now: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    signals: int = 0
    changes: int = 0
    lags_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LAGS_KEPT))
    last_error: str | None = None

    async def run(self) -> None:
        """Relay until told to stop; outlives PostgreSQL and Temporal going away."""
        while not self.stop.is_set():
            try:
                told = await self.run_round()
            except TemporalAway:
                await self._wait_for_temporal()
            except DATABASE_ERRORS as error:
                log.warning("database_away", error=type(error).__name__)
                await self._pause(self.pace.retry_s)
            else:
                if not told:
                    await self._wait_for_news()
        with suppress(*DATABASE_ERRORS):
            async with self.database.begin() as session:
                await service.sign_off(session, self.name, self.now())

    async def run_round(self) -> int:
        """Claim, tell and forget once.

        Returns: messages claimed; 0 means that nothing waits.
        Raises: TemporalAway: what was not accepted has been given back.
        """
        lease = timedelta(seconds=self.pace.lease_s)
        async with self.database.begin() as session:
            waiting = await service.claim_news(
                session, self.name, self.now(), lease, self.pace.members_per_round
            )
        # The claim is committed: from here on a death costs no more than the lease.
        outcomes = await self._tell_all(waiting)
        await self._settle(outcomes)
        if any(isinstance(failure, TemporalAway) for _, failure in outcomes):
            raise TemporalAway("Temporal does not answer; what waits stays in the outbox")
        return len(waiting)

    async def _tell_all(self, waiting: Sequence[MemberNews]) -> list[tuple[MemberNews, Failure]]:
        gate = asyncio.Semaphore(self.pace.in_flight)
        away: list[TemporalAway] = []

        async def tell(news: MemberNews) -> tuple[MemberNews, Failure]:
            async with gate:
                if away:  # the others need not find out one by one
                    return news, away[0]
                failure = await self._tell(news)
                if isinstance(failure, TemporalAway):
                    away.append(failure)
                return news, failure

        return await asyncio.gather(*(tell(news) for news in waiting))

    async def _tell(self, news: MemberNews) -> Failure:
        try:
            # A stopped Temporal holds a call for seconds and heeds no deadline of its own.
            await asyncio.wait_for(self.messenger.tell(news), self.pace.tell_within_s)
        except (TemporalAway, MessageRefused) as failure:
            return failure
        except TimeoutError:
            if await self.messenger.answers():
                return MessageRefused("Temporal answers, but not to this message")
            return TemporalAway("no answer in time")
        self._count(news)
        return None

    def _count(self, news: MemberNews) -> None:
        at = self.now()
        self.signals += 1
        self.changes += news.changes
        self.lags_ms.extend(lag_ms(row.created_at, at) for row in news.rows if not row.change.bulk)

    async def _settle(self, outcomes: Sequence[tuple[MemberNews, Failure]]) -> None:
        at = self.now()
        failures = [failure for _, failure in outcomes if failure is not None]
        if outcomes:
            self.last_error = failures[-1].code if failures else None
        async with self.database.begin() as session:
            await service.settle(session, [news for news, failure in outcomes if failure is None])
            unjudged = [news for news, failure in outcomes if isinstance(failure, TemporalAway)]
            await service.give_back(session, self.name, unjudged)
            for news, failure in outcomes:
                if isinstance(failure, MessageRefused):
                    rest = await service.set_aside(session, self.name, news, at)
                    log.warning(
                        "message_refused",
                        member_id=str(news.member_id),
                        why=failure.message,
                        rest_s=rest.total_seconds(),
                    )
            figures = service.RelayFigures(
                self.name, self.signals, self.changes, tuple(self.lags_ms), self.last_error
            )
            await service.report(session, figures, at)

    async def _wait_for_temporal(self) -> None:
        log.warning("temporal_away", relay=self.name)
        while not self.stop.is_set() and not await self.messenger.answers():
            await self._pause(self.pace.retry_s)

    async def _wait_for_news(self) -> None:
        stopped = asyncio.create_task(self.stop.wait())
        woken = asyncio.create_task(self.woken.wait())
        try:
            await asyncio.wait(
                {stopped, woken}, timeout=self.pace.sweep_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopped.cancel()
            woken.cancel()
        if self.woken.is_set():
            self.woken.clear()
            await self._pause(self.pace.gather_s)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
