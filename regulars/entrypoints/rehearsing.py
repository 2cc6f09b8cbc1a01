"""Rehearses packs from the command line, in the chain's database, without a workflow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database, make_engine
from regulars.entrypoints.acting import command_actor
from regulars.entrypoints.stack.running import running
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.organisation.errors import UnknownPlace
from regulars.rehearsal import service
from regulars.rehearsal.domain import Order, Rehearsal
from regulars.rehearsal.errors import RehearsalBusy, RehearsalInterrupted
from regulars.rehearsal.running import Means, cancelled_rehearsal, fail_rehearsal, run_rehearsal
from regulars.security.scope import EVERYWHERE
from regulars.settings import Settings

COMMAND = "packs rehearse"
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What to rehearse.

    Attributes:
        since, until: the span of history that is compared; None: all of it.
    """

    texts: tuple[bytes, ...]
    place_code: str
    since: datetime | None
    until: datetime | None


async def rehearse(settings: Settings, wish: Wish, told: Callable[[int, int], None]) -> Rehearsal:
    """Rehearse in the database that the settings name, else the one on this machine, started if need be."""
    if settings.database_url:
        return await rehearse_at(settings.database_url, wish, told)
    async with running(settings, ("postgres",)) as stack:
        return await rehearse_at(stack.database_url, wish, told)


async def rehearse_at(url: str, wish: Wish, told: Callable[[int, int], None]) -> Rehearsal:
    """Rehearse in one database; what ends early is noted as such.

    Args:
        told: hears of progress, (done, in all).
    Raises: RehearsalBusy; PackNotGreen; FieldProblem: there is no such place; RehearsalInterrupted.
    """
    database = Database(make_engine(url, application="regulars-packs", pool_size=CONNECTIONS))
    try:
        async with database.begin() as session:
            order = Order(wish.texts, await _place(session, wish.place_code), wish.since, wish.until)
            ordered = await service.order_rehearsal(
                session, new_id(), order, command_actor(COMMAND), clock.now()
            )
        try:
            return await run_rehearsal(Means(database, clock.now, told=told), ordered.id)
        except (RehearsalBusy, RehearsalInterrupted) as error:
            await fail_rehearsal(database, ordered.id, error.code, clock.now())
            raise
        except BaseException:  # Ctrl-C, too: nobody will go on with it
            await cancelled_rehearsal(database, ordered.id, clock.now())
            raise
    finally:
        await database.close()


async def _place(session: AsyncSession, code: str) -> UUID:
    try:
        return (await organisation.place_by_code(session, code, EVERYWHERE)).id
    except UnknownPlace:
        raise FieldProblem(f"--place {code}: there is no such place", field="place") from None
