"""Use-cases of drafts: several people write one, nobody's change is lost, every save can be gone back to."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.beside import beside
from regulars.kernel.codes import is_code
from regulars.releases import draft_repository as repository
from regulars.releases.drafting import NOTE_MAX, DraftLine, DraftState, NewSave, Revision, RevisionLine, Saved
from regulars.releases.errors import (
    DraftChanged,
    DraftCodeDiffers,
    DraftTextRefused,
    SaveIdUsed,
    UnknownDraft,
)
from regulars.releases.merging import changes, merge
from regulars.rules import service as rules
from regulars.rules.chain_catalogue import examine_here
from regulars.rules.checker import Report
from regulars.rules.findings import finding, first
from regulars.rules.reading import MOST_BYTES, read
from regulars.security import audit
from regulars.security.actor import Actor

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that no text of ours holds; lines and tabs are none of them."""
NOTHING: Final = ""


async def save_draft(session: AsyncSession, code: str, new: NewSave, actor: Actor, at: datetime) -> Saved:
    """Save a text as the newest revision of a pack's draft.

    Args:
        session: an open transaction; commit it also where the save was refused, for the text is kept.
        code: the pack's; a draft begins with its first save, based on 0.
        new: the text, and the revision it is a change of. The text may be wrong; the report says how.
        actor: who saves.
        at: aware instant, now.
    Returns: what became of it: saved, unchanged (the draft says so already), merged with what others saved
        meanwhile, or refused because both changed the same; then the text is kept as a side revision.
    Raises: DraftTextRefused; DraftCodeDiffers: the code is none; UnknownDraft: there is no such revision;
        SaveIdUsed.
    Source: docs/releases.md, "Two editors".
    """
    _refuse_unkeepable(code, new.text)
    newest = await repository.lock(session, code, at, _name(actor))
    if not 0 <= new.based_on <= newest:
        raise UnknownDraft(code, new.based_on)
    again = await repository.find_save(session, new.id)
    if again is not None:
        _refuse_other(again, code, new)
    head = await repository.find(session, code, None)
    if head is not None and again is not None and again.line.revision is None:
        return await _refused(session, code, again, head)
    if head is not None and (again is not None or head.text == new.text):
        return Saved("unchanged", head, await examine_draft(session, code, head.text))
    if head is None or new.based_on == newest:
        return await _kept(session, code, new, newest + 1, actor, at)
    return await _brought_together(session, code, new, head, actor, at)


def refusal(saved: Saved) -> DraftChanged | None:
    """What to tell a writer whose save was refused, once the transaction is committed; else None."""
    if saved.side is None:
        return None
    line = saved.revision.line
    return DraftChanged(
        revision=line.revision or 0,
        saved_by=line.saved_by,
        saved_at=line.saved_at,
        changed=saved.theirs,
        conflicts=saved.conflicts,
        side_id=str(saved.side.id),
    )


async def restore_draft(
    session: AsyncSession,
    code: str,
    *,
    save_id: UUID,
    based_on: int,
    new_id: UUID,
    actor: Actor,
    at: datetime,
) -> Saved:
    """Make an earlier save, or one that was kept aside, the newest revision again.

    Args:
        session: an open transaction.
        code: the pack's.
        save_id: whose text.
        based_on: the revision that the asker has before him; an older one is no reason to refuse here,
            but others' changes since are in the history only.
        new_id: of the new revision.
        actor: who goes back.
        at: aware instant, now.
    Returns: as `save_draft`.
    Raises: UnknownDraft.
    """
    wanted = await get_save(session, code, save_id)
    newest = await repository.lock(session, code, at, _name(actor))
    if not 0 <= based_on <= newest:
        raise UnknownDraft(code, based_on)
    note = f"revision {wanted.line.revision}" if wanted.line.revision else f"aside {save_id}"
    head = await repository.find(session, code, None)
    if head is not None and head.text == wanted.text:
        return Saved("unchanged", head, await examine_draft(session, code, head.text))
    new = NewSave(new_id, wanted.text, newest, "restored", note)
    return await _kept(session, code, new, newest + 1, actor, at)


async def import_draft(
    session: AsyncSession, text: str, *, new_id: UUID, based_on: int | None, actor: Actor, at: datetime
) -> Saved:
    """Take a pack's file as the newest revision of its draft; nothing goes live by it.

    Args:
        session: an open transaction; commit it also where the save was refused.
        text: the file, kept byte for byte.
        new_id: of the new revision.
        based_on: the revision that the file is a change of; None: the file replaces whatever is newest,
            which stays in the history.
        actor: who brings it in.
        at: aware instant, now.
    Returns: as `save_draft`.
    Raises: DraftCodeDiffers: the file does not say which pack it is; DraftTextRefused.
    """
    code = await beside(code_in, text)
    if not is_code(code):
        raise DraftCodeDiffers("the file's pack", code)
    if based_on is None:
        based_on = await repository.lock(session, code, at, _name(actor))
    return await save_draft(session, code, NewSave(new_id, text, based_on, "imported"), actor, at)


