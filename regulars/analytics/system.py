"""How the installation itself is: PostgreSQL, who is connected, how much is kept, and which schema it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

LARGEST_SHOWN: Final = 8
_SERVER: Final = text(
    "select current_setting('server_version') as version, pg_postmaster_start_time() as since,"
    " pg_database_size(current_database()) as bytes"
)
_REVISIONS: Final = text("select version_num from alembic_version order by 1")
_CONNECTED: Final = text(
    "select application_name as name, count(*) as connections, min(backend_start) as since"
    " from pg_stat_activity where datname = current_database() and application_name like 'regulars-%'"
    " group by application_name order by application_name"
)
_LARGEST: Final = text(
    "select c.relname as name, pg_total_relation_size(c.oid) as bytes,"
    " nullif(c.reltuples, -1)::bigint as rows from pg_class c"
    " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'"
    " order by 2 desc limit :largest"
)


@dataclass(frozen=True, slots=True)
class Connected:
    """A part of the product that is connected to the database.

    Attributes:
        name: "regulars-web", "regulars-worker", "regulars-relay", …
        since: when the oldest of its connections was opened.
    """

    name: str
    connections: int
    since: datetime


@dataclass(frozen=True, slots=True)
class TableSize:
    """One of the largest tables; `rows` is PostgreSQL's own estimate, None before it made one."""

    name: str
    bytes: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """The database and whoever is connected to it."""

    version: str
    since: datetime
    bytes: int
    revisions: tuple[str, ...]
    connected: Sequence[Connected]
    largest: Sequence[TableSize]


async def read_system(session: AsyncSession) -> SystemFigures:
    """What PostgreSQL says of itself, of the schema and of its clients."""
    server = (await session.execute(_SERVER)).one()
    revisions = (await session.execute(_REVISIONS)).scalars().all()
    connected = [Connected(**row._mapping) for row in await session.execute(_CONNECTED)]
    largest = await session.execute(_LARGEST, {"largest": LARGEST_SHOWN})
    return SystemFigures(
        version=server.version.split(" ")[0],
        since=server.since,
        bytes=server.bytes,
        revisions=tuple(revisions),
        connected=connected,
        largest=[TableSize(**row._mapping) for row in largest],
    )
