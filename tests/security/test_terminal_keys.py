"""Terminal keys: shown once, two live, bound to a terminal, useless soon after they are revoked."""

import asyncio
from datetime import datetime, timedelta

import pytest
from small_chain import ACTOR, OPENED, SmallChain
from sqlalchemy import select, text, update

from regulars.organisation.service import close_place
from regulars.security.actor import Actor
from regulars.security.domain import Grant, IssuedKey, Role
from regulars.security.errors import NotSignedIn, TooManyTerminalKeys, UnknownTerminal, UnknownTerminalKey
from regulars.security.policy import Permission
from regulars.security.tables import terminal_key
from regulars.security.terminal_keys import TerminalKeys, issue_key, list_keys, revoke_key

PEPPER = b"p" * 32
FORGOTTEN_SECONDS = 1.1


async def issue(chain: SmallChain, till: str = "east-1-t1", actor: Actor = ACTOR) -> IssuedKey:
    async with chain.database.begin() as session:
        return await issue_key(session, chain.tills[till], PEPPER, actor, OPENED)


async def test_a_key_proves_its_terminal_at_its_store(chain: SmallChain) -> None:
    issued = await issue(chain)
    actor = await TerminalKeys(chain.database, PEPPER).actor_of(issued.bearer)
    assert (actor.kind, actor.id) == ("terminal", str(chain.tills["east-1-t1"]))
    assert actor.may(Permission.PURCHASE_RECORD)
    assert not actor.may(Permission.MEMBER_READ)
    assert actor.grants[0].place_id == chain.stores["east-1"]


async def test_the_database_cannot_tell_the_secret(chain: SmallChain) -> None:
    issued = await issue(chain)
    async with chain.database.begin() as session:
        row = (await session.execute(select(terminal_key))).one()
    assert len(row.secret_mac) == 32
    assert issued.bearer.split(".")[1].encode() not in row.secret_mac
    with pytest.raises(NotSignedIn):
        await TerminalKeys(chain.database, b"q" * 32).actor_of(issued.bearer)


async def test_what_is_not_exactly_a_key_is_refused(chain: SmallChain) -> None:
    issued, other = await issue(chain), await issue(chain, "west-1-t1")
    key_id, secret = issued.bearer.split(".")
    keys = TerminalKeys(chain.database, PEPPER)
    wrong = [
        "",
        key_id,
        f"{key_id}.",
        f"{key_id}.{secret}x",
        f"{key_id}.{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}",
        f"{key_id}.{other.bearer.split('.')[1]}",
        f"tk_unknownunkno.{secret}",
        issued.bearer + "\n",
        "é" * 60,
    ]
    for bearer in wrong:
        with pytest.raises(NotSignedIn):
            await keys.actor_of(bearer)


async def test_two_keys_are_live_for_rotation_and_a_third_waits(chain: SmallChain) -> None:
    first, second = await issue(chain), await issue(chain)
    with pytest.raises(TooManyTerminalKeys):
        await issue(chain)
    async with chain.database.begin() as session:
        await revoke_key(session, first.key.terminal_id, first.key.key_id, ACTOR, OPENED)
        await revoke_key(session, first.key.terminal_id, first.key.key_id, ACTOR, OPENED)
    third = await issue(chain)
    keys = TerminalKeys(chain.database, PEPPER)
    for live in (second, third):
        assert (await keys.actor_of(live.bearer)).kind == "terminal"
    async with chain.database.begin() as session:
        known = await list_keys(session, first.key.terminal_id, ACTOR.scope)
    assert [key.revoked_at for key in known] == [OPENED, None, None]


async def test_keys_asked_for_at_once_stay_two(chain: SmallChain) -> None:
    async def try_one() -> str:
        try:
            await issue(chain)
        except TooManyTerminalKeys as refusal:
            return refusal.code
        return "issued"

    outcomes = await asyncio.gather(*(try_one() for _ in range(5)))
    assert outcomes.count("issued") == 2


