"""Ordering rehearsals, looking at them, cancelling them; `running` does the work."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.paging import page_of
from regulars.rehearsal import repository
from regulars.rehearsal.domain import ENDED, DraftPack, Order, RankedMember, Rehearsal, State
from regulars.rehearsal.errors import (
    NothingToRehearse,
    PackGivenTwice,
    RehearsalEnded,
    RehearsalNotFinished,
    RehearsalSpanInvalid,
    UnknownRehearsal,
)
from regulars.rehearsal.repository import NewRehearsal
from regulars.rehearsal.sums import Measure
from regulars.rules import repository as packs
from regulars.rules.canonical import canonical, content_hash
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.checker import check
from regulars.rules.domain import PackVersion
from regulars.rules.errors import PackNotGreen
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE, Scope


@dataclass(frozen=True, slots=True)
class Page:
    """Rehearsals, the latest first; `next_after` asks for the page behind it."""

    rehearsals: Sequence[Rehearsal]
    next_after: tuple[datetime, UUID] | None


async def order_rehearsal(
    session: AsyncSession, rehearsal_id: UUID, order: Order, actor: Actor, at: datetime
) -> Rehearsal:
    """Queue a rehearsal of drafts on what was bought.

    Args:
        session: in a transaction.
        rehearsal_id: drawn by who asks and kept across retries: the same one again changes nothing.
        order: what to rehearse; the place is one that the actor may see.
        actor: who asks.
        at: aware UTC, now.
    Returns: the rehearsal, queued.
    Raises: NothingToRehearse, PackGivenTwice, RehearsalSpanInvalid; PackNotGreen: a draft has errors; cases
        that fail do not matter yet. Nothing is kept then.
    Source: docs/rehearsal.md.
    """
    known = await repository.one(session, rehearsal_id, actor.scope)
    if known is not None:
        return known
    until = _until(order, at)
    if not order.texts:
        raise NothingToRehearse
    drafts: list[DraftPack] = []
    texts: list[str] = []
    for given in order.texts:
        draft, text = await _draft(session, given)
        if any(draft.version.code == other.version.code for other in drafts):
            raise PackGivenTwice(draft.version.code)
        drafts.append(draft)
        texts.append(text)
    new = NewRehearsal(
        id=rehearsal_id,
        place_id=order.place_id,
        packs=tuple(drafts),
        texts=tuple(texts),
        since=order.since,
        until=until,
        ordered_at=at,
        ordered_by_kind=actor.kind,
        ordered_by_id=actor.id,
    )
    await repository.write(session, new)
    await _record(session, actor, "rehearsal.order", new.id, order.place_id, at, names=drafts)
    return await get_rehearsal(session, rehearsal_id, EVERYWHERE)


async def get_rehearsal(session: AsyncSession, rehearsal_id: UUID, scope: Scope) -> Rehearsal:
    """One rehearsal, with its report where it is finished.

    Raises: UnknownRehearsal: there is none, or not within the scope.
    """
    found = await repository.one(session, rehearsal_id, scope)
    if found is None:
        raise UnknownRehearsal
    return found


async def list_rehearsals(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[State] = (),
    content_hash: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """Rehearsals at places within the scope, without their reports, the latest first.

    Args:
        session: any.
        scope: whose places.
        states: only those in one of these; none: any.
        content_hash: only those of a draft with this content.
        after: `next_after` of the page before.
        limit: most on a page.
    """
    found = await repository.page(
        session, scope, states=states, digest=content_hash, after=after, count=limit + 1
    )
    return Page(*page_of(found, limit, lambda last: (last.ordered_at, last.id)))


async def cancel_rehearsal(
    session: AsyncSession, rehearsal_id: UUID, actor: Actor, at: datetime
) -> Rehearsal:
    """Have a rehearsal end without a report: at once where it waits, within seconds where it is at work.

    Args:
        session: in a transaction.
        rehearsal_id: at a place that the actor may see; one that is being cancelled stays so.
        actor: who asks.
        at: aware UTC, now.
    Raises: UnknownRehearsal; RehearsalEnded: it has finished or failed.
    """
    found = await get_rehearsal(session, rehearsal_id, actor.scope)
    state = await repository.lock(session, rehearsal_id)
    if state == "cancelled":
        return found
    if state is None or state in ENDED:
        raise RehearsalEnded(str(state))
    await repository.ask_to_cancel(session, rehearsal_id)
    if state == "queued":
        await repository.end(session, rehearsal_id, "cancelled", at)
    await _record(session, actor, "rehearsal.cancel", rehearsal_id, found.place_id, at)
    return await get_rehearsal(session, rehearsal_id, EVERYWHERE)


async def list_members(
    session: AsyncSession,
    rehearsal_id: UUID,
    scope: Scope,
    *,
    measure: Measure,
    side: str,
    after_rank: int = 0,
    limit: int = 50,
) -> list[RankedMember]:
    """Whom the drafts would make the greatest differences for, the greatest first.

    Args:
        session: any.
        rehearsal_id: a finished one within the scope.
        scope: whose places.
        measure: what the difference is of.
        side: "winners" or "losers".
        after_rank: the last rank of the page before.
        limit: most on a page.
    Raises: UnknownRehearsal, RehearsalNotFinished.
    """
    found = await get_rehearsal(session, rehearsal_id, scope)
    if found.state != "finished":
        raise RehearsalNotFinished(found.state)
    return await repository.members(session, rehearsal_id, measure, side, after_rank, limit)


async def waiting_rehearsals(session: AsyncSession) -> list[UUID]:
    """Rehearsals that have not ended and that a workflow is to carry out, the oldest first.

    Args:
        session: any.
    """
    return await repository.waiting(session)


async def finished_for(
    session: AsyncSession, content_hash: str, place_ids: Collection[UUID]
) -> Rehearsal | None:
    """The latest finished rehearsal of a draft of exactly this content, or None.

    Args:
        session: any.
        content_hash: of the pack, as `rules.canonical.content_hash` has it.
        place_ids: it was rehearsed at or above all of them.
    """
    return await repository.finished_for(session, content_hash, place_ids)


async def _draft(session: AsyncSession, given: str | bytes) -> tuple[DraftPack, str]:
    """A draft under the version that it is, or would be published under."""
    report = check(given, await catalogue_of(session))  # its cases may still say what the pack was
    if report.pack is None or report.document is None or not report.green:
        raise PackNotGreen(report.findings)
    pack, text = report.pack, canonical(report.document)
    digest = content_hash(text)
    same = await packs.version_with_hash(session, pack.code, digest)
    if same is not None:
        return DraftPack(same.version, published=True), text
    newest = await packs.newest_version(session, pack.code)
    number = newest.version.version + 1 if newest else 1
    version_id = uuid5(NAMESPACE_URL, f"regulars:pack:{pack.code}:{digest}")
    version = PackVersion(version_id, pack.code, number, pack.kind, digest, report.document)
    return DraftPack(version, published=False), text


def _until(order: Order, at: datetime) -> datetime:
    until = order.until or at
    if until > at:
        raise RehearsalSpanInvalid(
            "this lies in the future; leave it empty, or name a time up to now", "until"
        )
    if order.since is not None and order.since >= until:
        raise RehearsalSpanInvalid(
            "the start is not before the end; name an earlier start or a later end", "since"
        )
    return until


async def _record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    rehearsal_id: UUID,
    place_id: UUID,
    at: datetime,
    names: Sequence[DraftPack] = (),
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="rehearsal",
        subject_id=str(rehearsal_id),
        place_id=place_id,
        at=at,
        after={"packs": [draft.version.name for draft in names]} if names else None,
    )
