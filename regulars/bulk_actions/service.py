"""Use-cases around bulk actions: draw up the list, say why, decide, stop, follow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.bulk_actions import repository
from regulars.bulk_actions.domain import (
    WORDS_MAX,
    WORDS_MIN,
    BulkAction,
    BulkKind,
    BulkState,
    Item,
    Result,
    hash_of,
)
from regulars.bulk_actions.errors import (
    BulkListDiffers,
    BulkNothingMatches,
    BulkReasonMissing,
    BulkStateWrong,
    OwnBulkApproval,
    UnknownBulkAction,
)
from regulars.bulk_actions.listing import Wish, kept_filter, make_list
from regulars.explanation.shelf import Shelf
from regulars.kernel.paging import page_of
from regulars.lifecycle.freezing import freeze_reason
from regulars.organisation.places import Places
from regulars.purchases.errors import IdempotencyMismatch
from regulars.recompute import service as recompute
from regulars.recompute.bounds import get_points_alone
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import Scope

_ALSO: Final[dict[BulkKind, Permission]] = {
    "freeze": Permission.MEMBER_FREEZE,
    "unfreeze": Permission.MEMBER_FREEZE,
    "recompute": Permission.PURCHASE_RECOMPUTE,
}


@dataclass(frozen=True, slots=True)
class Page:
    """Bulk actions, the latest first; `next_after` asks for the page behind it."""

    actions: Sequence[BulkAction]
    next_after: tuple[datetime, UUID] | None


async def draw_up(
    session: AsyncSession,
    places: Places,
    shelf: Shelf,
    action_id: UUID,
    wish: Wish,
    actor: Actor,
    at: datetime,
) -> BulkAction:
    """Make the exact list of a bulk action, and keep it; nothing is done before somebody says why.

    Args:
        session: in a transaction.
        places: as they are now.
        shelf: pack versions, for reckoning what recomputing would give.
        action_id: drawn by who asks and kept across retries: the same one again changes nothing.
        wish: what to do, and to whom.
        actor: who asks, and has the rights at that place.
        at: aware UTC, now.
    Returns: the draft.
    Raises: PermissionDenied; FreezeReasonUnknown; BulkFilterEmpty; BulkNothingMatches;
        RecomputeVersionUnfit; IdempotencyMismatch: the id is that of another wish. Nothing is kept then.
    Source: docs/operations.md.
    """
    path = places.get(wish.place_id).path
    _require_rights(wish.kind, path, actor)
    await repository.one_at_a_time(session, action_id)
    known = await repository.find(session, action_id, actor.scope)
    if known is not None:
        if known.wish_hash not in (None, wish.content_hash):
            raise IdempotencyMismatch("Idempotency-Key")
        return known
    reason = freeze_reason(wish.freeze_reason or "").value if wish.kind == "freeze" else None
    items, more = await make_list(session, places, shelf, wish, at)
    if not items:
        raise BulkNothingMatches
    extra = (reason or "", *wish.versions)
    action = BulkAction(
        id=action_id,
        kind=wish.kind,
        place_id=wish.place_id,
        wanted=kept_filter(wish.wanted),
        versions=wish.versions,
        freeze_reason=reason,
        state="draft",
        content_hash=hash_of(wish.kind, wish.place_id, extra, items),
        items=len(items),
        more=more,
        points=sum(item.points for item in items),
        changed=0,
        unchanged=0,
        refused=0,
        points_given=0,
        ordered_at=at,
        ordered_by=_name(actor),
        reason=None,
        decided_at=None,
        decided_by=None,
        words=None,
        started_at=None,
        ended_at=None,
        wish_hash=wish.content_hash,
        tiers=sum(item.tier_to is not None for item in items),
        redated=sum(item.redated for item in items),
        missed_minor=sum(item.missed_minor for item in items),
        points_alone=await get_points_alone(session) if wish.kind == "recompute" else None,
        dropped=sum(item.dropped for item in items),
    )
    await repository.write(session, action, items)
    await note(session, action, action, "bulk_action.draw_up", actor, at)
    return action


async def submit(
    session: AsyncSession,
    places: Places,
    action_id: UUID,
    content_hash: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> BulkAction:
    """Say why, and let it begin; or, where it needs a second person, let that one decide.

    Args:
        session: in a transaction.
        places: as they are now.
        action_id: a draft of the actor's own.
        content_hash: of the list that the actor has seen.
        reason: in 2 to 500 characters.
        actor: who drew it up.
        at: aware UTC, now.
    Returns: the action, approved or in review; twice changes nothing.
    Raises: UnknownBulkAction, PermissionDenied, BulkStateWrong, BulkListDiffers, BulkReasonMissing.
    """
    action = await _locked(session, places, action_id, actor)
    words = said(reason)
    if action.ordered_by == _name(actor) and action.reason == words and action.state != "draft":
        return action
    _require(action, content_hash, "draft")
    needs_second = action.needs_second or await _beyond_alone(session, action, actor, at)
    ready = replace(action, state="in_review" if needs_second else "approved", reason=words)
    ready = replace(ready, ordered_by=_name(actor))
    return await keep(session, action, ready, "bulk_action.submit", actor, at, words)


async def _beyond_alone(session: AsyncSession, action: BulkAction, actor: Actor, at: datetime) -> bool:
    """Whether the actor has given so much alone lately that this is too much."""
    if action.kind != "recompute":
        return False
    given = await recompute.given_alone(session, actor, at)
    return action.takes_two(given + action.points, await get_points_alone(session))


async def approve(
    session: AsyncSession,
    places: Places,
    action_id: UUID,
    content_hash: str,
    actor: Actor,
    at: datetime,
) -> BulkAction:
    """Let an action begin that somebody else has ordered.

    Returns: the action, approved; approving twice by the same person changes nothing.
    Raises: UnknownBulkAction, PermissionDenied, OwnBulkApproval, BulkStateWrong, BulkListDiffers.
    """
    action = await _locked(session, places, action_id, actor)
    if action.decided_by == _name(actor) and action.state in ("approved", "running", "finished"):
        return action
    if action.ordered_by == _name(actor):
        raise OwnBulkApproval
    _require(action, content_hash, "in_review")
    approved = replace(action, state="approved", decided_at=at, decided_by=_name(actor))
    return await keep(session, action, approved, "bulk_action.approve", actor, at, None)


async def reject(
    session: AsyncSession, places: Places, action_id: UUID, words: str, actor: Actor, at: datetime
) -> BulkAction:
    """Refuse an action; nothing is done.

    Raises: UnknownBulkAction, PermissionDenied, BulkStateWrong, BulkReasonMissing.
    """
    action = await _locked(session, places, action_id, actor)
    _require(action, action.content_hash, "in_review")
    clean = said(words)
    rejected = replace(
        action, state="rejected", decided_at=at, decided_by=_name(actor), words=clean, ended_at=at
    )
    return await keep(session, action, rejected, "bulk_action.reject", actor, at, clean)


async def cancel(
    session: AsyncSession, places: Places, action_id: UUID, words: str, actor: Actor, at: datetime
) -> BulkAction:
    """Stop an action after the batch that is at work; what was done by then stays done.

    Returns: the action, cancelled; twice changes nothing.
    Raises: UnknownBulkAction, PermissionDenied, BulkStateWrong, BulkReasonMissing.
    """
    action = await _locked(session, places, action_id, actor)
    if action.state == "cancelled":
        return action
    _require(action, action.content_hash, "draft", "in_review", "approved", "running")
    clean = said(words)
    cancelled = replace(action, state="cancelled", words=clean, ended_at=at)
    return await keep(session, action, cancelled, "bulk_action.cancel", actor, at, clean)


async def get_action(session: AsyncSession, action_id: UUID, scope: Scope) -> BulkAction:
    """One bulk action. Raises: UnknownBulkAction: there is none, or not within the scope."""
    found = await repository.find(session, action_id, scope)
    if found is None:
        raise UnknownBulkAction
    return found


async def list_actions(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[BulkState] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """Bulk actions at places within the scope, the latest first.

    Args:
        session: any.
        scope: whose places.
        states: only those in one of these; none: any.
        after: `next_after` of the page before.
        limit: most on a page.
    """
    found = await repository.page(session, scope, states=states, after=after, count=limit + 1)
    return Page(*page_of(found, limit, lambda last: (last.ordered_at, last.id)))


async def list_items(
    session: AsyncSession, action_id: UUID, scope: Scope, *, after: int = 0, limit: int = 50
) -> list[tuple[Item, Result | None]]:
    """The frozen list of an action, with what became of each item. Raises: UnknownBulkAction."""
    await get_action(session, action_id, scope)
    return await repository.list_items(session, action_id, after, limit)


async def waiting_actions(session: AsyncSession) -> list[UUID]:
    """Actions on which a workflow has something to do, the oldest first.

    Args:
        session: any.
    """
    return await repository.waiting(session)


def said(words: str) -> str:
    """The words without surrounding blanks. Raises: BulkReasonMissing."""
    clean = words.strip()
    if not WORDS_MIN <= len(clean) <= WORDS_MAX:
        raise BulkReasonMissing(WORDS_MAX)
    return clean


async def keep(
    session: AsyncSession,
    before: BulkAction,
    after: BulkAction,
    act: str,
    actor: Actor | None,
    at: datetime,
    words: str | None,
) -> BulkAction:
    """Keep a changed action and write the act into the audit log; nobody acts where the workflow does."""
    await repository.save(session, after)
    await note(session, before, after, act, actor, at, words)
    return after


async def note(
    session: AsyncSession,
    before: BulkAction,
    after: BulkAction,
    act: str,
    actor: Actor | None,
    at: datetime,
    words: str | None = None,
) -> None:
    """Write what somebody did with an action into the audit log."""
    await audit.record(
        session,
        actor_kind=actor.kind if actor else "workflow",
        actor_id=actor.id if actor else "bulk_action",
        action=act,
        subject_kind="bulk_action",
        subject_id=str(after.id),
        at=at,
        place_id=after.place_id,
        before={"state": before.state},
        after={"state": after.state, "kind": after.kind, "items": after.items, "hash": after.content_hash},
        reason=words,
    )


async def _locked(session: AsyncSession, places: Places, action_id: UUID, actor: Actor) -> BulkAction:
    found = await repository.find(session, action_id, actor.scope, for_change=True)
    if found is None:
        raise UnknownBulkAction
    _require_rights(found.kind, places.get(found.place_id).path, actor)
    return found


def _require_rights(kind: BulkKind, path: str, actor: Actor) -> None:
    for permission in (Permission.WORKFLOW_OPERATE, _ALSO.get(kind, Permission.WORKFLOW_OPERATE)):
        if not actor.may_at(permission, path):
            raise PermissionDenied(permission)


def _require(action: BulkAction, content_hash: str, *wanted: BulkState) -> None:
    if action.state not in wanted:
        raise BulkStateWrong(action.state, wanted)
    if action.content_hash != content_hash:
        raise BulkListDiffers


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"
