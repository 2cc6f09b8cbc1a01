"""Works on drafts and releases from the command line, in the database that the settings name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.entrypoints.acting import command_actor
from regulars.entrypoints.database import database_at, database_of
from regulars.kernel import clock, ids
from regulars.kernel.errors import FieldProblem
from regulars.organisation import service as organisation
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.releases import drafts, review, rollout, service
from regulars.releases.domain import Release, Step
from regulars.releases.drafting import DraftLine, Saved
from regulars.releases.live_places import LivePlace, live_places
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.stored import VersionLine
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE
from regulars.security.sign_in import sign_in, sign_out
from regulars.settings import Settings

Answer = TypeVar("Answer")
ADDRESS = "command line"
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Credentials:
    """An operator who proves to be it, so that the audit log names a person."""

    login: str
    password: str


@dataclass(frozen=True, slots=True)
class StepWords:
    """A step as typed: codes of places, a start, perhaps an end."""

    places: tuple[str, ...]
    starts: str | None
    ends: str | None


@dataclass(frozen=True, slots=True)
class SubmitWords:
    """A submission as typed: of the draft's newest revision where neither revision nor version is named."""

    code: str
    places: tuple[str, ...]
    revision: int | None
    version: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PackStatus:
    """What stands of packs: drafts, versions, releases, newest first; and where which version is live."""

    drafts: Sequence[DraftLine]
    versions: Sequence[VersionLine]
    releases: Sequence[Release]
    live: Sequence[LivePlace]


