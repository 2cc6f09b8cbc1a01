"""Which numbers of which pack are live where and when, as one list of orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Numbers = Mapping[str, int]


@dataclass(frozen=True)
class Activation:
    """A version put live at a place from an instant on; `version` None switches the pack off there."""

    code: str
    version: int | None
    place: str
    live_from: datetime


@dataclass
class Packs:
    """Versions and activations, in the order in which they were recorded."""

    versions: dict[str, list[Numbers]] = field(default_factory=dict)
    activations: list[Activation] = field(default_factory=list)

    def publish(self, code: str, numbers: Numbers, place: str, live_from: datetime) -> int:
        """Numbers that were seen before keep their version."""
        known = self.versions.setdefault(code, [])
        if numbers not in known:
            known.append(numbers)
        version = known.index(numbers) + 1
        self.activate(code, version, place, live_from)
        return version

    def activate(self, code: str, version: int | None, place: str, live_from: datetime) -> None:
        """Nothing is recorded where that version is live there by then already."""
        begun = [
            (a.live_from, number, a.version)
            for number, a in enumerate(self.activations)
            if a.code == code and a.place == place and a.live_from <= live_from
        ]
        if not begun or max(begun)[2] != version:
            self.activations.append(Activation(code, version, place, live_from))

    def named(self, code: str, store: str, at: datetime) -> tuple[str, Numbers] | None:
        """The version live at a store: the nearest place decides, there the latest beginning, then word."""
        found = [
            (place_rank(a.place, store), a.live_from, number, a.version)
            for number, a in enumerate(self.activations)
            if a.code == code and a.live_from <= at and place_rank(a.place, store) >= 0
        ]
        version = max(found)[3] if found else None
        return None if version is None else (f"{code}/{version}", self.versions[code][version - 1])

    def live(self, code: str, store: str, at: datetime) -> Numbers | None:
        found = self.named(code, store, at)
        return None if found is None else found[1]

    def ladder(self, store: str, at: datetime) -> Numbers | None:
        return self.live("classic-tiers", store, at)

    def excludes_staff(self, store: str, at: datetime) -> bool:
        return self.live("staff-excluded", store, at) is not None

    def next_change(self, store: str, after: datetime) -> datetime | None:
        later = [
            a.live_from
            for a in self.activations
            if a.live_from > after and a.code == "classic-tiers" and place_rank(a.place, store) >= 0
        ]
        return min(later, default=None)


def place_rank(place: str, store: str) -> int:
    """How near a place is above a store: headquarters 0, its branch 1, itself 2; -1 for any other."""
    return {"HQ": 0, store.split("-")[0]: 1, store: 2}.get(place, -1)
