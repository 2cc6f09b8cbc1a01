"""What a backup says that it holds, so that a restore can prove that it holds it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.totals import read_totals
from regulars.db.migrate import scripts
from regulars.entrypoints.backup.dumping import LEFT_OUT
from regulars.entrypoints.stack.problems import StackProblem
from regulars.secret_keys import SecretKeys, fingerprint

DATA_KEYS: Final = ("phone_key", "blind_index_key", "terminal_key_pepper")
"""Keys without which a part of the data is lost; the others may have been renewed since."""

_HAS_SCHEMA: Final = text("select to_regclass('public.alembic_version') is not null")
_REVISIONS: Final = text("select version_num from alembic_version order by 1")
_FACTS: Final = text(
    "select current_setting('server_version_num')::int as postgres, "
    "pg_database_size(current_database()) as database_bytes"
)
_TABLES: Final = text(
    "select quote_ident(relname) from pg_class "
    "where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> all(:left_out) order by 1"
)
_BALANCES: Final = text("select unit, sum(amount)::bigint as amount from balance group by unit order by unit")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands sealed before the data; nothing in it is personal.

    Attributes:
        as_of: everything committed before this instant is in the backup; ISO 8601 in UTC.
        revisions: of the schema.
        postgres: version of the server, as a number such as 180006.
        database_bytes: on the disk, when it was made.
        keys: fingerprints of `DATA_KEYS`.
        rows: table → rows.
        figures: purchases, members, sales, points and balances; None where the schema was older than the
            program that made the backup.
    """

    as_of: str
    revisions: tuple[str, ...]
    postgres: int
    database_bytes: int
    keys: Mapping[str, str]
    rows: Mapping[str, int]
    figures: Mapping[str, Any] | None

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        kept = orjson.loads(content)
        return cls(**{**kept, "revisions": tuple(kept["revisions"])})

    @property
    def purchases(self) -> int:
        return self.rows.get("purchase", 0)

    @property
    def members(self) -> int:
        return self.rows.get("member", 0)


async def read_manifest(session: AsyncSession, keys: SecretKeys, as_of: datetime) -> Manifest:
    """The manifest of a snapshot.

    Args:
        session: a reading one, whose snapshot is the one that is dumped.
        keys: of the chain.
        as_of: aware UTC, before the snapshot was taken.
    Raises: StackProblem: there is nothing to back up.
    """
    if not await session.scalar(_HAS_SCHEMA):
        raise StackProblem("There is nothing to back up yet: the database is empty.")
    revisions = tuple((await session.execute(_REVISIONS)).scalars())
    facts = (await session.execute(_FACTS)).one()
    is_ours = set(revisions) == set(scripts().get_heads())
    return Manifest(
        as_of=as_of.isoformat(timespec="milliseconds"),
        revisions=revisions,
        postgres=facts.postgres,
        database_bytes=facts.database_bytes,
        keys=fingerprints(keys),
        rows=await count_rows(session),
        figures=await read_figures(session) if is_ours else None,
    )


async def count_rows(session: AsyncSession) -> dict[str, int]:
    """Rows of every table whose rows a backup holds, whatever the revision of the schema."""
    tables = list((await session.execute(_TABLES, {"left_out": list(LEFT_OUT)})).scalars())
    # The names are PostgreSQL's own, quoted by itself.
    counts = [f"select '{table}' as name, count(*) as rows from public.{table}" for table in tables]  # noqa: S608
    return {row.name: row.rows for row in await session.execute(text(" union all ".join(counts)))}


async def read_figures(session: AsyncSession) -> dict[str, Any]:
    """What the chain adds up to, as JSON has it."""
    balances = {row.unit: row.amount for row in await session.execute(_BALANCES)}
    totals = asdict(await read_totals(session))
    figures: dict[str, Any] = orjson.loads(orjson.dumps({**totals, "balances": balances}))
    return figures


def differing(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """One phrase for each figure that both have or only `expected` has, and that is not the same."""
    return [
        f"{name} is {found.get(name)} and was {figure}"
        for name, figure in expected.items()
        if found.get(name) != figure
    ]


def fingerprints(keys: SecretKeys) -> dict[str, str]:
    """What tells the keys apart that the data was written with."""
    return {name: fingerprint(getattr(keys, name)) for name in DATA_KEYS}
