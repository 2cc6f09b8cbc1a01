"""One's own account, and a new password for whoever forgot it: once, within a day, by nobody else."""

import re
from datetime import timedelta

import httpx
import pytest
from web_world import ORIGIN, PASSWORD, WebWorld, client_of

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.security import accounts
from regulars.security.actor import Actor
from regulars.security.domain import Operator, Role, RoleAt
from regulars.security.service import NewOperator, create_operator

OTHER = "a quite different one"
FROM_HERE = {"Origin": ORIGIN}
IN_ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
async def lin(world: WebWorld) -> Operator:
    """Somebody with a password."""
    role = RoleAt(Role.STORE, world.chain.stores["east-1"])
    new = NewOperator(new_id(), "lin", "Lin", PASSWORD, "en", (role,))
    async with world.chain.database.begin() as session:
        return await create_operator(session, new, Actor.command("tests"), clock.now())


async def sign_in(client: httpx.AsyncClient, password: str) -> int:
    answer = await client.post("/sign-in", data={"login": "lin", "password": password}, headers=FROM_HERE)
    return answer.status_code


async def test_a_password_is_changed_by_whoever_knows_it_and_other_sessions_end(
    world: WebWorld, lin: Operator
) -> None:
    async with await world.client_for(lin) as here, await world.client_for(lin) as there:
        form = {"current": PASSWORD, "new": OTHER, "again": OTHER}
        for wrong, field in (({"current": "no"}, "current"), ({"again": "typo"}, "again")):
            refused = await here.post("/account/password", data={**form, **wrong})
            assert refused.status_code == 422
            assert f'id="{field}-error"' in refused.text
        weak = await here.post("/account/password", data={**form, "new": "lin", "again": "lin"})
        assert 'id="new_password-error"' in weak.text
        assert (await there.get("/account")).text.count("<td><time") >= 2
        changed = await here.post("/account/password", data=form)
        assert changed.headers["location"] == "/account?done=password-set"
        assert (await here.get("/account")).status_code == 200
        assert (await there.get("/account")).status_code == 303
    async with client_of(world.app) as browser:
        assert await sign_in(browser, PASSWORD) == 401
        assert await sign_in(browser, OTHER) == 303


async def test_a_language_is_chosen_for_every_device(world: WebWorld, lin: Operator) -> None:
    async with await world.client_for(lin) as here, await world.client_for(lin) as there:
        assert (await here.post("/account/language", data={"language": "xx"})).status_code == 422
        chosen = await here.post("/account/language", data={"language": "zh"})
        assert chosen.headers["location"] == "/account?done=language-set"
        assert 'lang="zh-CN"' in (await there.get("/account")).text.split("\n")[1]
        ended = await here.post("/account/sessions/end")
        assert ended.headers["location"] == "/account?done=sessions-ended"
        assert (await there.get("/account")).status_code == 303


async def test_a_link_gives_a_new_password_once(
    world: WebWorld, lin: Operator, admin: httpx.AsyncClient
) -> None:
    made = await admin.post(f"/operators/{lin.id}/password")
    link = re.search(r'id="offer">(http://[^<]+)<', made.text)
    assert link is not None
    assert link[1] not in (await admin.get(f"/operators/{lin.id}")).text
    path = link[1].removeprefix(ORIGIN)
    form = {"new": OTHER, "again": OTHER}
    async with client_of(world.app, **FROM_HERE, **IN_ENGLISH) as browser:
        assert ">lin<" in (await browser.get(path)).text
        assert (await browser.post(path, data={**form, "again": "typo"})).status_code == 422
        assert (await browser.post(path, data={"new": "short", "again": "short"})).status_code == 422
        taken = await browser.post(path, data=form)
        assert taken.headers["location"] == "/sign-in?done=password-taken"
        again = await browser.post(path, data=form)
        assert again.status_code == 404
        assert "no good any more" in again.text
        assert await sign_in(browser, OTHER) == 303
    async with client_of(world.app, Origin="https://evil.example") as stranger:
        assert (await stranger.post(path, data=form)).status_code == 403


async def test_a_link_is_good_for_a_day_for_nobody_else_and_not_for_who_was_shut_out(
    world: WebWorld, lin: Operator
) -> None:
    key, now, by = b"k" * 32, clock.now(), Actor.command("tests")
    async with world.chain.database.begin() as session:
        offer = await accounts.offer_password(session, lin.id, key, by, now)
        found = await accounts.offered_to(session, offer, key, now + timedelta(hours=23))
        assert found is not None
        assert found.login == "lin"
        head, until, proof = offer.split(".")
        later = int(until) + 86_400
        other = await world.appoint(("store", world.chain.stores["east-1"]))
        for forged in (
            f"{head}.{later}.{proof}",
            f"{other.id.hex}.{until}.{proof}",
            f"{new_id().hex}.{until}.{proof}",
            f"{head}.{until}.{'0' * 64}",
            f"{head}.{'9' * 12}.{proof}",
            "nothing",
        ):
            assert await accounts.offered_to(session, forged, key, now) is None, forged
            assert not await accounts.take_offer(session, forged, key, OTHER, now), forged
        assert await accounts.offered_to(session, offer, b"x" * 32, now) is None
        assert await accounts.offered_to(session, offer, key, now + timedelta(hours=25)) is None
    async with await world.operator("admin", world.chain.hq) as admin:
        await admin.post(f"/operators/{lin.id}/disable", data={"reason": "left"})
    async with world.chain.database.begin() as session:
        assert await accounts.offered_to(session, offer, key, now) is None
