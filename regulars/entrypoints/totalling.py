"""`regulars totals` and `regulars member show`: read, and print for people or for programs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

import orjson
from rich.console import Console
from rich.table import Table

from regulars.analytics.totals import ChainTotals, MemberTotals, read_member_totals, read_totals
from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.running import running
from regulars.kernel import clock
from regulars.members import service as members
from regulars.members.errors import UnknownMember
from regulars.members.phones import PhoneKeys
from regulars.members.service import MemberRules
from regulars.organisation.service import get_chain
from regulars.security.scope import EVERYWHERE
from regulars.settings import Settings


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[Database]:
    async with running(settings, ("postgres",)) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-totals", pool_size=1))
        try:
            yield database
        finally:
            await database.close()


async def chain_totals(settings: Settings, as_of: datetime | None) -> ChainTotals:
    """What the chain adds up to, now or as of an aware instant."""
    async with _reading(settings) as database, database.read() as session:
        return await read_totals(session, as_of)


async def member_totals(settings: Settings, reference: str) -> MemberTotals:
    """What one member adds up to.

    Raises: UnknownMember: nobody is named so.
    """
    async with _reading(settings) as database, database.read() as session:
        secrets = settings.secrets
        keys = PhoneKeys(cipher=secrets.phone_key, index=secrets.blind_index_key)
        rules = MemberRules.of(await get_chain(session), keys)
        member = await members.find_member(session, reference, rules, EVERYWHERE)
        found = await read_member_totals(session, member.id, clock.now())
    if found is None:
        raise UnknownMember
    return found


def show(found: ChainTotals | MemberTotals, *, as_json: bool) -> None:
    """Print figures."""
    if as_json:
        how = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        print(orjson.dumps(found, default=str, option=how).decode())  # the driver has a UUID type of its own
        return
    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in asdict(found).items():
        table.add_row(name.replace("_", " "), _in_words(value))
    Console().print(table)


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items())
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"
