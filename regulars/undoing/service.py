"""Use-cases around undo orders: see what a version did, order its undoing, decide on it, stop it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.paging import page_of
from regulars.organisation.places import Places
from regulars.purchases.errors import IdempotencyMismatch
from regulars.rules import service as rules
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE, Scope
from regulars.undoing import effect_pages, repository
from regulars.undoing.domain import (
    EffectKey,
    EffectKind,
    EffectPage,
    Item,
    Policy,
    QuickKind,
    Reach,
    Result,
    Undo,
    UndoState,
)
from regulars.undoing.effect_pages import Patience
from regulars.undoing.errors import UndoSpanInvalid, UnknownUndo
from regulars.undoing.keeping import keep, optional

COUNTED_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants undone.

    Attributes:
        version: of the pack; it must exist.
        place_id: purchases there and below.
        since, until: when they occurred, from the one on and before the other; None: always, up to now.
        to_version: of the same pack, which should have decided instead; None: none.
    """

    code: str
    version: int
    place_id: UUID
    policy: Policy
    since: datetime | None = None
    until: datetime | None = None
    note: str | None = None
    to_version: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Undo orders, the latest first; `next_after` asks for the page behind it."""

    undos: Sequence[Undo]
    next_after: tuple[datetime, UUID] | None


async def list_effects(
    session: AsyncSession,
    reach: Reach,
    kind: EffectKind,
    *,
    after: EffectKey | None = None,
    limit: int = 50,
    patience: Patience | None = None,
) -> EffectPage:
    """What a version did, one kind at a time.

    Points, discounts and refusals go as they were recorded, all others by when they took effect.

    Args:
        session: reads only.
        reach: which version, at which place, when; the caller may see that place.
        kind: points awarded, discounts charged in its name, moves of tier and stage, refusals, tags given
            and ended, messages asked for.
        after: `next_after` of the page before.
        limit: most on a page.
        patience: how long to read purchases back for discounts and refusals; None: as for a page.
    Returns: what was posted, whether or not some of it was taken back since; where patience came to its end
        the page is not full, and maybe empty, though there may be more behind it.
    """
    return await effect_pages.page(session, reach, kind, after, limit, patience or effect_pages.USUAL)


async def count_effects(
    session: AsyncSession, reach: Reach, kind: QuickKind, *, most: int = COUNTED_MOST
) -> int | None:
    """How many effects of one kind a version has, as far as that is quickly told.

    Args:
        session: reads only.
        reach, kind: as in `list_effects`.
        most: where counting stops.
    Returns: `most` where there are as many or more; None where it takes too long.
    """
    return await effect_pages.count(session, reach, kind, most)


async def order_undo(
    session: AsyncSession, places: Places, undo_id: UUID, wish: Wish, actor: Actor, at: datetime
) -> Undo:
    """Ask for the undoing of what a version did; its list and preview are then made.

    Args:
        session: in a transaction.
        places: as they are now.
        undo_id: drawn by who asks and kept across retries: the same one again changes nothing.
        wish: what to undo.
        actor: who asks, and has the right at that place.
        at: aware UTC, now.
    Returns: the order, still without its list.
    Raises: UnknownPack; UndoSpanInvalid; PermissionDenied; IdempotencyMismatch: the id is that of another
        order. Nothing is kept then.
    Source: docs/undoing.md.
    """
    if not actor.may_at(Permission.PACK_UNDO, places.get(wish.place_id).path):
        raise PermissionDenied(Permission.PACK_UNDO)
    known = await repository.find(session, undo_id, EVERYWHERE)
    if known is not None:
        _require_same(known, wish)
        return known
    stored = await rules.get_version(session, wish.code, wish.version)
    if wish.to_version is not None:
        await rules.get_version(session, wish.code, wish.to_version)
    until = _until(wish, at)
    undo = Undo(
        id=undo_id,
        pack_code=stored.version.code,
        version=stored.version.version,
        to_version=wish.to_version,
        place_id=wish.place_id,
        since=wish.since,
        until=until,
        policy=wish.policy,
        note=optional(wish.note),
        state="preparing",
        content_hash=None,
        preview=None,
        members_in_all=0,
        members_done=0,
        points_taken=0,
        points_owed=0,
        points_given=0,
        tiers_moved=0,
        tags_changed=0,
        stages_moved=0,
        messages_withdrawn=0,
        differences=0,
        done_after=None,
        ordered_at=at,
        ordered_by=f"{actor.kind}:{actor.id}",
        decided_at=None,
        decided_by=None,
        words=None,
        started_at=None,
        ended_at=None,
    )
    await repository.write(session, undo)
    return await keep(session, undo, undo, "undo.order", actor, at, words=undo.note)


async def get_undo(session: AsyncSession, undo_id: UUID, scope: Scope) -> Undo:
    """One undo order. Raises: UnknownUndo: there is none, or not within the scope."""
    found = await repository.find(session, undo_id, scope)
    if found is None:
        raise UnknownUndo
    return found


async def list_undos(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[UndoState] = (),
    code: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """Undo orders at places within the scope, the latest first.

    Args:
        session: any.
        scope: whose places.
        states, code: only those in one of these, of this pack; none: any.
        after: `next_after` of the page before.
        limit: most on a page.
    """
    found = await repository.page(session, scope, states=states, code=code, after=after, count=limit + 1)
    return Page(*page_of(found, limit, lambda last: (last.ordered_at, last.id)))


async def list_items(
    session: AsyncSession,
    undo_id: UUID,
    scope: Scope,
    *,
    after: tuple[UUID, UUID] | None = None,
    only_differences: bool = False,
    member_id: UUID | None = None,
    limit: int = 50,
) -> list[tuple[Item, Result | None]]:
    """The frozen list of an order, with what became of each entry on it.

    Args:
        session: any.
        undo_id: within the scope.
        scope: whose places.
        after: (member, entry) of the last item of the page before.
        only_differences: only those of which something else was taken than the preview said.
        member_id: only this member's.
        limit: most on a page.
    Raises: UnknownUndo.
    """
    await get_undo(session, undo_id, scope)
    return await repository.list_items(
        session,
        undo_id,
        after=after,
        only_differences=only_differences,
        member_id=member_id,
        limit=limit,
    )


async def waiting_undos(session: AsyncSession) -> list[UUID]:
    """Orders on which a workflow has something to do, the oldest first.

    Args:
        session: any.
    """
    return await repository.waiting(session)


def _require_same(known: Undo, wish: Wish) -> None:
    until = wish.until or known.until
    asked = (wish.code, wish.version, wish.to_version, wish.place_id, wish.policy, wish.since, until)
    if asked != (
        known.pack_code,
        known.version,
        known.to_version,
        known.place_id,
        known.policy,
        known.since,
        known.until,
    ):
        raise IdempotencyMismatch("Idempotency-Key")


def _until(wish: Wish, at: datetime) -> datetime:
    until = wish.until or at
    if until > at:
        raise UndoSpanInvalid("this lies in the future; leave it empty, or name a time up to now", "until")
    if wish.since is not None and wish.since >= until:
        raise UndoSpanInvalid(
            "the start is not before the end; name an earlier start or a later end", "since"
        )
    return until
