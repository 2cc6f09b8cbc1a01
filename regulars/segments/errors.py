"""What can stop a use-case of segments."""

from collections.abc import Sequence

from regulars.kernel.errors import RegularsError
from regulars.kernel.words import counted
from regulars.rules.findings import Finding


class SegmentNotGreen(RegularsError):
    """The condition has findings; it can be neither asked nor saved."""

    code = "segment_not_green"

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [found for found in findings if found.severity == "error"]
        first = f"{errors[0].pointer or '/'}: {errors[0].en}" if errors else ""
        super().__init__(
            f"the condition has {counted(len(errors), 'error')}; the first: {first}",
            field="when",
            count=len(errors),
            first_zh=errors[0].zh if errors else "",
            findings=[
                {"code": one.code, "pointer": one.pointer, "zh": one.zh, "en": one.en} for one in findings
            ],
        )
        self.findings = tuple(findings)


class SegmentTooSlow(RegularsError):
    """Deciding all members takes longer than may be waited for."""

    code = "segment_too_slow"

    def __init__(self, seconds: int, part: str | None = None) -> None:
        why = f"{part!r} cannot run in the database; write the condition without it, or" if part else "please"
        super().__init__(
            f"after {seconds} s not every member was decided: {why} ask for fewer places",
            field="when",
            seconds=seconds,
            part=part,
        )


class FeaturesNotReady(RegularsError):
    """The members' features are being gathered for the first time."""

    code = "features_not_ready"

    def __init__(self) -> None:
        super().__init__("the members' features are being gathered for the first time; ask again in a minute")


class UnknownSegment(RegularsError):
    """There is no segment of this code in sight, or no such version of it."""

    code = "unknown_segment"

    def __init__(self, code: str, version: int | None = None) -> None:
        name = code if version is None else f"{code}/{version}"
        super().__init__(f"there is no segment {name}; see the list of segments", field="code", segment=name)


class SegmentCodeInvalid(RegularsError):
    """A code that cannot be a segment's."""

    code = "segment_code_invalid"

    def __init__(self) -> None:
        super().__init__(
            "write 1 to 60 small letters and digits, words joined by - or _, a letter first", field="code"
        )


class SegmentTextInvalid(RegularsError):
    """A title or description that is missing or too long."""

    code = "segment_text_invalid"

    def __init__(self, field: str, minimum: int, maximum: int) -> None:
        super().__init__(
            f"write {minimum} to {maximum} printable characters",
            field=field,
            minimum=minimum,
            maximum=maximum,
        )


class SegmentPlaceUnknown(RegularsError):
    """A segment is to belong to a place that the operator may not define segments at."""

    code = "segment_place_unknown"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"there is no place {place} at which you may save segments; see the list of places",
            field="place",
            place=place,
        )


class SegmentChanged(RegularsError):
    """Somebody saved another version since this one was begun."""

    code = "segment_changed"

    def __init__(self, code: str, newest: int, based_on: int) -> None:
        super().__init__(
            f"{code} is at version {newest}, and your change began from {based_on}; "
            "read the newest version and save again",
            field="based_on",
            segment=code,
            newest=newest,
            based_on=based_on,
        )
