"""What can stop a draft from being saved, or a release on its way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from regulars.kernel.errors import RegularsError

POINTERS_TOLD: Final = 50
"""Of each kind: a draft can be changed in tens of thousands of places, and an error is read by people."""


class UnknownDraft(RegularsError):
    """The pack has no draft, or its draft no such revision."""

    code = "unknown_draft"

    def __init__(self, code: str, revision: object = None) -> None:
        name = code if revision is None else f"{code}, revision {revision}"
        super().__init__(f"there is no draft {name}; see the list of drafts", field="draft", draft=name)


class PackCodeTaken(RegularsError):
    """A new pack was to have a code that another one has already."""

    code = "pack_code_taken"

    def __init__(self, code: str, free: str) -> None:
        super().__init__(
            f"there is a pack {code} already; choose another code, such as {free}",
            field="code",
            pack=code,
            free=free,
        )


class DraftChanged(RegularsError):
    """Somebody else saved the draft meanwhile, and the two changes touch the same places.

    What was refused is kept as a side revision. The first places are named, and how many more there are.
    """

    code = "draft_changed"

    def __init__(
        self,
        *,
        revision: int,
        saved_by: str,
        saved_at: datetime,
        changed: Sequence[str],
        conflicts: Sequence[str],
        side_id: str,
    ) -> None:
        super().__init__(
            f"revision {revision} was saved meanwhile; your text is kept aside: load the new revision, bring "
            "in what is yours, and save again",
            field="revision",
            revision=revision,
            saved_by=saved_by,
            saved_at=saved_at.isoformat(),
            changed=list(changed[:POINTERS_TOLD]),
            changed_more=max(0, len(changed) - POINTERS_TOLD),
            conflicts=list(conflicts[:POINTERS_TOLD]),
            conflicts_more=max(0, len(conflicts) - POINTERS_TOLD),
            side_id=side_id,
        )


class SaveIdUsed(RegularsError):
    """The id of a save was used for another text already."""

    code = "save_id_used"

    def __init__(self) -> None:
        super().__init__(
            "this save_id belongs to another save; draw a new one for each save, and keep it across retries",
            field="save_id",
        )


class DraftRevisionOld(RegularsError):
    """What is asked for a draft was decided while looking at an older revision of it."""

    code = "draft_revision_old"

    def __init__(self, asked: int, newest: int) -> None:
        super().__init__(
            f"the draft is at revision {newest}, not {asked}; look at it again and decide anew",
            field="revision",
            revision=newest,
        )


class DraftTextRefused(RegularsError):
    """The text cannot be kept at all."""

    code = "draft_text_refused"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"a draft is at most {limit} bytes of UTF-8 without control characters; shorten or mend it",
            field="text",
            limit=limit,
        )


class DraftCodeDiffers(RegularsError):
    """The pack in the text is another than the draft is of, or no pack at all."""

    code = "draft_code_differs"

    def __init__(self, code: str, found: str) -> None:
        super().__init__(
            f"the draft is of {code}, but the text says {found}; mend the code in the text"
            if found
            else "the text names no pack, or cannot be read so far; check it, and mend what is found",
            field="code",
            pack=code,
            found=found,
        )


class UnknownRelease(RegularsError):
    """There is no such release, or none that the asker may see."""

    code = "unknown_release"

    def __init__(self, release_id: object) -> None:
        super().__init__(f"there is no release {release_id}; see the list of releases", field="release_id")


class ReleaseStateWrong(RegularsError):
    """What is asked for cannot be done with a release in this state."""

    code = "release_state_wrong"

    def __init__(self, state: str, wanted: Sequence[str]) -> None:
        super().__init__(
            f"the release is {state}; this is possible while it is {' or '.join(wanted)}",
            field="state",
            state=state,
            wanted=list(wanted),
        )


class OwnReleaseApproval(RegularsError):
    """Who wrote a release may not approve it."""

    code = "own_release_approval"

    def __init__(self) -> None:
        super().__init__("you wrote part of this release; somebody else must approve it", field="actor")


class ApprovalNeedsPerson(RegularsError):
    """A command without an operator may not approve."""

    code = "approval_needs_person"

    def __init__(self) -> None:
        super().__init__("an operator must approve; sign in, or name one with --operator", field="actor")


class ApprovalRequired(RegularsError):
    """The chain publishes nothing without approval."""

    code = "approval_required"

    def __init__(self) -> None:
        super().__init__(
            "this chain has every version approved before it goes live; submit the draft for review instead",
            field="approval",
        )


class RehearsalRequired(RegularsError):
    """The chain approves nothing that was not rehearsed."""

    code = "rehearsal_required"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has no finished rehearsal for all its places, and this chain approves nothing without; "
            "rehearse it there or above first",
            field="rehearsal",
            pack=name,
        )


class StartInvalid(RegularsError):
    """A time of a step is none, lies in the past, or ends before it begins."""

    code = "start_invalid"

    def __init__(self, said: str, field: str) -> None:
        problem = "the end" if field == "ends" else "the start"
        super().__init__(
            f"{problem} {said[:40]}: write a time to come, such as 2026-12-01T08:00 by each store's own "
            "clock or 2026-12-01T08:00+08:00 everywhere at once; an end lies after its start",
            field=field,
            said=said[:40],
            problem=problem,
        )


class ReleasePlacesInvalid(RegularsError):
    """Places of a release are missing, too many, closed, named twice, or lie outside of what was approved."""

    code = "release_places_invalid"

    def __init__(self, problem: str, field: str = "place_ids") -> None:
        super().__init__(problem, field=field, problem=problem)


class ReleaseReasonMissing(RegularsError):
    """Who sends something back, or stops it, says why."""

    code = "release_reason_missing"

    def __init__(self, maximum: int) -> None:
        super().__init__(f"say why, in 2 to {maximum} characters", field="reason", maximum=maximum)
