"""Which facts a pack reads: in its conditions and sums, and by where and when it counts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.rules.domain import PackVersion
from regulars.rules.live import LivePacks

_NOT_ASKED: Final = frozenset({"cases"})
"""What a case gives is no reading."""
_GATES: Final[Mapping[str, tuple[str, ...]]] = {
    "places": ("store.code", "store.branch"),
    "channels": ("purchase.channel",),
    "tiers": ("member.tier",),
    "weekdays": ("calendar.weekday",),
    "days_of_month": ("calendar.day",),
    "from": ("calendar.date",),
    "until": ("calendar.date",),
    "except": ("calendar.date",),
    "hours": ("calendar.hour", "calendar.minute"),
}
"""What `scope` and `calendar` read, by their parts."""


def facts_read(document: Mapping[str, object]) -> frozenset[str]:
    """The facts that a pack reads.

    Args:
        document: of a pack that was checked.
    Returns: paths as the field catalogue has them; of a line's facts the name seen from inside the line.
    """
    return frozenset(_read(document))


def live_versions(live: LivePacks, place_ids: Iterable[UUID], at: datetime) -> list[PackVersion]:
    """The versions that are live at any of some places, by pack and number.

    Args:
        live: refreshed.
        place_ids: places that this look saw.
        at: aware instant.
    """
    sets = {id(found): found for found in (live.at(place_id, at) for place_id in place_ids)}
    versions = {version.id: version for found in sets.values() for version in found.versions}
    return sorted(versions.values(), key=lambda version: (version.code, version.version))


def readers_of(versions: Iterable[PackVersion]) -> dict[str, list[PackVersion]]:
    """By each fact that is read at all, the versions that read it."""
    found: dict[str, list[PackVersion]] = {}
    for version in versions:
        for path in facts_read(version.document):
            found.setdefault(path, []).append(version)
    return found


def _read(tree: object) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            path = _path(part)
            if path is not None:
                yield path
            for gate in ("scope", "calendar"):
                yield from _gate(part.get(gate))
            waiting.extend(value for key, value in part.items() if key not in _NOT_ASKED)
        elif isinstance(part, list):
            waiting.extend(part)


def _gate(gate: object) -> Iterator[str]:
    if isinstance(gate, Mapping):
        for part in gate:
            yield from _GATES.get(part, ())


def _path(operation: Mapping[str, object]) -> str | None:
    """The fact that an operation reads; from inside a line, what lies outside it counts as well."""
    if len(operation) != 1:
        return None
    path = operation.get("var", operation.get("val"))
    if isinstance(path, list):
        steps = path[1:] if path and isinstance(path[0], list) else path
        return ".".join(steps) if steps and all(isinstance(step, str) for step in steps) else None
    return path if isinstance(path, str) and path else None
