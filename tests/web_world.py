"""The web application as tests use it: somebody signs in, a till shows its key, and both send requests."""

import base64
import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx
from fastapi import FastAPI
from small_chain import ACTOR, KEYS, OPENED, SmallChain

from api.container import Container
from regulars.entrypoints.web import build
from regulars.kernel import clock
from regulars.kernel.ids import new_id, new_token
from regulars.secret_keys import FILE_NAME, ensure_secrets
from regulars.security import repository
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Operator, Role, RoleAt, Session, SessionTimes
from regulars.security.scope import EVERYWHERE
from regulars.security.service import get_operator
from regulars.security.sign_in import token_hash
from regulars.security.terminal_keys import issue_key
from regulars.settings import Settings

ORIGIN = "http://localhost"
PASSWORD = "correct horse battery"
_numbers = count(1)


def make_app(database_url: str, data_dir: Path, **settings: object) -> FastAPI:
    """API and pages on a database, reading the phones that the small chain sealed."""
    keys = {"phone_key": KEYS.cipher, "blind_index_key": KEYS.index}
    kept = {name: base64.urlsafe_b64encode(key).decode() for name, key in keys.items()}
    (data_dir / FILE_NAME).write_text(json.dumps(kept))
    ensure_secrets(data_dir)
    return build(Settings.model_validate({"data_dir": data_dir, "database_url": database_url, **settings}))


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that talks to the app without a network."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


@dataclass
class WebWorld:
    """A chain, its web application, and a client of nobody's."""

    app: FastAPI
    chain: SmallChain
    anybody: httpx.AsyncClient

    @property
    def container(self) -> Container:
        container: Container = self.app.state.container
        return container

    async def appoint(self, *roles: tuple[str, UUID]) -> Operator:
        """An operator with roles at places, whose password nobody hashed: it cannot sign in by form."""
        number = next(_numbers)
        at = OPENED
        operator = Operator(new_id(), f"operator{number}", f"Operator {number}", "en", (), at, None)
        async with self.container.database.begin() as session:
            await repository.insert_operator(session, operator, "no hash")
            granted = [RoleAt(Role(role), place) for role, place in roles]
            await repository.replace_roles(session, operator.id, granted, at)
            return await get_operator(session, operator.id, EVERYWHERE)

    async def actor(self, role: str) -> Actor:
        """A fresh operator with one role for the whole chain, who acts without a page."""
        operator = await self.appoint((role, self.chain.hq))
        grant = Grant(Role(role), self.chain.hq, self.chain.desk.places.get(self.chain.hq).path)
        return Actor("operator", str(operator.id), operator.display_name, (grant,), scope=EVERYWHERE)

    async def client_for(self, operator: Operator) -> httpx.AsyncClient:
        """A browser with a session of the operator, which sends the CSRF token."""
        token, csrf, now = new_token(), new_token(), clock.now()
        opened = Session(operator, csrf, token_hash(token), now + SessionTimes().life)
        async with self.container.database.begin() as session:
            await repository.insert_session(session, opened, now)
        client = client_of(self.app, **{"X-CSRF-Token": csrf})
        client.cookies.set("regulars_session", token)
        return client

    async def operator(self, role: str, place: UUID) -> httpx.AsyncClient:
        """A browser of a fresh operator with one role."""
        return await self.client_for(await self.appoint((role, place)))

    async def bearer(self, till: str = "east-1-t1") -> str:
        """A fresh key of a terminal."""
        pepper = self.container.settings.secrets.terminal_key_pepper
        async with self.container.database.begin() as session:
            issued = await issue_key(session, self.chain.tills[till], pepper, ACTOR, OPENED)
        return issued.bearer

    async def till(self, till: str = "east-1-t1") -> httpx.AsyncClient:
        """A client that shows a terminal's key."""
        return client_of(self.app, Authorization=f"Bearer {await self.bearer(till)}")
