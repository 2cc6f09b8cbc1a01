"""Signing in and out, languages, and what people are told when something is in the way."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from small_chain import ACTOR, OPENED
from web_world import PASSWORD, WebWorld, client_of, make_app

from regulars.kernel.ids import new_id
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator, disable_operator
from rules_ui.ui import own_path

ORIGIN = {"Origin": "http://localhost"}


async def appoint(world: WebWorld, login: str = "lin") -> NewOperator:
    new = NewOperator(new_id(), login, "林晓", PASSWORD, "zh", (RoleAt(Role.ADMIN, world.chain.hq),))
    async with world.container.database.begin() as session:
        await create_operator(session, new, ACTOR, OPENED)
    return new


async def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(world: WebWorld) -> None:
    await appoint(world)
    asked = await world.anybody.get("/members?stage=active")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=%2Fmembers%3Fstage%3Dactive",
    )
    form = {"login": " LIN ", "password": PASSWORD, "next": "/members?stage=active"}
    signed_in = await world.anybody.post("/sign-in", data=form, headers=ORIGIN)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/members?stage=active")
    page = await world.anybody.get("/members?stage=active")
    assert page.status_code == 200
    assert "林晓" in page.text


@pytest.mark.parametrize("login", ["lin", "nobody"])
async def test_a_wrong_password_and_an_unknown_login_look_alike(world: WebWorld, login: str) -> None:
    await appoint(world)
    answer = await world.anybody.post(
        "/sign-in", data={"login": login, "password": "wrong"}, headers={**ORIGIN, "Accept-Language": "en"}
    )
    assert answer.status_code == 401
    assert answer.text.replace(login, "…").count("…") >= 1
    assert "regulars_session" not in answer.headers.get("set-cookie", "")


async def test_signing_out_ends_the_session(world: WebWorld, admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/members")).status_code == 200
    assert (await admin.post("/sign-out")).headers["location"] == "/sign-in?done=signed-out"
    assert (await admin.get("/members")).status_code == 303


async def test_a_disabled_operator_is_out_with_the_next_request(world: WebWorld) -> None:
    await appoint(world, "stays")
    operator = await world.appoint(("admin", world.chain.hq))
    async with await world.client_for(operator) as client:
        assert (await client.get("/")).status_code == 200
        async with world.container.database.begin() as session:
            await world.container.places.refresh(session)
            await disable_operator(session, operator.id, ACTOR, OPENED + timedelta(days=1), "left")
        assert (await client.get("/")).status_code == 303


async def test_the_language_is_switched_and_kept_and_the_reader_stays_on_the_page(
    admin: httpx.AsyncClient,
) -> None:
    assert "<h1>Members</h1>" in (await admin.get("/members")).text
    switched = await admin.post("/language", data={"language": "zh", "next": "/members?tier=gold"})
    assert switched.headers["location"] == "/members?tier=gold"
    page = (await admin.get("/members")).text
    assert "<h1>会员</h1>" in page
    assert '<html lang="zh-CN"' in page
    odd = await admin.post("/language", data={"language": "tlh", "next": "https://evil.example/"})
    assert odd.headers["location"] == "/"
    assert "set-cookie" not in odd.headers


@pytest.mark.parametrize(
    "wish",
    ["https://evil.example", "//evil.example", "/\\evil.example", "members", "", None, "/sign-in", "/a\nb"],
)
def test_nobody_is_sent_to_another_host(wish: str | None) -> None:
    assert own_path(wish) == "/"


async def test_a_form_without_the_sessions_token_is_told_to_be_expired(admin: httpx.AsyncClient) -> None:
    del admin.headers["X-CSRF-Token"]
    answer = await admin.post("/places", data={"code": "N"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.text


@pytest.mark.parametrize(
    "path", ["/nowhere", "/members/00000000-0000-7000-8000-000000000000", "/members/cut-off", "/packs/none"]
)
async def test_what_is_not_there_gets_a_page_in_the_readers_language(
    admin: httpx.AsyncClient, path: str
) -> None:
    answer = await admin.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert '<nav class="mainnav"' in answer.text


async def test_who_lacks_the_role_is_told_so(world: WebWorld) -> None:
    async with await world.operator("finance", world.chain.hq) as finance:
        answer = await finance.get("/operators")
        assert answer.status_code == 403
        assert "You may not do this" in answer.text
        assert 'href="/operators"' not in (await finance.get("/")).text


@pytest.mark.parametrize("path", ["/sign-in", "/members", "/"])
async def test_a_database_that_is_away_gets_a_page_that_says_so(tmp_path: Path, path: str) -> None:
    app = make_app("postgresql://127.0.0.1:1/nothing", tmp_path)
    async with client_of(app) as client:
        client.cookies.set("regulars_session", "x" * 43)
        answer = await client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert "One moment, please" in answer.text
    assert "Traceback" not in answer.text


async def test_pages_carry_a_policy_that_allows_nothing_inline(admin: httpx.AsyncClient) -> None:
    policy = (await admin.get("/")).headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
