"""A rehearsal is ordered, followed, cancelled and read on its pages."""

import html
from uuid import UUID

import httpx
import pytest
from small_chain import SmallChain, line
from web_world import WebWorld

from regulars.kernel import clock
from regulars.rehearsal.running import Means, run_rehearsal

PACK = "grocery-classic"


async def ordered(world: WebWorld, admin: httpx.AsyncClient, **form: str) -> str:
    """The address of a rehearsal of the version that is live."""
    wish = {"code": PACK, "version": "1", "place": str(world.chain.hq), **form}
    answer = await admin.post("/rehearsals", data=wish)
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address


async def bought(chain: SmallChain) -> None:
    member = await chain.join("Ann")
    await chain.buy(member, line(10_000), occurred_at=clock.now())


async def carried_out(world: WebWorld, address: str) -> None:
    """What the worker would do."""
    means = Means(world.container.database, clock.now, 0)
    await run_rehearsal(means, UUID(address.rpartition("/")[2]))


async def test_a_rehearsal_that_waits_is_followed_and_cancelled(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    address = await ordered(world, admin)
    page = (await admin.get(address)).text
    assert 'hx-trigger="every 2s"' in page
    assert "<progress" in (await admin.get(f"{address}/progress")).text
    assert (await admin.post(f"{address}/cancel")).status_code == 303
    assert "it has no result" in (await admin.get(address)).text
    assert (await admin.get(f"{address}/progress")).headers["hx-redirect"] == address


async def test_what_it_found_stands_in_tables_beside_its_charts_in_both_languages(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await bought(world.chain)
    address = await ordered(world, admin)
    await carried_out(world, address)
    page = html.unescape((await admin.get(address)).text)
    assert "Behaviour is assumed unchanged" in page
    assert "±0" in page
    assert page.count("<chart-box") >= 4
    assert "Points by day" in page
    assert "vendor/echarts.min.js" in page
    assert "Winners by points" in (await admin.get(f"{address}/members")).text
    assert "grocery-classic/1" in (await admin.get("/rehearsals")).text
    admin.cookies.set("regulars_language", "zh")
    assert "每日发放积分" in (await admin.get(address)).text


@pytest.mark.parametrize("form", [{"since": "yesterday"}, {"since": "2090-01-01"}, {"place": "0" * 32}])
async def test_a_span_or_a_place_that_cannot_be_is_refused(
    world: WebWorld, admin: httpx.AsyncClient, form: dict[str, str]
) -> None:
    wish = {"code": PACK, "version": "1", "place": str(world.chain.hq), **form}
    form_page = f"{str(admin.base_url).rstrip('/')}/packs/{PACK}/compare"
    refused = await admin.post("/rehearsals", data=wish, headers={"referer": form_page})
    assert refused.status_code == 422
    assert f'href="{form_page}"' in refused.text, "the way back to the form"
    elsewhere = await admin.post("/rehearsals", data=wish, headers={"referer": "https://elsewhere.test/x"})
    assert "elsewhere.test" not in elsewhere.text
