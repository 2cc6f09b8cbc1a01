"""Which rows a release writes into the time of places: each store changes by its own clock. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from regulars.organisation.domain import Place
from regulars.releases.domain import PlannedPlace, Release, instant_of
from regulars.rules.stored import Activation, NewActivation, in_force


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a version is wanted; `starts_at` None: never, `ends_at` None: for good."""

    starts_at: datetime | None
    ends_at: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        if self.starts_at is None or at < self.starts_at:
            return False
        return self.ends_at is None or at < self.ends_at


NEVER = Span(None)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A place whose clock, or whose own plan, tells another time than what stands above it.

    Attributes:
        planned_id: the planned place that governs it.
    """

    place_id: UUID
    planned_id: UUID
    span: Span


@dataclass(slots=True)
class Unfolded:
    """A release's plan in the time of places.

    Attributes:
        rows: what must stand among the activations, and nothing else of this release.
        stretches: where it begins and ends when, in the order of the tree.
    """

    rows: list[NewActivation] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Site:
    """One place as its rows are drawn.

    Attributes:
        is_own: others decided something for this very place.
        left_back_id: a version rolled back here, which left the place with a decision of its own.
    """

    place: Place
    span: Span
    above: Span
    is_own: bool
    planned: PlannedPlace | None
    left_back_id: UUID | None

    @property
    def is_back(self) -> bool:
        return self.planned is not None and self.planned.state == "rolled_back"

    @property
    def borders(self) -> list[datetime]:
        """The instants between which the place says one thing."""
        instants = {self.span.starts_at, self.span.ends_at, self.above.starts_at, self.above.ends_at}
        if self.planned is not None and self.is_back:
            instants.add(self.planned.starts_at)
        return sorted(each for each in instants if each is not None)


class Unfolding:
    """Walks the tree of places once, from headquarters down."""

    def __init__(self, release: Release, places: Sequence[Place], activations: Sequence[Activation]) -> None:
        self._release = release
        self._planned = {planned.place_id: planned for planned in release.places}
        self._others = [row for row in in_force(activations) if row.release_id != release.id]
        self._own: dict[UUID, list[Activation]] = {}
        for row in self._others:
            self._own.setdefault(row.place_id, []).append(row)
        self._below: dict[UUID | None, list[Place]] = {}
        for place in places:
            if place.kind != "terminal":
                self._below.setdefault(place.parent_id, []).append(place)
        self.done = Unfolded()

    def unfold(self) -> Unfolded:
        """What the release wants of the places.

        Returns: rows such that a place follows the nearest plan at or above it by its own clock. What
            others decided for a place below, or for one between, stands, unless the plan names it; a place
            where only a roll-back left another version follows.
        Source: docs/releases.md, "Each store's own clock".
        """
        for root in self._below.get(None, []):
            self._visit(root, NEVER, None)
        return self.done

    def _visit(self, place: Place, above: Span, governor: PlannedPlace | None) -> None:
        planned = self._planned.get(place.id)
        governor = planned or governor
        span = NEVER if governor is None else _span_of(governor, place)
        own = self._own_at(place, above.starts_at or span.starts_at)
        left_back = None if own is None else own.rolled_back_id
        if planned is None and own is not None and left_back is None:
            governor, span, above = None, NEVER, NEVER
        if governor is not None and (planned is not None or span != above):
            self.done.stretches.append(Stretch(place.id, governor.place_id, span))
        if governor is not None and (planned is not None or span != above or left_back is not None):
            site = _Site(place, span, above, own is not None, planned, left_back)
            self.done.rows += self._rows(site)
        for child in self._below.get(place.id, []):
            self._visit(child, span, governor)

    def _own_at(self, place: Place, at: datetime | None) -> Activation | None:
        """What others decided for this very place."""
        if at is None:
            return None
        saying = [row for row in self._own.get(place.id, []) if row.says_at(at)]
        return max(saying, key=lambda row: row.order, default=None)

    def _rows(self, site: "_Site") -> list[NewActivation]:
        borders: list[datetime | None] = [*site.borders, None]
        rows: list[NewActivation] = []
        for begins, ends in pairwise(borders):
            assert begins is not None
            said = self._said(site, begins)
            if said is None:
                continue
            (version_id,) = said
            last = rows[-1] if rows else None
            if last is not None and (last.live_until, last.version_id) == (begins, version_id):
                rows[-1] = replace(last, live_until=ends)
            else:
                back = site.left_back_id
                rows.append(NewActivation(site.place.id, version_id, begins, ends, rolled_back_id=back))
        return rows

    def _said(self, site: "_Site", at: datetime) -> tuple[UUID | None] | None:
        """What the place must say of itself from then on; None where it need not."""
        comes_from_above = site.above.holds_at(at) and not site.is_own
        if site.span.holds_at(at):
            return None if comes_from_above else (self._release.version_id,)
        if comes_from_above:
            return (self._version_before(site.place, at, other=site.is_back),)
        if site.is_back and self._version_before(site.place, at, other=False) == self._release.version_id:
            return (self._version_before(site.place, at, other=True),)
        return None

    def _version_before(self, place: Place, at: datetime, *, other: bool) -> UUID | None:
        """What is live there without this release; `other`: the last that was another version."""
        labels = place.path.split(".")
        above = {".".join(labels[: count + 1]): count for count in range(len(labels))}
        rows = [row for row in self._others if row.place_path in above and row.live_from <= at]
        saying = [row for row in rows if row.says_at(at)]
        found = max(saying, key=lambda row: (above[row.place_path], *row.order), default=None)
        if found is None or not other or found.version_id != self._release.version_id:
            return None if found is None else found.version_id
        earlier = [row for row in rows if row.version_id != self._release.version_id]
        last = max(earlier, key=lambda row: (*row.order, above[row.place_path]), default=None)
        return None if last is None else last.version_id


def unfold(release: Release, places: Sequence[Place], activations: Sequence[Activation]) -> Unfolded:
    """What a release wants of the places, see `Unfolding.unfold`."""
    return Unfolding(release, places, activations).unfold()


def corrections(
    release: Release, wanted: Sequence[NewActivation], activations: Sequence[Activation]
) -> list[NewActivation]:
    """The rows to write so that exactly what is wanted stands of a release.

    Args:
        release: whose rows are compared.
        wanted: by `unfold`.
        activations: every row of the pack, oldest first.
    Returns: rows that take back what is no longer wanted, then what is wanted and does not stand yet; where
        a place was rolled back they say so. Nothing where all stands already.
    """
    standing = [row for row in in_force(activations) if row.release_id == release.id]
    stands = {_key(row) for row in standing}
    keys = {_key(row) for row in wanted}
    back = {p.place_id: release.version_id for p in release.places if p.state == "rolled_back"}
    taken_back = [
        NewActivation(
            row.place_id,
            None,
            row.live_from,
            voids_id=row.id,
            rolled_back_id=back.get(row.place_id),
        )
        for row in standing
        if _key(row) not in keys
    ]
    added = [
        NewActivation(
            row.place_id,
            row.version_id,
            row.live_from,
            row.live_until,
            rolled_back_id=back.get(row.place_id, row.rolled_back_id),
        )
        for row in wanted
        if _key(row) not in stands
    ]
    return taken_back + added


def bounds(unfolded: Unfolded) -> Mapping[UUID, tuple[datetime, datetime | None]]:
    """For each planned place that is not held back: its first store's start, and its last store's end."""
    found: dict[UUID, tuple[datetime, datetime | None]] = {}
    for stretch in unfolded.stretches:
        starts, ends = stretch.span.starts_at, stretch.span.ends_at
        if starts is None:
            continue
        if stretch.planned_id not in found:
            found[stretch.planned_id] = starts, ends
            continue
        first, last = found[stretch.planned_id]
        found[stretch.planned_id] = (
            min(first, starts),
            (None if last is None or ends is None else max(last, ends)),
        )
    return found


def _span_of(planned: PlannedPlace, place: Place) -> Span:
    if planned.state != "planned":
        return NEVER
    ends = None if planned.ends is None else instant_of(planned.ends, place.zone, "ends")
    return Span(instant_of(planned.starts, place.zone, "starts"), ends)


def _key(row: Activation | NewActivation) -> tuple[object, ...]:
    return row.place_id, row.version_id, row.live_from, row.live_until
