"""The chain's tills as the live play uses them: keys of their own, and the POS API over HTTP."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from regulars.db.away import DATABASE_ERRORS, is_away
from regulars.db.session import Database
from regulars.entrypoints.complete_journey.founding import COMMAND
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.clock import now
from regulars.security import terminal_keys
from regulars.security.errors import TooManyTerminalKeys

KEYS_FILE: Final = "live_play_keys.json"
_FIRST_REST_SECONDS: Final = 0.5
_LONGEST_REST_SECONDS: Final = 15.0
_TIMEOUT_SECONDS: Final = 30.0
_UNAUTHORISED: Final = 401
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Refused(StackProblem):
    """The API refused what a till sent, and would refuse it again."""

    def __init__(self, path: str, answer: httpx.Response) -> None:
        self.code = str(_json(answer).get("code", answer.status_code))
        super().__init__(f"{path} answered {answer.status_code} {answer.text[:300]}")


class TillKeys:
    """A key for each terminal, issued when first needed and kept in a private file for the next start."""

    def __init__(self, database: Database, pepper: bytes, folder: Path) -> None:
        self._database = database
        self._pepper = pepper
        self._file = folder / KEYS_FILE
        self._keys: dict[str, str] = self._read()

    async def bearer_of(self, terminal_id: UUID) -> str:
        """What the terminal sends to prove itself."""
        known = self._keys.get(str(terminal_id))
        return known if known is not None else await self._issue(terminal_id)

    def forget(self, terminal_id: UUID) -> None:
        """The key does not work any more, e.g. since somebody revoked it."""
        self._keys.pop(str(terminal_id), None)

    async def _issue(self, terminal_id: UUID) -> str:
        async with self._database.begin() as session:
            try:
                issued = await terminal_keys.issue_key(session, terminal_id, self._pepper, COMMAND, now())
            except TooManyTerminalKeys:
                live = [
                    key
                    for key in await terminal_keys.list_keys(session, terminal_id, COMMAND.scope)
                    if key.revoked_at is None
                ]
                await terminal_keys.revoke_key(session, terminal_id, live[0].key_id, COMMAND, now())
                issued = await terminal_keys.issue_key(session, terminal_id, self._pepper, COMMAND, now())
        self._keys[str(terminal_id)] = issued.bearer
        self._write()
        return issued.bearer

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self) -> None:
        draft = self._file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(self._keys))
        draft.replace(self._file)


class TillLine:
    """The wire from a till to the API: it waits while the API is away, and never sends a sale twice."""

    def __init__(self, url: str, keys: TillKeys) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._keys = keys

    async def close(self) -> None:
        await self._client.aclose()

    async def post(
        self, terminal_id: UUID, path: str, body: Mapping[str, Any], key: str | None = None
    ) -> Mapping[str, Any]:
        """Post until there is an answer that counts.

        Args:
            terminal_id: whose key is shown.
            path: e.g. "/v1/purchases".
            body: JSON; the same for every attempt.
            key: Idempotency-Key of a sale.
        Returns: the answer's body.
        Raises: Refused: the API says that trying again is of no use.
        """
        rest = _FIRST_REST_SECONDS
        newly_keyed = False
        while True:
            answer = await self._attempt(terminal_id, path, body, key)
            if answer is not None and answer.is_success:
                return _json(answer)
            if answer is not None and answer.status_code == _UNAUTHORISED and not newly_keyed:
                self._keys.forget(terminal_id)
                newly_keyed = True
                continue
            if answer is not None and answer.status_code not in _TRY_AGAIN:
                raise Refused(path, answer)
            await asyncio.sleep(rest)
            rest = min(rest * 2, _LONGEST_REST_SECONDS)

    async def _attempt(
        self, terminal_id: UUID, path: str, body: Mapping[str, Any], key: str | None
    ) -> httpx.Response | None:
        """One answer, or None while the API or the database is away."""
        try:
            headers = {"Authorization": f"Bearer {await self._keys.bearer_of(terminal_id)}"}
            if key is not None:
                headers["Idempotency-Key"] = key
            return await self._client.post(path, json=dict(body), headers=headers)
        except httpx.TransportError:
            return None
        except DATABASE_ERRORS as error:
            if not is_away(error):
                raise
            return None


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
