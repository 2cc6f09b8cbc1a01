"""Packs with limits in a small chain, and what was taken of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from small_chain import ACTOR, OPENED, SmallChain, line
from sqlalchemy import text

from regulars.budgets.tables import budget_counter, budget_reservation, budget_use
from regulars.db.session import Database
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk
from regulars.purchases.domain import Basket
from regulars.purchases.quoting import Quote, offer
from regulars.rules import service as rules
from regulars.rules.live import LivePacks

KEY = b"q" * 32
LIFE = timedelta(minutes=15)
WORDS = {"zh": "名称", "en": "name"}
SALES = {"+": [{"map": [{"var": "purchase.lines"}, {"var": "sales_minor"}]}]}
EARN = {"earn": {"unit": "points", "amount": SALES, "per": 100, "valid_days": 365}}
TENTH_OFF = {"discount": {"lines": {">=": [{"var": "list_minor"}, 0]}, "rate_bps": 1000, "group": "tenth"}}
TENTH_SOURCE = "pack:tenth/1#off"


def limit(at_most: int, code: str = "cap", **changes: Any) -> dict[str, Any]:
    """A limit as a pack writes it: of points, for the pack, a day, unless said."""
    usual = {"of": "points", "per": "pack", "every": "day", "when_reached": "partial"}
    return {"code": code, "title": WORDS, "at_most": at_most} | usual | changes


def money(at_most: int, code: str = "cap", **changes: Any) -> dict[str, Any]:
    """The same of money."""
    return limit(at_most, code, **{"of": "money_minor"} | changes)


def pack(code: str, kind: str, rule: str, then: dict[str, Any], limits: Sequence[dict[str, Any]]) -> bytes:
    """A pack of one rule that always holds."""
    return orjson.dumps(
        {
            "code": code,
            "kind": kind,
            "priority": 100,
            "title": WORDS,
            "description": WORDS,
            "parameters": {},
            "limits": list(limits),
            "rules": [{"id": rule, "order": 10, "title": WORDS, "when": True, "then": then}],
            "cases": [{"name": WORDS, "given": {}, "expect": {"applied": [rule]}}],
        }
    )


async def publish(
    chain: SmallChain, text_of_pack: bytes, live_from: datetime = OPENED, place: UUID | None = None
) -> None:
    async with chain.database.begin() as session:
        await rules.publish(
            session, text_of_pack, place_id=place or chain.hq, live_from=live_from, actor=ACTOR, at=live_from
        )


async def publish_points(chain: SmallChain, *limits: dict[str, Any], **where: Any) -> None:
    """One point a 1.00, within limits."""
    await publish(chain, pack("double", "earning", "base", EARN, limits), **where)


async def publish_tenth(chain: SmallChain, *limits: dict[str, Any], **where: Any) -> None:
    """A tenth off everything, within limits."""
    await publish(chain, pack("tenth", "discount", "off", TENTH_OFF, limits), **where)


def another_desk() -> Desk:
    """What another process would know: nothing yet."""
    return Desk(Places(), LivePacks(), new_id)


async def quote_of(
    chain: SmallChain, basket: Basket, at: datetime | None = None, database: Database | None = None
) -> Quote:
    """A quote with its reservation."""
    return await offer(database or chain.database, chain.desk, basket, KEY, LIFE, at or basket.occurred_at)


async def offered(chain: SmallChain, member_id: UUID | None, minor: int, **changes: Any) -> int:
    """What a quote takes off a basket of one line."""
    found = await quote_of(chain, chain.basket(member_id, line(minor), **changes))
    return sum(one.discount_minor for one in found.lines)


async def counters(chain: SmallChain) -> dict[tuple[str, str], tuple[int, int]]:
    """(limit, period) → (used, reserved), summed over subjects."""
    columns = budget_counter.c
    found: dict[tuple[str, str], tuple[int, int]] = {}
    async with chain.database.read() as session:
        for row in await session.execute(budget_counter.select().order_by(columns.period)):
            used, reserved = found.get((row.limit_code, row.period), (0, 0))
            found[row.limit_code, row.period] = used + row.used, reserved + row.reserved
    return found


async def claims(chain: SmallChain) -> list[tuple[str, str, int]]:
    """(cause, limit, amount) of every claim."""
    columns = budget_use.c
    async with chain.database.read() as session:
        rows = await session.execute(budget_use.select().order_by(columns.effective_at, columns.limit_code))
        return [(row.cause, row.limit_code, row.amount) for row in rows]


async def reservations(chain: SmallChain) -> list[int]:
    """The amounts that quotes reserve, expired ones that nobody has cleared away included."""
    async with chain.database.read() as session:
        rows = await session.execute(budget_reservation.select())
        return sorted(row.amount for row in rows)


async def without_budget_tables(chain: SmallChain) -> None:
    """Take the tables of budgets away, so that any statement on them fails."""
    async with chain.database.begin() as session:
        await session.execute(text("drop table budget_counter, budget_use, budget_reservation"))
