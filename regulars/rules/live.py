"""The packs that are live at each place, as one process remembers them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.together import ask_together
from regulars.rules import repository
from regulars.rules.domain import PackVersion
from regulars.rules.errors import PackPlaceUnknown
from regulars.rules.evaluator import PackSet
from regulars.rules.recent_reading import reads_recent
from regulars.rules.stored import Activation, in_force

State = tuple[int, int]
_NOTHING: State = (-1, -1)


@dataclass(frozen=True, slots=True)
class _Timeline:
    """What is live at one place: `sets[i]` before `boundaries[i]`, the last one from the last on."""

    boundaries: tuple[datetime, ...]
    sets: tuple[PackSet, ...]


class LiveView:
    """What was live where, as far as one look at the database saw; never changes.

    Attributes:
        state: the counters by which a later look tells whether anything changed; both only grow.
    """

    def __init__(
        self,
        state: State,
        paths: Mapping[UUID, str],
        activations: Iterable[Activation],
        versions: Mapping[UUID, PackVersion],
        sets: dict[tuple[UUID, ...], PackSet],
    ) -> None:
        self.state = state
        self._paths = paths
        self._versions = versions
        self._named = {version.name: version for version in versions.values()}
        self._sets = sets
        self._activations: dict[str, list[Activation]] = {}
        for activation in in_force(list(activations)):
            self._activations.setdefault(activation.place_path, []).append(activation)
        self._timelines: dict[UUID, _Timeline] = {}
        self._by_activations: dict[tuple[int, ...], _Timeline] = {}

    @cached_property
    def reads_recent(self) -> bool:
        """Whether any pack, live anywhere at any time, asks for what a member has done lately."""
        return reads_recent(version.document for version in self._versions.values())

    @cached_property
    def tiers_read_recent(self) -> bool:
        """Whether a tier pack does."""
        return reads_recent(v.document for v in self._versions.values() if v.kind == "tier")

    @property
    def places_version(self) -> int:
        """How often the chain's places had changed, as far as this look saw."""
        return self.state[1]

    def is_older_than(self, state: State) -> bool:
        """Whether another look saw more."""
        return any(theirs > ours for ours, theirs in zip(self.state, state, strict=True))

    def at(self, place_id: UUID, at: datetime) -> PackSet:
        """The packs live at a place at an instant.

        Args:
            place_id: a store, or any other place.
            at: aware instant.
        Returns: for each pack the version put live at the nearest place at or above that says anything then,
            latest there; none where it is switched off there. The same object while nothing changes.
        Raises: PackPlaceUnknown: the place is not among those that this look saw.
        Source: docs/semantics.md, "Which pack version".
        """
        timeline = self._timeline(place_id)
        return timeline.sets[bisect_right(timeline.boundaries, at)]

    def everywhere(self, at: datetime) -> set[PackSet]:
        """The packs live together at any place at an instant; each set once."""
        return {self.at(place_id, at) for place_id in self._paths}

    def boundaries(self, place_id: UUID) -> Sequence[datetime]:
        """The instants at which what is live at a place changes, ascending.

        Raises: PackPlaceUnknown.
        """
        return self._timeline(place_id).boundaries

    def named(self, name: str) -> PackVersion | None:
        """A version that is or was live somewhere, e.g. "grocery-classic/1"; None where none is known."""
        return self._named.get(name)

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
        changes = {instant for each in relevant for instant in (each.live_from, each.live_until)}
        boundaries = sorted(instant for instant in changes if instant is not None)
        sets = [self._set_of(())]
        for boundary in boundaries:
            saying = [activation for activation in relevant if activation.says_at(boundary)]
            sets.append(self._set_of(_winning(saying)))
        return _Timeline(tuple(boundaries), tuple(sets))

    def _set_of(self, ids: Iterable[UUID]) -> PackSet:
        key = tuple(sorted(ids))
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = PackSet([self._versions[version_id] for version_id in key])
        return found


class LivePacks:
    """The newest view of a process; `refresh` is one small statement where nothing changed."""

    def __init__(self) -> None:
        self._sets: dict[tuple[UUID, ...], PackSet] = {}
        self._versions: dict[UUID, PackVersion] = {}
        self.view = LiveView(_NOTHING, {}, (), {}, self._sets)

    async def refresh(self, session: AsyncSession, seen: Sequence[int | None] = ()) -> LiveView:
        """Notice what was put live, switched off or opened since the last call.

        Args:
            session: one that has itself changed neither packs nor places: what is rolled back would stay.
            seen: the answer to `repository.STATE`, where it was asked in this transaction already.
        Returns: the newest view that this process has; one that looks from an older snapshot, or that
            finishes after a newer look, never takes the view back.
        """
        if not seen:
            (seen,) = await ask_together(session, [repository.STATE])
        state = (seen[0] or 0, seen[1] or 0)
        if not self.view.is_older_than(state):
            return self.view
        activations = await repository.activations(session)
        wanted = {a.version_id for a in activations if a.version_id is not None} - self._versions.keys()
        if wanted:
            self._versions |= {v.id: v for v in await repository.versions(session, wanted)}
        paths = await repository.place_paths(session)
        if self.view.is_older_than(state):
            self.view = LiveView(state, paths, activations, dict(self._versions), self._sets)
        return self.view

    def at(self, place_id: UUID, at: datetime) -> PackSet:
        """As `LiveView.at`, of the newest view."""
        return self.view.at(place_id, at)

    def boundaries(self, place_id: UUID) -> Sequence[datetime]:
        """As `LiveView.boundaries`, of the newest view."""
        return self.view.boundaries(place_id)

    def named(self, name: str) -> PackVersion | None:
        """As `LiveView.named`, of the newest view."""
        return self.view.named(name)


def _ancestors(path: str) -> list[str]:
    labels = path.split(".")
    return [".".join(labels[: count + 1]) for count in range(len(labels))]


def _winning(saying: Sequence[Activation]) -> list[UUID]:
    best: dict[str, Activation] = {}
    for activation in saying:
        other = best.get(activation.pack_code)
        if other is None or _nearness(activation) > _nearness(other):
            best[activation.pack_code] = activation
    return [activation.version_id for activation in best.values() if activation.version_id is not None]


def _nearness(activation: Activation) -> tuple[int, datetime, int]:
    return activation.place_path.count("."), *activation.order
