"""What a count of members found, in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.container import Container
from regulars.analytics import member_list
from regulars.analytics.member_list import MemberRow
from regulars.kernel.errors import RegularsError
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security.scope import Scope
from regulars.segments import service
from regulars.segments.domain import Counted, Fact, Question, SampleMember
from regulars.segments.ladders import tiers_nowhere_live
from regulars.segments.refreshing import refresh
from rules_ui.contexts.base import Choice
from rules_ui.contexts.segments import SampleLine, SegmentCount, SegmentFigure
from rules_ui.editor.values import is_day, shown
from rules_ui.i18n import N_, Speech
from rules_ui.member_view import masked
from rules_ui.troubles import trouble_of

SAMPLE = 10
ROWS_SECONDS = 5
"""What a page waits for where the database cannot decide; the API waits longer."""
ROWS_WHILE_TYPING = 5_000
"""Decided one by one while somebody types; what is told of more is seldom off by over 1.4 in a hundred."""
AGE_WHILE_TYPING = timedelta(minutes=10)
"""A worker brings the features up to date more often than that, so that nobody who types waits for it."""

Found = tuple[Counted, Mapping[UUID, MemberRow], Catalogue]
_WAYS: Mapping[str, str] = {"sql": N_("counted in the database"), "rows": N_("decided row by row")}


async def ask(
    container: Container,
    scope: Scope,
    when: object,
    question: Question,
    *,
    age: timedelta = service.FRESH_FOR,
    rows_most: int | None = None,
) -> Found:
    """Count a condition, with those of the sample.

    Args:
        container: the process's parts.
        scope: whose members count.
        when: the condition, unchecked.
        question: how large a sample, of which place.
        age: how old the features may be.
        rows_most: of more members than these, what the database cannot decide is estimated.
    Raises: as the service.
    """
    at = container.now()
    async with container.database.begin() as session:
        condition = await service.check(session, when)
        await refresh(session, at, unless_newer_than=age)
    async with container.database.read() as session:
        remarks = tiers_nowhere_live(condition, await container.packs.refresh(session), at)
        counted = await service.count_members(
            session, scope, condition, question, rows_seconds=ROWS_SECONDS, rows_most=rows_most
        )
        rows = await _rows(session, scope, counted.sample)
        return replace(counted, remarks=remarks), rows, await catalogue_of(session)


async def _rows(
    session: AsyncSession, scope: Scope, sample: Sequence[SampleMember]
) -> Mapping[UUID, MemberRow]:
    if not sample:
        return {}
    found = await member_list.members_of(session, scope, [each.member_id for each in sample])
    return {row.id: row for row in found}


def figure_of(found: Found | RegularsError, say: Speech) -> SegmentFigure:
    """A count in a few words."""
    if isinstance(found, RegularsError):
        return SegmentFigure("", "", "", None, trouble_of(found, say.language))
    counted = found[0]
    return SegmentFigure(
        say.number(counted.matching),
        say.number(counted.members),
        say.text(_WAYS[counted.way]),
        counted.as_of,
        "",
    )


def count_of(
    found: Found | RegularsError, tiers: Sequence[Choice], say: Speech, *, links: bool
) -> SegmentCount:
    """A count with its sample.

    Args:
        found: the answer, or why there is none.
        tiers: what tiers are called.
        say: the reader's language.
        links: whether the reader may open members.
    """
    if isinstance(found, RegularsError):
        return SegmentCount("", 0, "", "", None, "", "", 0, 0, (), (), trouble_of(found, say.language))
    counted, rows, catalogue = found
    why = (
        say.text(N_("The database cannot decide “%(part)s” exactly."), part=counted.refusal.part)
        if counted.refusal
        else ""
    )
    return SegmentCount(
        matching=say.number(counted.matching if counted.looked_at is None else _about(counted.matching)),
        members=counted.members,
        looked_at=say.number(counted.looked_at) if counted.looked_at is not None else "",
        share=say.share(counted.matching, counted.members),
        as_of=counted.as_of,
        way=say.text(_WAYS[counted.way]),
        why_rows=why,
        failed=counted.failed,
        undecided=counted.undecided_members,
        remarks=tuple(each.zh if say.language == "zh" else each.en for each in counted.remarks),
        sample=tuple(
            _line(each, rows[each.member_id], catalogue, {t.value: t.label for t in tiers}, say, links=links)
            for each in counted.sample
            if each.member_id in rows
        ),
        trouble="",
    )


def _about(members: int) -> int:
    """The first three figures of an estimate; the others would say more than is known."""
    unknown: int = 10 ** max(len(str(members)) - 3, 0)
    return (members + unknown // 2) // unknown * unknown


def _line(
    one: SampleMember,
    row: MemberRow,
    catalogue: Catalogue,
    tiers: Mapping[str, str],
    say: Speech,
    *,
    links: bool,
) -> SampleLine:
    facts = [(catalogue.document[path], value) for path, value in one.facts.items()]
    return SampleLine(
        href=f"/members/{row.id}" if links else "",
        number=row.number,
        phone=masked(row.phone_last4),
        store=row.home_store,
        facts=tuple(
            (field.zh if say.language == "zh" else field.en, said_fact(field, value, tiers, say))
            for field, value in facts
        ),
    )


def said_fact(field: Field, value: Fact, tiers: Mapping[str, str], say: Speech) -> str:
    """A fact's value in the reader's words.

    Args:
        field: the fact.
        value: as rules read it.
        tiers: what tiers are called.
        say: the reader's language.
    """
    if isinstance(value, bool):
        return say.text(N_("yes")) if value else say.text(N_("no"))
    if isinstance(value, tuple):
        return ("、" if say.language == "zh" else ", ").join(value) or "—"
    option = next((each for each in field.options if each.value == value), None)
    if option is not None:
        return option.zh if say.language == "zh" else option.en
    if isinstance(value, str):
        return tiers.get(value, value) if field.path == "member.tier" else value or "—"
    return _number(field, value, say)


def _number(field: Field, value: int, say: Speech) -> str:
    if field.unit == "minor":
        return say.amount(value)
    if field.unit == "yyyymmdd":
        return shown(value, "yyyymmdd", 0) if is_day(value) else "—"
    return say.number(value)
