"""A frozen member's sales post and earn nothing; an order to freeze is carried out once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from small_chain import MONDAY, SmallChain, line
from sqlalchemy import func, select

from regulars.kernel.ids import new_id
from regulars.lifecycle import freezing, repository
from regulars.lifecycle.errors import AlreadyFrozen, FreezeReasonUnknown, NotFrozen
from regulars.lifecycle.freezing import Freeze, Order
from regulars.members.errors import UnknownMember
from regulars.outbox.tables import outbox
from regulars.security.scope import EVERYWHERE, Scope
from regulars.security.tables import audit_entry

NOON = MONDAY + timedelta(hours=2)


def order(member_id: UUID, note: str | None = None) -> Order:
    return Order(new_id(), member_id, "operator", "op-1", EVERYWHERE, note)


async def freeze(chain: SmallChain, wish: Order, reason: str = "fraud_suspected") -> Freeze:
    async with chain.database.begin() as session:
        return await freezing.freeze(session, chain.desk.packs, chain.desk.places, wish, reason, NOON)


async def unfreeze(chain: SmallChain, wish: Order) -> Freeze:
    async with chain.database.begin() as session:
        return await freezing.unfreeze(session, chain.desk.packs, chain.desk.places, wish, NOON)


async def kinds(chain: SmallChain, member_id: UUID) -> list[str]:
    async with chain.database.begin() as session:
        events = await repository.events_of(session, [member_id])
    return [event.kind for event in events[member_id]]


async def test_a_frozen_members_sale_posts_and_earns_nothing(chain: SmallChain) -> None:
    member_id = await chain.join(at=MONDAY)
    await freeze(chain, order(member_id))
    sale = await chain.buy(member_id, line(50_00), occurred_at=NOON + timedelta(minutes=1))
    assert sale.receipt["points"] == 0
    await unfreeze(chain, order(member_id))
    sale = await chain.buy(member_id, line(50_00), occurred_at=NOON + timedelta(minutes=2))
    assert sale.receipt["points"] == 50


async def test_freezing_is_an_event_an_audit_row_and_news(chain: SmallChain) -> None:
    member_id = await chain.join(at=MONDAY)
    done = await freeze(chain, order(member_id, "twelve returns in a day"))
    assert (done.frozen_at, done.reason) == (NOON, "fraud_suspected")
    assert await kinds(chain, member_id) == ["joined", "frozen"]
    async with chain.database.begin() as session:
        (entry,) = (
            await session.execute(select(audit_entry).where(audit_entry.c.action == "member.freeze"))
        ).all()
        assert (entry.before, entry.after) == (
            {"frozen_reason": None},
            {"frozen_reason": "fraud_suspected"},
        )
        assert entry.reason == "twelve returns in a day"
        news = await session.execute(select(func.count()).where(outbox.c.member_id == member_id))
        assert news.scalar_one() == 2


async def test_the_same_order_again_is_carried_out_once_even_after_the_freeze_was_lifted(
    chain: SmallChain,
) -> None:
    member_id = await chain.join(at=MONDAY)
    wish = order(member_id)
    first = await freeze(chain, wish)
    assert await freeze(chain, wish) == first
    await unfreeze(chain, order(member_id))
    assert (await freeze(chain, wish)).frozen_at is None
    assert await kinds(chain, member_id) == ["joined", "frozen", "unfrozen"]


async def test_of_many_who_freeze_at_once_one_does(chain: SmallChain) -> None:
    member_id = await chain.join(at=MONDAY)
    ends = await asyncio.gather(*(freeze(chain, order(member_id)) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(end, Freeze) for end in ends) == 1
    assert sum(isinstance(end, AlreadyFrozen) for end in ends) == 4


async def test_what_cannot_be_done_says_why_and_changes_nothing(chain: SmallChain) -> None:
    member_id = await chain.join(at=MONDAY)
    with pytest.raises(NotFrozen):
        await unfreeze(chain, order(member_id))
    with pytest.raises(FreezeReasonUnknown) as refused:
        await freeze(chain, order(member_id), "she was rude")
    assert refused.value.field == "reason"
    with pytest.raises(UnknownMember):
        await freeze(chain, order(new_id()))
    west = Scope((chain.desk.places.store(chain.stores["west-1"]).path,))
    with pytest.raises(UnknownMember):
        await freeze(chain, replace(order(member_id), scope=west))
    await freeze(chain, order(member_id), "member_request")
    with pytest.raises(AlreadyFrozen) as frozen:
        await freeze(chain, order(member_id))
    assert frozen.value.details["reason"] == "member_request"
    assert await kinds(chain, member_id) == ["joined", "frozen"]
