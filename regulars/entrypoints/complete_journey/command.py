"""`regulars import complete-journey` and `regulars demo`: the stack, the import, the play, and the words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.importer import (
    Imported,
    Wish,
    import_history,
    wait_for_workflows,
)
from regulars.entrypoints.complete_journey.source import (
    CURRENCY,
    NOTICE_EN,
    NOTICE_ZH,
    TIME_ZONE,
    Slice,
)
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.members.phones import PhoneKeys
from regulars.settings import Settings

WHOLE_SOURCE_DAYS = 10_000


async def run_import(settings: Settings, *, days: int | None, wait: bool) -> None:
    """Import, print both times, and end what was started for it."""
    console = Console(stderr=True)
    console.print(f"{NOTICE_EN}\n{NOTICE_ZH}", style="dim")
    async with (
        running(settings, ("postgres", "temporal", "worker", "relay")) as stack,
        _connected(stack.database_url) as database,
    ):
        await found_chain(database, settings, console)
        wish = Wish(stack.database_url, phone_keys(settings), Slice(0, to_day=days or WHOLE_SOURCE_DAYS))
        try:
            done = await import_history(wish, database, console)
            _say_loaded(console, done)
            if wait:
                seconds = await wait_for_workflows(database, console)
                console.print(f"Workflows caught up {seconds:.1f} s later.", highlight=False)
        except asyncio.CancelledError:
            console.print("Stopped; run it again, and it goes on from here.")
            raise


async def found_chain(database: Database, settings: Settings, console: Console) -> None:
    """Found the chain of an empty database, in the data's currency and time zone."""
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    first = await bootstrap(database, fitting, now())
    if first is not None:
        console.print(
            f"First sign-in: {first.login} with the password {first.password} (shown only now)",
            highlight=False,
        )


def phone_keys(settings: Settings) -> PhoneKeys:
    """The keys that members' phones are kept under."""
    return PhoneKeys(cipher=settings.secrets.phone_key, index=settings.secrets.blind_index_key)


@asynccontextmanager
async def _connected(database_url: str) -> AsyncIterator[Database]:
    database = Database(make_engine(database_url, application="regulars-import", pool_size=2))
    try:
        yield database
    finally:
        await database.close()


def _say_loaded(console: Console, done: Imported) -> None:
    rate = done.purchases / done.seconds if done.seconds else 0.0
    known = f"; {done.known:,} were in already" if done.known else ""
    console.print(
        f"{done.purchases:,} purchases committed in {done.seconds:.1f} s ({rate:,.0f} a second){known}.",
        highlight=False,
    )
