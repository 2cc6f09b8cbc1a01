"""The packs that are live at each place, as one process remembers them."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules import repository
from regulars.rules.domain import PackVersion
from regulars.rules.errors import PackPlaceUnknown
from regulars.rules.evaluator import PackSet
from regulars.rules.stored import Activation


@dataclass(frozen=True, slots=True)
class _Timeline:
    """What is live at one place: `sets[i]` before `boundaries[i]`, the last one from the last on."""

    boundaries: tuple[datetime, ...]
    sets: tuple[PackSet, ...]


class LivePacks:
    """Which versions are live where and when; `refresh` is one small statement where nothing changed."""

    def __init__(self) -> None:
        self._state: tuple[int | None, int | None] | None = None
        self._generation = 0
        self._paths: dict[UUID, str] = {}
        self._activations: dict[str, list[Activation]] = {}
        self._versions: dict[UUID, PackVersion] = {}
        self._timelines: dict[UUID, _Timeline] = {}
        self._by_activations: dict[tuple[int, ...], _Timeline] = {}
        self._sets: dict[tuple[UUID, ...], PackSet] = {}

    @property
    def generation(self) -> int:
        """Grows whenever `refresh` found a change."""
        return self._generation

    async def refresh(self, session: AsyncSession) -> None:
        """Notice what was put live, switched off or opened since the last call.

        Args:
            session: one whose own changes of packs, if any, will be committed.
        """
        state = await repository.state(session)
        if state == self._state:
            return
        activations = await repository.activations(session)
        wanted = {a.version_id for a in activations if a.version_id is not None} - self._versions.keys()
        if wanted:
            self._versions |= {v.id: v for v in await repository.versions(session, wanted)}
        self._paths = await repository.place_paths(session)
        self._activations = {}
        for activation in activations:
            self._activations.setdefault(activation.place_path, []).append(activation)
        self._timelines, self._by_activations = {}, {}
        self._state = state
        self._generation += 1

    def at(self, place_id: UUID, at: datetime) -> PackSet:
        """The packs live at a place at an instant.

        Args:
            place_id: a store, or any other place.
            at: aware instant.
        Returns: for each pack the version put live at the nearest place at or above, latest there; none
            where it is switched off there. The same object while nothing changes.
        Raises: PackPlaceUnknown: the place is not among those that the last `refresh` saw.
        Source: docs/semantics.md, "Which pack version".
        """
        timeline = self._timeline(place_id)
        return timeline.sets[bisect_right(timeline.boundaries, at)]

    def boundaries(self, place_id: UUID) -> Sequence[datetime]:
        """The instants at which what is live at a place changes, ascending.

        Raises: PackPlaceUnknown.
        """
        return self._timeline(place_id).boundaries

    def named(self, name: str) -> PackVersion | None:
        """A version that is or was live somewhere, e.g. "grocery-classic/1"; None where none is known."""
        return next((version for version in self._versions.values() if version.name == name), None)

    def _timeline(self, place_id: UUID) -> _Timeline:
        timeline = self._timelines.get(place_id)
        if timeline is None:
            path = self._paths.get(place_id)
            if path is None:
                raise PackPlaceUnknown(place_id)
            relevant = [a for above in _ancestors(path) for a in self._activations.get(above, ())]
            key = tuple(activation.id for activation in relevant)
            timeline = self._by_activations.get(key)
            if timeline is None:
                timeline = self._by_activations[key] = self._drawn(relevant)
            self._timelines[place_id] = timeline
        return timeline

    def _drawn(self, relevant: Sequence[Activation]) -> _Timeline:
        boundaries = sorted({activation.live_from for activation in relevant})
        sets = [self._set_of(())]
        for boundary in boundaries:
            begun = [activation for activation in relevant if activation.live_from <= boundary]
            sets.append(self._set_of(_winning(begun)))
        return _Timeline(tuple(boundaries), tuple(sets))

    def _set_of(self, ids: Iterable[UUID]) -> PackSet:
        key = tuple(sorted(ids))
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = PackSet([self._versions[version_id] for version_id in key])
        return found


def _ancestors(path: str) -> list[str]:
    labels = path.split(".")
    return [".".join(labels[: count + 1]) for count in range(len(labels))]


def _winning(begun: Sequence[Activation]) -> list[UUID]:
    best: dict[str, Activation] = {}
    for activation in begun:
        other = best.get(activation.pack_code)
        if other is None or _nearness(activation) > _nearness(other):
            best[activation.pack_code] = activation
    return [activation.version_id for activation in best.values() if activation.version_id is not None]


def _nearness(activation: Activation) -> tuple[int, datetime, int]:
    return activation.place_path.count("."), activation.live_from, activation.id
