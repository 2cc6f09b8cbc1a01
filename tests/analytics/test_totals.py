"""Totals are counted from history, as of any instant, on a real database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from regulars.analytics.totals import ChainTotals, read_member_totals, read_totals
from regulars.db.session import Database
from regulars.kernel.ids import new_id
from regulars.ledger.tables import balance, ledger_entry, posting
from regulars.lifecycle.domain import Newcomer
from regulars.lifecycle.service import open_standings
from regulars.lifecycle.tables import lifecycle_event
from regulars.members.tables import member
from regulars.organisation import service as organisation
from regulars.organisation.domain import NewPlace
from regulars.purchases.tables import purchase, purchase_attribution
from regulars.security.actor import Actor

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
COMMAND = Actor.command("test")
HOUSE = UUID(int=7)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


class Chain:
    """A chain whose history a test writes row by row."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store, self.till = NewPlace(new_id(), "HQ", "store", "S1", "One"), new_id()

    async def open(self) -> None:
        async with self.database.begin() as session:
            await organisation.found_chain(
                session,
                place_id=new_id(),
                name="熟客超市",
                currency="CNY",
                time_zone="Asia/Shanghai",
                actor=COMMAND,
                at=START,
            )
            till = NewPlace(self.till, "S1", "terminal", "S1-1", "Till")
            await organisation.open_places(session, [self.store, till], COMMAND, START)

    async def enrol(self, number: str, at: datetime) -> UUID:
        who = new_id()
        async with self.database.begin() as session:
            await session.execute(
                insert(member).values(
                    id=who,
                    number=number,
                    name="x",
                    home_store_id=self.store.id,
                    attributes={},
                    enrolled_at=at,
                    recorded_at=at,
                )
            )
            await open_standings(session, [Newcomer(who, self.store.id, at, at)], at)
        return who

    async def happen(
        self, who: UUID, event_no: int, at: datetime, *, tier: str | None = None, stage: str | None = None
    ) -> None:
        async with self.database.begin() as session:
            await session.execute(
                insert(lifecycle_event).values(
                    id=new_id(),
                    member_id=who,
                    event_no=event_no,
                    after_seq=event_no,
                    kind="upgraded",
                    effective_at=at,
                    recorded_at=at,
                    tier_to=tier,
                    stage_to=stage,
                    reason={},
                )
            )

    async def sell(self, who: UUID | None, at: datetime, sales_minor: int, seq: int | None = None) -> UUID:
        sold = new_id()
        async with self.database.begin() as session:
            await session.execute(
                insert(purchase).values(
                    id=sold,
                    business_key=str(sold),
                    terminal_id=self.till,
                    store_id=self.store.id,
                    business_day=at.date(),
                    receipt_no="1",
                    kind="sale",
                    body_hash=b"",
                    source="till",
                    member_id=who,
                    seq=seq,
                    occurred_at=at,
                    recorded_at=at,
                    channel="store",
                    list_minor=sales_minor,
                    sales_minor=sales_minor,
                    points=0,
                    line_count=0,
                    flags=[],
                    tenders={},
                    lines=[],
                    evaluation={},
                    receipt={},
                )
            )
        return sold

    async def book(self, who: UUID, at: datetime, amounts: Sequence[int], kind: str = "earn") -> None:
        entry = new_id()
        async with self.database.begin() as session:
            await session.execute(
                insert(ledger_entry).values(
                    id=entry, kind=kind, cause_id=new_id(), member_id=who, effective_at=at, recorded_at=at
                )
            )
            for leg, amount in enumerate(amounts):
                await session.execute(
                    insert(posting).values(
                        entry_id=entry,
                        leg=leg,
                        from_account_id=HOUSE,
                        to_account_id=who,
                        unit="points",
                        amount=amount,
                        pack_version="p/1",
                        rule_id="r",
                    )
                )

    async def totals(self, as_of: datetime | None = None) -> ChainTotals:
        async with self.database.read() as session:
            return await read_totals(session, as_of)


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(database: Database) -> Chain:
    made = Chain(database)
    await made.open()
    return made


async def test_an_empty_chain_names_every_tier_and_stage_with_nobody_in_it(chain: Chain) -> None:
    found = await chain.totals()
    assert found.members_by_tier == {"base": 0, "silver": 0, "gold": 0}
    assert found.members_by_stage == {"joined": 0, "active": 0, "at_risk": 0, "lapsed": 0}
    assert (found.purchases, found.members, found.sales_minor, found.points_earned) == (0, 0, 0, 0)
    assert found.last_purchase_at is None


