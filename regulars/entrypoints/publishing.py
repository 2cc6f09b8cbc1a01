"""Publishes a pack from the command line into the chain's database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database, make_engine
from regulars.entrypoints.acting import command_actor
from regulars.entrypoints.stack.running import running
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem
from regulars.organisation import service as organisation
from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.releases import service as releases
from regulars.rules.domain import PackVersion
from regulars.security.scope import EVERYWHERE
from regulars.settings import Settings


@dataclass(frozen=True, slots=True)
class Publication:
    """What goes live where and from when on."""

    text: bytes
    place_code: str
    live_from: datetime
    reason: str | None


def instant(text: str | None) -> datetime:
    """An instant as typed; now without one. Raises: FieldProblem: it has no date, or no time zone."""
    if text is None:
        return clock.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise FieldProblem(
            f"--from {text}: write an instant with its offset, such as 2026-11-22T00:00:00+08:00",
            field="from",
        )
    return at


async def publish(settings: Settings, wanted: Publication) -> PackVersion:
    """Publish into the database that the settings name, else the one on this machine, started if need be."""
    if settings.database_url:
        return await publish_at(settings.database_url, wanted)
    async with running(settings, ("postgres",)) as stack:
        return await publish_at(stack.database_url, wanted)


async def publish_at(url: str, wanted: Publication) -> PackVersion:
    """Publish into one database."""
    database = Database(make_engine(url, application="regulars-packs", pool_size=2))
    try:
        async with database.begin() as session:
            place = await _place(session, wanted.place_code)
            return await releases.publish(
                session,
                wanted.text,
                place_id=place.id,
                live_from=wanted.live_from,
                actor=command_actor("packs publish"),
                at=clock.now(),
                reason=wanted.reason,
            )
    finally:
        await database.close()


async def _place(session: AsyncSession, code: str) -> Place:
    try:
        return await organisation.place_by_code(session, code, EVERYWHERE)
    except UnknownPlace:
        raise FieldProblem(
            f"--place {code}: there is no such place; `regulars up` founds the chain, its pages open places",
            field="place",
        ) from None
