"""A chain for the real data: founded by the ordinary start, loaded by the importer in this process."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import text

from regulars.analytics.totals import END_OF_TIME, ChainTotals, read_member_totals, read_totals
from regulars.db.session import Database, make_engine
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.importer import Imported, Wish, import_history
from regulars.entrypoints.complete_journey.source import Slice
from regulars.kernel.clock import now
from regulars.members.phones import PhoneKeys
from regulars.settings import Settings

KEYS = PhoneKeys(cipher=b"c" * 32, index=b"i" * 32)
INDEPENDENT = Path(__file__).parent.parent / "benchmarks" / "independent_totals.py"
TABLES = (
    "purchase",
    "ledger_entry",
    "posting",
    "lot",
    "lifecycle_event",
    "member",
    "place",
    "pack_activation",
)


@dataclass
class ImportedChain:
    """A chain and what was imported into it first."""

    url: str
    database: Database
    first: Imported = field(init=False)

    async def load(self, wanted: Slice, *, loaders: int | None = 0) -> Imported:
        """Import a slice; by default in this process."""
        wish = Wish(self.url, KEYS, wanted, loaders)
        return await import_history(wish, self.database, Console(file=StringIO()))

    async def totals(self) -> ChainTotals:
        async with self.database.read() as session:
            return await read_totals(session, (await read_totals(session)).last_purchase_at)

    async def households(self) -> dict[str, dict[str, object]]:
        """Each household's own figures, by its reference."""
        found = {}
        for number, member_id in self.first.ground.members.items():
            async with self.database.read() as session:
                member = await read_member_totals(session, member_id, END_OF_TIME)
            assert member is not None
            found[f"cj-{number}"] = {
                "purchases": member.purchases,
                "sales_minor": member.sales_minor,
                "points_earned": member.points_earned,
                "tier": member.tier,
            }
        return found

    async def row_counts(self) -> dict[str, int]:
        """How many rows the tables of history hold."""
        async with self.database.read() as session:
            return {
                name: int(await session.scalar(text(f"select count(*) from {name}")) or 0) for name in TABLES
            }


async def open_chain(url: str) -> ImportedChain:
    """A chain as `regulars up` founds it in an empty database, in another currency than the data's."""
    database = Database(make_engine(url, application="regulars-test"))
    await bootstrap(database, Settings(), now())
    return ImportedChain(url, database)


def independent(**options: object) -> dict[str, Any]:
    """Totals by SQL over the files, from a program that imports nothing of the product."""
    arguments = [
        part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))
    ]
    run = subprocess.run(
        [sys.executable, str(INDEPENDENT), "--households", *arguments],
        capture_output=True,
        check=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found
