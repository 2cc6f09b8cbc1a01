"""What an undo order did, and what it leaves, in sentences."""

from collections.abc import Mapping
from typing import Any, Final

from regulars.undoing.domain import Undo
from rules_ui.i18n import N_, NN_, Speech

_NOT_TAKEN: Final = (
    (
        "spent",
        NN_(
            "%(num)s point is spent already; no points are there for it under this policy.",
            "%(num)s points are spent already; no points are there for them under this policy.",
        ),
    ),
    (
        "failing",
        NN_(
            "%(num)s purchase is left out: a rule failed in it.",
            "%(num)s purchases are left out: a rule failed in them.",
        ),
    ),
    (
        "withheld",
        NN_(
            "%(num)s point on which a limit bears is not given.",
            "%(num)s points on which a limit bears are not given.",
        ),
    ),
    (
        "moved_since",
        NN_(
            "%(num)s member was moved again since; the tier stays.",
            "%(num)s members were moved again since; their tier stays.",
        ),
    ),
    (
        "tags_staying",
        NN_(
            "%(num)s tag stays as it is: others have decided it as well.",
            "%(num)s tags stay as they are: others have decided them as well.",
        ),
    ),
    (
        "stages_since",
        NN_(
            "%(num)s move of stage stays: something later has decided the stage.",
            "%(num)s moves of stage stay: something later has decided the stage.",
        ),
    ),
    (
        "silences_live",
        NN_(
            "%(num)s stage stays: this version's days of silence still count. Roll it back first.",
            "%(num)s stages stay: this version's days of silence still count. Roll it back first.",
        ),
    ),
    (
        "messages_sent",
        NN_(
            "%(num)s message was handed over for sending; it cannot be called back.",
            "%(num)s messages were handed over for sending; they cannot be called back.",
        ),
    ),
    (
        "messages_missed",
        NN_(
            "%(num)s message that only the other version asks for is not sent: it would be too late.",
            "%(num)s messages that only the other version asks for are not sent: it would be too late.",
        ),
    ),
    (
        "refusals",
        NN_(
            "%(num)s refusal stands; what was not given then is not given now.",
            "%(num)s refusals stand; what was not given then is not given now.",
        ),
    ),
)
_AS_DECIDED: Final = ("tiers", "tags", "tags_back", "tags_given", "tags_redated", "stages")
_MOVES_PUT_RIGHT: Final = frozenset({"stage_moved", "stage_corrected"})


def not_taken_of(preview: Mapping[str, Any], say: Speech) -> tuple[str, ...]:
    """What cannot be taken back, in sentences."""
    found = [say.counted(words, preview[key]) for key, words in _NOT_TAKEN if preview.get(key)]
    if preview.get("discounts"):
        found.append(
            say.ngettext(
                "%(num)s discount over %(amount)s was money at the till, and stays.",
                "%(num)s discounts over %(amount)s were money at the till, and stay.",
                preview["discounts"],
                amount=say.amount(preview["discount_minor"]),
            )
        )
    listed = {what: count for what, count in preview.get("moves", {}).items() if what not in _MOVES_PUT_RIGHT}
    moves = sum((preview.get("moves", {}) if "stages_since" not in preview else listed).values())
    moves -= preview.get("silences", 0)
    if moves > 0:
        found.append(
            say.ngettext(
                "%(num)s move of tier or stage is only listed.",
                "%(num)s moves of tier or stage are only listed.",
                moves,
            )
        )
    return tuple(found)


def as_decided_of(preview: Mapping[str, Any], say: Speech) -> str:
    """How far a preview of tiers, tags and stages looks, in a sentence; "" where it has none."""
    if not any(preview.get(key) for key in _AS_DECIDED):
        return ""
    return say.text(
        N_(
            "Tiers, tags and stages are previewed as far as each member's time has been decided. What has "
            "fallen due since is decided first when the order is carried out; whatever then comes out "
            "otherwise is counted as a difference."
        )
    )


def done_of(undo: Undo, say: Speech) -> str:
    """What came of an order, in a sentence; "" before."""
    if undo.state not in ("finished", "cancelled", "empty") or (
        undo.state == "cancelled" and not undo.members_done
    ):
        return ""
    if undo.state == "empty":
        return say.text(N_("The version gave nothing there that could be taken back."))
    parts = [
        say.ngettext("%(num)s point was taken back", "%(num)s points were taken back", undo.points_taken)
    ]
    for count, words in (
        (undo.points_owed, NN_("%(num)s is owed", "%(num)s are owed")),
        (undo.points_given, NN_("%(num)s was given", "%(num)s were given")),
        (undo.tiers_moved, NN_("%(num)s member was moved", "%(num)s members were moved")),
        (undo.tags_changed, NN_("%(num)s tag was changed", "%(num)s tags were changed")),
        (undo.stages_moved, NN_("%(num)s stage was put right", "%(num)s stages were put right")),
        (undo.messages_withdrawn, NN_("%(num)s message was withdrawn", "%(num)s messages were withdrawn")),
        (
            undo.differences,
            NN_(
                "%(num)s entry came out otherwise than in the preview",
                "%(num)s entries came out otherwise than in the preview",
            ),
        ),
    ):
        if count:
            parts.append(say.counted(words, count))
    separator = "，" if say.language == "zh" else ", "
    return separator.join(parts)


def came_after_of(undo: Undo, say: Speech) -> str:
    """What was recorded after the list was made, in a sentence; "" where nothing was."""
    if not undo.came_after:
        return ""
    return say.ngettext(
        "%(num)s purchase of this version was recorded after the list was made, and is untouched.",
        "%(num)s purchases of this version were recorded after the list was made, and are untouched.",
        undo.came_after,
    )
