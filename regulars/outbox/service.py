"""Use-cases of the outbox: a change is announced, claimed, and forgotten once Temporal has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.outbox import repository
from regulars.outbox.domain import Backlog, Change, MemberNews, news_by_member, rest_after, typical_and_worst

FORGET_RELAYS_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """What one relay has done since it started.

    Attributes:
        signals: messages accepted.
        changes: outbox rows these carried.
        lags_ms: recent times from commit to acceptance, imports left out.
    """

    relay: str
    signals: int
    changes: int
    lags_ms: Sequence[int]
    last_error: str | None


async def announce(session: AsyncSession, changes: Sequence[Change], at: datetime) -> None:
    """Write what the members' workflows must hear, in the transaction that made it so.

    Args:
        session: in the transaction of the change itself.
        changes: one a member and transaction; several are allowed.
        at: aware UTC, when the change is recorded.
    """
    if not changes:
        return
    await repository.write(session, changes, at)
    if not all(change.bulk for change in changes):
        await repository.notify(session)


async def begin_bulk_load(session: AsyncSession, at: datetime) -> None:
    """Keep rows marked `bulk` back until `end_bulk_load`, or for an hour if that never comes.

    Args:
        session: in a transaction; the caller holds the lock `BULK_LOAD_LOCK` on a connection of its own.
        at: aware UTC, now.
    """
    await repository.begin_bulk(session, at)


async def end_bulk_load(session: AsyncSession, at: datetime) -> None:
    """Let rows marked `bulk` go, as soon as the lock is free."""
    await repository.end_bulk(session, at)


async def claim_news(
    session: AsyncSession, relay: str, at: datetime, lease: timedelta, members: int
) -> list[MemberNews]:
    """Take what waits for up to `members` members, oldest first; commit before telling anyone.

    Args:
        session: in a transaction of its own.
        relay: who claims.
        at: aware UTC, now.
        lease: after which another relay may take the rows, should this one die.
        members: at most, > 0.
    Returns: one message a member. Rows marked `bulk` are left alone while an import runs.
    """
    bulk_too = await repository.bulk_may_go(session)
    rows = await repository.claim(
        session, relay=relay, at=at, until=at + lease, members=members, bulk_too=bulk_too
    )
    return news_by_member(rows)


async def settle(session: AsyncSession, accepted: Sequence[MemberNews]) -> None:
    """Forget what Temporal has accepted.

    Args:
        accepted: messages from `claim_news`; rows already gone are no error.
    """
    ids = [row.id for news in accepted for row in news.rows]
    if ids:
        await repository.remove(session, ids)


async def give_back(session: AsyncSession, relay: str, unsent: Sequence[MemberNews]) -> None:
    """End the lease on messages that were never judged, so that they may go as soon as possible."""
    ids = [row.id for news in unsent for row in news.rows]
    if ids:
        await repository.release(session, ids, relay=relay, until=None, failures=0)


async def set_aside(session: AsyncSession, relay: str, refused: MemberNews, at: datetime) -> timedelta:
    """Let a refused message rest, longer after each refusal, while the others flow.

    Args:
        refused: a message from `claim_news`.
        at: aware UTC, now.
    Returns: for how long.
    """
    rest = rest_after(refused.attempts + 1)
    ids = [row.id for row in refused.rows]
    await repository.release(session, ids, relay=relay, until=at + rest, failures=1)
    return rest


async def measure_backlog(session: AsyncSession) -> Backlog:
    """What Temporal has still to hear.

    Returns: rows waiting, rows held back by a running import, and when the oldest waiting one was written.
    """
    return await repository.backlog(session, bulk_too=await repository.bulk_may_go(session))


async def report(session: AsyncSession, figures: RelayFigures, at: datetime) -> None:
    """Keep a relay's figures where the pages find them."""
    typical, worst = typical_and_worst(figures.lags_ms)
    await repository.report(
        session,
        relay=figures.relay,
        seen_at=at,
        signals=figures.signals,
        events=figures.changes,
        lag_ms_median=typical,
        lag_ms_max=worst,
        last_error=figures.last_error,
    )


async def sign_off(session: AsyncSession, relay: str, at: datetime) -> None:
    """A relay ends: its figures go, and so do those of relays that died long ago."""
    await repository.forget_relays(session, gone=relay, before=at - FORGET_RELAYS_AFTER)
