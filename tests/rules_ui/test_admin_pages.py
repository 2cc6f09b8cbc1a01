"""Places, keys and operators from the pages: shown once, named when wrong, kept within one's own places."""

import html
import re

import httpx
import pytest
from small_chain import ACTOR
from web_world import PASSWORD, WebWorld, client_of

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_places
from rules_ui.place_tree import MOST_NODES
from rules_ui.routes import operators


async def test_places_are_shown_as_a_tree_and_searched(world: WebWorld, admin: httpx.AsyncClient) -> None:
    page = (await admin.get("/places")).text
    order = [page.index(f">{name}<") for name in ("HQ", "east", "east-1", "east-2", "west", "west-1")]
    assert order == sorted(order)
    assert page.index("east-1-t1") > page.index(">east-1<")
    assert "east-1-t1" in (await admin.get("/places?q=T1")).text
    assert "No place matches" in (await admin.get("/places?q=nowhere")).text
    async with await world.operator("ops", world.chain.stores["east-1"]) as ops:
        seen = (await ops.get("/places?q=-")).text
        assert ">east-1<" in seen
        assert ">east-2<" not in seen
        assert (await ops.get(f"/places/{world.chain.stores['east-2']}")).status_code == 404


async def test_a_place_is_opened_and_a_bad_code_is_named(world: WebWorld, admin: httpx.AsyncClient) -> None:
    form = {"parent": "east", "kind": "store", "code": "east-9", "name": "东九店"}
    opened = await admin.post("/places", data=form)
    assert "东九店" in (await admin.get(opened.headers["location"])).text
    for change, words in (({"code": "1d"}, "duration"), ({}, "code"), ({"kind": "hq"}, "Choose a kind")):
        wrong = await admin.post("/places", data={**form, **change})
        assert wrong.status_code == 422
        assert re.search(rf'class="field-error".*?{words}', wrong.text, re.DOTALL), change


