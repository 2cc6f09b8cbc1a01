"""Use-cases before anything goes live: submit a draft, approve it by somebody else, send it back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.releases import authorship, draft_repository, repository
from regulars.releases.acting import keep, locked, require_places, require_state, said
from regulars.releases.beside import require_green
from regulars.releases.domain import PLACES_MAX, WORDS_MAX, Release
from regulars.releases.drafts import code_in, get_draft
from regulars.releases.errors import (
    ApprovalNeedsPerson,
    DraftCodeDiffers,
    DraftRevisionOld,
    OwnReleaseApproval,
    ReleasePlacesInvalid,
)
from regulars.releases.policy import require_rehearsal
from regulars.rules import service as rules
from regulars.rules.domain import PackVersion
from regulars.security.actor import Actor
from regulars.security.policy import Permission


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants released where.

    Attributes:
        release_id: drawn by who asks.
        revision: of the pack's draft, which must still be its newest; None: the newest, whichever it is.
        version: a version that stands already, instead of the draft.
        place_ids: where it may go live; steps are planned later, there or below.
    """

    release_id: UUID
    code: str
    place_ids: tuple[UUID, ...]
    revision: int | None = None
    version: int | None = None
    note: str | None = None


async def submit(session: AsyncSession, wanted: Submission, actor: Actor, at: datetime) -> Release:
    """Make a version of a draft and ask for its approval.

    Args:
        session: an open transaction.
        wanted: draft or version, and the places; the newest revision of the draft where it names neither.
        actor: must have the right at each place.
        at: aware instant, now.
    Returns: the release, in review; the same one where it waits for approval already.
    Raises: UnknownDraft, UnknownPack; DraftRevisionOld: it was saved since; DraftCodeDiffers;
        PackNotGreen: the findings say what to mend; ReleasePlacesInvalid; PermissionDenied;
        VersionRolledBack.
    Source: docs/releases.md, "States".
    """
    await _require_known(session, wanted.place_ids)
    await require_places(session, actor, Permission.PACK_EDIT, wanted.place_ids)
    if wanted.version is not None:
        version = (await rules.get_version(session, wanted.code, wanted.version)).version
        authors = set[str]()
    else:
        wanted, version, authors = await _of_draft(session, wanted, actor, at)
    await rules.refuse_rolled_back(session, version, wanted.place_ids)
    await rules.lock_packs(session)
    for same in await repository.in_review_of(session, version.id):
        if set(same.place_ids) == set(wanted.place_ids):
            return same
    authors |= {_name(actor)} | await authorship.makers(session, version.code, version.version)
    release = _fresh(wanted, version, authors, actor, at)
    await repository.insert_release(session, release)
    details: dict[str, object] = {
        "hash": version.hash,
        "places": [str(place_id) for place_id in release.place_ids],
        "authors": list(release.authors),
        "draft_revision": wanted.revision,
    }
    return await keep(
        session, release, release, "release.submit", actor, at, details=details, words=release.note
    )


async def approve(
    session: AsyncSession, release_id: UUID, actor: Actor, at: datetime, words: str | None = None
) -> Release:
    """Let a version go live at the places it was asked for.

    Args:
        session: an open transaction.
        release_id: in review.
        actor: a person who wrote none of it and has the right at or above each place.
        at: aware instant, now.
        words: what the approver wants remembered.
    Returns: the release, approved; approving twice by the same person changes nothing.
    Raises: UnknownRelease; ReleaseStateWrong: somebody else decided already; OwnReleaseApproval;
        ApprovalNeedsPerson; PermissionDenied; PackNotGreen: it went red meanwhile, or would clash with what
        is live there; RehearsalRequired.
    Source: docs/releases.md, "Four eyes".
    """
    release = await locked(session, release_id, actor, at)
    if actor.kind != "operator":
        raise ApprovalNeedsPerson
    await require_places(session, actor, Permission.PACK_APPROVE, release.place_ids)
    if release.state == "approved" and release.decided_by == _name(actor):
        return release
    require_state(release, "in_review")
    if _name(actor) in release.authors:
        raise OwnReleaseApproval
    await require_green(session, release, at)
    await require_rehearsal(session, release)
    approved = replace(
        release, state="approved", decided_at=at, decided_by=_name(actor), words=_optional(words)
    )
    return await keep(session, release, approved, "release.approve", actor, at, words=approved.words)


