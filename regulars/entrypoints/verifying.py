"""Runs all checks of the books on one snapshot."""

from dataclasses import dataclass

from regulars.analytics.release_verification import RELEASE_PLANS, RELEASE_PLANS_CLAIM, release_differences
from regulars.analytics.verification import CHECKS, SHOWN_PER_CHECK, Difference, differences
from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.running import running
from regulars.settings import Settings


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; at most as many differences as are shown."""

    check: str
    claim: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found."""

    ok: bool
    results: tuple[CheckResult, ...]


async def verify_stack(settings: Settings) -> Report:
    """Verify the database that the settings name, else the one on this machine, started if need be."""
    if settings.database_url:
        return await verify_url(settings.database_url)
    async with running(settings, ("postgres",)) as stack:
        return await verify_url(stack.database_url)


async def verify_url(url: str) -> Report:
    """Verify one database, with all checks on one snapshot."""
    database = Database(make_engine(url, application="regulars-verify", pool_size=2))
    try:
        return await verify(database)
    finally:
        await database.close()


async def verify(database: Database) -> Report:
    """Run every check."""
    results = []
    async with database.read() as session:
        for check in CHECKS:
            found = tuple([difference async for difference in differences(session, check)])
            results.append(CheckResult(check.name, check.claim, found))
        found = tuple([difference async for difference in release_differences(session)])
        results.append(CheckResult(RELEASE_PLANS, RELEASE_PLANS_CLAIM, found[:SHOWN_PER_CHECK]))
    return Report(not any(result.differences for result in results), tuple(results))
