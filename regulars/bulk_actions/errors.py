"""What can stand in the way of a bulk action."""

from collections.abc import Sequence

from regulars.kernel.errors import RegularsError


class UnknownBulkAction(RegularsError):
    """No such bulk action, or none that the asker may see."""

    code = "unknown_bulk_action"

    def __init__(self) -> None:
        super().__init__("no bulk action has this id; see the list of bulk actions", field="action_id")


class BulkPlaceUnknown(RegularsError):
    """No such place, or not one of the asker's."""

    code = "bulk_place_unknown"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"you have no place {place[:60]}; name one of yours", field="place", place=place[:60]
        )


class BulkFilterEmpty(RegularsError):
    """Everybody would be meant."""

    code = "bulk_filter_empty"

    def __init__(self) -> None:
        super().__init__(
            "say whom you mean: members, a stage, a tier, overdue or a message not taken", field="filter"
        )


class BulkNothingMatches(RegularsError):
    """Nobody is meant."""

    code = "bulk_nothing_matches"

    def __init__(self) -> None:
        super().__init__("nothing matches this filter at that place; widen it", field="filter")


class BulkStateWrong(RegularsError):
    """What is asked for cannot be done with a bulk action in this state."""

    code = "bulk_state_wrong"

    def __init__(self, state: str, wanted: Sequence[str]) -> None:
        super().__init__(
            f"the bulk action is {state}; this is possible while it is {' or '.join(wanted)}",
            field="state",
            state=state,
            wanted=list(wanted),
        )


class BulkListDiffers(RegularsError):
    """Who decides has looked at another list."""

    code = "bulk_list_differs"

    def __init__(self) -> None:
        super().__init__(
            "this is not the content hash of the list; look at the bulk action again", field="content_hash"
        )


class OwnBulkApproval(RegularsError):
    """Who ordered a bulk action may not approve it."""

    code = "own_bulk_approval"

    def __init__(self) -> None:
        super().__init__("you ordered this bulk action; somebody else must approve it", field="actor")


class BulkReasonMissing(RegularsError):
    """Nobody said why."""

    code = "bulk_reason_missing"

    def __init__(self, maximum: int) -> None:
        super().__init__(f"say why, in 2 to {maximum} characters", field="reason", maximum=maximum)