async def get_draft(session: AsyncSession, code: str, revision: int | None = None) -> Revision:
    """A revision of a draft with its text; without a number the newest. Raises: UnknownDraft."""
    found = await repository.find(session, code, revision)
    if found is None:
        raise UnknownDraft(code, revision)
    return found


async def is_draft_only(session: AsyncSession, code: str) -> bool:
    """Whether a pack has a draft and no version yet."""
    if await rules.list_versions_of(session, code, limit=1):
        return False
    return await repository.find(session, code, None) is not None


async def get_save(session: AsyncSession, code: str, save_id: UUID) -> Revision:
    """One save with its text, whether it became a revision or was kept aside. Raises: UnknownDraft."""
    found = await repository.find_save(session, save_id)
    if found is None or found.line.code != code:
        raise UnknownDraft(code, save_id)
    return found


async def list_drafts(
    session: AsyncSession,
    *,
    after: str = "",
    limit: int = 100,
    text: str = "",
    state: DraftState | None = None,
) -> Sequence[DraftLine]:
    """Drafts by code, from the one after `after`; of those with `text` in their code, and in the state."""
    return await repository.page_of_drafts(session, after, limit, text, state)


async def list_saves(
    session: AsyncSession, code: str, *, before: int | None = None, limit: int = 100
) -> Sequence[RevisionLine]:
    """The saves of a draft, newest first, before number `before`, those kept aside among them."""
    return await repository.page_of_saves(session, code, before, limit)


async def examine_draft(session: AsyncSession, code: str, text: str | bytes) -> Report:
    """What the checker says of a text as the draft of a pack.

    Args:
        session: any.
        code: the pack's; a text that says it is another pack's is not green.
        text: anything at all.
    Returns: as `examine_here`.
    """
    return as_draft_of(code, await examine_here(session, text))


def as_draft_of(code: str, report: Report) -> Report:
    """What the checker said, and whether the text says that it is another pack's."""
    if report.pack is None or report.pack.code == code:
        return report
    other = finding("code_differs", "/code", pack=code, found=report.pack.code)
    return replace(report, findings=first((*report.findings, other)))


def code_in(text: str) -> str:
    """The code that a text says it is the pack of; "" where it says none."""
    value, _ = read(text)
    found = value.get("code") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


async def _brought_together(
    session: AsyncSession, code: str, new: NewSave, head: Revision, actor: Actor, at: datetime
) -> Saved:
    base = await _text_of(session, code, new.based_on)
    together = await beside(merge, base, new.text, head.text)
    if together.text is None:
        side = RevisionLine(new.id, code, None, new.based_on, "side", _note(new.note), at, _name(actor))
        await repository.insert_save(session, Revision(side, new.text))
        await _record(session, "draft.set_aside", side, actor, at)
        return await _refused(session, code, Revision(side, new.text), head)
    number = (head.line.revision or 0) + 1
    merged = replace(new, text=together.text, kind="merged")
    saved = await _kept(session, code, merged, number, actor, at)
    return replace(saved, result="merged", theirs=tuple(together.theirs), mine=tuple(together.mine))


async def _refused(session: AsyncSession, code: str, side: Revision, head: Revision) -> Saved:
    base = await _text_of(session, code, side.line.based_on)
    return Saved(
        "refused",
        head,
        await examine_draft(session, code, head.text),
        theirs=tuple(await beside(changes, base, head.text)),
        mine=tuple(await beside(changes, base, side.text)),
        conflicts=tuple((await beside(merge, base, side.text, head.text)).conflicts),
        side=side.line,
    )


async def _text_of(session: AsyncSession, code: str, revision: int) -> str:
    return NOTHING if revision == 0 else (await get_draft(session, code, revision)).text


async def _kept(
    session: AsyncSession, code: str, new: NewSave, number: int, actor: Actor, at: datetime
) -> Saved:
    line = RevisionLine(new.id, code, number, new.based_on, new.kind, _note(new.note), at, _name(actor))
    revision = Revision(line, new.text)
    await repository.insert_save(session, revision)
    await _record(session, f"draft.{_VERBS[new.kind]}", line, actor, at)
    return Saved("saved", revision, await examine_draft(session, code, new.text))


_VERBS: Final = {"saved": "save", "merged": "merge", "imported": "import", "restored": "restore"}


async def _record(session: AsyncSession, action: str, line: RevisionLine, actor: Actor, at: datetime) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="draft",
        subject_id=line.code,
        at=at,
        after={"revision": line.revision, "based_on": line.based_on, "save": str(line.id)},
        reason=line.note,
    )


def _refuse_unkeepable(code: str, text: str) -> None:
    if not is_code(code):
        raise DraftCodeDiffers(code[:40], code_in(text)[:40])
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise DraftTextRefused(MOST_BYTES) from None
    if size > MOST_BYTES or _CONTROL.search(text):
        raise DraftTextRefused(MOST_BYTES)


def _refuse_other(again: Revision, code: str, new: NewSave) -> None:
    """What was merged is kept as another text than was sent; of it only the pack is compared."""
    is_other_text = again.line.kind != "merged" and again.text != new.text
    if again.line.code != code or is_other_text:
        raise SaveIdUsed


def _note(note: str | None) -> str | None:
    return note.strip()[:NOTE_MAX] or None if note else None


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"
