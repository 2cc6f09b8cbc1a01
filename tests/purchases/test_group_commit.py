"""Tills that come together share a transaction, and each gets its own answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from time import process_time
from uuid import UUID

import pytest
from small_chain import MONDAY, SmallChain
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from regulars.db.session import Database, make_engine
from regulars.entrypoints.verifying import verify
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.lifecycle import repository as standings
from regulars.purchases import group_commit
from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.errors import IdempotencyMismatch, MemberUnknown, PurchaseFailed, PurchaseHeldUp
from regulars.purchases.group_commit import GROUP_MAX, WORTH_A_LANE, GroupCommit
from regulars.purchases.tables import purchase

POISON = "nul \x00 in a name"


@pytest.fixture
def counter(chain: SmallChain) -> GroupCommit:
    return GroupCommit(chain.database, chain.desk, lambda: MONDAY)


async def hand_in(counter: GroupCommit, *baskets: Basket) -> list[Recorded | RegularsError]:
    return await asyncio.gather(*(counter.post(basket) for basket in baskets))


async def transactions_of(chain: SmallChain) -> int:
    """How many transactions wrote the purchases that stand."""
    async with chain.database.read() as session:
        return (await session.execute(text("select count(distinct xmin::text) from purchase"))).scalar_one()


async def purchases_of(chain: SmallChain, member: UUID) -> list[tuple[int, str]]:
    """The member's purchases in the order in which they counted: (seq, receipt_no)."""
    async with chain.database.read() as session:
        rows = await session.execute(
            select(purchase.c.seq, purchase.c.receipt_no)
            .where(purchase.c.member_id == member)
            .order_by(purchase.c.seq)
        )
        return [(seq, receipt_no) for seq, receipt_no in rows]


async def assert_books_agree(chain: SmallChain) -> None:
    report = await verify(chain.database)
    assert report.ok, [found for result in report.results for found in result.differences]


async def test_what_arrives_together_is_committed_together(chain: SmallChain, counter: GroupCommit) -> None:
    members = [await chain.join(f"M{i}") for i in range(30)]
    answers = await hand_in(counter, *(chain.basket(member) for member in members))
    assert all(isinstance(answer, Recorded) and answer.receipt["points"] > 0 for answer in answers)
    assert await transactions_of(chain) == 1
    await assert_books_agree(chain)


async def test_few_tills_do_not_wait_for_companions_that_are_not_there(
    chain: SmallChain, counter: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60.0)
    members = [await chain.join(f"M{i}") for i in range(4)]

    async def sell(member: UUID) -> None:
        for _ in range(8):
            await counter.post(chain.basket(member))

    async with asyncio.timeout(30):
        await asyncio.gather(*map(sell, members))
    assert await transactions_of(chain) < 32  # and yet some of them went together


async def test_a_member_who_joined_after_the_question_is_locked_before_anything_is_sold(
    chain: SmallChain,
) -> None:
    member = await chain.join("Wang Fang")
    look = text("select from standing where member_id = :member for update nowait")
    async with chain.database.begin_directly() as session:
        assert await standings.held_members(session, [member], held=0)
        async with chain.database.begin() as other:
            with pytest.raises(DBAPIError, match="could not obtain lock"):
                await other.execute(look, {"member": member})
            await other.rollback()


async def test_a_member_s_purchases_count_in_the_order_in_which_they_came(
    chain: SmallChain, counter: GroupCommit
) -> None:
    hot, others = await chain.join("Hot"), [await chain.join(f"M{i}") for i in range(5)]
    baskets = [
        chain.basket(others[i % 5] if i % 3 == 0 else hot, receipt_no=f"{i:03d}")
        for i in range(3 * GROUP_MAX)
    ]
    answers = await hand_in(counter, *baskets)
    assert all(isinstance(answer, Recorded) for answer in answers)
    expected = [basket.receipt_no for basket in baskets if basket.member_id == hot]
    assert await purchases_of(chain, hot) == list(enumerate(expected, 1))
    await assert_books_agree(chain)


async def test_a_refused_purchase_and_a_poisonous_one_fail_alone(
    chain: SmallChain, counter: GroupCommit
) -> None:
    member = await chain.join()
    first = chain.basket(member, receipt_no="1")
    answers = await hand_in(
        counter,
        first,
        chain.basket(member, receipt_no="1", cashier="somebody else"),
        first,
        chain.basket(new_id()),
        chain.basket(member, cashier=POISON),
        chain.basket(member),
    )
    kinds = [type(answer) for answer in answers]
    assert kinds == [Recorded, IdempotencyMismatch, Recorded, MemberUnknown, PurchaseFailed, Recorded]
    assert isinstance(answers[0], Recorded)
    assert isinstance(answers[2], Recorded)
    assert answers[0].receipt_text == answers[2].receipt_text
    assert len(await purchases_of(chain, member)) == 2
    await assert_books_agree(chain)


async def test_a_purchase_that_fails_on_its_own_raises_to_its_till(
    chain: SmallChain, counter: GroupCommit
) -> None:
    with pytest.raises(Exception, match="0x00"):
        await counter.post(chain.basket(await chain.join(), cashier=POISON))
    assert isinstance(await counter.post(chain.basket()), Recorded)


