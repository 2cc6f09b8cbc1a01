"""A purchase that nobody owned can be claimed once, within the chain's window."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from small_chain import ACTOR, MONDAY, SmallChain, line

from regulars.entrypoints.verifying import verify
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.errors import (
    AlreadyAttributed,
    AttributionTooLate,
    MemberUnknown,
    PurchaseUnknown,
)
from regulars.security.actor import Actor


async def claim(
    chain: SmallChain, purchase_id: UUID, member_id: UUID, *, at: datetime, actor: Actor = ACTOR
) -> Recorded:
    async with chain.database.begin() as session:
        return await attribute_purchase(session, chain.desk, purchase_id, member_id, actor, at)


async def test_a_claimed_purchase_earns_as_a_late_one(chain: SmallChain) -> None:
    member = await chain.join()
    unowned = await chain.buy(None, line(5_000))
    await chain.buy(member, line(99_000), occurred_at=MONDAY + timedelta(hours=5))
    claimed = await claim(chain, unowned.purchase_id, member, at=MONDAY + timedelta(days=1))
    assert claimed.receipt["points"] == 50
    assert claimed.receipt["member"]["seq"] == 2
    assert claimed.receipt["member"]["tier"] == "silver"
    assert (await verify(chain.database)).ok


async def test_a_purchase_is_claimed_once_however_many_ask(chain: SmallChain) -> None:
    first, second = await chain.join("A"), await chain.join("B")
    unowned = await chain.buy(None, line(5_000))
    answers = await asyncio.gather(
        *(
            claim(chain, unowned.purchase_id, m, at=MONDAY + timedelta(days=1))
            for m in (first, second, first)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Recorded) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyAttributed) for answer in answers) == 2
    assert (await verify(chain.database)).ok


async def test_a_member_s_own_purchase_cannot_be_claimed(chain: SmallChain) -> None:
    owner, other = await chain.join("A"), await chain.join("B")
    bought = await chain.buy(owner)
    with pytest.raises(AlreadyAttributed):
        await claim(chain, bought.purchase_id, other, at=MONDAY + timedelta(days=1))


async def test_the_window_closes(chain: SmallChain) -> None:
    member = await chain.join()
    unowned = await chain.buy(None)
    with pytest.raises(AttributionTooLate):
        await claim(chain, unowned.purchase_id, member, at=MONDAY + timedelta(days=30, seconds=1))


async def test_who_and_what_must_exist_and_be_in_sight(chain: SmallChain) -> None:
    member = await chain.join()
    unowned = await chain.buy(None)
    with pytest.raises(PurchaseUnknown):
        await claim(chain, UUID(int=5), member, at=MONDAY)
    with pytest.raises(MemberUnknown):
        await claim(chain, unowned.purchase_id, UUID(int=5), at=MONDAY)
    blind = Actor("operator", "o", "o", ())
    with pytest.raises(PurchaseUnknown):
        await claim(chain, unowned.purchase_id, member, at=MONDAY, actor=blind)
