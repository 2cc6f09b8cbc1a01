"""What one web process holds for all its requests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Self
from uuid import UUID

import httpx
from fastapi import Request

from api.temporal_link import TemporalLink
from regulars.db.session import Database, make_engine
from regulars.explanation.shelf import Shelf
from regulars.kernel import clock, ids
from regulars.members.lookup import MemberLookup
from regulars.members.phones import PhoneKeys
from regulars.members.service import MemberRules
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk
from regulars.purchases.group_commit import GroupCommit
from regulars.rules.live import LivePacks
from regulars.security.domain import SessionTimes
from regulars.security.terminal_keys import TerminalKeys
from regulars.settings import Settings

LOCK_WAIT_SECONDS: Final = 3
"""Longer than an import holds a member; one that is stuck must not hold up every till of the process."""
TEMPORAL_UI_TIMEOUT: Final = httpx.Timeout(30.0, connect=2.0)
TEMPORAL_UI_LIMITS: Final = httpx.Limits(max_connections=50, max_keepalive_connections=10)


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of a web process.

    Attributes:
        places: refresh it in a session before use: `await container.places.refresh(session)`.
        temporal_ui: connections to Temporal's pages, kept open: making a client costs more than a request.
        now: the clock; tests give another.
        new_id: draws identifiers.
        desk: what purchases need of places and packs.
        purchases: where tills hand purchases in.
        members: who is meant by what a till reads off a card.
        shelf: pack versions that explanations asked for.
    """

    settings: Settings
    database: Database
    places: Places
    packs: LivePacks
    terminal_keys: TerminalKeys
    phone_keys: PhoneKeys
    temporal: TemporalLink
    temporal_ui: httpx.AsyncClient
    now: Callable[[], datetime] = field(default=clock.now)
    new_id: Callable[[], UUID] = field(default=ids.new_id)
    desk: Desk = field(init=False)
    purchases: GroupCommit = field(init=False)
    members: MemberLookup = field(init=False)
    shelf: Shelf = field(init=False, default_factory=Shelf)

    def __post_init__(self) -> None:
        desk = Desk(self.places, self.packs, self.new_id)
        object.__setattr__(self, "desk", desk)
        object.__setattr__(self, "purchases", GroupCommit(self.database, desk, lambda: self.now()))
        object.__setattr__(self, "members", MemberLookup(self.database))

    @classmethod
    def build(cls, settings: Settings, database_url: str) -> Self:
        """A container on a database; nothing is connected yet."""
        engine = make_engine(
            database_url,
            application="regulars-web",
            pool_size=settings.database_connections,
            lock_wait_seconds=LOCK_WAIT_SECONDS,
        )
        database = Database(engine)
        secrets = settings.secrets
        return cls(
            settings=settings,
            database=database,
            places=Places(),
            packs=LivePacks(),
            terminal_keys=TerminalKeys(database, secrets.terminal_key_pepper),
            phone_keys=PhoneKeys(secrets.phone_key, secrets.blind_index_key),
            temporal=TemporalLink(settings),
            temporal_ui=httpx.AsyncClient(
                timeout=TEMPORAL_UI_TIMEOUT,
                limits=TEMPORAL_UI_LIMITS,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps nobody's cookies
                trust_env=False,
            ),
        )

    @property
    def session_times(self) -> SessionTimes:
        """How long operators stay signed in."""
        return SessionTimes(
            timedelta(minutes=self.settings.session_idle_minutes),
            timedelta(minutes=self.settings.session_life_minutes),
        )

    @property
    def member_rules(self) -> MemberRules:
        """What chain and installation say about members' details; `places` must have been refreshed."""
        return MemberRules.of(self.places.chain, self.phone_keys)

    async def refresh_places(self) -> None:
        """Notice what other processes changed of chain and places."""
        async with self.database.read() as session:
            await self.places.refresh(session)

    async def close(self) -> None:
        """Give back every connection."""
        await self.purchases.close()
        await self.temporal_ui.aclose()
        await self.database.close()


def container_of(request: Request) -> Container:
    """The container of the process that serves a request."""
    container: Container = request.app.state.container
    return container
