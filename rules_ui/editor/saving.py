"""A change of the form becomes the newest revision of the draft, whoever else is at it."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.beside import beside
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave, Revision, Saved
from regulars.releases.errors import UnknownDraft
from regulars.rules.errors import PointerUnknown
from regulars.rules.reading import read
from regulars.rules.text_edits import fragment, steps_of
from regulars.security.actor import Actor
from rules_ui.editor.bench import Bench, Change
from rules_ui.editor.changes import applied

_NAMED = ("id", "code", "name")


@dataclass(frozen=True, slots=True)
class Base:
    """What somebody had before them when they changed it.

    Attributes:
        revision: of the draft; 0 where there was none, and `text` is what it begins with.
    """

    revision: int
    text: str


async def head_of(session: AsyncSession, code: str) -> Revision | None:
    """The newest revision of a pack's draft; None where there is no draft."""
    try:
        return await drafts.get_draft(session, code)
    except UnknownDraft:
        return None


async def save_change(
    session: AsyncSession, code: str, base: Base, bench: Bench, change: Change, actor: Actor, at: datetime
) -> Saved:
    """Apply a change and save it.

    Args:
        session: an open transaction; commit it also where the save was refused.
        code: the pack's.
        base: what the form showed.
        bench: what the chain knows; its text is not read.
        change: what was changed.
        actor: who changed it.
        at: aware instant, now.
    Returns: as `save_draft`. Where somebody else has saved meanwhile, but not in this place, the change is
        made in what they saved; where both changed the same place, it is refused and kept aside.
    Raises: as `applied` and `save_draft`.
    """
    head = await head_of(session, code)
    onto = base
    if (
        head is not None
        and head.line.revision != base.revision
        and await beside(same_place, base.text, head.text, change.at)
    ):
        onto = Base(head.line.revision or 0, head.text)
    onto_bench = Bench(onto.text, bench.catalogue, bench.exponent, bench.tiers)
    text = await beside(applied, onto_bench, change)
    return await drafts.save_draft(session, code, NewSave(new_id(), text, onto.revision), actor, at)


def same_place(one: str, other: str, pointer: str) -> bool:
    """Whether a place means the same in two texts and says the same in both.

    Args:
        one, other: texts of one pack.
        pointer: of the place; what it lies in must bear the same names in both.
    """
    if any(read(text)[1] for text in (one, other)):
        return False
    try:
        return _names(one, pointer) == _names(other, pointer) and fragment(one, pointer) == fragment(
            other, pointer
        )
    except PointerUnknown:
        return False


def _names(text: str, pointer: str) -> list[object]:
    here, names = json.loads(text), list[object]()
    for step in steps_of(pointer):
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (IndexError, KeyError, TypeError, ValueError):
            raise PointerUnknown(pointer) from None
        names += [here[name] for name in _NAMED if isinstance(here, dict) and name in here]
    return names
