"""How committed changes reach Temporal: claim, tell, forget; and what happens when one of these fails."""

import asyncio
import time
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
from regulars.outbox.domain import ClaimedRow, MemberNews, Patience, lag_ms, news_by_member
from regulars.outbox.errors import MessageRefused, TemporalAway
from regulars.outbox.pressure import Pressure

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
        late_after_s: a change that waits longer puts the relay under pressure.
        calm_changes_per_s: fewer than this leave room for what was put off, whatever the machine.
        overdue_per_round: messages that waited their time and are told even so.
        sift_rows: rows looked at in one statement, for what may wait.
        sift_again_s: how often those that could not wait are looked at anew.
        gather_under_pressure_s: pause between rounds while nothing is pressing.
    """

    members_per_round: int = 32
    in_flight: int = 16
    tell_within_s: float = 10.0
    lease_s: float = 30.0
    sweep_s: float = 2.0
    gather_s: float = 0.05
    retry_s: float = 1.0
    late_after_s: float = 0.3
    calm_changes_per_s: int = 50
    overdue_per_round: int = 4
    sift_rows: int = 2_000
    sift_again_s: float = 5.0
    gather_under_pressure_s: float = 0.2
    patience: Patience = field(default_factory=Patience)


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
    put_off: int = 0
    lags_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LAGS_KEPT))
    settled_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LAGS_KEPT))
    last_error: str | None = None
    pressure: Pressure = field(init=False)
    _sifted_to: int = 0
    _sifted_anew_at: datetime | None = None

    def __post_init__(self) -> None:
        self.pressure = Pressure(timedelta(seconds=self.pace.late_after_s), self.pace.calm_changes_per_s)

    async def run(self) -> None:
        """Relay until told to stop; outlives PostgreSQL and Temporal going away."""
        self.pressure.is_on = True  # what an earlier relay put off is taken up first
        while not self.stop.is_set():
            try:
                await self._run_once()
            except DATABASE_ERRORS as error:
                log.warning("database_away", error=type(error).__name__)
                await self._pause(self.pace.retry_s)
        with suppress(*DATABASE_ERRORS):
            async with self.database.begin() as session:
                await service.sign_off(session, self.name, self.now())

    async def _run_once(self) -> None:
        try:
            told = await self.run_round(everything=not self.pressure.is_busy)
        except TemporalAway:
            await self._wait_for_temporal()
            return
        if told:
            return
        if self.pressure.is_on:
            await self._pause(self.pace.gather_under_pressure_s)
        else:
            await self._wait_for_news()

    async def run_round(self, *, everything: bool = True) -> int:
        """Claim, tell and forget once; under pressure, first put off what may wait.

        Args:
            everything: also what was put off; else of that only what has waited its time.
        Returns: messages claimed; 0 means that nothing waits, or only what is put off.
        Raises: TemporalAway: what was not accepted has been given back.
        """
        sifting = self.pressure.is_on
        put_off = await self._put_off() if sifting else 0
        waiting = await self._claim(everything, self._sifted_to if sifting else service.LAST_ID)
        urgent = [row for news in waiting for row in news.rows if row.is_urgent]
        self._judge(urgent, put_off)
        if everything and not waiting:
            self.pressure.is_on = False
        # The claim is committed: from here on a death costs no more than the lease.
        started = time.monotonic()
        outcomes = await self._tell_all(waiting)
        self.pressure.note_told(sum(failure is None for _, failure in outcomes), time.monotonic() - started)
        await self._settle(outcomes)
        if any(isinstance(failure, TemporalAway) for _, failure in outcomes):
            raise TemporalAway("Temporal does not answer; what waits stays in the outbox")
        return len(waiting)

    async def _claim(self, everything: bool, up_to: int) -> list[MemberNews]:  # noqa: FBT001
        at, pace = self.now(), self.pace
        lease = timedelta(seconds=pace.lease_s)
        # What is overdue is taken up even by a relay that put nothing off: the one that did may be dead.
        all_owed = everything and self.pressure.is_on
        owed_before = at if all_owed else at - pace.patience.at_most
        async with self.database.begin() as session:
            fresh = await service.claim_news(session, self.name, at, lease, pace.members_per_round, up_to)
            room = pace.members_per_round - len(fresh) if all_owed else 0
            recalled = await service.recall(
                session, self.name, owed_before, at + lease, max(room, pace.overdue_per_round)
            )
        return _one_each([*fresh, *recalled])

    def _judge(self, urgent: Sequence[ClaimedRow], put_off: int) -> None:
        at = self.now()
        self.pressure.note_arrivals(at, len(urgent) + put_off)
        if urgent:
            self.pressure.note_wait(at - min(row.created_at for row in urgent))

    async def _put_off(self) -> int:
        """Settle at once what nobody waits for, so that it does not stand in the way of the rest."""
        at, rows = self.now(), self.pace.sift_rows
        again_before = at - timedelta(seconds=self.pace.sift_again_s)
        if self._sifted_anew_at is None or self._sifted_anew_at < again_before:
            self._sifted_to, self._sifted_anew_at = 0, at
        before = self.put_off
        while not self.stop.is_set():
            async with self.database.begin() as session:
                sifted = await service.put_off(session, self._sifted_to, rows, at, self.pace.patience)
            self.put_off += len(sifted.waits_ms)
            self.settled_ms.extend(sifted.waits_ms)
            self._sifted_to = max(self._sifted_to, sifted.last_id or 0)
            if sifted.seen < rows:
                break
        return self.put_off - before

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
        lags = [lag_ms(row.created_at, at) for row in news.rows if row.is_urgent]
        self.lags_ms.extend(lags)
        self.settled_ms.extend(lags)

    async def _settle(self, outcomes: Sequence[tuple[MemberNews, Failure]]) -> None:
        at = self.now()
        failures = [failure for _, failure in outcomes if failure is not None]
        if outcomes:
            self.last_error = failures[-1].code if failures else None
        async with self.database.begin() as session:
            await service.settle(session, [news for news, failure in outcomes if failure is None], at)
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
            await service.report(session, self._figures(), at)

    def _figures(self) -> service.RelayFigures:
        return service.RelayFigures(
            relay=self.name,
            signals=self.signals,
            changes=self.changes,
            put_off=self.put_off,
            lags_ms=tuple(self.lags_ms),
            settled_ms=tuple(self.settled_ms),
            last_error=self.last_error,
        )

    async def _wait_for_temporal(self) -> None:
        log.warning("temporal_away", relay=self.name)
        self.pressure.is_on = True
        while not self.stop.is_set() and not await self.messenger.answers():
            self._judge([], await self._put_off())
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


def _one_each(news: Sequence[MemberNews]) -> list[MemberNews]:
    """A member who is told something new hears in the same message what was put off."""
    return news_by_member([row for each in news for row in each.rows])