async def test_a_revoked_key_fails_within_two_seconds(chain: SmallChain) -> None:
    issued = await issue(chain)
    keys = TerminalKeys(chain.database, PEPPER)
    await keys.actor_of(issued.bearer)
    async with chain.database.begin() as session:
        await revoke_key(session, issued.key.terminal_id, issued.key.key_id, ACTOR, OPENED)
    await asyncio.sleep(FORGOTTEN_SECONDS)
    with pytest.raises(NotSignedIn):
        await keys.actor_of(issued.bearer)


async def test_a_closed_terminal_has_no_good_key(chain: SmallChain) -> None:
    issued = await issue(chain)
    async with chain.database.begin() as session:
        await close_place(session, issued.key.terminal_id, ACTOR, OPENED, "moved")
    with pytest.raises(NotSignedIn):
        await TerminalKeys(chain.database, PEPPER).actor_of(issued.bearer)
    with pytest.raises(UnknownTerminal):
        await issue(chain)


async def test_many_requests_at_once_ask_the_database_once(chain: SmallChain) -> None:
    issued = await issue(chain)
    keys = TerminalKeys(chain.database, PEPPER)
    actors = await asyncio.gather(*(keys.actor_of(issued.bearer) for _ in range(50)))
    assert len({actor.id for actor in actors}) == 1


async def test_the_last_use_of_a_key_is_noted_once_an_hour_and_a_wrong_secret_is_no_use(
    chain: SmallChain,
) -> None:
    good, idle = await issue(chain), await issue(chain)
    keys = TerminalKeys(chain.database, PEPPER)

    async def last_used() -> list[datetime | None]:
        async with chain.database.begin() as session:
            known = await list_keys(session, good.key.terminal_id, ACTOR.scope)
        return [key.last_used_at for key in known]

    async def ask_again() -> None:
        keys._remembered.clear()
        with pytest.raises(NotSignedIn):
            await keys.actor_of(f"{idle.key.key_id}.{'x' * 43}")

    await keys.actor_of(good.bearer)
    assert await last_used() == [None, None], "the request itself writes nothing"
    await ask_again()
    first, never = await last_used()
    assert first is not None
    assert never is None
    for known in (keys, other := TerminalKeys(chain.database, PEPPER)):
        await known.actor_of(good.bearer)
    await ask_again()
    other._remembered.clear()
    await other.actor_of(good.bearer)
    assert await last_used() == [first, None]
    async with chain.database.begin() as session:
        await session.execute(update(terminal_key).values(last_used_at=first - timedelta(hours=2)))
    keys._noted.clear()
    await keys.actor_of(good.bearer)
    await ask_again()
    again = (await last_used())[0]
    assert again is not None
    assert again > first


async def test_a_till_is_let_in_where_its_use_cannot_be_noted(chain: SmallChain) -> None:
    issued = await issue(chain)
    keys = TerminalKeys(chain.database, PEPPER)
    async with chain.database.begin() as session:
        await session.execute(
            text("alter table terminal_key add constraint full_disk check (last_used_at is null)")
        )
    for _ in range(3):
        assert (await keys.actor_of(issued.bearer)).kind == "terminal"
        keys._remembered.clear()
    async with chain.database.begin() as session:
        (key,) = await list_keys(session, issued.key.terminal_id, ACTOR.scope)
    assert key.last_used_at is None


async def test_an_admin_gives_keys_only_to_terminals_below(chain: SmallChain) -> None:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    west = chain.desk.places.by_code("west")
    admin = Actor("operator", str(west.id), "w", (Grant(Role.ADMIN, west.id, west.path),))
    admin = admin.admitted(Permission.TERMINAL_KEY_MANAGE)
    with pytest.raises(UnknownTerminal):
        await issue(chain, "east-1-t1", admin)
    issued = await issue(chain, "east-1-t1")
    with pytest.raises(UnknownTerminalKey):
        async with chain.database.begin() as session:
            await revoke_key(session, issued.key.terminal_id, issued.key.key_id, admin, OPENED)