async def test_a_till_that_hangs_up_takes_nothing_back(chain: SmallChain, counter: GroupCommit) -> None:
    member = await chain.join()
    basket = chain.basket(member)
    impatient = asyncio.create_task(counter.post(basket))
    patient = asyncio.create_task(counter.post(chain.basket(member)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert isinstance(await patient, Recorded)
    await counter.close()
    (again,) = await hand_in(counter, basket)
    assert isinstance(again, Recorded)
    assert again.replayed
    assert len(await purchases_of(chain, member)) == 2


async def test_who_waits_for_one_member_holds_up_nobody_else(chain: SmallChain, counter: GroupCommit) -> None:
    hot, other = await chain.join("Hot"), await chain.join("Other")
    async with locked(chain, hot):
        stuck = [asyncio.create_task(counter.post(chain.basket(hot))) for _ in range(3)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            answers = await hand_in(counter, *(chain.basket(other) for _ in range(3)))
        assert all(isinstance(answer, Recorded) for answer in answers)
        assert not any(task.done() for task in stuck)
    assert all(isinstance(answer, Recorded) for answer in await asyncio.gather(*stuck))
    await assert_books_agree(chain)


async def test_waiting_for_a_member_costs_next_to_nothing(chain: SmallChain, counter: GroupCommit) -> None:
    hot = await chain.join("Hot")
    async with locked(chain, hot):
        stuck = [asyncio.create_task(counter.post(chain.basket(hot)))]
        await asyncio.sleep(0.1)
        stuck += [asyncio.create_task(counter.post(chain.basket(hot))) for _ in range(3 * WORTH_A_LANE)]
        await asyncio.sleep(0.1)
        before = process_time()
        await asyncio.sleep(0.5)
        busy_seconds = process_time() - before
        assert not any(task.done() for task in stuck)
    assert all(isinstance(answer, Recorded) for answer in await asyncio.gather(*stuck))
    assert busy_seconds < 0.25


async def test_one_member_who_is_held_for_long_fails_alone_and_may_be_sent_again(
    chain: SmallChain, database_url: str
) -> None:
    hot, others = await chain.join("Hot"), [await chain.join(f"M{i}") for i in range(3)]
    impatient = Database(make_engine(database_url, application="a till", lock_wait_seconds=1))
    counter = GroupCommit(impatient, chain.desk, lambda: MONDAY)
    baskets = [chain.basket(member) for member in (others[0], hot, others[1], None, others[2])]
    async with locked(chain, hot):
        answers = await hand_in(counter, *baskets)
    kinds = [type(answer) for answer in answers]
    assert kinds == [Recorded, PurchaseHeldUp, Recorded, Recorded, Recorded]
    (again,) = await hand_in(counter, baskets[1])
    assert isinstance(again, Recorded)
    assert not again.replayed
    await assert_books_agree(chain)
    await impatient.close()


async def test_several_processes_post_for_one_member_at_once(chain: SmallChain, database_url: str) -> None:
    hot, cold = await chain.join("Hot"), [await chain.join(f"M{i}") for i in range(4)]
    engines = [Database(make_engine(database_url, application="another till")) for _ in range(3)]
    counters = [GroupCommit(engine, chain.desk, lambda: MONDAY) for engine in engines]
    posts = [
        counters[i % 3].post(chain.basket(hot if i % 2 else cold[i % 4], receipt_no=f"{i:03d}"))
        for i in range(120)
    ]
    answers = await asyncio.gather(*posts)
    assert all(isinstance(answer, Recorded) for answer in answers)
    assert [seq for seq, _ in await purchases_of(chain, hot)] == list(range(1, 61))
    await assert_books_agree(chain)
    for engine in engines:
        await engine.close()


async def test_a_database_that_is_away_is_told_to_every_till_that_waits(chain: SmallChain) -> None:
    gone = Database(make_engine("postgresql://nobody@127.0.0.1:1/nothing", application="gone"))
    counter = GroupCommit(gone, chain.desk, lambda: MONDAY)
    posts = [counter.post(chain.basket()) for _ in range(3)]
    failures = await asyncio.gather(*posts, return_exceptions=True)
    assert all(isinstance(failure, OSError) for failure in failures)
    await gone.close()


async def test_the_time_of_recording_is_that_of_the_group(chain: SmallChain) -> None:
    times = iter([MONDAY, MONDAY.replace(hour=20)])
    counter = GroupCommit(chain.database, chain.desk, lambda: next(times))
    await hand_in(counter, chain.basket(), chain.basket())
    await counter.post(chain.basket())
    async with chain.database.read() as session:
        rows = await session.execute(select(purchase.c.recorded_at).order_by(purchase.c.recorded_at))
        recorded: list[datetime] = list(rows.scalars())
    assert recorded == [MONDAY, MONDAY, MONDAY.replace(hour=20)]


@asynccontextmanager
async def locked(chain: SmallChain, member: UUID) -> AsyncIterator[None]:
    """Somebody else holds the member."""
    async with chain.database.begin() as session:
        await standings.lock(session, [member])
        yield
