"""What a version gave is looked at, ordered back, previewed, approved by another and taken back."""

import html
import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from small_chain import line
from web_world import WebWorld

from regulars.kernel import clock
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.undoing import effect_pages
from regulars.undoing.effect_pages import Patience
from regulars.undoing.working import Means, work_through

ORDER = "/packs/grocery-classic/versions/1/undo"


async def worked_on(world: WebWorld, address: str) -> None:
    """What the worker would do."""
    means = Means(world.container.database, LivePacks(), Places(), clock.now, 50)
    await work_through(means, UUID(address.rpartition("/")[2]))


async def page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


async def test_points_are_taken_back_once_somebody_else_approved_the_preview(world: WebWorld) -> None:
    member = await world.chain.join("Ann")
    await world.chain.buy(member, line(10_000), occurred_at=clock.now())
    hq = world.chain.hq
    async with await world.operator("marketing", hq) as anna, await world.operator("approver", hq) as bo:
        shown = await page(anna, f"{ORDER}?kind=award")
        assert "+100 points" in shown
        assert "The version is still live." in shown
        answer = await anna.post(ORDER, data={"place": str(hq), "policy": "let_be", "reason": "wrong rate"})
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        assert "Being prepared" in await page(anna, address)
        await worked_on(world, address)
        preview = await page(anna, address)
        assert "It waits for somebody who may approve undo orders" in preview
        assert "“wrong rate”" in preview
        seen = re.search(r'name="content_hash" value="(\w+)"', await page(bo, address))
        assert seen
        stale = await bo.post(f"{address}/approve", data={"content_hash": "0" * 64})
        assert stale.status_code == 409
        approved = await bo.post(f"{address}/approve", data={"content_hash": seen[1]})
        assert approved.status_code == 303, approved.text
        late = world.chain.basket(member, line(5_000), occurred_at=clock.now() - timedelta(hours=1))
        await world.chain.post(late, at=clock.now())
        await worked_on(world, address)
        done = await page(anna, address)
        assert "100 points were taken back" in done
        assert "1 purchase of this version was recorded after the list was made" in done
        assert f'<a href="{ORDER}">Order again for them</a>' in done
        assert "Order again for them" not in await page(bo, address)
        assert "Undo “Grocery classic points”, version 1" in await page(anna, "/undos")
        assert "Undo “Grocery classic points”, version 1" in await page(anna, address)
        assert "2 in all" in await page(anna, f"{ORDER}?kind=award")


async def test_who_orders_may_not_approve_and_a_span_that_cannot_be_comes_back_as_typed(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("Ann")
    await world.chain.buy(member, line(10_000), occurred_at=clock.now())
    wrong = await admin.post(ORDER, data={"place": str(world.chain.hq), "since": "2090-01-01T08:00"})
    assert wrong.status_code == 422
    assert 'value="2090-01-01T08:00"' in wrong.text
    answer = await admin.post(ORDER, data={"place": str(world.chain.hq)})
    address = answer.headers["location"]
    await worked_on(world, address)
    assert "You ordered it yourself" in await page(admin, address)
    given_up = await admin.post(f"{address}/cancel", data={"reason": "not now"})
    assert given_up.status_code == 303
    assert 'id="state">Given up<' in await page(admin, address)


async def test_looking_for_few_stops_with_a_link_to_go_on(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await world.chain.buy(None, line(1_000), occurred_at=clock.now())
    monkeypatch.setattr(effect_pages, "USUAL", Patience(1, 0))
    shown = await page(admin, f"{ORDER}?kind=refusal")
    assert "Nothing of this kind found so far" in shown
    following = re.search(r'id="looked">.*?<a href="([^"]+)">Go on looking</a>', shown)
    assert following
    for _ in range(4):
        shown = await page(admin, following[1])
        more = re.search(r'id="looked">.*?<a href="([^"]+)">Go on looking</a>', shown)
        if more is None:
            break
        following = more
    assert "Nothing of this kind" in shown
    assert "so far" not in shown
