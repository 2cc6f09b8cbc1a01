"""Keys by which a till proves which terminal it is: shown once, checked by HMAC, revocable."""

import asyncio
import hmac
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.away import DATABASE_ERRORS
from regulars.db.gathering import Gathering
from regulars.db.session import Database
from regulars.kernel.ids import new_id, new_token
from regulars.security import audit
from regulars.security import terminal_key_repository as repository
from regulars.security.actor import Actor
from regulars.security.domain import LIVE_KEYS_MAX, Grant, IssuedKey, Role, TerminalKey
from regulars.security.errors import NotSignedIn, TooManyTerminalKeys, UnknownTerminal, UnknownTerminalKey
from regulars.security.scope import Scope
from regulars.security.terminal_key_repository import KeyProof

_BEARER: Final = re.compile(r"(tk_[A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{43})")
_TRUSTED_SECONDS: Final = 1.0
_AHEAD_SECONDS: Final = 0.5
_HOUR_SECONDS: Final = 3600.0
_REMEMBERED_MAX: Final = 4096


async def issue_key(
    session: AsyncSession, terminal_id: UUID, pepper: bytes, actor: Actor, at: datetime
) -> IssuedKey:
    """Give a terminal a new key.

    Args:
        session: an open transaction.
        terminal_id: an open terminal inside the actor's scope.
        pepper: the installation's terminal-key secret, ≥ 32 bytes.
        actor: who asks.
        at: aware instant.
    Returns: the key with its bearer text, which nobody can see again.
    Raises: UnknownTerminal; TooManyTerminalKeys: two are live already.
    Source: docs/semantics.md, "Personal data".
    """
    if not await repository.lock_terminal(session, terminal_id, actor.scope):
        raise UnknownTerminal(terminal_id)
    if await repository.count_live(session, terminal_id) >= LIVE_KEYS_MAX:
        raise TooManyTerminalKeys(LIVE_KEYS_MAX)
    key = TerminalKey(new_id(), f"tk_{new_token(9)}", terminal_id, at, None)
    bearer = f"{key.key_id}.{new_token(32)}"
    created_by = UUID(actor.id) if actor.kind == "operator" else None
    await repository.insert_key(session, key, _mac(pepper, bearer), created_by)
    await _record(session, "terminal_key.issue", key.key_id, terminal_id, actor, at)
    return IssuedKey(key, bearer)


async def revoke_key(
    session: AsyncSession, terminal_id: UUID, key_id: str, actor: Actor, at: datetime
) -> None:
    """Make a key useless within a second. Doing it twice changes nothing.

    Args:
        session: an open transaction.
        terminal_id: the key's terminal.
        key_id: the public part of the key.
        actor: who asks.
        at: aware instant.
    Returns: nothing.
    Raises: UnknownTerminalKey.
    Source: docs/semantics.md, "Scope".
    """
    if not await repository.revoke(session, terminal_id, key_id, actor.scope, at):
        raise UnknownTerminalKey(key_id)
    await _record(session, "terminal_key.revoke", key_id, terminal_id, actor, at)


async def list_keys(session: AsyncSession, terminal_id: UUID, scope: Scope) -> list[TerminalKey]:
    """All keys of a terminal, oldest first, without their secrets."""
    return await repository.list_keys(session, terminal_id, scope)


@dataclass(slots=True)
class _Remembered:
    until: float
    proof: KeyProof | None


class TerminalKeys:
    """Checks keys for one process, asking the database about each at most once a second."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        self._remembered: dict[str, _Remembered] = {}
        self._in_use: set[str] = set()
        self._used: set[str] = set()
        self._noted: dict[str, float] = {}
        self._gathering = Gathering(self._ask)
        self._looking_ahead: asyncio.Task[None] | None = None

    async def actor_of(self, bearer: str) -> Actor:
        """The terminal that a bearer text proves.

        Args:
            bearer: `key_id.secret`, as the till sent it.
        Returns: the terminal as an actor at its store.
        Raises: NotSignedIn: malformed, unknown, wrong, revoked or closed, alike.
        Source: docs/semantics.md, "Scope".
        """
        shape = _BEARER.fullmatch(bearer)
        proof = await self._proof(shape.group(1)) if shape else None
        # Computed for unknown keys too, so that both refusals take the same time.
        mac = _mac(self._pepper, bearer)
        if proof is None or not hmac.compare_digest(mac, proof.secret_mac):
            raise NotSignedIn
        self._used.add(proof.key_id)
        grant = Grant(Role.TERMINAL, proof.store_id, proof.store_path)
        return Actor("terminal", str(proof.terminal_id), str(proof.terminal_id), (grant,))

    async def _proof(self, key_id: str) -> KeyProof | None:
        now = asyncio.get_running_loop().time()
        remembered = self._remembered.get(key_id)
        if remembered is None or remembered.until <= now:
            return await self._gathering.answer_to(key_id)
        self._in_use.add(key_id)
        if remembered.until <= now + _AHEAD_SECONDS and self._looking_ahead is None:
            self._looking_ahead = asyncio.create_task(self._look_ahead(key_id))
        return remembered.proof

    async def _look_ahead(self, key_id: str) -> None:
        """Look again before what is remembered runs out, so that no till waits for it."""
        try:
            with suppress(*DATABASE_ERRORS):  # then the next till asks, and is told
                await self._gathering.answer_to(key_id)
        finally:
            self._looking_ahead = None

    async def _ask(self, key_ids: Sequence[str]) -> dict[str, KeyProof]:
        """Look at the keys asked about, and along with them at those in use, which would be next."""
        asked_at = asyncio.get_running_loop().time()
        asked = list(dict.fromkeys((*key_ids, *self._in_use)))
        self._in_use.clear()
        async with self._database.begin() as session:
            proofs = await repository.find_proofs(session, asked)
            await self._note_used(session, asked_at)
        if len(self._remembered) + len(asked) > _REMEMBERED_MAX:
            self._remembered.clear()
            self._noted.clear()
        until = asked_at + _TRUSTED_SECONDS
        self._remembered |= {key_id: _Remembered(until, proofs.get(key_id)) for key_id in asked}
        return proofs

    async def _note_used(self, session: AsyncSession, now: float) -> None:
        """Note keys that proved somebody since the last look and were not noted within the hour.

        Where it cannot be written, on a full disk say, the till is let in all the same.
        """
        earliest = now - _HOUR_SECONDS
        due = [key_id for key_id in self._used if self._noted.get(key_id, earliest) <= earliest]
        self._used.clear()
        self._noted |= dict.fromkeys(due, now)
        if due:
            with suppress(*DATABASE_ERRORS):
                async with session.begin_nested():
                    await repository.note_used(session, due)


def _mac(pepper: bytes, bearer: str) -> bytes:
    return hmac.digest(pepper, bearer.encode(), "sha256")


async def _record(
    session: AsyncSession, action: str, key_id: str, terminal_id: UUID, actor: Actor, at: datetime
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="terminal_key",
        subject_id=key_id,
        place_id=terminal_id,
        at=at,
    )
