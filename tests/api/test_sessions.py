"""Signing in over HTTP: cookies, headers, and what browsers are told."""

from pathlib import Path

import httpx
import pytest
from small_chain import SmallChain
from web_world import PASSWORD, WebWorld, client_of, make_app

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.security.actor import Actor
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator

BODY = {"login": "anna", "password": PASSWORD}


@pytest.fixture
async def anna(chain: SmallChain) -> None:
    """An operator who signs in by password."""
    async with chain.database.begin() as session:
        new = NewOperator(new_id(), "anna", "Anna", PASSWORD, "zh", (RoleAt(Role.ADMIN, chain.hq),))
        await create_operator(session, new, Actor.command("tests"), clock.now())


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(world: WebWorld, anna: None) -> None:
    answer = await world.anybody.post("/v1/session", json=BODY)
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("regulars_session=")
    for attribute in ("httponly", "samesite=lax", "path=/", "max-age=43200"):
        assert attribute in cookie
    assert "secure" not in cookie
    assert answer.json()["name"] == "Anna"
    token = answer.json()["csrf_token"]
    assert (await world.anybody.get("/v1/session")).json()["csrf_token"] == token


async def test_over_https_the_cookie_is_bound_to_the_host(world: WebWorld, anna: None) -> None:
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://members.example.com") as client:
        answer = await client.post("/v1/session", json=BODY)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-regulars=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert (await client.get("/v1/session")).status_code == 200


async def test_a_password_is_not_taken_over_plain_http_from_elsewhere(world: WebWorld, anna: None) -> None:
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://192.0.2.7:8600") as client:
        answer = await client.post("/v1/session", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")


async def test_behind_a_proxy_the_public_address_counts(
    chain: SmallChain, anna: None, database_url: str, tmp_path: Path
) -> None:
    app = make_app(database_url, tmp_path, public_url="https://members.example.com")
    async with client_of(app) as client:
        foreign = await client.post("/v1/session", json=BODY, headers={"Origin": "http://localhost"})
        assert foreign.json()["code"] == "csrf_refused"
        answer = await client.post(
            "/v1/session", json=BODY, headers={"Origin": "https://members.example.com"}
        )
        assert answer.headers["set-cookie"].startswith("__Host-regulars=")
    await app.state.container.close()


async def test_signing_out_ends_the_session(world: WebWorld, anna: None) -> None:
    csrf = (await world.anybody.post("/v1/session", json=BODY)).json()["csrf_token"]
    kept = dict(world.anybody.cookies)
    answer = await world.anybody.delete("/v1/session", headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 204
    assert "regulars_session" not in world.anybody.cookies
    world.anybody.cookies.update(kept)
    assert (await world.anybody.get("/v1/session")).status_code == 401


async def test_signing_in_again_rotates_the_token(world: WebWorld, anna: None) -> None:
    await world.anybody.post("/v1/session", json=BODY)
    first = world.anybody.cookies["regulars_session"]
    await world.anybody.post("/v1/session", json=BODY)
    assert world.anybody.cookies["regulars_session"] != first
    world.anybody.cookies.set("regulars_session", first)
    async with client_of(world.app) as other:
        other.cookies.set("regulars_session", first)
        assert (await other.get("/v1/session")).status_code == 401


async def test_guessing_is_answered_with_when_to_come_again(world: WebWorld, anna: None) -> None:
    for _ in range(10):
        refused = await world.anybody.post("/v1/session", json={**BODY, "password": "wrong"})
        assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_refused")
    stopped = await world.anybody.post("/v1/session", json=BODY, headers={"Accept-Language": "zh"})
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 900
    assert "失败次数过多" in stopped.json()["detail"]


async def test_an_operator_changes_the_own_password(world: WebWorld, anna: None) -> None:
    csrf = (await world.anybody.post("/v1/session", json=BODY)).json()["csrf_token"]
    body = {"current_password": PASSWORD, "new_password": "another long phrase"}
    answer = await world.anybody.post("/v1/session/password", json=body, headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 204
    assert (await world.anybody.post("/v1/session", json=BODY)).status_code == 401


async def test_a_till_knows_who_it_is_and_needs_no_csrf_token(world: WebWorld) -> None:
    async with await world.till() as till:
        me = (await till.get("/v1/session")).json()
        assert (me["kind"], me["id"]) == ("terminal", str(world.chain.tills["east-1-t1"]))
        refused = await till.post("/v1/session/password", json={"current_password": "x", "new_password": "y"})
        assert refused.status_code == 403


async def test_every_answer_tells_the_browser_what_not_to_do(world: WebWorld) -> None:
    answers = [
        await world.anybody.get(path) for path in ("/healthz", "/v1/nothing", "/sign-in", "/v1/session")
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "'unsafe-inline'" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
    nonces = {answer.headers["content-security-policy"].split("'nonce-")[1][:20] for answer in answers}
    assert len(nonces) == len(answers)


async def test_health_and_the_description_are_for_everybody(world: WebWorld) -> None:
    assert (await world.anybody.get("/healthz")).json() == {"status": "ok"}
    assert (await world.anybody.get("/readyz")).json() == {"status": "ready", "chain": "Test Grocers"}
    document = (await world.anybody.get("/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.")
    assert "/v1/members" in document["paths"]
    assert not any(path.startswith(("/temporal", "/sign-in")) for path in document["paths"])
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for path in document["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    schemas = document["components"]["schemas"]
    assert "examples" in schemas["MemberIn"]
    assert set(bodies) <= set(schemas)
