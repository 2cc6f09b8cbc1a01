"""Where and since when each version of a pack is live: told once, at the place from which it holds. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from regulars.organisation.domain import Place
from regulars.rules.stored import Activation, in_force

CLOCKS_APART: Final = timedelta(hours=26)
"""No two clocks on earth are further apart."""


@dataclass(frozen=True, slots=True)
class LivePlace:
    """A place from which on downwards one version is live, as far as nothing below says otherwise.

    Attributes:
        version: None where the pack is switched off, or not live yet.
        since: when it became live there; on the place's own clock, as `until`.
        until: when something else will be live there, as known now; None: nothing else is planned.
        next_version: which then; None: none.
    """

    code: str
    version: int | None
    place: str
    since: datetime | None
    until: datetime | None
    next_version: int | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    version: int | None
    since: datetime | None
    until: datetime | None
    next_version: int | None


def live_places(activations: Sequence[Activation], places: Sequence[Place], at: datetime) -> list[LivePlace]:
    """Where each version of one pack is live at an instant.

    Args:
        activations: of the pack, what was taken back included.
        places: all of the chain.
        at: aware instant.
    Returns: headquarters where anything is or will be live there, then each place at which another version
        is live than above it, or will be; in the order of the tree.
    Source: docs/semantics.md, "Which pack version".
    """
    by_path: dict[str, list[Activation]] = {}
    for activation in in_force(activations):
        by_path.setdefault(activation.place_path, []).append(activation)
    if not by_path:
        return []
    code = activations[0].pack_code
    below: dict[UUID | None, list[Place]] = {}
    for place in sorted(places, key=lambda place: place.code):
        if place.kind != "terminal":
            below.setdefault(place.parent_id, []).append(place)
    walk = _Walk(code, by_path, below, at)
    return [found for root in below.get(None, []) for found in walk.visit(root, (), None)]


@dataclass(frozen=True, slots=True)
class _Walk:
    code: str
    by_path: Mapping[str, Sequence[Activation]]
    below: Mapping[UUID | None, Sequence[Place]]
    at: datetime

    def visit(
        self, place: Place, above: tuple[Activation, ...], told: _Stretch | None
    ) -> Iterator[LivePlace]:
        relevant = (*above, *self.by_path.get(place.path, ()))
        here = told if len(relevant) == len(above) and told is not None else _stretch(relevant, self.at)
        nothing = here.version is None and here.until is None and (told is None or told.version is None)
        if not nothing and not _same(here, told):
            yield LivePlace(
                self.code,
                here.version,
                place.code,
                here.since and here.since.astimezone(place.zone),
                here.until and here.until.astimezone(place.zone),
                here.next_version,
            )
        for child in self.below.get(place.id, ()):
            yield from self.visit(child, relevant, here)


def _same(here: _Stretch, above: _Stretch | None) -> bool:
    """Whether a place only follows what stands above it, be it by a clock of its own."""
    if above is None or (here.version, here.next_version) != (above.version, above.next_version):
        return False
    if here.until is None or above.until is None:
        return here.until is above.until
    return abs(here.until - above.until) < CLOCKS_APART


def _stretch(relevant: Sequence[Activation], at: datetime) -> _Stretch:
    """What is live now, since when, and until when as far as is planned."""
    changes = {instant for each in relevant for instant in (each.live_from, each.live_until)}
    borders = sorted(instant for instant in changes if instant is not None)
    version, since = _version(relevant, at), None
    for border in reversed([border for border in borders if border <= at]):
        if _version(relevant, border) != version:
            break
        since = border
    ahead = [border for border in borders if border > at]
    for before, border in pairwise([at, *ahead]):
        if _version(relevant, border) != _version(relevant, before):
            return _Stretch(version, since, border, _version(relevant, border))
    return _Stretch(version, since, None, None)


def _version(relevant: Sequence[Activation], at: datetime) -> int | None:
    saying = [activation for activation in relevant if activation.says_at(at)]
    if not saying:
        return None
    nearest = max(saying, key=lambda each: (each.place_path.count("."), *each.order))
    return nearest.version
