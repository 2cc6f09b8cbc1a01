"""What every act on an undo order has in common: the lock, the state it needs, the note in the audit log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.places import Places
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE, Scope
from regulars.undoing import repository
from regulars.undoing.domain import WORDS_MAX, Reach, Undo, UndoState
from regulars.undoing.errors import UndoReasonMissing, UndoStateWrong, UnknownUndo

BY_WORKFLOW: Final = Actor("command", "undo", "undo", (), scope=EVERYWHERE)
WORDS_MIN: Final = 2
"""Two, for 太贵 is a reason."""


async def locked(session: AsyncSession, undo_id: UUID, scope: Scope) -> Undo:
    """An order that nobody else changes until the transaction ends. Raises: UnknownUndo."""
    found = await repository.find(session, undo_id, scope, for_change=True)
    if found is None:
        raise UnknownUndo
    return found


def require_state(undo: Undo, *wanted: UndoState) -> None:
    """Refuse what cannot be done in this state. Raises: UndoStateWrong."""
    if undo.state not in wanted:
        raise UndoStateWrong(undo.state, wanted)


def said(words: str | None) -> str:
    """The words without surrounding blanks. Raises: UndoReasonMissing."""
    clean = (words or "").strip()
    if not WORDS_MIN <= len(clean) <= WORDS_MAX:
        raise UndoReasonMissing(WORDS_MAX)
    return clean


def optional(words: str | None) -> str | None:
    """The words, cut to what is kept; None for none."""
    return (words or "").strip()[:WORDS_MAX] or None


async def keep(
    session: AsyncSession,
    before: Undo,
    after: Undo,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    details: Mapping[str, object] | None = None,
    words: str | None = None,
) -> Undo:
    """Keep a changed order and write the act into the audit log.

    Args:
        before, after: the order.
        action: "undo.approve".
        details: what the audit should say beside the state.
        words: the actor's own.
    Returns: the order as kept.
    """
    await repository.save(session, after)
    await audit.record(
        session,
        actor_kind="workflow" if actor is BY_WORKFLOW else actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="undo",
        subject_id=str(after.id),
        at=at,
        place_id=after.place_id,
        before={"state": before.state},
        after={"state": after.state, "version": after.version_name, **(details or {})},
        reason=words,
    )
    return after


def ended(undo: Undo, state: UndoState, at: datetime) -> Undo:
    """The order in a state in which nothing more becomes of it."""
    return replace(undo, state=state, ended_at=at)


def reach_of(undo: Undo, places: Places) -> Reach:
    """Which effects an order means."""
    return Reach(undo.version_name, (places.get(undo.place_id).path,), undo.since, undo.until)
