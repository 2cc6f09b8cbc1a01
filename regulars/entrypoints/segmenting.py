"""Asks about segments, and keeps them, from the command line in the chain's database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.entrypoints.acting import command_actor
from regulars.entrypoints.database import database_of
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem
from regulars.organisation import service as organisation
from regulars.organisation.errors import UnknownPlace
from regulars.rules.findings import first
from regulars.rules.live import LivePacks
from regulars.rules.reading import read
from regulars.security.scope import EVERYWHERE
from regulars.segments import service
from regulars.segments.domain import Condition, Counted, Draft, Question
from regulars.segments.errors import SegmentNotGreen, UnknownSegment
from regulars.segments.ladders import tiers_nowhere_live
from regulars.segments.refreshing import refresh
from regulars.segments.saved_repository import Seen
from regulars.settings import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: a saved segment by its code, or the condition of a file.

    Attributes:
        place: code of the place whose members count, with all below; None: the segment's own, or the chain.
    """

    code: str | None
    text: bytes
    place: str | None
    sample: int
    seed: int


async def count(settings: Settings, wish: Wish) -> Counted:
    """Count and sample, as of now.

    Raises: SegmentNotGreen, UnknownSegment, SegmentTooSlow; FieldProblem: the file or the place is wrong.
    """
    async with database_of(settings, "regulars-segments") as database:
        async with database.begin() as session:
            await refresh(session, clock.now())
        async with database.read() as session:
            condition, home = await _condition(session, wish)
            question = Question(wish.sample, wish.seed, await _within(session, wish.place, home))
            remarks = tiers_nowhere_live(condition, await LivePacks().refresh(session), clock.now())
            counted = await service.count_members(session, EVERYWHERE, condition, question)
            return replace(counted, remarks=remarks)


async def _condition(session: AsyncSession, wish: Wish) -> tuple[Condition, str | None]:
    if wish.code is None:
        return await service.check(session, _content(wish.text).get("when")), None
    seen = await service.get_segment(session, EVERYWHERE, wish.code)
    return await service.check(session, seen.version.when), seen.place_path


async def _within(session: AsyncSession, code: str | None, home: str | None) -> str | None:
    if code is None:
        return home
    try:
        path = (await organisation.place_by_code(session, code, EVERYWHERE)).path
    except UnknownPlace:
        raise FieldProblem(f"--place {code}: there is no such place", field="place") from None
    if home is not None and path != home and not path.startswith(home + "."):
        raise FieldProblem(f"--place {code}: the segment speaks of another place's members", field="place")
    return path


async def save(settings: Settings, text: bytes, reason: str | None) -> Seen:
    """Save the segment of a file as its next version; the same content again changes nothing.

    Raises: what `service.save_segment` raises; FieldProblem: the file is no segment.
    """
    draft = draft_of(text)
    actor = command_actor("segments save")
    async with database_of(settings, "regulars-segments") as database, database.begin() as session:
        try:
            newest = (await service.get_segment(session, EVERYWHERE, draft.code)).version.version
        except UnknownSegment:
            newest = 0
        return await service.save_segment(session, draft, actor, clock.now(), based_on=newest, reason=reason)


async def list_all(settings: Settings) -> list[Seen]:
    """The newest version of every segment, by code."""
    found: list[Seen] = []
    async with database_of(settings, "regulars-segments") as database, database.read() as session:
        after: str | None = ""
        while after is not None:
            page = await service.list_segments(session, EVERYWHERE, after=after, limit=service.PAGE_MOST)
            found += page.segments
            after = page.next_after
    return found


def draft_of(text: bytes) -> Draft:
    """A segment as a file holds it: code, place, title, description and condition.

    Args:
        text: JSON such as docs/segments.md shows.
    Raises: SegmentNotGreen: it cannot be read; FieldProblem: a part is missing or of another type.
    """
    content = _content(text)
    title = content.get("title")
    if not isinstance(title, Mapping):
        title = {}
    words = {
        "code": content.get("code"),
        "place": content.get("place", organisation.HQ_CODE),
        "title_zh": title.get("zh"),
        "title_en": title.get("en"),
        "description": content.get("description", ""),
    }
    for name, value in words.items():
        if not isinstance(value, str):
            raise FieldProblem(f"{name.replace('_', '.')}: write a text", field=name.replace("_", "."))
    return Draft(**{name: str(value) for name, value in words.items()}, when=content.get("when"))


def _content(text: bytes) -> Mapping[str, object]:
    """The parts of a file."""
    content, findings = read(text)
    if findings:
        raise SegmentNotGreen(first(findings))
    if not isinstance(content, dict) or "when" not in content:
        raise FieldProblem('the file holds no segment: write {"when": …}; see docs/segments.md', field="when")
    unknown = sorted(content.keys() - {"code", "place", "title", "description", "when"})
    if unknown:
        raise FieldProblem(f"{unknown[0]}: there is no such field; see docs/segments.md", field=unknown[0])
    return content
