"""Who wrote what is to be released: of versions by what they were made of, of drafts by who saved them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.releases import draft_repository, repository
from regulars.releases.drafting import RevisionLine
from regulars.rules import service as rules
from regulars.rules.stored import Making


def lineage(makings: Sequence[Making], version: int, settled: Collection[int]) -> set[Making]:
    """Who made a version and what it was made of, back to what was settled.

    Args:
        makings: of one pack, any order.
        version: whose lineage.
        settled: versions that somebody approved or published: who made those is no author any more.
    Returns: the makings of the version itself, settled or not, and of every unsettled one it came from.
    Source: docs/releases.md, "Four eyes".
    """
    found: set[Making] = set()
    waiting, seen = [version], {version}
    while waiting:
        here = waiting.pop()
        made = [making for making in makings if making.version == here]
        found |= set(made)
        above = {making.based_on for making in made} - {0, *seen, *settled}
        seen |= above
        waiting += sorted(above)
    return found


async def makers(session: AsyncSession, code: str, version: int) -> set[str]:
    """Who made a version, those that it was made of, and those before it: it may be made of them.

    Args:
        session: any.
        code: the pack's.
        version: its number.
    Returns: names such as "operator:<id>". What somebody approved or published began anew: who made that is
        no author of what was made of it.
    """
    log = await rules.activation_log(session, code)
    published = {row.version for row in log if row.version is not None}
    settled = published | await repository.approved_versions(session, code)
    ancestors = lineage(await rules.list_makings(session, code), version, settled)
    authors = {making.made_by for making in ancestors}
    for number in {making.version for making in ancestors}:
        authors |= await repository.authors_of(session, code, since=number - 1, until=number)
    since = max((number for number in settled if number < version), default=0)
    lines = await rules.list_versions_of(session, code, before=version + 1, limit=version - since)
    authors |= await repository.authors_of(session, code, since=since, until=version)
    return authors | {line.created_by for line in lines if line.version > since}


async def savers(session: AsyncSession, code: str, revision: int) -> set[str]:
    """Who wrote a draft since the revision that was approved before, and what was restored since.

    Args:
        session: any.
        code: the pack's.
        revision: the one that is submitted.
    Returns: names; who restores another's text does not make it his own.
    """
    found: set[str] = set()
    waiting = [(await repository.last_approved_revision(session, code, revision), revision)]
    seen = set(waiting)
    while waiting:
        since, until = waiting.pop()
        for line in await draft_repository.saves_between(session, code, since, until):
            found.add(line.saved_by)
            source = await _source(session, line)
            if source is None:
                continue
            found |= {source.saved_by} if source.revision is None else set()
            last = source.based_on if source.revision is None else source.revision
            stretch = (await repository.last_approved_revision(session, code, last + 1), last)
            if stretch not in seen:
                seen.add(stretch)
                waiting.append(stretch)
    return found


async def _source(session: AsyncSession, line: RevisionLine) -> RevisionLine | None:
    """The save that a restored one says again; its note, which we wrote, names it."""
    if line.kind != "restored" or line.note is None:
        return None
    what, _, which = line.note.partition(" ")
    if what == "revision":
        found = await draft_repository.find(session, line.code, int(which))
    else:
        found = await draft_repository.find_save(session, UUID(which))
    return found.line if found else None
