"""No page offers a link that its reader may not follow: walked by those who see a part and who see all."""

import re
from collections import Counter
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
from browser_site import a_life
from page_world import PACK, plant
from small_chain import ACTOR, SmallChain, lines
from web_world import WebWorld

from regulars.adjustments import service as adjustments
from regulars.adjustments.domain import Wish
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.rehearsal import running as rehearsing
from regulars.rehearsal import service as rehearsal
from regulars.rehearsal.domain import Order
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor

OF_A_PART = (("store", "east-1"), ("marketing", "east"), ("admin", "west"))
OF_ALL = ("marketing", "approver", "ops", "finance", "admin")
AWAY = (("王芳", "east-1", "west-1"), ("李娜", "west-1", "east-1"), ("赵敏", "east-2", "east-1"))
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$")
NAMED = ("packs", "fields", "segments")
"""Whose addresses have a code in the second place."""


class Walk:
    """One reader's way along all links that are offered.

    Args:
        most: pages of one kind that are looked at; what members and purchases they name may differ.
    """

    def __init__(self, client: httpx.AsyncClient, most: int) -> None:
        self.client, self.most = client, most
        self.refused: list[str] = []
        self._seen: set[str] = set()
        self._alike: Counter[tuple[str, ...]] = Counter()

    async def from_home(self) -> None:
        """Follow what is offered until nothing new is."""
        waiting = [("", "/")]
        while waiting:
            page, address = waiting.pop()
            answer = await self.client.get(address, follow_redirects=True)
            if answer.status_code >= 400:
                self.refused.append(f"{page} offers {address}: {answer.status_code}")
            if "text/html" in answer.headers.get("content-type", ""):
                found = map(unescape, LINK.findall(answer.text))
                waiting += [(address, each) for each in found if self._is_new(each)]

    @property
    def kinds(self) -> int:
        """Of pages that were looked at."""
        return len(self._alike)

    def _is_new(self, address: str) -> bool:
        if address in self._seen or address.startswith(("/static/", "/temporal/")):
            return False
        self._seen.add(address)
        kind = _kind(address)
        self._alike[kind] += 1
        return self._alike[kind] <= (self.most if kind[:1] != ("members",) else 9)


def _kind(address: str) -> tuple[str, ...]:
    first, *others = urlsplit(address).path.strip("/").split("/")
    plain = ["*" if ID.match(each) or each.isdigit() else each for each in others]
    if first in NAMED and plain:
        plain[0] = "*"
    return (first, *plain)


async def neighbours(chain: SmallChain, asker: Actor) -> None:
    """Members at home in one branch who buy in another, and who were given points."""
    now = clock.now()
    for name, home, till in AWAY:
        member = await chain.join(name, at=now - timedelta(days=9), store=home)
        await chain.buy(
            member,
            *lines((9_000, "GROCERY")),
            store_id=chain.stores[till],
            terminal_id=chain.tills[f"{till}-t1"],
            occurred_at=now - timedelta(minutes=5),
        )
        wish = Wish(new_id(), member, 150, "goodwill", "结账等了很久")
        async with chain.database.begin() as session:
            packs, places = chain.desk.packs, chain.desk.places
            await adjustments.request_adjustment(session, packs, places, wish, asker, now)


async def rehearsed_in_a_branch(chain: SmallChain) -> None:
    """What a branch has rehearsed with its stores' purchases, whoever made them."""
    text, at = with_parameters(starter_text(PACK), {"regular_rate_bps": 30_000}), clock.now()
    order = Order((text,), chain.desk.places.by_code("east").id)
    async with chain.database.begin() as session:
        made = await rehearsal.order_rehearsal(session, new_id(), order, ACTOR, at)
    await rehearsing.run_rehearsal(rehearsing.Means(chain.database, clock.now, 0), made.id)


@pytest.fixture
async def full(world: WebWorld) -> WebWorld:
    """A chain with something on every page, some of it in no part alone."""
    await a_life(world.chain)
    await neighbours(world.chain, await world.actor("service_desk"))
    await plant(world.chain)
    await rehearsed_in_a_branch(world.chain)
    return world


async def test_whoever_sees_a_part_is_offered_no_link_that_is_refused(full: WebWorld) -> None:
    refused: list[str] = []
    for role, where in OF_A_PART:
        place = full.chain.desk.places.by_code(where).id
        async with await full.operator(role, place) as client:
            walk = Walk(client, most=3)
            await walk.from_home()
            assert walk.kinds > 20, where
            refused += [f"{role} at {where}: {each}" for each in walk.refused]
    assert refused == []


async def test_no_role_at_headquarters_is_offered_a_link_that_is_refused(full: WebWorld) -> None:
    refused: list[str] = []
    for role in OF_ALL:
        async with await full.operator(role, full.chain.hq) as client:
            walk = Walk(client, most=1)
            await walk.from_home()
            assert walk.kinds > 20, role
            refused += [f"{role}: {each}" for each in walk.refused]
    assert refused == []


async def test_a_store_is_not_told_who_of_another_store_bought_there(world: WebWorld) -> None:
    chain = world.chain
    nobody = await chain.buy(None, *lines((9_000, "GROCERY")), occurred_at=clock.now())
    await neighbours(chain, await world.actor("service_desk"))
    async with await world.operator("store", chain.stores["east-1"]) as client:
        assert "Without a member" in (await client.get(f"/purchases/{nobody.purchase_id}")).text
        home = (await client.get("/")).text
        assert "李娜" not in home
        assert "王芳" in home  # at home there
        assert "A member of another store" in home
        bought = re.findall(r'/purchases/[^"]+', home)
        pages = [(await client.get(each)).text for each in dict.fromkeys(bought)]
        assert [page for page in pages if "A member of another store" in page]
        assert not [page for page in pages if "李娜" in page]
