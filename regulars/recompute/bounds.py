"""How many points one person may give alone by recomputing: the chain's own setting, raised by two."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.errors import InvalidInput
from regulars.organisation import service as organisation
from regulars.recompute.domain import POINTS_ALONE, name_of, said_reason
from regulars.recompute.errors import (
    OwnBoundApproval,
    RecomputeBoundDiffers,
    RecomputeBoundInvalid,
    RecomputeReasonMissing,
)
from regulars.security import audit
from regulars.security.actor import Actor

SETTING: Final = "recompute_points_alone"
ASKED: Final = "recompute_points_asked"
MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A higher bound that somebody else must approve.

    Attributes:
        by: kind and id of who asked.
    """

    points: int
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """How many points one person may give alone in 24 hours, and what it shall be; None: just that."""

    points: int
    asked: Asked | None


def bound_of(settings: Mapping[str, object]) -> Bound:
    """The chain's bound; the usual where the chain has chosen nothing.

    Args:
        settings: the chain's.
    """
    chosen, asked = settings.get(SETTING), settings.get(ASKED)
    points = chosen if isinstance(chosen, int) and not isinstance(chosen, bool) else POINTS_ALONE
    return Bound(points, _asked(asked) if isinstance(asked, Mapping) else None)


async def get_bound(session: AsyncSession) -> Bound:
    """The bound in force, and the higher one that is asked for. Raises: NoChain."""
    return bound_of((await organisation.get_chain(session)).settings)


async def get_points_alone(session: AsyncSession) -> int:
    """The bound in force. Raises: NoChain."""
    return (await get_bound(session)).points


async def set_points_alone(
    session: AsyncSession, points: int, actor: Actor, at: datetime, reason: str
) -> Bound:
    """Let one person give fewer points alone from now on, or ask that it be more; what was given stays.

    Args:
        session: an open transaction.
        points: from 0, with which every point takes two, to a million. Fewer count at once. More are asked
            for, instead of what was asked before. As many as now: what is asked for is turned down.
        actor: who decides or asks; the audit says so.
        at: aware UTC, now.
        reason: the actor's own words.
    Returns: the bound in force, and what is asked for.
    Raises: RecomputeBoundInvalid, RecomputeReasonMissing; InvalidInput where it is both; NoChain.
    Source: docs/recompute.md, "Four eyes".
    """
    words = _said(points, reason)
    before = bound_of((await organisation.lock_chain(session)).settings)
    if points > before.points:
        asked = Asked(points, name_of(actor), at, words)
        if before.asked is None or (before.asked.points, before.asked.by) != (points, asked.by):
            await _ask(session, before, asked, actor)
            return Bound(before.points, asked)
        return before
    if before.asked is not None:
        await organisation.keep_settings(session, {ASKED: None})
        asked_for = before.asked.points
        await _record(session, "chain.turn_setting_down", asked_for, before.points, actor, at, words)
    if points < before.points:
        await organisation.change_settings(session, {SETTING: points}, actor, at, words)
    return Bound(points, None)


async def approve_points_alone(session: AsyncSession, points: int, actor: Actor, at: datetime) -> Bound:
    """Let one person give as many points alone as somebody else has asked for, from now on.

    Args:
        session: an open transaction.
        points: what is asked for, as the actor saw it.
        actor: who approves; the audit says so.
        at: aware UTC, now.
    Returns: the bound in force.
    Raises: RecomputeBoundDiffers: nothing is asked, or something else by now; OwnBoundApproval; NoChain.
    Source: docs/recompute.md, "Four eyes".
    """
    asked = bound_of((await organisation.lock_chain(session)).settings).asked
    if asked is None or asked.points != points:
        raise RecomputeBoundDiffers(None if asked is None else asked.points)
    if asked.by == name_of(actor):
        raise OwnBoundApproval
    await organisation.keep_settings(session, {ASKED: None})
    await organisation.change_settings(session, {SETTING: points}, actor, at, asked.reason)
    return Bound(points, None)


async def _ask(session: AsyncSession, before: Bound, asked: Asked, actor: Actor) -> None:
    kept = {"points": asked.points, "by": asked.by, "at": asked.at.isoformat(), "reason": asked.reason}
    await organisation.keep_settings(session, {ASKED: kept})
    await _record(
        session, "chain.ask_for_setting", before.points, asked.points, actor, asked.at, asked.reason
    )


async def _record(
    session: AsyncSession, action: str, before: int, after: int, actor: Actor, at: datetime, words: str
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="chain",
        subject_id="1",
        before={SETTING: before},
        after={SETTING: after},
        reason=words,
        at=at,
    )


def _asked(kept: Mapping[str, object]) -> Asked:
    at = datetime.fromisoformat(str(kept["at"]))
    return Asked(int(str(kept["points"])), str(kept["by"]), at, str(kept["reason"]))


def _said(points: int, reason: str) -> str:
    """The reason's words, where both may be; else all that is wrong at once."""
    if 0 <= points <= MOST:
        return said_reason(reason)
    wrong = RecomputeBoundInvalid(MOST)
    try:
        said_reason(reason)
    except RecomputeReasonMissing as missing:
        raise InvalidInput([wrong, missing]) from None
    raise wrong