async def reject(session: AsyncSession, release_id: UUID, words: str, actor: Actor, at: datetime) -> Release:
    """Send a version back to its authors.

    Args:
        session: an open transaction.
        release_id: in review.
        words: what they should mend.
        actor: has the right to approve at or above each place.
        at: aware instant, now.
    Returns: the release, rejected; the draft can be mended and submitted anew.
    Raises: UnknownRelease, ReleaseStateWrong, PermissionDenied, ReleaseReasonMissing.
    """
    release = await locked(session, release_id, actor, at)
    await require_places(session, actor, Permission.PACK_APPROVE, release.place_ids)
    require_state(release, "in_review")
    rejected = replace(release, state="rejected", decided_at=at, decided_by=_name(actor), words=said(words))
    return await keep(session, release, rejected, "release.reject", actor, at, words=rejected.words)


async def withdraw(
    session: AsyncSession, release_id: UUID, actor: Actor, at: datetime, words: str | None = None
) -> Release:
    """Take a version back before it was scheduled.

    Returns: the release, withdrawn; twice changes nothing.
    Raises: UnknownRelease, ReleaseStateWrong, PermissionDenied.
    """
    release = await locked(session, release_id, actor, at)
    await require_places(session, actor, Permission.PACK_EDIT, release.place_ids)
    if release.state == "withdrawn":
        return release
    require_state(release, "in_review", "approved")
    withdrawn = replace(release, state="withdrawn", words=_optional(words))
    return await keep(session, release, withdrawn, "release.withdraw", actor, at, words=withdrawn.words)


async def _of_draft(
    session: AsyncSession, wanted: Submission, actor: Actor, at: datetime
) -> tuple[Submission, PackVersion, set[str]]:
    """A version of the draft's newest revision, and all who wrote it since the one approved before."""
    code = wanted.code
    newest = await draft_repository.lock(session, code, at, _name(actor))
    revision = newest if wanted.revision is None else wanted.revision
    draft = await get_draft(session, code, revision or None)
    if newest != revision:
        raise DraftRevisionOld(revision, newest)
    found = code_in(draft.text)
    if found not in (code, ""):
        raise DraftCodeDiffers(code, found[:40])
    version = await rules.create_version(session, draft.text, actor, at)
    return replace(wanted, revision=revision), version, await authorship.savers(session, code, revision)


def _fresh(
    wanted: Submission, version: PackVersion, authors: set[str], actor: Actor, at: datetime
) -> Release:
    return Release(
        id=wanted.release_id,
        code=version.code,
        version_id=version.id,
        version=version.version,
        kind=version.kind,
        hash=version.hash,
        state="in_review",
        place_ids=tuple(dict.fromkeys(wanted.place_ids)),
        authors=tuple(sorted(authors)),
        draft_revision=wanted.revision,
        note=_optional(wanted.note),
        submitted_at=at,
        submitted_by=_name(actor),
        decided_at=None,
        decided_by=None,
        words=None,
        noted_to=at,
        next_due_at=None,
        reminders=0,
        change_no=0,
        stirred_at=None,
        stirred_done_at=None,
    )


async def _require_known(session: AsyncSession, place_ids: Sequence[UUID]) -> None:
    if not 1 <= len(place_ids) <= PLACES_MAX:
        raise ReleasePlacesInvalid(f"name 1 to {PLACES_MAX} places")
    known = await repository.paths_of(session, place_ids)
    missing = [str(place_id) for place_id in place_ids if place_id not in known]
    if missing:
        raise ReleasePlacesInvalid(f"there is no place {missing[0]}; see the list of places")
    await organisation.get_chain(session)


def _optional(words: str | None) -> str | None:
    clean = (words or "").strip()[:WORDS_MAX]
    return clean or None


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"
