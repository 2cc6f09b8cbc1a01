"""Packs: their versions, where they are live, and the drafts that people write together."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Path, Query

from api.dependencies import AfterNumber, At, Parts, requires
from api.schemas.packs import (
    ActivationOut,
    ActivationPageOut,
    DraftIn,
    DraftOut,
    DraftPageOut,
    ImportIn,
    PackPageOut,
    RestoreIn,
    RevisionOut,
    SavedOut,
    SaveOut,
    VersionLineOut,
    VersionOut,
    VersionPageOut,
)
from api.strict_json import api_router
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.kernel.paging import page_of
from regulars.releases import drafts
from regulars.releases.drafting import DraftState, NewSave, Saved
from regulars.rules import service as rules
from regulars.rules.domain import PackKind
from regulars.security.actor import Actor
from regulars.security.policy import Permission

LAST: Final = 1 << 30
router = api_router("packs")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
Code = Annotated[str, Path(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_LENGTH_MAX - 1}}}$")]
PageSize = Annotated[int, Query(ge=1, le=200)]
After = Annotated[
    str, Query(max_length=CODE_LENGTH_MAX, description="The code that the last page ended with.")
]
SearchText = Annotated[
    str,
    Query(
        max_length=CODE_LENGTH_MAX,
        description="Only those with this in their code, in capitals or not.",
    ),
]
Before = Annotated[int | None, Query(ge=1, le=(1 << 62), description="Only what lies before this number.")]


@router.get("/packs")
async def list_packs(
    parts: Parts,
    actor: Reader,  # noqa: ARG001 — a pack is the chain's
    kind: Annotated[PackKind | None, Query(description="Only packs of this kind.")] = None,
    after: After = "",
    limit: PageSize = 50,
) -> PackPageOut:
    """The newest version of each pack, by code."""
    async with parts.database.read() as session:
        found = await rules.list_packs(session, after=after, limit=limit + 1, kind=kind)
    page, next_after = page_of(found, limit, lambda line: line.code)
    return PackPageOut(items=[VersionLineOut.of(line) for line in page], next_after=next_after)


@router.get("/packs/{code}/versions")
async def list_versions(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    code: Code,
    before: Before = None,
    limit: PageSize = 50,
) -> VersionPageOut:
    """The versions of a pack, newest first."""
    async with parts.database.read() as session:
        found = await rules.list_versions_of(session, code, before=before, limit=limit + 1)
    page, next_before = page_of(found, limit, lambda line: line.version)
    return VersionPageOut(items=[VersionLineOut.of(line) for line in page], next_before=next_before)


@router.get("/packs/{code}/versions/{version}")
async def get_version(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    code: Code,
    version: Annotated[int, Path(ge=1, le=LAST)],
) -> VersionOut:
    """One version; its text is what was hashed, byte for byte."""
    async with parts.database.read() as session:
        return VersionOut.of_stored(await rules.get_version(session, code, version))


@router.get("/packs/{code}/activations")
async def list_activations(
    parts: Parts, actor: Reader, code: Code, after: AfterNumber = 0, limit: PageSize = 50
) -> ActivationPageOut:
    """Where and when versions of a pack are live or switched off, as far as it concerns your places; oldest
    first, without what was taken back."""
    async with parts.database.read() as session:
        found = await rules.page_of_activations(session, code, actor.scope, after=after, limit=limit + 1)
    page, next_after = page_of(found, limit, lambda each: each.id)
    return ActivationPageOut(items=[ActivationOut.of(each) for each in page], next_after=next_after)


@router.get("/drafts")
async def list_drafts(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    text: SearchText = "",
    state: Annotated[
        DraftState | None,
        Query(description="`submitted`: its newest revision is in a release that nobody stopped."),
    ] = None,
    after: After = "",
    limit: PageSize = 50,
) -> DraftPageOut:
    """Drafts by code."""
    async with parts.database.read() as session:
        found = await drafts.list_drafts(session, after=after, limit=limit + 1, text=text, state=state)
    page, next_after = page_of(found, limit, lambda line: line.code)
    return DraftPageOut(items=[DraftOut.of(line) for line in page], next_after=next_after)


@router.post("/drafts", status_code=201)
async def import_draft(parts: Parts, actor: Editor, at: At, body: ImportIn) -> SavedOut:
    """Take a pack's file as the newest revision of its draft; nothing goes live by it."""
    async with parts.database.begin() as session:
        saved = await drafts.import_draft(
            session,
            body.text,
            new_id=body.save_id or parts.new_id(),
            based_on=body.based_on,
            actor=actor,
            at=at,
        )
    return _answer(saved)


@router.get("/packs/{code}/draft")
async def get_draft(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    code: Code,
    revision: Annotated[int | None, Query(ge=1, le=LAST, description="The newest where left out.")] = None,
) -> RevisionOut:
    """A revision of a pack's draft."""
    async with parts.database.read() as session:
        return RevisionOut.of(await drafts.get_draft(session, code, revision))


@router.put("/packs/{code}/draft")
async def save_draft(parts: Parts, actor: Editor, at: At, code: Code, body: DraftIn) -> SavedOut:
    """Save a draft; what others saved meanwhile is brought together with yours, or yours is kept aside."""
    new = NewSave(body.save_id or parts.new_id(), body.text, body.based_on, note=body.reason)
    async with parts.database.begin() as session:
        saved = await drafts.save_draft(session, code, new, actor, at)
    return _answer(saved)


@router.get("/packs/{code}/draft/saves")
async def list_saves(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    code: Code,
    before: Before = None,
    limit: PageSize = 50,
) -> list[SaveOut]:
    """Every save of a draft, newest first; give the last one's number as `before` for the next page."""
    async with parts.database.read() as session:
        return [
            SaveOut.of(line) for line in await drafts.list_saves(session, code, before=before, limit=limit)
        ]


@router.get("/packs/{code}/draft/saves/{save_id}")
async def get_save(
    parts: Parts,
    actor: Reader,  # noqa: ARG001
    code: Code,
    save_id: UUID,
) -> RevisionOut:
    """One save of a draft, whether it became a revision or was kept aside."""
    async with parts.database.read() as session:
        return RevisionOut.of(await drafts.get_save(session, code, save_id))


@router.post("/packs/{code}/draft/saves/{save_id}/restore")
async def restore_draft(
    parts: Parts, actor: Editor, at: At, code: Code, save_id: UUID, body: RestoreIn
) -> SavedOut:
    """Make an earlier save, or one that was kept aside, the newest revision again."""
    async with parts.database.begin() as session:
        saved = await drafts.restore_draft(
            session,
            code,
            save_id=save_id,
            based_on=body.based_on,
            new_id=parts.new_id(),
            actor=actor,
            at=at,
        )
    return _answer(saved)


def _answer(saved: Saved) -> SavedOut:
    """Only after the commit: what was refused is kept."""
    refused = drafts.refusal(saved)
    if refused is not None:
        raise refused
    return SavedOut.of(saved)
