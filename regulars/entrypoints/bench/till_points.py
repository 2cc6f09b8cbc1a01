"""Purchases a second at several numbers of tills, each beside pgbench with as many clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulars.entrypoints.bench import pgbench
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.loading import Loaded
from regulars.entrypoints.bench.measured import median
from regulars.entrypoints.bench.pgbench import Peer, Way
from regulars.entrypoints.bench.shops import Shop

WAYS: Final[tuple[Way, ...]] = ("spread", "hot")


@dataclass(frozen=True, slots=True)
class Point:
    """Several rounds at one number of tills: ours, then the peer, and again."""

    way: Way
    tills: int
    ours: Sequence[Loaded]
    peers: Sequence[Peer]

    @property
    def ratio(self) -> float:
        """Ours by the peer's: the median of the rounds, for the machine's speed drifts."""
        pairs = zip(self.ours, self.peers, strict=True)
        return median([mine.tally.per_second / peer.per_second for mine, peer in pairs])

    @property
    def per_second(self) -> float:
        """Purchases a second, the median of the rounds."""
        return median([mine.tally.per_second for mine in self.ours])

    def figures(self) -> dict[str, object]:
        """What is kept of it: medians of the rounds, and every round."""
        latencies = [mine.tally.latency_ms for mine in self.ours]
        return {
            "purchases_per_second": round(self.per_second, 1),
            "pgbench_per_second": round(median([peer.per_second for peer in self.peers]), 1),
            "ratio": round(self.ratio, 3),
            "p50_ms": median([one["p50"] for one in latencies]),
            "p99_ms": median([one["p99"] for one in latencies]),
            "cpu_ms_per_purchase": {
                name: round(median([mine.cpu_ms.get(name, 0.0) for mine in self.ours]), 3)
                for name in ("web", "postgres", "temporal", "load")
            },
            "rounds": [
                {**mine.figures(), "pgbench_per_second": round(peer.per_second, 1)}
                for mine, peer in zip(self.ours, self.peers, strict=True)
            ],
        }


async def measure_point(
    shop: Shop, peer_url: str, way: Way, tills: int, *, rounds: int, seconds: int
) -> Point:
    """Alternate with the peer.

    Args:
        shop: its web part runs.
        peer_url: a database with the frozen script's tables.
        way: spread over all members, or all on one.
        rounds: of each.
        seconds: each, after a warm-up of ours.
    """
    members = shop.members if way == "spread" else shop.members[:1]
    ours: list[Loaded] = []
    peers: list[Peer] = []
    for _ in range(rounds):
        ours.append(await shop.load(shop.order(tills, seconds, members=members)))
        peers.append(await pgbench.run(peer_url, way, tills, seconds))
    point = Point(way, tills, ours, peers)
    tell(
        f"{way}, {tills} tills: {point.per_second:,.0f} purchases a second, "
        f"{point.ratio:.2f} × pgbench, p99 {ours[-1].tally.latency_ms['p99']:.0f} ms"
    )
    return point
