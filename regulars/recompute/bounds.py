"""How many points one person may give alone by recomputing: the chain's own setting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.recompute.domain import POINTS_ALONE, said_reason
from regulars.recompute.errors import RecomputeBoundInvalid
from regulars.security.actor import Actor

SETTING: Final = "recompute_points_alone"
MOST: Final = 1_000_000


def points_alone(settings: Mapping[str, object]) -> int:
    """So many points somebody may give alone in 24 hours; the usual where the chain has chosen nothing.

    Args:
        settings: the chain's.
    """
    chosen = settings.get(SETTING)
    return chosen if isinstance(chosen, int) and not isinstance(chosen, bool) else POINTS_ALONE


async def get_points_alone(session: AsyncSession) -> int:
    """The bound in force. Raises: NoChain."""
    return points_alone((await organisation.get_chain(session)).settings)


async def set_points_alone(
    session: AsyncSession, points: int, actor: Actor, at: datetime, reason: str
) -> int:
    """Let one person give so many points alone from now on; what was given or approved stays.

    Args:
        session: an open transaction.
        points: from 0, with which every point takes two, to a million.
        actor: who decides; the audit says so.
        at: aware UTC, now.
        reason: the actor's own words.
    Returns: the bound.
    Raises: RecomputeBoundInvalid, RecomputeReasonMissing, NoChain.
    Source: docs/recompute.md, "Four eyes".
    """
    if not 0 <= points <= MOST:
        raise RecomputeBoundInvalid(MOST)
    words = said_reason(reason)
    if points != await get_points_alone(session):
        await organisation.change_settings(session, {SETTING: points}, actor, at, words)
    return points
