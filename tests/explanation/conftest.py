"""Purchases of a small chain, and how they are explained."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from small_chain import ACTOR, MONDAY, SmallChain
from sqlalchemy import text

from regulars.explanation.domain import PurchaseExplanation
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.security.scope import EVERYWHERE

Explain = Callable[[UUID], Awaitable[PurchaseExplanation]]
Tamper = Callable[[str], Awaitable[None]]
Claim = Callable[[UUID, UUID], Awaitable[Recorded]]


@pytest.fixture
def explain(chain: SmallChain) -> Explain:
    """Explain a purchase of the chain."""

    async def explained(purchase_id: UUID) -> PurchaseExplanation:
        async with chain.database.read() as session:
            return await explain_purchase(session, Shelf(), chain.desk.places, purchase_id, EVERYWHERE)

    return explained


@pytest.fixture
def tamper(chain: SmallChain) -> Tamper:
    """Change what must never be changed."""

    async def change(statement: str) -> None:
        async with chain.database.begin() as session:
            await session.execute(text("set local session_replication_role = replica"))
            await session.execute(text(statement))

    return change


@pytest.fixture
def claim(chain: SmallChain) -> Claim:
    """Give a purchase to a member a day later."""

    async def claimed(purchase_id: UUID, member_id: UUID) -> Recorded:
        async with chain.database.begin() as session:
            return await attribute_purchase(
                session, chain.desk, purchase_id, member_id, ACTOR, MONDAY + timedelta(days=1)
            )

    return claimed
