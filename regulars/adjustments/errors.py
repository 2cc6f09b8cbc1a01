"""What can stand in the way of an adjustment by hand."""

from collections.abc import Sequence

from regulars.kernel.errors import FieldProblem, RegularsError


class UnknownAdjustment(RegularsError):
    """No such adjustment, or none that the asker may see."""

    code = "unknown_adjustment"

    def __init__(self, field: str = "adjustment_id") -> None:
        super().__init__("no adjustment has this id; see the list of adjustments", field=field)


class AdjustmentPointsInvalid(FieldProblem):
    """No points, or more than anybody adjusts."""

    code = "adjustment_points_invalid"

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"give or take 1 to {maximum:,} points, those that are taken below zero",
            field="points",
            maximum=maximum,
        )


class AdjustmentReasonUnknown(FieldProblem):
    """Not one of the reasons."""

    code = "adjustment_reason_unknown"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"the reason is one of {', '.join(allowed)}", field="reason", allowed=list(allowed))


class AdjustmentNoteMissing(FieldProblem):
    """Who adjusts, and who refuses, says why in words."""

    code = "adjustment_note_missing"

    def __init__(self, maximum: int, field: str = "note") -> None:
        super().__init__(f"say why, in 2 to {maximum} characters", field=field, maximum=maximum)


class AdjustmentNeedsPerson(RegularsError):
    """Points are adjusted by people, not by commands or tills."""

    code = "adjustment_needs_person"

    def __init__(self) -> None:
        super().__init__("an operator must ask for an adjustment and decide on it; sign in", field="actor")


class AdjustmentDiffers(RegularsError):
    """The same request id was used for something else."""

    code = "adjustment_differs"

    def __init__(self) -> None:
        super().__init__(
            "this request was made before, with other content; look at the member's adjustments",
            field="id",
        )


class AdjustmentBeyondBalance(RegularsError):
    """More points are to be taken than the member can use; nobody gets into debt by hand."""

    code = "adjustment_beyond_balance"

    def __init__(self, points: int, available: int) -> None:
        super().__init__(
            f"the member can use {available:,} points; take no more than that",
            field="points",
            points=points,
            available=available,
        )


class AdjustmentFrozen(RegularsError):
    """A frozen account is given nothing."""

    code = "adjustment_frozen"

    def __init__(self) -> None:
        super().__init__(
            "the account is frozen, so it is given no points; unfreeze it first", field="member_id"
        )


class AdjustmentNotReversible(RegularsError):
    """Not posted, itself a reversal, or reversed already."""

    code = "adjustment_not_reversible"

    def __init__(self) -> None:
        super().__init__(
            "only a posted adjustment of this member can be reversed, once; look at the member's adjustments",
            field="reverses",
        )


class AdjustmentStateWrong(RegularsError):
    """It was decided already."""

    code = "adjustment_state_wrong"

    def __init__(self, state: str) -> None:
        super().__init__(
            f"the adjustment is {state}; only one that waits can be decided", field="state", state=state
        )


class OwnAdjustmentDecision(RegularsError):
    """Who asked for an adjustment may not decide on it."""

    code = "own_adjustment_decision"

    def __init__(self) -> None:
        super().__init__("you asked for this adjustment; somebody else must decide on it", field="actor")
