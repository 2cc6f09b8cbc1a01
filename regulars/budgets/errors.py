"""What can stop a look at limits."""

from regulars.kernel.errors import RegularsError
from regulars.rules.domain import LimitPer


class UnknownLimit(RegularsError):
    """The version that is live there has no such limit, or none of the pack is live there."""

    code = "unknown_limit"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no live version has a limit {name} there; see the pack's limits", field="limit", limit=name
        )


class LimitSubjectNeeded(RegularsError):
    """The limit counts by store or by member, and none was named."""

    code = "limit_subject_needed"

    def __init__(self, per: LimitPer) -> None:
        named = "a store of yours as place" if per == "store" else "a member as member_id"
        super().__init__(
            f"this limit counts by {per}; name {named}", field="place" if per == "store" else "member_id"
        )
