"""Use-cases of segments: ask how many members a condition holds for, and keep conditions under a name."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.away import sqlstate
from regulars.organisation import service as organisation
from regulars.organisation.errors import UnknownPlace
from regulars.rules.canonical import canonical, content_hash
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import Scope
from regulars.segments import repository, saved_repository
from regulars.segments.checking import check_condition
from regulars.segments.compiler import NotInSql, narrowing
from regulars.segments.compiler import condition as in_sql
from regulars.segments.domain import (
    Condition,
    Counted,
    Draft,
    Question,
    Refusal,
    SampleMember,
    SegmentVersion,
)
from regulars.segments.errors import (
    FeaturesNotReady,
    SegmentChanged,
    SegmentPlaceUnknown,
    SegmentTooSlow,
    UnknownSegment,
)
from regulars.segments.features import features_of
from regulars.segments.repository import Asked
from regulars.segments.rows import Estimate, RowCount, decide, estimate
from regulars.segments.saved_repository import Seen

FRESH_FOR: Final = timedelta(minutes=1)
"""Whoever asks again within this is answered as of the same instant."""
SQL_SECONDS: Final = 10
ROWS_SECONDS: Final = 20
PAGE_MOST: Final = 200
_STATEMENT_TIMEOUT: Final = "57014"


async def check(session: AsyncSession, tree: object) -> Condition:
    """A condition that can be asked of the members of this chain.

    Args:
        session: any.
        tree: plain JSON values, whatever they are; a saved segment's is checked anew by today's catalogue.
    Returns: the condition with the facts that it reads.
    Raises: SegmentNotGreen: with every finding.
    """
    return check_condition(tree, await catalogue_of(session))


async def count_members(
    session: AsyncSession,
    scope: Scope,
    condition: Condition,
    question: Question,
    *,
    rows_seconds: int = ROWS_SECONDS,
    rows_most: int | None = None,
) -> Counted:
    """How many members a condition holds for, and a sample of them.

    Args:
        session: a reading one, so that all is of one snapshot. Bring the features up to date before, by
            `refreshing.refresh` in a transaction of its own.
        scope: whose members count: those at home within it.
        condition: from `check`.
        question: how large a sample, which, and of which place's members.
        rows_seconds: how long row by row may take.
        rows_most: where more have to be decided row by row, only about so many are, and the counts are
            estimated from them; None: all are.
    Returns: the counts, of one stated instant, and which way they came about.
    Raises:
        FeaturesNotReady: the features were never gathered.
        SegmentTooSlow: it took too long; nothing is said of those decided by then.
    Source: ADR-0016.
    """
    state = await repository.state(session)
    if state is None:
        raise FeaturesNotReady
    features = features_of(await catalogue_of(session))
    read = tuple(features[path] for path in condition.paths)
    try:
        sql = in_sql(condition.tree, features)
    except NotInSql as refused:
        refusal = Refusal(refused.pointer, refused.part)
        asked = Asked(scope, condition, read, question, state, narrowing(condition.tree, features))
        return await _by_engine(session, asked, refusal, rows_seconds, rows_most)
    asked = Asked(scope, condition, read, question, state)
    await repository.limit_time(session, SQL_SECONDS)
    try:
        found = await repository.count(session, asked, sql)
    except DBAPIError as error:
        if sqlstate(error) == _STATEMENT_TIMEOUT:
            raise SegmentTooSlow(SQL_SECONDS) from None
        raise
    return Counted(
        as_of=state.as_of,
        undecided_members=state.undecided_members,
        members=found.members,
        matching=found.matching,
        failed=0,
        way="sql",
        refusal=None,
        statement=repository.statement_of(sql),
        sample=found.sample,
    )


async def _by_engine(
    session: AsyncSession, asked: Asked, refusal: Refusal, seconds: int, most: int | None
) -> Counted:
    found, members = RowCount(asked.condition), 0
    try:
        async with asyncio.timeout(seconds):
            members, candidates = await repository.count_in_sight(session, asked)
            if most is not None and candidates > most:
                counted, sample = await _estimate(session, asked, candidates, most)
            else:
                async for alike in repository.combinations(session, asked):
                    await asyncio.to_thread(found.take, alike)
                counted = Estimate(found.matching, found.failed, None)
                sample = await _sample_by_engine(session, asked, found.matching)
    except TimeoutError:
        raise SegmentTooSlow(seconds, refusal.part) from None
    return Counted(
        as_of=asked.state.as_of,
        undecided_members=asked.state.undecided_members,
        members=members,
        matching=counted.matching,
        failed=counted.failed,
        way="rows",
        refusal=refusal,
        statement=None,
        sample=sample,
        looked_at=counted.looked_at,
    )


async def _estimate(
    session: AsyncSession, asked: Asked, candidates: int, most: int
) -> tuple[Estimate, tuple[SampleMember, ...]]:
    """From those whose keys come first, who are no others than chance would choose."""
    decided: list[bool | None] = []
    sample: list[SampleMember] = []
    below = repository.key_of(most, candidates)
    async with aclosing(repository.in_order_of_key(session, asked, below)) as batches:
        async for rows in batches:
            holds = await asyncio.to_thread(decide, asked.condition, [row.facts for row in rows])
            decided += holds
            matching = [row for row, one in zip(rows, holds, strict=True) if one]
            sample += [SampleMember(row.member_id, row.facts) for row in matching]
    return estimate(decided, candidates), tuple(sample[: asked.question.sample])


async def _sample_by_engine(session: AsyncSession, asked: Asked, matching: int) -> tuple[SampleMember, ...]:
    """The first members who match, in the order that SQL samples them in."""
    wanted = min(asked.question.sample, matching)
    for below in (asked.first_keys, None):
        found: list[SampleMember] = []
        async with aclosing(repository.in_order_of_key(session, asked, below)) as batches:
            while len(found) < wanted and (rows := await anext(batches, None)) is not None:
                holds = await asyncio.to_thread(decide, asked.condition, [row.facts for row in rows])
                found += [
                    SampleMember(row.member_id, row.facts)
                    for row, one in zip(rows, holds, strict=True)
                    if one
                ]
        if len(found) >= wanted:
            return tuple(found[:wanted])
    return ()


async def save_segment(
    session: AsyncSession,
    draft: Draft,
    actor: Actor,
    at: datetime,
    *,
    based_on: int,
    reason: str | None = None,
) -> Seen:
    """Keep a condition under a name, as a version that never changes.

    Args:
        session: in a transaction.
        draft: code, place, words and condition.
        actor: admitted with `segment.edit`; the place must lie in its scope.
        at: aware UTC, now.
        based_on: the newest version that the actor has seen; 0 for a new segment.
        reason: the actor's own words.
    Returns: the new version; the newest where it has the same content already.
    Raises:
        SegmentNotGreen: the condition has findings.
        SegmentPlaceUnknown: no such place in the actor's scope.
        UnknownSegment: the code belongs to a segment out of the actor's reach.
        SegmentChanged: somebody saved meanwhile; nothing is written.
    """
    draft.check()
    await check(session, draft.when)
    try:
        place = await organisation.place_by_code(session, draft.place, actor.scope)
    except UnknownPlace:
        raise SegmentPlaceUnknown(draft.place) from None
    await saved_repository.lock(session, draft.code)
    newest = await saved_repository.newest(session, draft.code)
    document = canonical(
        {
            "code": draft.code,
            "title": {"zh": draft.title_zh, "en": draft.title_en},
            "description": draft.description,
            "when": draft.when,
        }
    )
    digest = content_hash(document)
    if newest is not None:
        home = await saved_repository.find(session, actor.scope, draft.code, newest.version)
        if home is None or not actor.scope.covers(home.place_path):
            raise UnknownSegment(draft.code)
        if newest.hash == digest and newest.place_id == place.id:
            return home
    if based_on != (newest.version if newest else 0):
        raise SegmentChanged(draft.code, newest.version if newest else 0, based_on)
    number = based_on + 1
    version = SegmentVersion(
        id=uuid5(NAMESPACE_URL, f"regulars:segment:{draft.code}:{number}"),
        code=draft.code,
        version=number,
        place_id=place.id,
        hash=digest,
        title_zh=draft.title_zh,
        title_en=draft.title_en,
        description=draft.description,
        when=draft.when,
        created_at=at,
        created_by=f"{actor.kind}:{actor.id}",
        reason=reason,
    )
    await saved_repository.write(session, version, document)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="segment.save",
        subject_kind="segment",
        subject_id=f"{draft.code}/{number}",
        at=at,
        place_id=place.id,
        before={"version": newest.version, "hash": newest.hash} if newest else None,
        after={"version": number, "hash": digest},
        reason=reason,
    )
    return Seen(version, place.code, place.path)


async def get_segment(session: AsyncSession, scope: Scope, code: str, version: int | None = None) -> Seen:
    """One version of a saved segment, the newest where none is named.

    Args:
        session: any.
        scope: where the asker may look; what belongs to a place above is in sight.
    Raises: UnknownSegment: none in sight.
    """
    found = await saved_repository.find(session, scope, code, version)
    if found is None:
        raise UnknownSegment(code, version)
    return found


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A page of segments, by code.

    Attributes:
        next_after: give this as the next call's `after`; None on the last page.
    """

    segments: Sequence[Seen]
    next_after: str | None


async def list_segments(
    session: AsyncSession, scope: Scope, *, after: str = "", limit: int = 50, text: str = ""
) -> SegmentPage:
    """The newest version of each saved segment in sight.

    Args:
        session: any.
        scope: where the asker may look.
        after: `next_after` of the page before.
        limit: segments a page, 1 to `PAGE_MOST`.
        text: only those with this in their code or a title, in capitals or not; "": all.
    """
    limit = max(1, min(limit, PAGE_MOST))
    found = await saved_repository.page(session, scope, after, limit + 1, text)
    return SegmentPage(found[:limit], found[limit - 1].version.code if len(found) > limit else None)


async def list_versions(
    session: AsyncSession, scope: Scope, code: str, *, before: int | None = None, limit: int = 50
) -> list[Seen]:
    """The versions of one segment, newest first.

    Args:
        session: any.
        scope: where the asker may look.
        before: only versions below this number; None for all.
        limit: versions a page, 1 to `PAGE_MOST`.
    Raises: UnknownSegment: none in sight.
    """
    limit = max(1, min(limit, PAGE_MOST))
    found = await saved_repository.versions(session, scope, code, before or 1 << 30, limit)
    if not found and before is None:
        raise UnknownSegment(code)
    return found
