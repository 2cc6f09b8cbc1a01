"""Every route has one policy, and the policy holds: roles that lack it are refused, wherever they are."""

import re
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from route_policies import RoutePolicy, routes_of
from web_world import WebWorld

from api.strict_json import StrictRoute
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
    "GET /new-password/{offer}",  # whoever holds the link: tests/rules_ui/test_account_pages.py
    "POST /new-password/{offer}",
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
