"""Use-cases of the outbox: a change is announced, claimed, and forgotten once Temporal has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.together import Write, write_together
from regulars.outbox import repository, told_repository
from regulars.outbox.domain import (
    Backlog,
    Change,
    MemberNews,
    Patience,
    Sifted,
    news_by_member,
    rest_after,
    typical_and_worst,
)

FORGET_RELAYS_AFTER = timedelta(days=1)
LAST_ID = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """What one relay has done since it started.

    Attributes:
        signals: messages accepted.
        changes: transactions these told of.
        put_off: changes whose message was left for a quieter time.
        lags_ms: recent times from commit to acceptance; imports and what was put off are left out.
        settled_ms: recent times from commit to acceptance or to being put off, imports left out.
    """

    relay: str
    signals: int
    changes: int
    put_off: int
    lags_ms: Sequence[int]
    settled_ms: Sequence[int]
    last_error: str | None


async def announce(session: AsyncSession, changes: Sequence[Change], at: datetime) -> None:
    """Write what the members' workflows must hear, in the transaction that made it so.

    Args:
        session: in the transaction of the change itself.
        changes: one a member and transaction; several are allowed.
        at: aware UTC, when the change is recorded.
    """
    await write_together(session, announced(changes, at))


def announced(changes: Sequence[Change], at: datetime) -> list[Write]:
    """What `announce` writes, so that it may be sent with other writes; none for no changes."""
    if not changes:
        return []
    return [repository.changes_written(changes, at, wakes=not all(change.bulk for change in changes))]


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
    session: AsyncSession,
    relay: str,
    at: datetime,
    lease: timedelta,
    members: int,
    up_to: int = LAST_ID,
) -> list[MemberNews]:
    """Take what waits for up to `members` members, oldest first; commit before telling anyone.

    Args:
        session: in a transaction of its own.
        relay: who claims.
        at: aware UTC, now.
        lease: after which another relay may take the rows, should this one die.
        members: at most, > 0.
        up_to: id of the last row that was looked at by `put_off`; what came since waits until it was.
    Returns: one message a member. Rows marked `bulk` are left alone while an import runs.
    """
    bulk_too = await repository.bulk_may_go(session)
    rows = await repository.claim(
        session, relay=relay, at=at, until=at + lease, members=members, bulk_too=bulk_too, up_to=up_to
    )
    return news_by_member(rows)


async def put_off(session: AsyncSession, after: int, rows: int, at: datetime, patience: Patience) -> Sifted:
    """Take out of the outbox what changes nothing that a workflow must do, and owe it one message a member.

    A hint may wait if it reports no event, its due date is not near, and the workflow, told something not
    long ago, looks of itself before that date anyway.

    Args:
        session: in a transaction.
        after: id of the last row that was sifted already; rows up to it are left alone.
        rows: how many are looked at, > 0.
        at: aware UTC, now.
        patience: which hints may wait.
    Returns: what was seen; fewer than `rows` were there when `seen` is less.
    Source: ADR-0014.
    """
    return await told_repository.sift(session, after=after, rows=rows, at=at, patience=patience)


async def recall(
    session: AsyncSession, relay: str, owed_before: datetime, until: datetime, members: int
) -> list[MemberNews]:
    """Take up what was put off, longest owed first; commit before telling anyone.

    Args:
        session: in a transaction.
        relay: who claims.
        owed_before: only what was written up to then.
        until: when another relay may take the rows, should this one die.
        members: at most, > 0.
    Returns: one message a member.
    """
    rows = await told_repository.recall(
        session, relay=relay, owed_before=owed_before, until=until, members=members
    )
    return news_by_member(rows)


async def settle(session: AsyncSession, accepted: Sequence[MemberNews], at: datetime) -> None:
    """Forget what Temporal has accepted, but not that the workflow knows it.

    Args:
        accepted: messages from `claim_news` or `recall`, one a member; rows already gone are no error.
        at: aware UTC, now.
    """
    ids = [row.id for news in accepted for row in news.rows]
    if ids:
        await repository.remove(session, ids)
        await told_repository.note(session, accepted, at)


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

    Returns: changes waiting, those held back by a running import, and since when the oldest waits.
    """
    return await repository.backlog(session, bulk_too=await repository.bulk_may_go(session))


async def report(session: AsyncSession, figures: RelayFigures, at: datetime) -> None:
    """Keep a relay's figures where the pages find them."""
    typical, worst = typical_and_worst(figures.lags_ms)
    settled, _ = typical_and_worst(figures.settled_ms)
    await repository.report(
        session,
        relay=figures.relay,
        seen_at=at,
        signals=figures.signals,
        events=figures.changes,
        lag_ms_median=typical,
        lag_ms_max=worst,
        last_error=figures.last_error,
        put_off=figures.put_off,
        settled_ms_median=settled,
    )


async def sign_off(session: AsyncSession, relay: str, at: datetime) -> None:
    """A relay ends: its figures go, and so do those of relays that died long ago."""
    await repository.forget_relays(session, gone=relay, before=at - FORGET_RELAYS_AFTER)
