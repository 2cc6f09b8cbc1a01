"""What can stop a use-case of rules."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.kernel.errors import RegularsError
from regulars.kernel.words import counted
from regulars.rules.findings import Finding

FINDINGS_SHOWN: Final = 20


class PackNotGreen(RegularsError):
    """The pack has findings or failing cases; it cannot become a version."""

    code = "pack_not_green"

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [found for found in findings if found.severity == "error"]
        first = f"{errors[0].pointer or '/'}: {errors[0].en}" if errors else ""
        super().__init__(
            f"the pack has {counted(len(errors), 'error')}; the first: {first}",
            field="document",
            count=len(errors),
            first_zh=errors[0].zh if errors else "",
            findings=[asdict(found) for found in findings[:FINDINGS_SHOWN]],
        )
        self.findings = tuple(findings)


class UnknownPack(RegularsError):
    """There is no pack of this code, or no such version of it."""

    code = "unknown_pack"

    def __init__(self, code: str, version: int | None = None) -> None:
        name = code if version is None else f"{code}/{version}"
        super().__init__(f"there is no pack {name}; see the list of packs", field="pack", pack=name)


class ParameterInvalid(RegularsError):
    """The pack has no such parameter."""

    code = "parameter_invalid"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the pack has no parameter {name}; see its parameters", field=f"parameters.{name}", name=name
        )


class PointerUnknown(RegularsError):
    """A change names a place that the pack's text does not have."""

    code = "pointer_unknown"

    def __init__(self, pointer: str) -> None:
        super().__init__(
            f"the pack has nothing at {pointer[:200] or '/'}; "
            "open the draft again: somebody may have changed it",
            field="pointer",
            pointer=pointer[:200],
        )


class PackPlaceUnknown(RegularsError):
    """Packs are asked for, or put live, at a place that is not there."""

    code = "pack_place_unknown"

    def __init__(self, place_id: UUID) -> None:
        super().__init__(f"there is no place {place_id}; see the list of places", field="place_id")


class LiveFromInvalid(RegularsError):
    """A pack cannot go live at such a time."""

    code = "live_from_invalid"

    def __init__(self, live_from: datetime) -> None:
        super().__init__(
            f"{live_from.isoformat()} has no time zone; give an instant such as 2026-11-22T00:00:00+08:00",
            field="live_from",
        )


class VersionRolledBack(RegularsError):
    """The version was rolled back at the place, above or below it, and is never used there again."""

    code = "version_rolled_back"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was rolled back there and is never used there again; mend it and release a new version",
            field="version",
            pack=name,
        )
