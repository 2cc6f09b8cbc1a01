"""What can stand in the way of an undo order."""

from collections.abc import Sequence

from regulars.kernel.errors import RegularsError


class UnknownUndo(RegularsError):
    """No such undo order, or none that the asker may see."""

    code = "unknown_undo"

    def __init__(self) -> None:
        super().__init__("no undo order has this id; see the list of undo orders", field="undo_id")


class UndoPlaceUnknown(RegularsError):
    """No such place, or not one of the asker's."""

    code = "undo_place_unknown"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"you have no place {place[:60]}; name one of yours", field="place", place=place[:60]
        )


class UndoSpanInvalid(RegularsError):
    """The span ends before it begins, or after now."""

    code = "undo_span_invalid"

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, field=field)


class UndoStateWrong(RegularsError):
    """What is asked for cannot be done with an undo order in this state."""

    code = "undo_state_wrong"

    def __init__(self, state: str, wanted: Sequence[str]) -> None:
        super().__init__(
            f"the undo order is {state}; this is possible while it is {' or '.join(wanted)}",
            field="state",
            state=state,
            wanted=list(wanted),
        )


class UndoPreviewDiffers(RegularsError):
    """Who approves has looked at another list than the order's."""

    code = "undo_preview_differs"

    def __init__(self) -> None:
        super().__init__(
            "this is not the content hash of the order's preview; look at the order again and decide anew",
            field="content_hash",
        )


class OwnUndoApproval(RegularsError):
    """Who ordered an undo may not approve it."""

    code = "own_undo_approval"

    def __init__(self) -> None:
        super().__init__("you ordered this undo; somebody else must approve it", field="actor")


class UndoNeedsPerson(RegularsError):
    """A command without an operator may not approve."""

    code = "undo_needs_person"

    def __init__(self) -> None:
        super().__init__("an operator must approve; sign in, or name one with --operator", field="actor")


class UndoReasonMissing(RegularsError):
    """Who refuses or stops an undo says why."""

    code = "undo_reason_missing"

    def __init__(self, maximum: int) -> None:
        super().__init__(f"say why, in 2 to {maximum} characters", field="reason", maximum=maximum)