async def test_tier_and_stage_as_of_an_instant_are_those_of_the_last_event_by_then(chain: Chain) -> None:
    who = await chain.enrol("1", day(0))
    await chain.happen(who, 2, day(10), tier="silver", stage="active")
    await chain.happen(who, 3, day(20), tier="gold")
    assert (await chain.totals(day(9))).members_by_tier["base"] == 1
    assert (await chain.totals(day(10))).members_by_tier["silver"] == 1
    as_of_day_20 = await chain.totals(day(20))
    assert as_of_day_20.members_by_tier == {"base": 0, "silver": 0, "gold": 1}
    assert as_of_day_20.members_by_stage["active"] == 1


async def test_of_two_events_at_one_instant_the_one_written_later_counts(chain: Chain) -> None:
    who = await chain.enrol("1", day(0))
    await chain.happen(who, 3, day(5), tier="gold")
    await chain.happen(who, 2, day(5), tier="silver")
    assert (await chain.totals()).members_by_tier["gold"] == 1


async def test_an_event_written_late_counts_at_its_own_time(chain: Chain) -> None:
    who = await chain.enrol("1", day(0))
    await chain.happen(who, 2, day(60), stage="at_risk")
    await chain.happen(who, 3, day(50), stage="active")
    assert (await chain.totals()).members_by_stage["at_risk"] == 1
    assert (await chain.totals(day(55))).members_by_stage["active"] == 1


async def test_what_comes_later_than_the_instant_is_left_out_of_every_figure(chain: Chain) -> None:
    early, late = await chain.enrol("1", day(0)), await chain.enrol("2", day(30))
    await chain.sell(early, day(1), 1_000, seq=1)
    await chain.sell(late, day(31), 500, seq=1)
    await chain.book(early, day(1), [7, 3])
    await chain.book(late, day(31), [5])
    then = await chain.totals(day(15))
    assert (then.purchases, then.members, then.sales_minor, then.points_earned) == (1, 1, 1_000, 10)
    assert then.last_purchase_at == day(1)
    now = await chain.totals()
    assert (now.purchases, now.members, now.sales_minor, now.points_earned) == (2, 2, 1_500, 15)


async def test_points_that_expired_were_earned_all_the_same(chain: Chain) -> None:
    who = await chain.enrol("1", day(0))
    await chain.book(who, day(1), [10])
    await chain.book(who, day(9), [10], kind="expire")
    assert (await chain.totals()).points_earned == 10


async def test_a_purchase_without_a_member_counts_for_the_chain(chain: Chain) -> None:
    await chain.sell(None, day(1), 900)
    found = await chain.totals()
    assert (found.purchases, found.sales_minor, found.members) == (1, 900, 0)


async def test_a_members_purchases_include_those_attributed_later(chain: Chain) -> None:
    who = await chain.enrol("1", day(0))
    await chain.sell(who, day(1), 1_000, seq=1)
    anonymous = await chain.sell(None, day(2), 250)
    async with chain.database.begin() as session:
        await session.execute(
            insert(purchase_attribution).values(
                purchase_id=anonymous,
                member_id=who,
                seq=2,
                occurred_at=day(2),
                sales_minor=250,
                recorded_at=day(3),
                actor="x",
                points=2,
                flags=[],
                evaluation={},
                receipt={},
            )
        )
        await session.execute(insert(balance).values(account_id=who, unit="points", amount=12))
    await chain.book(who, day(1), [10])
    await chain.book(who, day(2), [2])
    async with chain.database.read() as session:
        found = await read_member_totals(session, who, day(3))
    assert found is not None
    assert (found.purchases, found.sales_minor, found.points_earned) == (2, 1_250, 12)
    assert found.balances == {"points": 12}
    assert (found.tier, found.stage, found.frozen, found.number) == ("base", "joined", False, "1")
    assert found.last_purchase_at == day(2)
    assert (await chain.totals()).purchases == 2


async def test_nobody_has_no_totals(chain: Chain) -> None:
    async with chain.database.read() as session:
        assert await read_member_totals(session, new_id(), day(3)) is None
