"""A place that opens while releases are under way begins and ends with them by its own clock."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.domain import Place
from regulars.releases import repository
from regulars.releases.acting import redrawn
from regulars.rules import service as rules
from regulars.security.actor import Actor


async def follow(session: AsyncSession, place: Place, actor: Actor, at: datetime) -> int:
    """Write into a new place's time what releases that are under way want of it.

    Where its clock is that of the place above, that place's time is its own and nothing is written.

    Args:
        session: the transaction that opened it.
        place: just opened.
        actor: who opened it.
        at: aware instant, now.
    Returns: how many releases have a time of their own there; their workflows hear of it.
    Source: docs/releases.md, "Each store's own clock".
    """
    if place.kind == "terminal":
        return 0
    await rules.lock_packs(session)
    followed = 0
    for release in await repository.all_running(session):
        renewed = await redrawn(session, release, actor, at, place)
        if renewed is not None:
            await repository.save(session, replace(renewed, change_no=release.change_no + 1))
            followed += 1
    return followed
