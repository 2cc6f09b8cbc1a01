"""Whatever happens in whatever order: what is live differs by nothing, and debts under a draft are told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 — seeded: what fails can be told again
from typing import Final

import pytest
from adjustments.test_adjusting import Adjusting
from invariants.test_invariants import LONG
from rehearsal.test_after_an_undo import gift
from rehearsal.test_after_corrections import equal, pass_time, undoing
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import ACTOR, MONDAY, line
from undoing.test_correcting import mend
from undoing.world import Undoing, give_points

from regulars.adjustments.errors import AdjustmentBeyondBalance
from regulars.purchases.attribution import attribute_purchase

__all__ = ["undoing"]

HOUR: Final = timedelta(hours=1)
SEEDS: Final = range(60 if LONG else 1)
STEPS: Final = 14


@dataclass
class History:
    """A chain to which one thing after another happens."""

    undoing: Undoing
    chance: Random
    now: datetime = field(default=MONDAY)

    async def step(self) -> None:
        self.now += self.chance.choice((1, 5, 30, 60)) * HOUR
        kinds = [self.buy] * 5 + [self.undo] * 2 + [self.adjust] * 2
        kinds += [self.buy_late, self.buy_ahead, self.correct, self.attribute]
        await self.chance.choice(kinds)()

    async def buy(self, before: timedelta = timedelta()) -> None:
        chain = self.undoing.chain
        who = self.chance.choice(list(chain.members.values()))
        sold = line(self.chance.randrange(100, 6_000))
        at = max(MONDAY, self.now - before)
        await chain.post(chain.basket(who, sold, occurred_at=at), at=self.now)

    async def buy_late(self) -> None:
        await self.buy(self.chance.choice((2, 30, 100)) * HOUR)

    async def buy_ahead(self) -> None:
        await self.buy(timedelta(minutes=-10))

    async def undo(self) -> None:
        self.undoing.at = self.now
        version = self.chance.choice(("gift/1", "grocery-classic/1"))
        await self.undoing.do(
            version, self.chance.choice(("let_be", "within_balance", "debt")), until=self.now
        )

    async def correct(self) -> None:
        self.undoing.at = self.now
        policy, to = self.chance.choice(("let_be", "debt")), self.chance.choice((1, 2))
        await self.undoing.do("gift/1", policy, to_version=to, until=self.now)

    async def adjust(self) -> None:
        adjusting = Adjusting(self.undoing.chain)
        who = self.chance.choice(list(self.undoing.chain.members.values()))
        points = self.chance.choice((-40, -15, 20, 60))
        try:
            await adjusting.ask(who, points, adjusting.person("admin"), at=self.now)
        except AdjustmentBeyondBalance:
            assert points < 0

    async def attribute(self) -> None:
        chain = self.undoing.chain
        who = self.chance.choice(list(chain.members.values()))
        unnamed = await chain.buy(None, line(self.chance.randrange(100, 6_000)), occurred_at=self.now)
        self.now += HOUR
        async with chain.database.begin() as session:
            await attribute_purchase(session, chain.desk, unnamed.purchase_id, who, ACTOR, self.now)


DRAFTS: Final = (
    gift(per=400),
    gift(valid_days=1),
    draft("grocery-classic", minor_per_point=2_000),
)


async def assert_told(undoing: Undoing, at: datetime) -> None:
    """Of each draft the report begins at what the books have, and nobody's points fall below nothing."""
    (owed,) = await undoing.rows("select coalesce(sum(owed), 0)::bigint as points from balance")
    held = sum((await undoing.balances()).values())
    for text in DRAFTS:
        report = await Rehearsals(undoing.chain, at=at).report(text)
        assert (report["liability_points"]["before"], report["owed_points"]["before"]) == (
            held,
            owed["points"],
        )
        assert min(report["liability_points"]["after"], report["owed_points"]["after"]) >= 0


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_happens_in_whatever_order(undoing: Undoing, seed: int) -> None:
    history = History(undoing, Random(seed))
    await give_points(undoing.chain, valid_days=history.chance.choice((3, 8, 40)))
    for name in ("Ann", "Bob"):
        await undoing.chain.join(name)
    await mend(undoing.chain, per=history.chance.choice((50, 300)))
    for _ in range(STEPS):
        await history.step()
    await equal(undoing)
    await assert_told(undoing, history.now + DAY)
    await pass_time(undoing.chain, 300)
    await equal(undoing)
