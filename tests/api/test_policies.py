"""Every route has one policy, and the policy holds: roles that lack it are refused, wherever they are."""

import re
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from route_policies import RoutePolicy, routes_of
from small_chain import MONDAY
from sqlalchemy import select
from web_world import WebWorld

from api.strict_json import StrictRoute
from regulars.care.domain import CareDue
from regulars.care.service import open_tasks
from regulars.lifecycle.tables import lifecycle_event
from regulars.security.domain import OPERATOR_ROLES, Role
from regulars.security.policy import Permission, roles_with

PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /v1/openapi.json",
    "POST /v1/session",
    "GET /sign-in",
    "POST /sign-in",
    "POST /language",
}
MOUNTS = {"MOUNT /static"}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def address(route: RoutePolicy) -> str:
    """The route's path with an id that nothing has in place of each parameter."""
    return re.sub(r"\{[^}]+\}", str(UUID(int=7)), route.path)


def test_every_route_has_exactly_one_policy(app: FastAPI) -> None:
    without = [
        route.name
        for route in routes_of(app)
        if route.name not in MOUNTS and len(route.permissions) + route.public != 1
    ]
    assert without == []


def test_only_these_routes_are_public(app: FastAPI) -> None:
    assert {route.name for route in routes_of(app) if route.public} <= PUBLIC


def test_every_api_route_reads_json_strictly(app: FastAPI) -> None:
    lax = [
        context.path
        for context in iter_route_contexts(app.routes)
        if str(context.path).startswith("/v1/") and not isinstance(context.original_route, StrictRoute)
    ]
    assert lax == []


async def test_nobody_gets_anything_without_signing_in(world: WebWorld) -> None:
    for route in routes_of(world.app):
        if not route.permissions:
            continue
        answer = await world.anybody.request(route.method, address(route))
        page = not route.path.startswith("/v1/")
        assert answer.status_code in ((303, 401) if page else (401,)), route.name


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_a_role_without_the_permission_is_refused_even_at_headquarters(
    world: WebWorld, role: Role
) -> None:
    async with await world.operator(role, world.chain.hq) as client:
        for route in routes_of(world.app):
            if not route.permissions or role in roles_with(route.permissions[0]):
                continue
            answer = await client.request(
                route.method, address(route), headers={"Origin": "http://localhost"}
            )
            assert answer.status_code == 403, route.name


async def test_a_terminal_is_refused_whatever_terminals_may_not(world: WebWorld) -> None:
    async with await world.till() as till:
        for route in routes_of(world.app):
            if route.permissions and Role.TERMINAL not in roles_with(route.permissions[0]):
                answer = await till.request(route.method, address(route))
                assert answer.status_code == 403, route.name


async def test_a_change_without_the_sessions_token_is_refused(world: WebWorld) -> None:
    operator = await world.appoint(*((role, world.chain.hq) for role in sorted(OPERATOR_ROLES)))
    async with await world.client_for(operator) as client:
        del client.headers["X-CSRF-Token"]
        for route in routes_of(world.app):
            if route.method in CHANGING and route.permissions:
                answer = await client.request(route.method, address(route))
                assert answer.status_code == 403, route.name


