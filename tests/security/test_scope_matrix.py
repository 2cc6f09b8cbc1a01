"""Route × role × place: everybody is answered as the table says; what is out of scope stays as it is."""

import re
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest
from route_policies import RoutePolicy, routes_of
from security.scope_table import (
    API,
    CHAIN_WIDE,
    ELSEWHERE,
    FOREIGN,
    HEADQUARTERS_ONLY,
    ROWS,
    TILLS,
    Row,
)
from security.scope_things import RETIRING, Things
from sqlalchemy import select, text
from web_world import WebWorld

from regulars.db.base import metadata
from regulars.kernel.ids import new_id
from regulars.purchases.tables import purchase
from regulars.security.domain import OPERATOR_ROLES, Role
from regulars.security.policy import roles_with
from rules_ui import streaming

INSIDE = ("own", "branch", "headquarters")
OUTSIDE = ("sibling", "other branch")
NOT_OURS_TO_CHANGE = {"operator_session", "sign_in_failure", "member_feature", "member_feature_state"}
"""What signing in touches, and what is gathered of all members when anybody asks about them."""


@pytest.fixture(autouse=True)
def one_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The overview's stream ends after its first message."""
    monkeypatch.setattr(streaming, "LONGEST_STREAM_BEATS", 1)


def everything(world: WebWorld) -> dict[str, RoutePolicy]:
    """The routes that ask for a permission."""
    return {route.name: route for route in routes_of(world.app) if route.permissions}


def test_every_route_has_its_row(world: WebWorld) -> None:
    assert set(everything(world)) == {*ROWS, *CHAIN_WIDE, *HEADQUARTERS_ONLY, *ELSEWHERE}


def test_every_route_that_tills_may_use_has_its_row(world: WebWorld) -> None:
    allowed = {
        name for name, route in everything(world).items() if Role.TERMINAL in roles_with(route.permissions[0])
    }
    assert set(TILLS) == allowed - (ELSEWHERE - TILLS.keys())


@pytest.fixture
async def things(world: WebWorld) -> Things:
    made = Things(world)
    await made.publish_there()
    return made


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """The value with the things' own ids for their names."""
    if isinstance(value, dict):
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    return re.sub(r"\{\w+\}", lambda found: known[found[0]], value) if isinstance(value, str) else value


async def ask(
    client: httpx.AsyncClient,
    name: str,
    known: Mapping[str, str],
    *,
    json: Any = None,
    form: Mapping[str, str] | None = None,
) -> httpx.Response:
    method, _, path = name.partition(" ")
    headers = {"Idempotency-Key": known["{order}"]}
    return await client.request(
        method, filled(path, known), json=filled(json, known), data=filled(form, known), headers=headers
    )


async def places(world: WebWorld) -> dict[str, UUID]:
    """Where somebody may stand, as seen from the store east-1."""
    chain = world.chain
    await world.container.refresh_places()
    by_code = world.container.places.by_code
    return {
        "own": chain.stores["east-1"],
        "branch": by_code("east").id,
        "headquarters": chain.hq,
        "sibling": chain.stores["east-2"],
        "other branch": by_code("west").id,
    }


async def everybody(
    world: WebWorld, role: Role, where: Iterable[str], stack: AsyncExitStack
) -> dict[str, httpx.AsyncClient]:
    """A signed-in operator with the role at each of these places."""
    at = await places(world)
    return {name: await stack.enter_async_context(await world.operator(role, at[name])) for name in where}


async def state(world: WebWorld) -> dict[str, tuple[int, int]]:
    """A fingerprint of every table but those that signing in touches."""
    found = {}
    async with world.chain.database.read() as session:
        for table in metadata.sorted_tables:
            if table.name not in NOT_OURS_TO_CHANGE:
                # When a till's key was last used is the till's own, and noted when somebody looks at keys.
                row = "to_jsonb(t) - 'last_used_at'" if table.name == "terminal_key" else "t"
                query = f"select count(*), coalesce(sum(hashtext(({row})::text)), 0) from {table.name} t"
                found[table.name] = tuple((await session.execute(text(query))).one())
    return found


def granted(world: WebWorld, role: Role) -> dict[str, Row]:
    """The table's rows whose permission the role has."""
    routes = everything(world)
    return {name: row for name, row in ROWS.items() if role in roles_with(routes[name].permissions[0])}


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_a_role_reaches_what_lies_at_or_below_its_place(
    world: WebWorld, things: Things, role: Role
) -> None:
    async with AsyncExitStack() as stack:
        clients = await everybody(world, role, INSIDE, stack)
        read = await things.fresh()
        # Reads come first: what the changes are tried on would fill the first page of every list.
        rows = sorted(granted(world, role).items(), key=lambda item: not item[0].startswith("GET"))
        for (name, row), (where, client) in product(rows, clients.items()):
            known = read if name.startswith("GET") else await things.fresh_for(name, row)
            if name.endswith("/unfreeze"):
                await chain_freezes(world, known)
            answer = await ask(client, name, known, json=row.json, form=row.form)
            assert answer.status_code == row.inside, (where, name, answer.text)
            assert row.lists is None or filled(row.lists, known) in answer.text, (where, name)


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_a_role_sees_and_changes_nothing_elsewhere(world: WebWorld, things: Things, role: Role) -> None:
    known = await things.fresh()
    marks = {*FOREIGN, known["{task_id}"], known["{key_id}"]}
    async with AsyncExitStack() as stack:
        clients = await everybody(world, role, OUTSIDE, stack)
        before = await state(world)
        for where, client in clients.items():
            for name, row in granted(world, role).items():
                answer = await ask(client, name, known, json=row.json, form=row.form)
                assert answer.status_code == row.outside, (where, name, answer.text)
                asked = {part for part in marks if part in str(answer.request.url)}
                shown = {mark for mark in marks - asked if mark in answer.text}
                assert shown == set(), (where, name)
        assert await state(world) == before, role


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_a_role_without_the_permission_is_refused_wherever_it_stands(
    world: WebWorld, things: Things, role: Role
) -> None:
    known, may = await things.fresh(), granted(world, role)
    async with AsyncExitStack() as stack:
        clients = await everybody(world, role, ("own", "headquarters", "sibling"), stack)
        before = await state(world)
        for where, client in clients.items():
            for name, row in ROWS.items():
                if name not in may:
                    answer = await ask(client, name, known, json=row.json, form=row.form)
                    assert answer.status_code == 403, (where, name, answer.text)
        assert await state(world) == before, role