async def test_a_place_is_changed_and_closed_and_what_hinders_it_is_said(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    store = f"/places/{world.chain.stores['east-1']}"
    form = {"name": "东一店", "time_zone": "Asia/Shanghai", "cutoff": "04:30"}
    changed = await admin.post(store, data=form)
    assert changed.headers["location"] == f"{store}?done=place-changed"
    page = (await admin.get(store)).text
    assert "东一店" in page
    assert "<dd>04:30</dd>" in page
    for wrong in ({"cutoff": "25:00"}, {"cutoff": "noon"}, {"time_zone": "Mars/Base"}, {"name": " "}):
        refused = await admin.post(store, data={**form, **wrong})
        assert refused.status_code == 422, wrong
        assert 'class="field-error"' in refused.text, wrong
    full = await admin.post(f"{store}/close", data={"reason": "moved"})
    assert full.status_code == 422
    assert 'role="alert"' in full.text
    till = f"/places/{world.chain.tills['east-1-t1']}"
    without = await admin.post(f"{till}/close")
    assert (without.status_code, without.text.count('id="reason-error"')) == (422, 1)
    closed = await admin.post(f"{till}/close", data={"reason": "broken"})
    assert closed.headers["location"] == f"{till}?done=place-closed"
    after = (await admin.get(till)).text
    assert "Make a key" not in after
    assert "Close for good" not in after


async def test_a_place_opened_from_the_page_takes_its_own_zone_and_hours_or_those_above(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    form = {"parent": "east", "kind": "store", "code": "east-7", "name": "七店", "time_zone": "Asia/Urumqi"}
    opened = await admin.post("/places", data={**form, "cutoff": "05:00"})
    page = (await admin.get(opened.headers["location"])).text
    assert ">Asia/Urumqi</dd>" in page
    assert "<dd>05:00</dd>" in page
    wrong = await admin.post("/places", data={**form, "code": "east-8", "cutoff": "29:00"})
    assert wrong.status_code == 422
    assert 'value="east-8"' in wrong.text
    below = (await admin.get("/places?below=east-1")).text
    assert '<option value="east-1" selected>' in below
    assert '<option value="terminal" selected>' in below


async def test_roles_are_given_and_taken_one_by_one_and_the_last_administrator_stays(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    desk = await world.appoint(("store", world.chain.stores["east-1"]))
    page = f"/operators/{desk.id}"
    given = await admin.post(f"{page}/roles", data={"role": "ops", "place": str(world.chain.hq)})
    assert given.headers["location"] == f"{page}?done=roles-set"
    shown = (await admin.get(page)).text
    assert shown.count("Take away") == 2
    taken = re.search(r'value="(store@[0-9a-f-]+)"', shown)
    assert taken is not None
    await admin.post(f"{page}/roles", data={"take": taken[1]})
    assert "store@" not in (await admin.get(page)).text
    nonsense = await admin.post(f"{page}/roles", data={"role": "king", "place": "x"})
    assert nonsense.status_code == 422
    listed = (await admin.get("/operators")).text
    me = re.search(
        r'href="(/operators/[0-9a-f-]+)" translate="no">[^<]*</a> <span class="chip chip-good">',
        listed,
    )
    assert me is not None
    alone = await admin.post(f"{me[1]}/roles", data={"take": f"admin@{world.chain.hq}"})
    assert alone.status_code == 422
    assert 'role="alert"' in alone.text


async def test_operators_are_searched_and_read_a_page_at_a_time(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "OPERATORS_SHOWN", 2)
    made = [await world.appoint(("store", world.chain.stores["east-1"])) for _ in range(3)]
    seen, address = "", "/operators?q=OPERATOR"
    for _ in range(4):
        page = (await admin.get(address)).text
        seen += page
        further = re.search(r'href="(/operators\?[^"]*after=[^"]+)"', page)
        if further is None:
            break
        address = further[1].replace("&amp;", "&")
    assert all(f">{operator.login}<" in seen for operator in made)
    assert "No operator matches" in (await admin.get("/operators?q=nobody%25")).text


async def test_somebody_with_roles_elsewhere_is_seen_but_changed_from_above_only(world: WebWorld) -> None:
    both = await world.appoint(
        ("store", world.chain.stores["east-1"]), ("store", world.chain.stores["west-1"])
    )
    async with await world.operator("admin", world.chain.stores["east-1"]) as branch:
        page = (await branch.get(f"/operators/{both.id}")).text
        assert "1 more role at a place that you do not see" in page
        assert "Make a link" not in page
        assert (await branch.post(f"/operators/{both.id}/password")).status_code == 403


async def test_a_terminals_key_is_shown_once_works_and_is_revoked(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    place = f"/places/{world.chain.tills['east-1-t1']}"
    made = await admin.post(f"{place}/keys")
    secret = re.search(r'id="secret">([^<]+)<', made.text)
    assert secret is not None
    assert secret[1] not in (await admin.get(place)).text
    member = await world.chain.join(references=("cj-7",))
    async with client_of(world.app, Authorization=f"Bearer {secret[1]}") as till:
        assert (await till.get("/v1/members/lookup/cj-7")).json()["id"] == str(member)
    await admin.post(f"{place}/keys")
    third = await admin.post(f"{place}/keys")
    assert third.status_code == 422
    assert 'role="alert"' in third.text
    key_id = secret[1].split(".")[0]
    revoked = await admin.post(f"{place}/keys/{key_id}/revoke")
    assert revoked.headers["location"].endswith("?done=revoked")
    assert "revoked" in (await admin.get(place)).text


async def test_an_operator_is_added_signs_in_and_is_disabled(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    form = {
        "login": "Desk-1",
        "name": "小周",
        "password": PASSWORD,
        "role": "service_desk",
        "place": str(world.chain.stores["east-1"]),
    }
    weak = await admin.post("/operators", data={**form, "password": "short"})
    assert weak.status_code == 422
    assert 'value="Desk-1"' in weak.text
    added = await admin.post("/operators", data=form)
    assert added.headers["location"] == "/operators?done=added"
    taken = await admin.post("/operators", data=form)
    assert taken.status_code == 422
    page = (await admin.get("/operators")).text
    assert "Service desk at East-1" in page
    async with client_of(world.app) as browser:
        entered = await browser.post(
            "/sign-in",
            data={"login": "desk-1", "password": PASSWORD},
            headers={"Origin": "http://localhost"},
        )
        assert entered.status_code == 303
        found = re.search(r'href="(/operators/[0-9a-f-]+)" translate="no">小周', page)
        assert found is not None
        without = await admin.post(f"{found[1]}/disable", data={"reason": " "})
        assert (without.status_code, without.text.count('id="reason-error"')) == (422, 1)
        out = await admin.post(f"{found[1]}/disable", data={"reason": "left"})
        assert out.headers["location"] == f"{found[1]}?done=disabled"
        assert (await browser.get("/members")).status_code == 303
        shut_out = (await admin.get(found[1])).text
        assert "Let in again" in shut_out
        assert "Make a link" not in shut_out
        await admin.post(f"{found[1]}/enable", data={"reason": "came back"})
        assert "Shut out" in (await admin.get(found[1])).text


async def a_place_is_typed_where_there_are_many(world: WebWorld, admin: httpx.AsyncClient) -> None:
    undo, pack = "/packs/grocery-classic/versions/1/undo", "/packs/grocery-classic"
    for path in ("/operators", "/new-segment", "/ops/actions", undo, f"{pack}/compare?version=1", pack):
        page = (await admin.get(path)).text
        assert "Many 001" not in page
        assert len(page) < 100_000
    asked = "/places/suggested?right=operator.manage&of=place"
    few = (await admin.get(f"{asked}&place=hq&place=many-11")).text
    assert re.findall(r'value="([^"]+)"', few) == [f"many-11{n}" for n in range(10)]
    wish = {"login": "nia", "name": "Nia", "password": "correct horse battery", "role": "store"}
    lost = await admin.post("/operators", data={**wish, "place": [str(world.chain.hq), "Nowhere"]})
    assert "You have no place “Nowhere”" in html.unescape(lost.text)
    assert 'name="place" value="Nowhere"' in lost.text
    assert 'value="store" selected' in lost.text
    typed = await admin.post("/operators", data={**wish, "place": [str(world.chain.hq), "many 007"]})
    assert typed.status_code == 303, typed.text
    assert "Many 007" in (await admin.get("/operators")).text


async def test_a_chain_of_many_stores_is_read_branch_by_branch_and_a_page_at_a_time(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    opened = [NewPlace(new_id(), "west", "store", f"many-{n:03}", f"Many {n:03}") for n in range(120)]
    async with world.chain.database.begin() as session:
        places = await open_places(session, opened, ACTOR, clock.now())
    async with world.chain.database.read() as session:
        await world.chain.desk.places.refresh(session)
    page = (await admin.get("/places")).text
    assert page.count('class="tree-row"') < MOST_NODES
    assert 'id="parent-more" name="parent"' in page
    assert 'value="many-001"' not in page
    west = f"/places/{world.chain.desk.places.by_code('west').id}"
    assert f'hx-get="{west}/below" hx-trigger="toggle once"' in page
    part, seen = f"{west}/below", set[str]()
    while part:
        rows = (await admin.get(html.unescape(part))).text
        assert ("autofocus" in rows) == ("asked=1" in part)
        assert "<html" not in rows
        more = set(re.findall(r">(Many \d+)<", rows))
        assert not more & seen
        seen |= more
        part = "".join(re.findall(r'hx-get="([^"]+asked=1)"', rows))
    assert len(seen) == 120
    later = (await admin.get(f"{west}?after=many-099")).text
    assert re.findall(r">(Many \d+)<", later)[0] == "Many 100"
    assert "From the first" in later
    async with await world.operator("ops", places[0].id) as ops:
        assert (await ops.get(f"{west}/below")).status_code == 404
        assert (await ops.get(f"/places/{places[0].id}/below")).status_code == 200
    await a_place_is_typed_where_there_are_many(world, admin)
    wrong = await admin.post("/places", data={"parent": "nowhere", "kind": "store", "code": "s", "name": "S"})
    assert wrong.status_code == 422
    assert 'id="parent-error"' in wrong.text
    assert 'name="parent" value="nowhere"' in wrong.text
