"""A chain in two time zones whose people write, approve and release packs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from small_chain import ACTOR, SmallChain, open_small_chain
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.kernel.ids import new_id
from regulars.organisation.service import change_place
from regulars.releases import drafts, review, rollout, service
from regulars.releases.domain import Release, Step
from regulars.releases.drafting import NewSave, Saved
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Role
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE

PACK = "grocery-classic"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@dataclass
class ReleaseWorld:
    """The small chain, its western branch an hour behind, and who works on its packs.

    Attributes:
        at: what everybody takes for now.
    """

    chain: SmallChain
    paths: dict[UUID, str]
    at: datetime = NOW
    people: dict[str, UUID] = field(default_factory=dict)

    @property
    def hq(self) -> UUID:
        return self.chain.hq

    def place(self, code: str) -> UUID:
        return self.chain.desk.places.by_code(code).id

    def person(self, name: str, role: str = "marketing", place: str = "HQ") -> Actor:
        """Somebody with a role at a place, allowed whatever that role may."""
        who = self.people.setdefault(name, new_id())
        at = self.place(place)
        grant = Grant(Role(role), at, self.paths[at])
        actor = Actor("operator", str(who), name, (grant,))
        return replace(actor, scope=actor.scope_for(Permission.PACK_READ))

    async def do(self, act: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async with self.chain.database.begin() as session:
            return await act(session)

    async def save(
        self,
        text: str,
        who: str = "anna",
        *,
        based_on: int = 0,
        code: str = PACK,
        save_id: UUID | None = None,
    ) -> Saved:
        new = NewSave(save_id or new_id(), text, based_on)
        saved: Saved = await self.do(lambda s: drafts.save_draft(s, code, new, self.person(who), self.at))
        return saved

    async def submit(self, *places: str, who: str = "anna", points: int = 50, code: str = PACK) -> Release:
        """A draft of the pack with other points, saved and submitted."""
        text = richer(points)
        head = await self.do(lambda s: _head(s, code))
        saved = await self.save(text, who, based_on=head)
        revision = saved.revision.line.revision
        wanted = review.Submission(
            new_id(), code, tuple(self.place(p) for p in places or ("HQ",)), revision=revision
        )
        made: Release = await self.do(lambda s: review.submit(s, wanted, self.person(who), self.at))
        return made

    async def approved(self, *places: str, points: int = 50) -> Release:
        asked = await self.submit(*places, points=points)
        made: Release = await self.do(
            lambda s: review.approve(s, asked.id, self.person("bo", "approver"), self.at)
        )
        return made

    async def scheduled(self, *steps: tuple[str, str] | tuple[str, str, str], points: int = 50) -> Release:
        """Approved for the whole chain and scheduled: steps are (place, start[, end])."""
        release = await self.approved("HQ", points=points)
        return await self.schedule(release, *steps)

    async def schedule(self, release: Release, *steps: tuple[str, str] | tuple[str, str, str]) -> Release:
        planned = [
            Step((self.place(step[0]),), step[1], step[2] if len(step) > 2 else None) for step in steps
        ]
        made: Release = await self.do(
            lambda s: rollout.schedule(s, release.id, planned, self.person("anna"), self.at)
        )
        return made

    async def roll_back(self, release: Release, *places: str) -> Release:
        ids = [self.place(place) for place in places] or None
        made: Release = await self.do(
            lambda s: rollout.roll_back(s, release.id, ids, "too many points", self.person("anna"), self.at)
        )
        return made

    async def release(self, release: Release) -> Release:
        found: Release = await self.do(lambda s: service.get_release(s, release.id, EVERYWHERE, self.at))
        return found

    async def live(self, store: str, at: datetime, code: str = PACK) -> int | None:
        """Which version of the pack is live at a store at an instant, as known now."""
        packs = LivePacks()
        async with self.chain.database.read() as session:
            await packs.refresh(session)
        found = packs.at(self.place(store), at)
        return next((version.version for version in found.versions if version.code == code), None)

    def later(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


async def _head(session: AsyncSession, code: str) -> int:
    lines = [line.revision for line in await drafts.list_drafts(session) if line.code == code]
    return lines[0] if lines else 0


def richer(points: int) -> str:
    """The grocery pack with points that are valid for longer, which no case looks at."""
    return with_parameters(starter_text(PACK), {"valid_days": 700 + points})


@pytest.fixture
async def world(database: Database) -> ReleaseWorld:
    chain = await open_small_chain(database)
    async with database.begin() as session:
        await chain.desk.places.refresh(session)
        for code in ("west", "west-1"):
            west = chain.desk.places.by_code(code).id
            await change_place(session, west, ACTOR, NOW, time_zone="America/Chicago")
    async with database.begin() as session:
        await chain.desk.places.refresh(session)
    return ReleaseWorld(chain, {place.id: place.path for place in chain.desk.places.all()})
