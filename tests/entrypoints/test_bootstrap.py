"""The first start founds a chain and appoints its administrator, once."""

import asyncio
from datetime import UTC, datetime

from regulars.db.session import Database
from regulars.entrypoints.bootstrap import FirstSignIn, bootstrap
from regulars.organisation.service import get_chain
from regulars.security.sign_in import sign_in
from regulars.settings import Settings

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


async def test_the_first_start_gives_a_sign_in_that_works(database: Database) -> None:
    settings = Settings(chain_name="熟客", chain_currency="USD", chain_phone_region="US")
    first = await bootstrap(database, settings, AT)
    assert first is not None
    opened = await sign_in(database, first.login, first.password, "127.0.0.1", AT)
    assert [grant.role for grant in opened.session.operator.grants] == ["admin"]
    async with database.begin() as session:
        chain = await get_chain(session)
    assert (chain.currency, chain.settings) == ("USD", {"phone_region": "US"})
    assert first.password not in repr(first)


async def test_a_second_start_changes_nothing_even_at_once(database: Database) -> None:
    starts = await asyncio.gather(*(bootstrap(database, Settings(), AT) for _ in range(3)))
    assert len([first for first in starts if isinstance(first, FirstSignIn)]) == 1
    assert await bootstrap(database, Settings(), AT) is None
