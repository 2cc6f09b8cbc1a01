"""Carries out one rehearsal: one at a time in a chain, in processes of its own, from snapshot to report."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from regulars.db.session import Database
from regulars.organisation.places import Places
from regulars.rehearsal import reading_repository, repository
from regulars.rehearsal.domain import DraftPack, Rehearsal
from regulars.rehearsal.drafts import Draft, Rules
from regulars.rehearsal.errors import RehearsalBusy
from regulars.rehearsal.limited import meter
from regulars.rehearsal.parts import Job, Part, PartReplayer, parts_of
from regulars.rehearsal.processes import Process
from regulars.rehearsal.report import SIDES, Heading, PackTold, ranked, report_of, told_change
from regulars.rehearsal.service import get_rehearsal
from regulars.rehearsal.sums import MEASURES, Frame, Span, Sums
from regulars.rules import repository as packs
from regulars.security.scope import EVERYWHERE

PROCESSES: Final = 2
FEW_PURCHASES: Final = 2_000
"""So few are replayed in this process: starting others would take longer."""

PROGRESS_SECONDS: Final = 1.0
_LOCK: Final = text("select pg_try_advisory_lock(hashtext('regulars.rehearsal'))")


@dataclass(frozen=True, slots=True)
class Means:
    """What a rehearsal is carried out with.

    Attributes:
        now: the clock.
        processes: that replay side by side; 0: this process itself; None: as many as are of use.
        told: hears of progress, (done, in all), at least every few seconds while it runs.
    """

    database: Database
    now: Callable[[], datetime]
    processes: int | None = None
    told: Callable[[int, int], None] | None = None


class _Cancelled(Exception):
    """Somebody asked for the end."""


@dataclass(slots=True)
class _Course:
    """How far one rehearsal is.

    Attributes:
        at_work: nobody has asked for its end yet.
    """

    rehearsal_id: UUID
    in_all: int
    done: int = 0
    at_work: bool = True
    parts: Iterator[Part] = field(default_factory=lambda: iter(()))

    def next_part(self) -> Part | None:
        return next(self.parts, None) if self.at_work else None


async def run_rehearsal(means: Means, rehearsal_id: UUID) -> Rehearsal:
    """Carry out a rehearsal from its beginning to its report; one that has ended is left as it is.

    Args:
        means: what with.
        rehearsal_id: one that is queued, or that broke off while it ran.
    Returns: the rehearsal: finished, or cancelled.
    Raises: UnknownRehearsal; RehearsalBusy: another one is at work; RehearsalInterrupted, or an error of the
        database: it may be tried again.
    """
    async with _alone(means.database):
        async with means.database.read() as session:
            found = await get_rehearsal(session, rehearsal_id, EVERYWHERE)
            if found.ended:
                return found
            drafts = await repository.drafts_of(session, rehearsal_id)
            course = _Course(rehearsal_id, await reading_repository.count_purchases(session))
        await _begin(means, course)
        try:
            job, places = await _job(means, found, drafts)
            sums = await _rehearsed(means, job, course)
            await _finish(means, found, drafts, places, sums, course)
        except _Cancelled:
            await cancelled_rehearsal(means.database, rehearsal_id, means.now())
        async with means.database.read() as session:
            return await get_rehearsal(session, rehearsal_id, EVERYWHERE)


async def fail_rehearsal(database: Database, rehearsal_id: UUID, code: str, at: datetime) -> None:
    """Give a rehearsal up; one that has ended stays as it is."""
    async with database.begin() as session:
        state = await repository.lock(session, rehearsal_id)
        if state in ("queued", "running"):
            await repository.end(session, rehearsal_id, "failed", at, failed_with=code)


async def cancelled_rehearsal(database: Database, rehearsal_id: UUID, at: datetime) -> None:
    """Note that a rehearsal was ended from outside; one that has ended stays as it is."""
    async with database.begin() as session:
        state = await repository.lock(session, rehearsal_id)
        if state in ("queued", "running"):
            await repository.end(session, rehearsal_id, "cancelled", at)


async def rehearse(means: Means, job: Job, *, in_all: int | None = None) -> Sums:
    """Replay all history under a job's packs, without keeping anything.

    Args:
        means: what with.
        job: packs and frame.
        in_all: how many purchases there are, where that is known.
    """
    if in_all is None:
        async with means.database.read() as session:
            in_all = await reading_repository.count_purchases(session)
    return await _rehearsed(means, job, _Course(UUID(int=0), in_all), kept=False)


async def stored_rules(database: Database) -> Rules:
    """What is stored of packs, as of now."""
    async with database.read() as session:
        activations = await packs.activations(session)
        ids = {each.version_id for each in activations if each.version_id is not None}
        ids.update(await reading_repository.tier_versions(session))
        versions = {version.id: version for version in await packs.versions(session, ids)}
        return Rules(await packs.place_paths(session), activations, versions)


async def frame_of(database: Database, span: Span, stores: frozenset[UUID] | None) -> Frame:
    """A frame with the tenths of the members as they bought in a span."""
    async with database.read() as session:
        bounds = await reading_repository.decile_bounds(session, span.since, span.until)
    return Frame(span, stores, tuple(bounds))


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    """Hold the lock that lets one rehearsal work at a time; it goes with its connection whatever happens."""
    async with database.engine.connect() as connection:
        held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not (await held.execute(_LOCK)).scalar_one():
            raise RehearsalBusy
        try:
            yield
        finally:
            await asyncio.shield(held.execute(text("select pg_advisory_unlock_all()")))


async def _begin(means: Means, course: _Course) -> None:
    async with means.database.begin() as session:
        await repository.break_off_others(session, course.rehearsal_id, means.now())
        await repository.begin(session, course.rehearsal_id, course.in_all, means.now())


async def _job(means: Means, found: Rehearsal, drafts: list[DraftPack]) -> tuple[Job, Places]:
    places = Places()
    async with means.database.read() as session:
        await places.refresh(session)
    path = places.get(found.place_id).path
    below = frozenset(store.id for store in places.stores() if f"{store.path}.".startswith(f"{path}."))
    everywhere = len(below) == sum(1 for _ in places.stores())
    frame = await frame_of(means.database, Span(found.since, found.until), None if everywhere else below)
    draft = Draft(tuple(each.version for each in drafts), found.place_id, found.since)
    return Job(await stored_rules(means.database), draft, frame), places


async def _rehearsed(means: Means, job: Job, course: _Course, *, kept: bool = True) -> Sums:
    """Replay; and where limits bind, meter what their rules want, and replay again within that."""
    first = await _replayed(means, job, course, kept=kept)
    if not first.wants:
        return first
    allowed, uses = await asyncio.to_thread(meter, first.wants)
    if allowed:
        course.in_all += course.done
        sums = await _replayed(means, replace(job, allowed=allowed), course, kept=kept)
        sums.work_ns, sums.replay_ns = sums.work_ns + first.work_ns, sums.replay_ns + first.replay_ns
    else:
        sums = first
    sums.wants, sums.limits = [], uses
    return sums


async def _replayed(means: Means, job: Job, course: _Course, *, kept: bool) -> Sums:
    async with means.database.read() as session:
        course.parts = iter([part async for part in parts_of(session, job.frame)])
    watching = asyncio.create_task(_watch(means, course, kept=kept))
    try:
        processes = means.processes
        if processes is None:
            processes = PROCESSES if course.in_all >= FEW_PURCHASES else 0
        sums = (
            await _side_by_side(means, job, course, processes)
            if processes
            else await _here(means, job, course)
        )
    finally:
        watching.cancel()
        await asyncio.wait({watching})
    if not watching.cancelled():
        watching.result()  # it ends by itself only where it failed
    if not course.at_work:
        raise _Cancelled
    return sums


async def _here(means: Means, job: Job, course: _Course) -> Sums:
    places = Places()
    async with means.database.read() as session:
        await places.refresh(session)
    replayer = PartReplayer(job, means.database, places)
    while (part := course.next_part()) is not None:
        course.done += await replayer.replay(part)
    return replayer.sums


async def _side_by_side(means: Means, job: Job, course: _Course, processes: int) -> Sums:
    url = means.database.engine.url.render_as_string(hide_password=False)
    running = [Process(job, url) for _ in range(processes)]

    async def done(purchases: int) -> None:
        course.done += purchases

    sums = Sums()
    try:
        for part_sums in await asyncio.gather(*(process.work(course.next_part, done) for process in running)):
            sums.join(part_sums)
    finally:
        for process in running:
            process.end()
    return sums


async def _watch(means: Means, course: _Course, *, kept: bool) -> None:
    """Tell how far it is once a second, and notice when somebody wants its end."""
    while True:
        if means.told is not None:
            means.told(course.done, course.in_all)
        if kept:
            async with means.database.begin() as session:
                if await repository.tell_progress(session, course.rehearsal_id, course.done):
                    course.at_work = False
        await asyncio.sleep(PROGRESS_SECONDS)


async def _finish(
    means: Means,
    found: Rehearsal,
    drafts: list[DraftPack],
    places: Places,
    sums: Sums,
    course: _Course,
) -> None:
    heading = Heading(
        tuple(PackTold(d.version.name, d.version.hash, d.published) for d in drafts),
        places.get(found.place_id).code,
        found.since,
        found.until,
    )
    report = report_of(heading, sums, {store.id: store.code for store in places.stores()})
    async with means.database.begin() as session:
        await repository.lock(session, found.id)
        if await repository.tell_progress(session, found.id, course.done):
            raise _Cancelled  # in the last moment, but it was answered that it would be
        for measure in MEASURES:
            for side in SIDES:
                changes = [told_change(change) for change in ranked(sums, measure, side)]
                await repository.write_members(session, found.id, measure, side, changes)
        await repository.end(
            session, found.id, "finished", means.now(), report=report.as_json(), done=course.done
        )
