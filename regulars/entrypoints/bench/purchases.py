"""`bench purchases`: tills over HTTP beside pgbench on one PostgreSQL; at half the maximum; at a million."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from regulars.entrypoints.bench import pgbench
from regulars.entrypoints.bench.at_half import measure_at_half
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.loading import Loaded
from regulars.entrypoints.bench.measured import Bar, Measured, at_least, at_most, median, percentile
from regulars.entrypoints.bench.shops import Shop, founded, new_database
from regulars.entrypoints.bench.stages import measure_stages
from regulars.entrypoints.bench.till_points import WAYS, Point, measure_point
from regulars.entrypoints.stack.running import Endpoints, running
from regulars.entrypoints.verifying import verify
from regulars.settings import Settings

SPREAD_RATIO_LIMIT: Final = 0.8
HOT_RATIO_LIMIT: Final = 2.0
P99_AT_HALF_LIMIT_MS: Final = 80
SIGNAL_LAG_LIMIT_MS: Final = 1_000
MILLION_COST_LIMIT: Final = 1.3
COSTLY: Final = ("web", "postgres")
NOTE: Final = (
    "While the maximum is measured Temporal is up and idle and no relay runs: the outbox is written and "
    "not drained, as pgbench's is. At half the maximum worker, relay and Temporal work. CPU figures are "
    "processor milliseconds for one purchase; load generator, web and PostgreSQL share the cores."
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done.

    Attributes:
        tills: points that are measured; the last is the one that bars speak of.
        rounds: ours and pgbench in turn, at the last point; `rounds_before` at the others.
        few, many: members of the two chains that the cost of a purchase is compared in.
        workflows: members who buy at half the maximum.
    """

    members: int = 100_000
    tills: Sequence[int] = (1, 8, 32)
    rounds: int = 3
    rounds_before: int = 2
    seconds: int = 5
    workflows: int = 2_000
    seconds_at_half: float = 30.0
    few: int = 1_000
    many: int = 1_000_000
    stage_seconds: float = 5.0


QUICK: Final = Sizes(2_000, (1, 8, 32), 1, 1, 2, 50, 4.0, 1_000, 20_000, 2.0)


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Measure tills, pgbench, half the maximum, stages and a million members, on one PostgreSQL.

    Args:
        settings: of an empty folder of the bench's own.
        quick: small and short.
    """
    return await measure_sizes(settings, QUICK if quick else Sizes())


async def measure_sizes(settings: Settings, sizes: Sizes) -> Measured:
    """As `measure`, with sizes of one's own."""
    async with running(settings, ("postgres", "temporal")) as stack:
        async with founded(settings, stack, "chain", sizes.members) as shop:
            points = await _points(shop, stack, sizes)
            maximum = next(p for p in points if p.way == "spread" and p.tills == sizes.tills[-1])
            half = await measure_at_half(
                shop, maximum.per_second / 2, members=sizes.workflows, seconds=sizes.seconds_at_half
            )
            stages = await measure_stages(shop, sizes.tills[-1], sizes.stage_seconds)
            tell("Verifying …")
            report = await verify(shop.database)
            differences = sum(len(one.differences) for one in report.results)
        costs = await _costs(settings, stack, sizes)
    best = {p.way: p for p in points if p.tills == sizes.tills[-1]}
    bars: Mapping[str, Bar] = {
        f"spread_ratio_{maximum.tills}_tills": at_least(best["spread"].ratio, SPREAD_RATIO_LIMIT),
        f"hot_ratio_{maximum.tills}_tills": at_least(best["hot"].ratio, HOT_RATIO_LIMIT),
        "p99_ms_at_half": at_most(half.loaded.tally.latency_ms["p99"], P99_AT_HALF_LIMIT_MS),
        "signal_lag_median_ms": at_most(percentile(half.signal_lags_ms, 0.5), SIGNAL_LAG_LIMIT_MS),
        "million_member_cost_ratio": at_most(costs.ratio, MILLION_COST_LIMIT),
        "verify_differences": at_most(differences, 0),
    }
    figures: dict[str, object] = {
        "note": NOTE,
        "members": sizes.members,
        "web_processes": settings.serving_processes,
        "tills": {way: {p.tills: p.figures() for p in points if p.way == way} for way in WAYS},
        "at_half": half.figures(),
        "stages": stages,
        "members_and_cost": costs.figures(),
    }
    return Measured(bars, figures)


async def _points(shop: Shop, stack: Endpoints, sizes: Sizes) -> list[Point]:
    peer_url = await new_database(stack.database_url, "pgbench")
    await pgbench.prepare(peer_url)
    async with shop.open():
        return [
            await measure_point(
                shop,
                peer_url,
                way,
                tills,
                rounds=sizes.rounds if tills == sizes.tills[-1] else sizes.rounds_before,
                seconds=sizes.seconds,
            )
            for way in WAYS
            for tills in sizes.tills
        ]


@dataclass(frozen=True, slots=True)
class Costs:
    """The same load in a chain of few and in one of many members, in turn."""

    sizes: Sizes
    few: Sequence[Loaded]
    many: Sequence[Loaded]

    @property
    def ratio(self) -> float:
        """Processor time of a purchase among many by that among few, the median of the rounds."""
        pairs = zip(self.many, self.few, strict=True)
        return median([_cost_ms(many) / _cost_ms(few) for many, few in pairs])

    def figures(self) -> dict[str, object]:
        """What is kept of it."""
        p50s = [m.tally.latency_ms["p50"] / f.tally.latency_ms["p50"] for m, f in self._pairs()]
        return {
            "cost_ratio": round(self.ratio, 3),
            "p50_ratio": round(median(p50s), 3),
            f"{self.sizes.few}": [one.figures() for one in self.few],
            f"{self.sizes.many}": [one.figures() for one in self.many],
        }

    def _pairs(self) -> list[tuple[Loaded, Loaded]]:
        return list(zip(self.many, self.few, strict=True))


def _cost_ms(loaded: Loaded) -> float:
    return sum(loaded.cpu_ms[name] for name in COSTLY)


async def _costs(settings: Settings, stack: Endpoints, sizes: Sizes) -> Costs:
    few: list[Loaded] = []
    many: list[Loaded] = []
    async with AsyncExitStack() as opened:
        small = await opened.enter_async_context(founded(settings, stack, "few", sizes.few))
        large = await opened.enter_async_context(founded(settings, stack, "many", sizes.many))
        for shop in (small, large):
            await opened.enter_async_context(shop.open())
        for number in range(sizes.rounds):
            # Whoever goes first has the cooler caches: take turns.
            for shop, kept in ((small, few), (large, many))[:: 1 if number % 2 == 0 else -1]:
                kept.append(await shop.load(shop.order(sizes.tills[-1], sizes.seconds)))
    costs = Costs(sizes, few, many)
    tell(f"{sizes.many:,} members: {costs.ratio:.2f} × the cost of a purchase with {sizes.few:,}")
    return costs