async def test_a_change_from_another_site_is_refused_even_with_the_token(world: WebWorld) -> None:
    async with await world.operator("admin", world.chain.hq) as client:
        body = {"parent_code": "HQ", "kind": "branch", "code": "N", "name": "North"}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "null"},
        ):
            refused = await client.post("/v1/places", json=body, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf_refused")
        taken = await client.post("/v1/places", json=body, headers={"Origin": "http://localhost"})
        assert taken.status_code == 201


SUBJECTS = {
    "GET /v1/places/{place_id}": ("{store}", None),
    "PATCH /v1/places/{place_id}": ("{store}", {"name": "New name"}),
    "POST /v1/places/{place_id}/close": ("{store}", {}),
    "GET /v1/terminals/{terminal_id}/keys": ("{till}", None),
    "POST /v1/terminals/{terminal_id}/keys": ("{till}", None),
    "DELETE /v1/terminals/{terminal_id}/keys/{key_id}": ("{till}", None),
    "GET /v1/operators/{operator_id}": ("{operator}", None),
    "PUT /v1/operators/{operator_id}/roles": (
        "{operator}",
        {"roles": [{"role": "store", "place_id": "{store}"}]},
    ),
    "POST /v1/operators/{operator_id}/disable": ("{operator}", {}),
    "POST /v1/operators/{operator_id}/enable": ("{operator}", {}),
    "GET /v1/members/lookup/{reference}": ("{member}", None),
    "GET /v1/members/{reference}": ("{member}", None),
    "PATCH /v1/members/{member_id}": ("{member}", {"name": "New Name"}),
    "POST /v1/members/{member_id}/consents": ("{member}", {"consents": {"sms": True}, "source": "desk"}),
    "POST /v1/members/{member_id}/references": ("{member}", {"reference": "app-1"}),
    "POST /v1/members/{member_id}/phone-views": ("{member}", {"reason": "revisit"}),
    "GET /v1/members/{member_id}/care-tasks": ("{member}", None),
    "POST /v1/care-tasks/{task_id}/close": ("{task}", {"outcome": "reached"}),
    "POST /v1/members/{member_id}/freeze": ("{member}", {"reason": "other"}),
    "POST /v1/members/{member_id}/unfreeze": ("{member}", {}),
    "GET /v1/purchases/{purchase_id}": ("{purchase}", None),
    "POST /v1/purchases/{purchase_id}/attribution": ("{purchase}", {"member": "{member}"}),
}
"""For each API route about one thing: the thing, at the store east-1, and a good body."""

ABOUT_NOTHING = {
    "GET /v1/openapi.json",
    "POST /v1/session",
    "GET /v1/session",
    "DELETE /v1/session",
    "POST /v1/session/password",
    "GET /v1/places",
    "POST /v1/places",
    "GET /v1/operators",
    "POST /v1/operators",
    "GET /v1/care-tasks",
    "GET /v1/members",
    "POST /v1/members",
    "POST /v1/quotes",
    "POST /v1/purchases",
}
"""Routes whose scope shows in what they list or take; other tests look at them."""


def test_the_matrix_knows_every_api_route(app: FastAPI) -> None:
    assert {route.name for route in routes_of(app) if route.path.startswith("/v1/")} == {
        *SUBJECTS,
        *ABOUT_NOTHING,
    }


async def things(world: WebWorld) -> dict[str, str]:
    """What the routes are about, all at the store east-1."""
    chain = world.chain
    member = await chain.join(phone="+12125550123")
    bought = await chain.buy()
    async with chain.database.begin() as session:
        joined = (await session.execute(select(lifecycle_event.c.id))).scalars().one()
        await open_tasks(session, [CareDue(joined, member, MONDAY)], MONDAY)
    operator = await world.appoint(("store", chain.stores["east-1"]))
    await world.appoint(("admin", chain.hq))
    key = (await world.bearer()).split(".")[0]
    return {
        "{store}": str(chain.stores["east-1"]),
        "{till}": str(chain.tills["east-1-t1"]),
        "{operator}": str(operator.id),
        "{member}": str(member),
        "{task}": str(joined),
        "{purchase}": str(bought.purchase_id),
        "{key_id}": key,
    }


def filled(value: object, known: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES))
async def test_a_role_reaches_what_lies_at_or_below_its_place_and_nothing_else(
    world: WebWorld, role: Role
) -> None:
    known = await things(world)
    chain, routes = world.chain, {route.name: route for route in routes_of(world.app)}
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    at = {
        "sibling": chain.stores["east-2"],
        "other branch": chain.desk.places.by_code("west").id,
        "own": chain.stores["east-1"],
        "branch": chain.desk.places.by_code("east").id,
        "headquarters": chain.hq,
    }
    for where, place in at.items():
        async with await world.operator(role, place) as client:
            for name, (subject, body) in SUBJECTS.items():
                permission = routes[name].permissions[0]
                if role not in roles_with(permission):
                    continue
                answer = await ask(client, routes[name], known, subject, body)
                if where in ("sibling", "other branch"):
                    hidden = answer.status_code in (403, 404) or answer.text == "[]"
                    assert hidden, (where, name, answer.text)
                else:
                    assert answer.status_code in (200, 201, 204, 409), (where, name, answer.text)


async def ask(
    client: httpx.AsyncClient, route: RoutePolicy, known: dict[str, str], subject: str, body: object
) -> httpx.Response:
    path = route.path.replace("{key_id}", known["{key_id}"])
    path = re.sub(r"\{[^}]+\}", known[subject], path)
    content = filled(body, known)
    return (
        await client.request(route.method, path, json=content)
        if content is not None
        else (await client.request(route.method, path))
    )


@pytest.mark.parametrize("path", ["/v1/places", "/v1/operators", "/v1/members", "/v1/care-tasks"])
async def test_a_list_shows_what_lies_below_only(world: WebWorld, path: str) -> None:
    await things(world)
    async with await world.operator("admin", world.chain.stores["east-1"]) as inside:
        assert len((await inside.get(path)).json()["items"]) > 0
    async with await world.operator("admin", world.chain.stores["east-2"]) as outside:
        shown = str((await outside.get(path)).json()["items"])
        assert str(world.chain.stores["east-1"]) not in shown
        assert "Chen Jing" not in shown
        assert path in ("/v1/places", "/v1/operators") or shown == "[]"


async def test_a_till_finds_members_of_every_store_by_what_they_show(world: WebWorld) -> None:
    member = await world.chain.join(phone="+12125550123", references=("cj-7",))
    async with await world.till("west-1-t1") as till:
        for shown in (str(member), "cj-7"):
            answer = await till.get(f"/v1/members/lookup/{shown}")
            assert answer.status_code == 200, answer.text
            assert set(answer.json()) == {"id", "number", "name", "phone_last4", "standing"}


def test_each_permission_of_the_api_is_one_that_somebody_has(app: FastAPI) -> None:
    used = {permission for route in routes_of(app) for permission in route.permissions}
    assert all(roles_with(permission) for permission in used)
    assert Permission.MEMBER_READ in used
