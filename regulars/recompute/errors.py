"""Why purchases are not recomputed."""

from typing import ClassVar

from regulars.kernel.errors import FieldProblem


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
