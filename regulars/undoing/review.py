"""Deciding on an undo order: approved by somebody else, refused, paused, taken up again, stopped."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.places import Places
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.undoing.domain import Undo
from regulars.undoing.errors import OwnUndoApproval, UndoNeedsPerson, UndoPreviewDiffers
from regulars.undoing.keeping import ended, keep, locked, optional, require_state, said


async def approve(
    session: AsyncSession,
    places: Places,
    undo_id: UUID,
    content_hash: str,
    actor: Actor,
    at: datetime,
    words: str | None = None,
) -> Undo:
    """Let an order be carried out.

    Args:
        session: in a transaction.
        places: as they are now.
        undo_id: in review.
        content_hash: of the preview that the approver has seen.
        actor: a person who did not order it and has the right at that place.
        at: aware UTC, now.
        words: what the approver wants remembered.
    Returns: the order, approved; approving twice by the same person changes nothing.
    Raises: UnknownUndo; UndoNeedsPerson; PermissionDenied; OwnUndoApproval; UndoStateWrong;
        UndoPreviewDiffers.
    Source: docs/undoing.md, "Four eyes".
    """
    undo = await locked(session, undo_id, actor.scope)
    if actor.kind != "operator":
        raise UndoNeedsPerson
    _require_right(places, undo, actor, Permission.PACK_UNDO_APPROVE)
    name = f"{actor.kind}:{actor.id}"
    if undo.decided_by == name and undo.state in ("approved", "running", "paused", "finished"):
        return undo
    if undo.ordered_by == name:
        raise OwnUndoApproval
    require_state(undo, "in_review")
    if undo.content_hash != content_hash:
        raise UndoPreviewDiffers
    approved = replace(undo, state="approved", decided_at=at, decided_by=name, words=optional(words))
    details = {"content_hash": content_hash}
    return await keep(
        session, undo, approved, "undo.approve", actor, at, details=details, words=approved.words
    )


async def reject(
    session: AsyncSession, places: Places, undo_id: UUID, words: str, actor: Actor, at: datetime
) -> Undo:
    """Refuse an order; nothing is undone.

    Raises: UnknownUndo, PermissionDenied, UndoStateWrong, UndoReasonMissing.
    """
    undo = await locked(session, undo_id, actor.scope)
    _require_right(places, undo, actor, Permission.PACK_UNDO_APPROVE)
    require_state(undo, "in_review")
    rejected = replace(
        ended(undo, "rejected", at),
        decided_at=at,
        decided_by=f"{actor.kind}:{actor.id}",
        words=said(words),
    )
    return await keep(session, undo, rejected, "undo.reject", actor, at, words=rejected.words)


async def cancel(
    session: AsyncSession, places: Places, undo_id: UUID, words: str, actor: Actor, at: datetime
) -> Undo:
    """Give an order up; what was taken back by then stays taken back.

    Returns: the order, cancelled; twice changes nothing.
    Raises: UnknownUndo, PermissionDenied, UndoStateWrong, UndoReasonMissing.
    """
    undo = await locked(session, undo_id, actor.scope)
    _require_right(places, undo, actor, Permission.PACK_UNDO)
    if undo.state == "cancelled":
        return undo
    require_state(undo, "preparing", "in_review", "approved", "running", "paused")
    cancelled = replace(ended(undo, "cancelled", at), words=said(words))
    return await keep(session, undo, cancelled, "undo.cancel", actor, at, words=cancelled.words)


async def pause(session: AsyncSession, places: Places, undo_id: UUID, actor: Actor, at: datetime) -> Undo:
    """Let an order rest between two batches.

    Returns: the order, paused; twice changes nothing.
    Raises: UnknownUndo, PermissionDenied, UndoStateWrong.
    """
    undo = await locked(session, undo_id, actor.scope)
    _require_right(places, undo, actor, Permission.PACK_UNDO)
    if undo.state == "paused":
        return undo
    require_state(undo, "approved", "running")
    return await keep(session, undo, replace(undo, state="paused"), "undo.pause", actor, at)


async def resume(session: AsyncSession, places: Places, undo_id: UUID, actor: Actor, at: datetime) -> Undo:
    """Go on with an order that rests.

    Returns: the order, running; twice changes nothing.
    Raises: UnknownUndo, PermissionDenied, UndoStateWrong.
    """
    undo = await locked(session, undo_id, actor.scope)
    _require_right(places, undo, actor, Permission.PACK_UNDO)
    if undo.state in ("approved", "running"):
        return undo
    require_state(undo, "paused")
    return await keep(session, undo, replace(undo, state="running"), "undo.resume", actor, at)


def _require_right(places: Places, undo: Undo, actor: Actor, permission: Permission) -> None:
    if not actor.may_at(permission, places.get(undo.place_id).path):
        raise PermissionDenied(permission)
