"""What packs of every form offer in a quote is what the purchase then finds charged."""

from datetime import timedelta
from typing import Any

import pytest
from small_chain import ACTOR, MONDAY, OPENED, PACKS, SmallChain, line, open_small_chain

from regulars.db.session import Database
from regulars.purchases.domain import Line
from regulars.purchases.quoting import Quote, quote
from regulars.rules import service as rules
from regulars.rules.canonical import canonical
from regulars.rules.reading import read

KEY = b"q" * 32
LIFE = timedelta(minutes=15)
SATURDAY = MONDAY + timedelta(days=5)
SERVICE: dict[str, Any] = {"kind": "service"}


@pytest.fixture
async def shop(database: Database) -> SmallChain:
    """A chain whose tiers are live; each test publishes its offers."""
    return await open_small_chain(database, packs=("classic-tiers",))


async def publish_at(chain: SmallChain, code: str, **parts: Any) -> None:
    """Publish a pack of the gallery, with some of its parts changed; its cases then hold no longer."""
    document, _ = read((PACKS / code / "pack.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"discount_minor": 0}}
    text = canonical(document | parts | ({"cases": [case]} if parts else {}))
    async with chain.database.begin() as session:
        await rules.publish(session, text, place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED)


async def ask(chain: SmallChain, member: Any, *lines: Line, **changes: Any) -> Quote:
    basket = chain.basket(member, *lines, **({"occurred_at": SATURDAY} | changes))
    async with chain.database.begin() as session:
        return await quote(session, chain.desk, basket, KEY, LIFE, basket.occurred_at)


def off(offer: Quote) -> list[int]:
    return [each.discount_minor for each in offer.lines]


async def test_what_was_quoted_is_what_is_charged(shop: SmallChain) -> None:
    await publish_at(shop, "grocery-weekend")
    await publish_at(shop, "print-shop-offers")
    member = await shop.join()
    bought = [
        line(9_000, "GROCERY", line=1),
        line(2_100, "PASTRY", line=2, quantity_milli=4_000),
        line(1_999, "COLOUR_PRINT", line=3, **SERVICE),
        line(3_500, "BW_PRINT", line=4, quantity_milli=150_000, **SERVICE),
        line(1_600, "BINDING", line=5, quantity_milli=3_000, **SERVICE),
        line(700, "TOBACCO", line=6),
    ]
    offer = await ask(shop, member, *bought)
    assert off(offer)[-1] == 0
    assert sum(off(offer)) > 0
    recorded = await shop.buy(member, *offer.lines, occurred_at=SATURDAY, quote_id=offer.id)
    assert recorded.receipt["flags"] == []
    assert recorded.evaluation["charged"] == recorded.evaluation["offered"]
    assert sum(each["amount_minor"] for each in recorded.evaluation["charged"]) == sum(off(offer))


async def test_a_pack_counts_where_it_says_and_at_the_stores_own_time(shop: SmallChain) -> None:
    await publish_at(shop, "grocery-weekend", scope={"places": ["east"]})
    member, grocery = await shop.join(), line(10_000)
    west = {"store_id": shop.stores["west-1"], "terminal_id": shop.tills["west-1-t1"]}
    assert off(await ask(shop, member, grocery)) == [1_000]
    assert off(await ask(shop, member, grocery, **west)) == [0]
    last = SATURDAY + timedelta(hours=36, minutes=59)  # 23:59 on the Sunday of the spring hour
    assert off(await ask(shop, member, grocery, occurred_at=last)) == [1_000]
    assert off(await ask(shop, member, grocery, occurred_at=last + timedelta(minutes=1))) == [0]
    told = (await shop.buy(member, grocery, **west)).evaluation["rules"]
    notes = {each["rule"]: each.get("note") for each in told if each["pack"] == "grocery-weekend/1"}
    assert notes == {"every-hundred": "out_of_scope", "pastry": "out_of_scope"}


async def test_headquarters_stands_for_every_store(shop: SmallChain) -> None:
    await publish_at(shop, "grocery-weekend", scope={"places": ["HQ"]})
    assert off(await ask(shop, await shop.join(), line(10_000))) == [1_000]
