"""A rehearsal is ordered, followed, cancelled and read on its pages."""

import html
import json
import re
from uuid import UUID

import httpx
import pytest
from small_chain import ACTOR, PACKS, SmallChain, line
from web_world import WebWorld

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.rehearsal.running import Means, run_rehearsal
from regulars.releases import drafts
from regulars.releases.drafts import NewSave

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
    assert page.count("<chart-box") + page.count("Every figure is 0") >= 4
    assert page.count("<chart-box") == page.count("The figures as a table") > 0
    drawn = [json.loads(each) for each in re.findall(r'class="chart-data">(.+?)</script>', page)]
    assert all(any(any(one["values"]) for one in chart["series"]) for chart in drawn)
    assert "Points by day" in page
    assert "vendor/echarts.min.js" in page
    assert "Winners by points" in (await admin.get(f"{address}/members")).text
    called = "Grocery classic points (version 1)"
    assert f"<h1>Rehearsal of {called}</h1>" in page
    listed = (await admin.get("/rehearsals")).text
    assert f">{called}</a>" in listed
    assert "grocery-classic" not in re.sub("<[^>]+>", "", listed)
    admin.cookies.set("regulars_language", "zh")
    assert "每日发放积分" in (await admin.get(address)).text
    assert "超市经典积分（第 1 版）" in (await admin.get("/rehearsals")).text


async def test_a_draft_with_errors_is_refused_beside_its_findings_and_what_was_typed_stays(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    text = (PACKS / PACK / "pack.json").read_text("utf-8").replace('"purchase.lines"', '"purchase.nothing"')
    async with world.container.database.begin() as session:
        await drafts.save_draft(session, PACK, NewSave(new_id(), text, 0), ACTOR, clock.now())
    wish = {"code": PACK, "place": str(world.chain.stores["east-1"]), "since": "2026-03-09"}
    refused = await admin.post("/rehearsals", data=wish)
    assert refused.status_code == 422
    page = html.unescape(refused.text)
    assert "It cannot be rehearsed before the errors of its rules are mended." in page
    assert 'href="#check-title"' in page
    assert 'value="2026-03-09"' in page
    assert f'<option value="{wish["place"]}" selected>' in page


@pytest.mark.parametrize(
    ("form", "field", "english", "chinese"),
    [
        ({"since": "yesterday"}, "since", "Give a day as year-month-day", "年-月-日"),
        ({"since": "2090-01-01"}, "since", "This day is still to come", "这一天还没到"),
        (
            {"since": "2026-03-02", "until": "2026-03-01"},
            "until",
            "The last day lies before the first",
            "结束日期早于开始日期",
        ),
        ({"place": "Nowhere"}, "rehearse-place", "no place “Nowhere”", "没有机构“Nowhere”"),
    ],
)
async def test_what_cannot_be_rehearsed_is_said_at_its_field_and_what_was_typed_stays(
    world: WebWorld, admin: httpx.AsyncClient, form: dict[str, str], field: str, english: str, chinese: str
) -> None:
    store = world.chain.stores["east-1"]
    wish = {"code": PACK, "version": "1", "place": str(store), "until": "2026-03-09", **form}
    for language, said in (("en", english), ("zh", chinese)):
        admin.cookies.set("regulars_language", language)
        refused = await admin.post("/rehearsals", data=wish)
        assert refused.status_code == 422
        assert re.search(rf'id="{field}-error">.*?{said}', refused.text, re.S)
        assert f'name="until" value="{wish["until"]}"' in refused.text
        assert form.get("since", "") in refused.text
        if "place" not in form:
            assert f'<option value="{store}" selected>' in refused.text


async def test_a_place_beyond_ones_own_is_not_rehearsed_at(world: WebWorld) -> None:
    async with await world.operator("marketing", world.chain.stores["east-1"]) as east:
        wish = {"code": PACK, "version": "1", "place": str(world.chain.stores["west-1"])}
        assert (await east.post("/rehearsals", data=wish)).status_code == 422
        assert "No rehearsal yet" in (await east.get("/rehearsals")).text
