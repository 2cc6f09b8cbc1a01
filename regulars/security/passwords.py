"""Hashing and checking passwords: slow on purpose, off the event loop, two at a time."""

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from regulars.kernel.ids import new_token
from regulars.security.domain import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from regulars.security.errors import PasswordTooWeak

_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
"""Argon2id with a third more work than OWASP's first recommendation; 19 MiB each."""

_SLOTS: Final = 2


@cache
def _gate(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(_SLOTS)


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(new_token())


def check_strength(password: str, login: str, *, field: str = "password") -> None:
    """Refuse a password that is too short, too long, or holds the login. Raises: PasswordTooWeak."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX or login in password.lower():
        raise PasswordTooWeak(PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX, field=field)


async def hash_password(password: str) -> str:
    """The argon2id hash with its salt and parameters."""
    async with _gate(asyncio.get_running_loop()):
        return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether the password has this hash.

    Args:
        password: as typed.
        stored: the hash, or None where nobody has the login: takes as long and says no.
    """
    if len(password) > PASSWORD_LENGTH_MAX:
        return False
    async with _gate(asyncio.get_running_loop()):
        right = await asyncio.to_thread(_verify, stored or _hash_of_nobody(), password)
    return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
