"""A new pack begins: as a draft, from a pack to begin with, from a blank one, or as a copy."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.codes import CODE_LENGTH_MAX, reads_as_time
from regulars.kernel.ids import new_id
from regulars.releases import draft_repository as repository
from regulars.releases import drafts
from regulars.releases.drafting import NewSave, Saved
from regulars.releases.errors import DraftCodeDiffers, PackCodeTaken
from regulars.rules import service as rules
from regulars.rules.parts import CODE_PATTERN
from regulars.rules.text_edits import replaced
from regulars.security.actor import Actor

MOST_DRAFTS: Final = 10_000
_RESERVED: Final = frozenset({"new"})
"""Codes that are addresses of pages."""


@dataclass(frozen=True, slots=True)
class NewPack:
    """What a new pack is called.

    Attributes:
        text: what it begins with, a pack that was checked.
    """

    code: str
    title_zh: str
    title_en: str
    text: str


async def taken_codes(session: AsyncSession) -> frozenset[str]:
    """The codes that a new pack cannot have: of versions and of drafts."""
    versions = {line.code for line in await rules.list_versions(session)}
    begun = await drafts.list_drafts(session, limit=MOST_DRAFTS)
    return frozenset(versions | {line.code for line in begun} | _RESERVED)


def free_code(wish: str, taken: Collection[str]) -> str:
    """The wish, or the wish with the first number that nobody has."""
    stem = wish[: CODE_LENGTH_MAX - 6]
    return next(
        code
        for code in (wish, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
        if code not in taken
    )


def can_be_code(text: str) -> bool:
    """Whether a pack can be called so: what packs, drafts and the rule engine all take for a name."""
    fits = re.fullmatch(CODE_PATTERN, text) is not None and len(text) <= CODE_LENGTH_MAX
    return fits and not reads_as_time(text)


async def begin_draft(session: AsyncSession, new: NewPack, actor: Actor, at: datetime) -> Saved:
    """Begin the draft of a new pack.

    Args:
        session: an open transaction.
        new: its code and titles, and the text of which all else stays byte for byte.
        actor: who begins it.
        at: aware instant, now.
    Returns: its first save.
    Raises: DraftCodeDiffers: the code is none; PackCodeTaken; PointerUnknown: the text is no pack.
    """
    if not can_be_code(new.code):
        raise DraftCodeDiffers("the new pack", new.code[:CODE_LENGTH_MAX])
    newest = await repository.lock(session, new.code, at, f"{actor.kind}:{actor.id}")
    taken = await taken_codes(session)
    if newest or new.code in _RESERVED | {line.code for line in await rules.list_versions(session)}:
        raise PackCodeTaken(new.code, free_code(new.code, taken))
    text = replaced(new.text, "/code", new.code)
    text = replaced(text, "/title/zh", new.title_zh)
    text = replaced(text, "/title/en", new.title_en)
    return await drafts.save_draft(session, new.code, NewSave(new_id(), text, 0), actor, at)
