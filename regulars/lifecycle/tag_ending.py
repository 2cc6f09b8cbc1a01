"""Ending a tag that rules gave a member, by hand: it ends now, and a rule may give it again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import repository
from regulars.lifecycle.domain import Standing
from regulars.members import tag_repository
from regulars.members.errors import TagNotByRules
from regulars.members.service import get_member
from regulars.members.tagging import CausedChange, TagChange, held_until, kept
from regulars.security import audit
from regulars.security.actor import Actor

REASON_LENGTH_MAX: Final = 500
_BY_HAND: Final[Mapping[str, str]] = {"pack_version": "", "rule_id": ""}


async def end_tag(
    session: AsyncSession, member_id: UUID, tag: str, actor: Actor, at: datetime, reason: str | None = None
) -> bool:
    """Let a tag that rules gave a member hold no longer; what people gave stays.

    Args:
        session: in a transaction.
        member_id: within the actor's scope.
        tag: its code.
        actor: who may change the member's details.
        at: aware UTC, now.
        reason: for the audit; None for none.
    Returns: whether it was held until now; twice, or once it has ended, changes nothing.
    Raises: UnknownMember; TagNotByRules: no rule ever gave it.
    Source: docs/semantics.md, "Tags".
    """
    await get_member(session, member_id, actor.scope)
    standing = (await repository.lock(session, [member_id]))[member_id].standing
    changes = (await tag_repository.changes_of(session, [member_id])).get(member_id, [])
    if not any(change.tag == tag and change.given for change in changes):
        raise TagNotByRules(tag)
    since = reached(standing, standing.window_as_of)
    held = held_until(changes, since)
    if tag not in held or not _lasts(held[tag], at):
        return False
    ended = TagChange(tag, given=False, effective_at=since, until=None, **_BY_HAND)
    caused = CausedChange(member_id, None, ended, ended_by=f"{actor.kind}:{actor.id}", nth=len(changes))
    await tag_repository.write(session, [caused], {member_id: kept([*changes, ended], since)}, at)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="member.end_tag",
        subject_kind="member",
        subject_id=str(member_id),
        before={"tags": [tag]},
        after={"tags": []},
        reason=(reason or "").strip()[:REASON_LENGTH_MAX] or None,
        at=at,
    )
    return True


def reached(standing: Standing, window_as_of: datetime) -> datetime:
    """As far as a member's time has been decided: what comes earlier comes late, and reads history."""
    return max(standing.advanced_to, window_as_of, standing.stage_since)


def _lasts(until: datetime | None, at: datetime) -> bool:
    return until is None or at < until