async def test_a_till_is_answered_by_its_own_store(world: WebWorld, things: Things) -> None:
    for code, own in (("east-1-t1", True), ("east-1-t2", True), ("east-2-t1", False), ("west-1-t1", False)):
        async with await world.till(code) as till:
            for name, row in TILLS.items():
                known = await things.fresh_for(name, row)
                answer = await ask(till, name, known, json=row.json, form=row.form)
                assert answer.status_code == (row.own if own else row.other), (code, name, answer.text)
                if name == "POST /v1/purchases":
                    stored = await store_of(world, UUID(answer.json()["purchase_id"]))
                    assert stored == world.chain.stores[code.rpartition("-")[0]]


async def test_a_till_changes_nothing_that_is_not_a_tills(world: WebWorld, things: Things) -> None:
    known = await things.fresh()
    async with await world.till() as till:
        before = await state(world)
        for name, row in ROWS.items():
            if name not in TILLS:
                answer = await ask(till, name, known, json=row.json, form=row.form)
                assert answer.status_code == 403, (name, answer.text)
        assert await state(world) == before


async def test_only_headquarters_sees_temporals_own_pages(world: WebWorld) -> None:
    async with AsyncExitStack() as stack:
        for role in (Role.OPS, Role.ADMIN):
            clients = await everybody(world, role, (*INSIDE, *OUTSIDE), stack)
            for where, client in clients.items():
                answer = await client.get("/temporal/")
                # 503: this test runs no Temporal, and whoever may see it is told so.
                assert answer.status_code == (503 if where == "headquarters" else 403), (role, where)


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_only_headquarters_changes_what_is_the_whole_chains(
    world: WebWorld, things: Things, role: Role
) -> None:
    routes = everything(world)
    async with AsyncExitStack() as stack:
        clients = await everybody(world, role, (*OUTSIDE, *INSIDE), stack)
        before = await state(world)
        for where, client in clients.items():
            for name, row in CHAIN_WIDE.items():
                here = where == "headquarters"
                known = await things.fresh_for(name, row) if here else {"{fresh_code}": "never"}
                known |= {"{field_id}": str(RETIRING.id), "{order}": str(new_id())}
                answer = await ask(client, name, known, json=row.json, form=row.form)
                may = role in roles_with(routes[name].permissions[0]) and here
                assert answer.status_code == (row.inside if may else row.outside), (where, name, answer.text)
            assert where == "headquarters" or await state(world) == before, where


async def test_a_store_reaches_nothing_above_it(world: WebWorld, things: Things) -> None:
    at = await places(world)
    manager = await world.appoint(("admin", at["branch"]))
    both = await world.appoint(("store", at["own"]), ("store", at["sibling"]))
    async with await world.operator("admin", at["own"]) as client:
        before = await state(world)
        for name, row in API.items():
            for place in (at["branch"], at["headquarters"]):
                if "{place_id}" in name:
                    known = {"{place_id}": str(place), "{fresh}": "never", "{order}": str(new_id())}
                    assert (await ask(client, name, known, json=row.json)).status_code == 404, name
            for operator, status in ((manager, 404), (both, 403)):
                if "{operator_id}" in name and not name.startswith("GET"):
                    known = {
                        "{operator_id}": str(operator.id),
                        "{store}": str(at["own"]),
                        "{fresh}": "never",
                        "{order}": str(new_id()),
                    }
                    assert (await ask(client, name, known, json=row.json)).status_code == status, name
        seen = (await client.get(f"/v1/operators/{both.id}")).json()
        page = await client.get("/operators")
        assert await state(world) == before
    assert [role["place_id"] for role in seen["roles"]] == [str(at["own"])]
    assert "East-2" not in page.text


async def chain_freezes(world: WebWorld, known: Mapping[str, str]) -> None:
    async with await world.operator("service_desk", world.chain.hq) as desk:
        frozen = await desk.post(f"/v1/members/{known['{member_id}']}/freeze", json={"reason": "other"})
        assert frozen.status_code == 200, frozen.text


async def store_of(world: WebWorld, purchase_id: UUID) -> UUID:
    async with world.chain.database.read() as session:
        found = await session.execute(select(purchase.c.store_id).where(purchase.c.id == purchase_id))
        return found.scalars().one()
