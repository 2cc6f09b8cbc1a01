"""A messenger that does as a test says: the ways in which Temporal can fail to take a message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from regulars.db.session import Database
from regulars.kernel import clock
from regulars.outbox.domain import MemberNews
from regulars.outbox.errors import MessageRefused, TemporalAway
from regulars.outbox.relay import Pace, Relay


@dataclass
class ScriptedMessenger:
    """Takes every message, unless the test says otherwise."""

    heard: list[MemberNews] = field(default_factory=list)
    away: bool = False
    refuses: set[UUID] = field(default_factory=set)

    async def tell(self, news: MemberNews) -> None:
        if self.away:
            raise TemporalAway("away")
        if news.member_id in self.refuses:
            raise MessageRefused("poison")
        self.heard.append(news)

    async def answers(self) -> bool:
        return not self.away


MakeRelay = Callable[..., Relay]


@pytest.fixture
def messenger() -> ScriptedMessenger:
    return ScriptedMessenger()


@pytest.fixture
def make_relay(database: Database, messenger: ScriptedMessenger) -> MakeRelay:
    def make(name: str = "relay-1", **settings: Any) -> Relay:
        pace = Pace(retry_s=0.02, sweep_s=0.1, gather_s=0.0)
        return Relay(database, messenger, name, now=settings.pop("now", clock.now), pace=pace, **settings)

    return make
