"""`bench rehearsal`: a year of purchases imported, rehearsed as it was live, and rehearsed under drafts."""

import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from sqlalchemy import text

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_least, at_most
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.command import WHOLE_SOURCE_DAYS, phone_keys
from regulars.entrypoints.complete_journey.importer import Wish, import_history
from regulars.entrypoints.complete_journey.source import CURRENCY, TIME_ZONE, Slice
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.rehearsal import service
from regulars.rehearsal.domain import Order
from regulars.rehearsal.running import Means, run_rehearsal
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE
from regulars.settings import Settings

LIMIT_SECONDS: Final = 30.0
AIM_SECONDS: Final = 10.0
QUICK_DAYS: Final = 20
ACTOR: Final = Actor.command("bench rehearsal")
LIVE: Final = "live"
DRAFTS: Final[Mapping[str, Sequence[tuple[str, Mapping[str, int]]]]] = {
    LIVE: (("grocery-classic", {}), ("classic-tiers", {})),
    "points": (("grocery-classic", {"minor_per_point": 80}),),
    "tiers": (("classic-tiers", {"silver_spend_minor": 80_000, "at_risk_after_days": 45}),),
}
"""What is rehearsed: packs with these parameters. The live ones are read anew like any draft."""

_POSTED: Final = """
select (select count(*) from purchase), (select sum(points) from purchase),
       (select sum(amount) from balance where unit = 'points'),
       (select count(*) from lifecycle_event where kind in ('upgraded', 'kept', 'downgraded'))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One rehearsal, from the order to the kept report."""

    seconds: float
    cpu_seconds: float
    report: Mapping[str, Any]


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Import, rehearse, compare.

    Args:
        settings: of an empty folder of the bench's own.
        quick: the first days instead of the year.
    """
    return await measure_days(settings, QUICK_DAYS if quick else WHOLE_SOURCE_DAYS)


async def measure_days(settings: Settings, days: int) -> Measured:
    """As `measure`, for the first so many local days."""
    async with running(settings, ("postgres",)) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-bench", pool_size=4))
        try:
            return await _measure(settings, database, stack.database_url, days)
        finally:
            await database.close()


async def _measure(settings: Settings, database: Database, url: str, days: int) -> Measured:
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    await bootstrap(database, fitting, now())
    tell("Importing …")
    wish = Wish(url, phone_keys(settings), Slice(0, to_day=days))
    done = await import_history(wish, database, Console(quiet=True))
    tell(f"{done.purchases:,} purchases; rehearsing …")
    runs = {name: await _rehearse(database, name) for name in DRAFTS}
    posted = await _posted(database)
    live = runs[LIVE].report
    slowest = max(run.seconds for run in runs.values())
    return Measured(
        bars={
            "slowest_seconds": at_most(slowest, LIMIT_SECONDS),
            "purchases": at_least(live["purchases"], done.purchases),
            "differing_purchases": at_most(live["differing_purchases"], 0),
            "differing_members": at_most(live["differing_members"], 0),
            "points_not_as_posted": at_most(abs(_after(live, "points") - posted["points"]), 0),
            "open_points_not_as_posted": at_most(
                abs(_after(live, "liability_points") - posted["open_points"]), 0
            ),
            "tier_moves_not_as_posted": at_most(abs(_moves(live) - posted["tier_moves"]), 0),
        },
        figures={
            "aim_seconds": AIM_SECONDS,
            "posted": posted,
            "rehearsals": {
                name: {
                    "seconds": round(run.seconds, 2),
                    "cpu_seconds_of_processes": round(run.cpu_seconds, 2),
                    "work_ms_of_processes": run.report["work_ms"],
                    "purchases_per_second": round(done.purchases / run.seconds),
                    "points_difference": _after(run.report, "points") - _before(run.report, "points"),
                    "differing_purchases": run.report["differing_purchases"],
                    "differing_members": run.report["differing_members"],
                }
                for name, run in runs.items()
            },
        },
    )


async def _rehearse(database: Database, name: str) -> Run:
    texts = tuple(with_parameters(starter_text(code), changed) for code, changed in DRAFTS[name])
    async with database.read() as session:
        headquarters = (await organisation.place_by_code(session, organisation.HQ_CODE, EVERYWHERE)).id
    started, cpu = time.monotonic(), _children_cpu()
    async with database.begin() as session:
        ordered = await service.order_rehearsal(session, new_id(), Order(texts, headquarters), ACTOR, now())
    ended = await run_rehearsal(Means(database, now), ordered.id)
    seconds = time.monotonic() - started
    assert ended.report is not None
    tell(f"{name}: {seconds:.1f} s")
    return Run(seconds, _children_cpu() - cpu, ended.report)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _posted(database: Database) -> dict[str, int]:
    """What the till's path wrote, counted in the database itself."""
    async with database.read() as session:
        row = (await session.execute(text(_POSTED))).one()
    return dict(
        zip(("purchases", "points", "open_points", "tier_moves"), (int(each) for each in row), strict=True)
    )


def _after(report: Mapping[str, Any], name: str) -> int:
    return int(report[name]["after"])


def _before(report: Mapping[str, Any], name: str) -> int:
    return int(report[name]["before"])


def _moves(report: Mapping[str, Any]) -> int:
    return sum(int(move["members"]["after"]) for move in report["tier_moves"])
