"""Signing in: what proves an operator, what ends a session, and what slows guessing down."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from regulars.db.session import Database
from regulars.kernel.errors import InvalidInput
from regulars.kernel.ids import new_id
from regulars.organisation.service import found_chain
from regulars.security import service
from regulars.security.actor import Actor
from regulars.security.domain import FAILURE_WINDOW, Operator, Role, RoleAt, SessionTimes
from regulars.security.errors import CsrfRefused, SignInRefused, TooManySignIns
from regulars.security.service import NewOperator
from regulars.security.sign_in import check_csrf, session_of, sign_in, sign_out, token_hash
from regulars.security.tables import operator, operator_session

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
COMMAND = Actor.command("tests")
PASSWORD = "correct horse battery"
_ATTEMPTS = text("select coalesce(sum(failures), 0) from sign_in_failure")
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def anna(database: Database) -> Operator:
    """An administrator of the whole chain."""
    async with database.begin() as session:
        hq = await found_chain(
            session, place_id=new_id(), name="c", currency="CNY", time_zone="UTC", actor=COMMAND, at=AT
        )
        new = NewOperator(new_id(), "anna", "Anna", PASSWORD, "zh", (RoleAt(Role.ADMIN, hq.id),))
        return await service.create_operator(session, new, COMMAND, AT)


async def test_an_operator_signs_in_and_is_known_by_the_token(database: Database, anna: Operator) -> None:
    opened = await sign_in(database, " ANNA ", PASSWORD, HERE, AT)
    async with database.begin() as session:
        live = await session_of(session, opened.token, AT + timedelta(minutes=5))
    assert live is not None
    assert live.operator == anna
    assert live.csrf_token == opened.session.csrf_token


async def test_the_database_knows_only_hashes(database: Database, anna: Operator) -> None:
    opened = await sign_in(database, "anna", PASSWORD, HERE, AT)
    async with database.begin() as session:
        kept = (await session.execute(select(operator_session.c.token_hash))).scalar_one()
        password = (await session.execute(select(operator.c.password_hash))).scalar_one()
    assert kept == token_hash(opened.token)
    assert len(opened.token) >= 43
    assert password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("\x00", "x")]
)
async def test_wrong_and_unknown_are_refused_alike(
    database: Database, anna: Operator, login: str, password: str
) -> None:
    with pytest.raises(SignInRefused) as refusal:
        await sign_in(database, login, password, HERE, AT)
    assert refusal.value.message == "login or password is wrong"


async def test_a_session_ends_by_idleness_age_and_signing_out(database: Database, anna: Operator) -> None:
    times = SessionTimes(idle=timedelta(minutes=30), life=timedelta(hours=2))
    opened = await sign_in(database, "anna", PASSWORD, HERE, AT, times=times)

    async def live_after(minutes: int) -> bool:
        async with database.begin() as session:
            return await session_of(session, opened.token, AT + timedelta(minutes=minutes), times) is not None

    assert await live_after(29)
    assert await live_after(58)
    assert not await live_after(89)
    assert await live_after(80)
    assert await live_after(109)
    assert not await live_after(120)
    async with database.begin() as session:
        await sign_out(session, opened.session.token_hash)
        assert await session_of(session, opened.token, AT, times) is None


async def test_signing_in_anew_ends_the_session_that_the_browser_had(
    database: Database, anna: Operator
) -> None:
    first = await sign_in(database, "anna", PASSWORD, HERE, AT)
    second = await sign_in(database, "anna", PASSWORD, HERE, AT, previous=first.token)
    assert second.token != first.token
    async with database.begin() as session:
        assert await session_of(session, first.token, AT) is None
        assert await session_of(session, second.token, AT) is not None


async def test_a_disabled_operator_fails_at_the_next_request(database: Database, anna: Operator) -> None:
    opened = await sign_in(database, "anna", PASSWORD, HERE, AT)
    async with database.begin() as session:
        hq = anna.grants[0].place_id
        second = NewOperator(new_id(), "bert", "Bert", PASSWORD, "en", (RoleAt(Role.ADMIN, hq),))
        await service.create_operator(session, second, COMMAND, AT)
        await service.disable_operator(session, anna.id, COMMAND, AT, "left")
    async with database.begin() as session:
        assert await session_of(session, opened.token, AT) is None
    with pytest.raises(SignInRefused):
        await sign_in(database, "anna", PASSWORD, HERE, AT)


async def test_guessing_is_stopped_and_the_window_passes(database: Database, anna: Operator) -> None:
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await sign_in(database, "anna", "wrong", HERE, AT)
    with pytest.raises(TooManySignIns) as refusal:
        await sign_in(database, "anna", PASSWORD, THERE, AT + timedelta(minutes=1))
    assert refusal.value.details == {"retry_after_seconds": 14 * 60}
    opened = await sign_in(database, "anna", PASSWORD, HERE, AT + FAILURE_WINDOW)
    assert opened.session.operator.login == "anna"


async def test_guesses_at_once_are_not_more_than_guesses_in_turn(database: Database, anna: Operator) -> None:
    async def guess(number: int) -> str:
        try:
            await sign_in(database, "anna", f"wrong {number}", HERE, AT)
        except (SignInRefused, TooManySignIns) as refusal:
            return refusal.code
        return "signed in"

    outcomes = await asyncio.gather(*(guess(number) for number in range(25)))
    assert outcomes.count("sign_in_refused") == 10
    assert outcomes.count("too_many_sign_ins") == 15


async def test_an_address_that_tries_many_logins_is_stopped(
    database: Database, anna: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.security.sign_in.FAILURES_PER_ADDRESS", 5)
    for number in range(5):
        with pytest.raises(SignInRefused):
            await sign_in(database, f"name{number}", "wrong", HERE, AT)
    with pytest.raises(TooManySignIns):
        await sign_in(database, "anna", PASSWORD, HERE, AT)
    assert (await sign_in(database, "anna", PASSWORD, THERE, AT)).session.operator.login == "anna"


async def test_signing_in_clears_failures_and_what_has_expired(database: Database, anna: Operator) -> None:
    for _ in range(9):
        with pytest.raises(SignInRefused):
            await sign_in(database, "anna", "wrong", HERE, AT)
    await sign_in(database, "anna", PASSWORD, HERE, AT)
    await sign_in(database, "anna", PASSWORD, HERE, AT + timedelta(days=2))
    async with database.begin() as session:
        sessions = (await session.execute(select(func.count()).select_from(operator_session))).scalar_one()
        attempts = (
            await session.execute(text("select coalesce(sum(failures), 0) from sign_in_failure"))
        ).scalar_one()
    assert (sessions, attempts) == (1, 0)


async def test_a_changed_password_ends_other_sessions(database: Database, anna: Operator) -> None:
    mine = await sign_in(database, "anna", PASSWORD, HERE, AT)
    other = await sign_in(database, "anna", PASSWORD, THERE, AT)
    actor = Actor.of_session(mine.session)
    async with database.begin() as session:
        with pytest.raises(SignInRefused):
            await service.change_password(session, anna, "wrong", "another long phrase", actor, AT)
        await service.change_password(session, anna, PASSWORD, "another long phrase", actor, AT)
        assert await session_of(session, mine.token, AT) is not None
        assert await session_of(session, other.token, AT) is None
    assert (await sign_in(database, "anna", "another long phrase", HERE, AT)).session.operator.id == anna.id


@pytest.mark.parametrize("password", ["short", "x" * 257, "my name is anna!!"])
async def test_weak_passwords_are_refused(database: Database, anna: Operator, password: str) -> None:
    new = NewOperator(new_id(), "anna", "A", password, "zh", (RoleAt(Role.STORE, anna.grants[0].place_id),))
    with pytest.raises(InvalidInput) as refusal:
        async with database.begin() as session:
            await service.create_operator(session, new, COMMAND, AT)
    assert [problem.code for problem in refusal.value.problems] == ["password_too_weak"]


def test_a_csrf_token_must_be_the_sessions_own() -> None:
    check_csrf("right", "right")
    for wrong in (None, "", "wrong", "wröng"):
        with pytest.raises(CsrfRefused):
            check_csrf("right", wrong)
