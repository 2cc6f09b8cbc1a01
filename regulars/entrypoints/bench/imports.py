"""`bench import`: a year of purchases into a fresh chain by the real import, until all workflows know."""

from typing import Final

from rich.console import Console

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_least, at_most
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.command import WHOLE_SOURCE_DAYS, phone_keys
from regulars.entrypoints.complete_journey.importer import Wish, import_history, wait_for_workflows
from regulars.entrypoints.complete_journey.source import CURRENCY, TIME_ZONE, Slice
from regulars.entrypoints.stack.running import running
from regulars.entrypoints.verifying import verify
from regulars.kernel.clock import now
from regulars.settings import Settings

COMMIT_LIMIT_SECONDS: Final = 90.0
CAUGHT_UP_LIMIT_SECONDS: Final = 180.0
QUICK_DAYS: Final = 30


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Import, wait, verify.

    Args:
        settings: of an empty folder of the bench's own.
        quick: the first 30 days instead of the year.
    """
    return await measure_days(settings, QUICK_DAYS if quick else WHOLE_SOURCE_DAYS)


async def measure_days(settings: Settings, days: int) -> Measured:
    """As `measure`, for the first so many local days."""
    async with running(settings, ("postgres", "temporal", "worker", "relay")) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-bench", pool_size=2))
        try:
            return await _measure(settings, database, stack.database_url, days)
        finally:
            await database.close()


async def _measure(settings: Settings, database: Database, url: str, days: int) -> Measured:
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    await bootstrap(database, fitting, now())
    quiet = Console(quiet=True)
    tell("Importing …")
    done = await import_history(Wish(url, phone_keys(settings), Slice(0, to_day=days)), database, quiet)
    tell(f"{done.purchases:,} purchases committed in {done.seconds:.1f} s; the workflows catch up …")
    caught_up_seconds = await wait_for_workflows(database, quiet)
    tell(f"Caught up {caught_up_seconds:.1f} s later; verifying …")
    report = await verify(database)
    different = {one.check: len(one.differences) for one in report.results if one.differences}
    return Measured(
        bars={
            "last_commit_seconds": at_most(done.seconds, COMMIT_LIMIT_SECONDS),
            "workflows_caught_up_seconds": at_most(caught_up_seconds, CAUGHT_UP_LIMIT_SECONDS),
            "purchases": at_least(done.purchases, 1),
            "verify_differences": at_most(sum(different.values()), 0),
        },
        figures={
            "purchases": done.purchases,
            "members": len(done.ground.members),
            "purchases_per_second": round(done.purchases / done.seconds, 1) if done.seconds else 0.0,
            "last_commit_seconds": round(done.seconds, 2),
            "workflows_caught_up_seconds": round(caught_up_seconds, 2),
            "differences_by_check": different,
        },
    )
