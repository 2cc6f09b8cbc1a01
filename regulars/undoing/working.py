"""The next piece of work on an undo order, whatever it is: its list, or its next batch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.db.session import Database
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.security.scope import EVERYWHERE
from regulars.undoing.carrying_out import MEMBERS_TOGETHER, undo_batch
from regulars.undoing.domain import AT_WORK, Undo
from regulars.undoing.preparing import prepare_undo
from regulars.undoing.service import get_undo


@dataclass(frozen=True, slots=True)
class Means:
    """What an undo order is carried out with.

    Attributes:
        packs, places: the process's.
        now: the clock.
        members_together: in one transaction.
    """

    database: Database
    packs: LivePacks
    places: Places
    now: Callable[[], datetime]
    members_together: int = MEMBERS_TOGETHER


async def work_on(means: Means, undo_id: UUID) -> Undo:
    """Do the next thing that an order needs, in one transaction; nothing where it waits or has ended.

    Args:
        means: what with.
        undo_id: which.
    Returns: the order as it then stands.
    Raises: UnknownUndo, or an error of the database: it may be tried again.
    """
    async with means.database.read() as session:
        undo = await get_undo(session, undo_id, EVERYWHERE)
        await means.places.refresh(session)
    if undo.state not in AT_WORK:
        return undo
    async with means.database.begin() as session:
        if undo.state == "preparing":
            # The list and its preview are of one state of the books.
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await prepare_undo(session, means.packs, means.places, undo_id, means.now())
        return await undo_batch(
            session, means.packs, means.places, undo_id, means.now(), means.members_together
        )


async def work_through(means: Means, undo_id: UUID, told: Callable[[Undo], None] | None = None) -> Undo:
    """Work on an order until it waits for somebody or has ended.

    Args:
        means: what with.
        undo_id: which.
        told: hears of progress.
    """
    while (undo := await work_on(means, undo_id)).state in AT_WORK:
        if told is not None:
            told(undo)
    return undo
