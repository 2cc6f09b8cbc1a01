"""Signing in and staying signed in: attempts are counted before they are judged."""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.kernel.ids import new_token
from regulars.security import audit, passwords, repository
from regulars.security.domain import (
    FAILURE_WINDOW,
    FAILURES_PER_ADDRESS,
    FAILURES_PER_LOGIN,
    LOGIN_PATTERN,
    PASSWORD_LENGTH_MAX,
    SEEN_EVERY,
    Operator,
    Session,
    SessionTimes,
    SignedIn,
)
from regulars.security.errors import CsrfRefused, SignInRefused, TooManySignIns

_LOGIN_LENGTH_MAX: Final = 64
_USUAL: Final = SessionTimes()


def token_hash(token: str) -> bytes:
    """What the database knows of a session token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    database: Database,
    login: str,
    password: str,
    address: str,
    at: datetime,
    *,
    previous: str | None = None,
    times: SessionTimes = _USUAL,
) -> SignedIn:
    """Open a session for an operator who proves to be it.

    The attempt is counted and committed before the password is looked at, and taken back when it
    was right: however many processes guess at once, no more guesses are judged than the limit.
    Hence this use-case opens its own transactions and holds none while the password is hashed.

    Args:
        database: where the operators are.
        login: as typed; case does not matter.
        password: as typed.
        address: the client's network address.
        at: aware instant.
        previous: token of the session the browser had; it ends.
        times: how long the session may last.
    Returns: the token for the cookie, and the session.
    Raises: TooManySignIns; SignInRefused: unknown login, wrong password or disabled, alike.
    Source: docs/semantics.md, "Personal data".
    """
    login = login.strip().lower()[:_LOGIN_LENGTH_MAX]
    limits = {
        _subject("address", address): FAILURES_PER_ADDRESS,
        _subject("login", login): FAILURES_PER_LOGIN,
    }
    async with database.begin() as session:
        waits = [await _count(session, subject, limits[subject], at) for subject in sorted(limits)]
        known = await repository.find_credentials(session, login) if _is_login(login) else None
    if max(waits) > 0:
        raise TooManySignIns(max(waits))
    right = await passwords.matches(password[: PASSWORD_LENGTH_MAX + 1], known[1] if known else None)
    if known is None or not right or known[0].disabled_at is not None:
        raise SignInRefused
    async with database.begin() as session:
        await _forgive(session, login, address)
        return await _open_session(session, known[0], at, previous, times)


async def session_of(
    session: AsyncSession, token: str, at: datetime, times: SessionTimes = _USUAL
) -> Session | None:
    """The live session of a token, or None: unknown, idle too long, too old, or operator disabled.

    Args:
        session: an open transaction.
        token: from the cookie.
        at: aware instant.
        times: how long a session may last.
    """
    found = await repository.find_session(session, token_hash(token), at, at - times.idle)
    if found is None:
        return None
    live, last_seen_at = found
    if at - last_seen_at >= SEEN_EVERY:
        await repository.touch_session(session, live.token_hash, at)
    return live


async def sign_out(session: AsyncSession, hashed: bytes) -> None:
    """End the session with this hash; no error where it has ended already."""
    await repository.end_session(session, hashed)


def check_csrf(expected: str, given: str | None) -> None:
    """Refuse a changing request without the session's own token. Raises: CsrfRefused."""
    if given is None or not hmac.compare_digest(expected.encode(), given.encode()):
        raise CsrfRefused


def _is_login(text: str) -> bool:
    return LOGIN_PATTERN.fullmatch(text) is not None


async def _count(session: AsyncSession, subject: str, limit: int, at: datetime) -> int:
    attempts, since = await repository.count_attempt(session, subject, at)
    if attempts <= limit:
        return 0
    return max(1, int((since + FAILURE_WINDOW - at).total_seconds()))


async def _forgive(session: AsyncSession, login: str, address: str) -> None:
    await repository.forget_failures(session, _subject("login", login))
    await repository.take_back_attempt(session, _subject("address", address))


async def _open_session(
    session: AsyncSession, operator: Operator, at: datetime, previous: str | None, times: SessionTimes
) -> SignedIn:
    await repository.sweep(session, at, at - times.idle)
    if previous:
        await repository.end_session(session, token_hash(previous))
    token = new_token()
    opened = Session(operator, new_token(), token_hash(token), at + times.life)
    await repository.insert_session(session, opened, at)
    await audit.record(
        session,
        actor_kind="operator",
        actor_id=str(operator.id),
        action="operator.sign_in",
        subject_kind="operator",
        subject_id=str(operator.id),
        at=at,
    )
    return SignedIn(token, opened)


def _subject(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
