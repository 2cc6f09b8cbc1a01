"""Why purchases are not recomputed."""

from typing import ClassVar

from regulars.kernel.errors import FieldProblem, RegularsError


class RecomputeVersionUnfit(FieldProblem):
    """The version that is named cannot stand in for one that failed."""

    code: ClassVar[str] = "recompute_version_unfit"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"{version} is no version that was released; name a mended version that is live, "
            "such as grocery-classic/3, and each pack once",
            field="versions",
            version=version,
        )


class RecomputePlaceUnknown(FieldProblem):
    """There is no such place, or it is out of sight."""

    code: ClassVar[str] = "recompute_place_unknown"

    def __init__(self, place: str) -> None:
        super().__init__(f"there is no place {place} where you may do this", field="place", place=place)


class RecomputeBoundInvalid(FieldProblem):
    """Nobody may be allowed so many points alone."""

    code: ClassVar[str] = "recompute_bound_invalid"

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"name a number of points from 0 to {maximum:,}", field="points_alone", maximum=maximum
        )


class RecomputeReasonMissing(FieldProblem):
    """Nobody said why."""

    code: ClassVar[str] = "recompute_reason_missing"

    def __init__(self, maximum: int) -> None:
        super().__init__(f"say why, in 2 to {maximum} characters", field="reason", maximum=maximum)


class RecomputeBoundDiffers(RegularsError):
    """Nothing is asked for, or something else than was seen."""

    code: ClassVar[str] = "recompute_bound_differs"

    def __init__(self, points: int | None) -> None:
        told = (
            "nothing is asked for any more" if points is None else f"{points:,} points are asked for by now"
        )
        super().__init__(f"{told}; look again before you approve", field="points_alone")


class OwnBoundApproval(RegularsError):
    """Who asks for a higher bound does not approve it."""

    code: ClassVar[str] = "own_bound_approval"

    def __init__(self) -> None:
        super().__init__("you asked for it; another administrator of the whole chain must approve it")