@dataclass(frozen=True, slots=True)
class Office:
    """One database, and who works in it.

    Attributes:
        actor: the operator who signed in, else the command itself: it only reads.
    """

    database: Database
    actor: Actor

    async def do(self, act: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """One transaction."""
        async with self.database.begin() as session:
            return await act(session)

    async def export_version(self, code: str, version: int | None) -> str:
        """The text of a version, the newest without a number."""
        return (await self.do(lambda s: rules.get_version(s, code, version))).text

    async def export_draft(self, code: str, revision: int | None) -> str:
        """The text of a draft, byte for byte as it was saved."""
        return (await self.do(lambda s: drafts.get_draft(s, code, revision))).text

    async def import_draft(self, text: str, based_on: int | None) -> Saved:
        """Take a file as the newest revision of its pack's draft.

        Raises: PermissionDenied; DraftChanged: it is kept aside.
        """
        editor = self.actor.admitted(Permission.PACK_EDIT)
        saved = await self.do(
            lambda s: drafts.import_draft(
                s, text, new_id=ids.new_id(), based_on=based_on, actor=editor, at=clock.now()
            )
        )
        refused = drafts.refusal(saved)
        if refused is not None:
            raise refused
        return saved

    async def status(self, code: str | None) -> PackStatus:
        """Drafts, versions and releases of one pack, or of all."""
        async with self.database.read() as session:
            lines = await drafts.list_drafts(session, limit=MOST_LISTED)
            versions = (
                await rules.list_packs(session, limit=MOST_LISTED)
                if code is None
                else await rules.list_versions_of(session, code, limit=MOST_LISTED)
            )
            page = await service.list_releases(
                session, EVERYWHERE, Filter(code), clock.now(), limit=MOST_LISTED
            )
            live = await _live(session, sorted({version.code for version in versions}))
        listed = [line for line in lines if code in (None, line.code)]
        return PackStatus(listed, versions, page.releases, live)

    async def submit(self, words: SubmitWords) -> Release:
        """Ask for the approval of the draft as it stands, or of a version."""

        async def act(session: AsyncSession) -> Release:
            wanted = review.Submission(
                release_id=ids.new_id(),
                code=words.code,
                place_ids=await _place_ids(session, words.places),
                revision=words.revision,
                version=words.version,
                note=words.reason,
            )
            return await review.submit(session, wanted, self.actor, clock.now())

        return await self.do(act)

    async def approve(self, release_id: UUID, words: str | None) -> Release:
        """Approve what somebody else wrote."""
        return await self.do(lambda s: review.approve(s, release_id, self.actor, clock.now(), words))

    async def reject(self, release_id: UUID, words: str) -> Release:
        """Send a version back to its authors."""
        return await self.do(lambda s: review.reject(s, release_id, words, self.actor, clock.now()))

    async def schedule(self, release_id: UUID, steps: Sequence[StepWords]) -> Release:
        """Plan where and when it goes live."""

        async def act(session: AsyncSession) -> Release:
            at = clock.now()
            planned = [
                Step(await _place_ids(session, step.places), step.starts or at.isoformat(), step.ends)
                for step in steps
            ]
            return await rollout.schedule(session, release_id, planned, self.actor, at)

        return await self.do(act)

    async def halt(self, release_id: UUID, step: int, words: str) -> Release:
        """Hold a step that has not begun."""
        return await self.do(lambda s: rollout.halt(s, release_id, step, words, self.actor, clock.now()))

    async def resume(self, release_id: UUID, step: int, starts: str | None) -> Release:
        """Let a held step begin, now or at another time."""
        at = clock.now()
        begins = starts or at.isoformat()
        return await self.do(lambda s: rollout.resume(s, release_id, step, begins, self.actor, at))

    async def cancel(self, release_id: UUID, words: str) -> Release:
        """Give a release up before it is live."""
        return await self.do(lambda s: rollout.cancel(s, release_id, words, self.actor, clock.now()))

    async def roll_back(self, release_id: UUID, places: Sequence[str], words: str) -> Release:
        """Go back to the version before, everywhere or at some places of the plan."""

        async def act(session: AsyncSession) -> Release:
            named = await _place_ids(session, places) or None
            return await rollout.roll_back(session, release_id, named, words, self.actor, clock.now())

        return await self.do(act)

    async def retire(self, release_id: UUID, places: Sequence[str], ends: str | None, words: str) -> Release:
        """End a release, now or later."""

        async def act(session: AsyncSession) -> Release:
            named = await _place_ids(session, places) or None
            return await rollout.retire(session, release_id, named, ends, words, self.actor, clock.now())

        return await self.do(act)


@asynccontextmanager
async def office(settings: Settings, command: str, credentials: Credentials | None) -> AsyncIterator[Office]:
    """The database of the settings, else the one on this machine, started if need be.

    Raises: SignInRefused, TooManySignIns: the operator is not who he says.
    """
    async with database_of(settings, "regulars-packs") as database:
        yield Office(database, await _actor(database, command, credentials))


@asynccontextmanager
async def office_at(url: str, command: str, credentials: Credentials | None) -> AsyncIterator[Office]:
    """One database, worked in by an operator or by the command itself."""
    async with database_at(url, "regulars-packs") as database:
        yield Office(database, await _actor(database, command, credentials))


async def _actor(database: Database, command: str, credentials: Credentials | None) -> Actor:
    if credentials is None:
        return command_actor(command)
    signed = await sign_in(database, credentials.login, credentials.password, ADDRESS, clock.now())
    actor = Actor.of_session(signed.session)
    async with database.begin() as session:
        await sign_out(session, signed.session.token_hash)
    return actor.admitted(Permission.PACK_READ)


async def _live(session: AsyncSession, codes: Sequence[str]) -> list[LivePlace]:
    places = Places()
    await places.refresh(session)
    known, at = list(places.all()), clock.now()
    return [
        line for code in codes for line in live_places(await rules.activation_log(session, code), known, at)
    ]


async def _place_ids(session: AsyncSession, codes: Sequence[str]) -> tuple[UUID, ...]:
    found = []
    for code in codes:
        try:
            found.append((await organisation.place_by_code(session, code, EVERYWHERE)).id)
        except UnknownPlace:
            raise FieldProblem(f"there is no place {code}; see the list of places", field="place") from None
    return tuple(found)
