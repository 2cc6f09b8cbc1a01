"""`regulars import complete-journey` and `regulars demo`: the stack, the import, the play, and the words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from regulars.db.session import Database, make_engine
from regulars.entrypoints.complete_journey.importer import (
    Imported,
    Wish,
    import_history,
    wait_for_workflows,
)
from regulars.entrypoints.complete_journey.interrupts import DatabaseAway
from regulars.entrypoints.complete_journey.player import (
    HELD_BACK_DAYS,
    held_back,
    play,
    publish_live_packs,
)
from regulars.entrypoints.complete_journey.source import (
    CURRENCY,
    NOTICE_EN,
    NOTICE_ZH,
    TIME_ZONE,
    Slice,
    open_source,
)
from regulars.entrypoints.complete_journey.tills import TillKeys, TillLine
from regulars.entrypoints.stack.running import Endpoints, running
from regulars.entrypoints.stack.up import found_chain, up
from regulars.kernel.clock import now
from regulars.kernel.words import counted
from regulars.members.phones import PhoneKeys
from regulars.settings import Settings

WHOLE_SOURCE_DAYS = 10_000
REST_SECONDS = 2.0


async def run_import(settings: Settings, *, days: int | None, wait: bool) -> None:
    """Import, print both times, and end what was started for it."""
    console = Console(stderr=True)
    console.print(f"{NOTICE_EN}\n{NOTICE_ZH}", style="dim")
    async with (
        running(settings, ("postgres", "temporal", "worker", "relay")) as stack,
        _connected(stack.database_url) as database,
    ):
        await _found_fitting(database, settings)
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


async def run_demo(settings: Settings, *, purchases_a_minute: float) -> None:
    """Run the whole stack, fill it with history, then play the held-back days until asked to end."""
    console = Console()

    async def beside(stack: Endpoints) -> None:
        async with _connected(stack.database_url) as database:
            await _show(settings, stack, database, console, purchases_a_minute)

    console.print(f"{NOTICE_EN}\n{NOTICE_ZH}", style="dim")
    await up(settings, found=_found_fitting, beside=beside)


async def _show(
    settings: Settings, stack: Endpoints, database: Database, console: Console, purchases_a_minute: float
) -> None:
    last_day = source_days() - HELD_BACK_DAYS
    wish = Wish(stack.database_url, phone_keys(settings), Slice(0, to_day=last_day))
    done = await _import_whatever_happens(wish, database, console)
    _say_loaded(console, done)
    await publish_live_packs(database, now())
    baskets = await held_back(database, done.ground)
    if not baskets:
        console.print("Every held-back purchase has been played; the chain stays up.")
        return
    keys = TillKeys(database, settings.secrets.terminal_key_pepper, settings.data_dir)
    line = TillLine(stack.web_url or "", keys)
    caught_up = asyncio.create_task(_tell_when_caught_up(database, console))
    try:
        console.print(
            f"Playing {counted(len(baskets), 'purchase')} of the last {HELD_BACK_DAYS} days live, "
            f"{purchases_a_minute:g} a minute, at {stack.web_url}",
            highlight=False,
        )
        played = await play(baskets, done.ground, line, console, purchases_a_minute=purchases_a_minute)
        posted = counted(played.posted, "purchase")
        console.print(f"Played {posted}, {played.refused:,} refused; the chain stays up.")
        await caught_up
    finally:
        caught_up.cancel()
        await line.close()


async def _import_whatever_happens(wish: Wish, database: Database, console: Console) -> Imported:
    """Import, and go on where it stopped when PostgreSQL dies under it: the stack brings it back."""
    while True:
        try:
            return await import_history(wish, database, console)
        except DatabaseAway:
            console.print("PostgreSQL went away; going on as soon as it is back.")
            await asyncio.sleep(REST_SECONDS)


async def _tell_when_caught_up(database: Database, console: Console) -> None:
    seconds = await wait_for_workflows(database, Console(quiet=True))
    console.print(f"Workflows caught up {seconds:.1f} s after the last imported purchase.", highlight=False)


async def _found_fitting(database: Database, settings: Settings) -> None:
    """Found the chain of an empty database, in the data's currency and time zone."""
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    await found_chain(database, fitting)


def phone_keys(settings: Settings) -> PhoneKeys:
    """The keys that members' phones are kept under."""
    return PhoneKeys(cipher=settings.secrets.phone_key, index=settings.secrets.blind_index_key)


def source_days() -> int:
    """How many local days the source covers."""
    source = open_source()
    try:
        return source.days()
    finally:
        source.close()


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
        f"{counted(done.purchases, 'purchase')} committed in {done.seconds:.1f} s "
        f"({rate:,.0f} a second){known}.",
        highlight=False,
    )
