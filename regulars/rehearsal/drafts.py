"""Which packs read a purchase in a rehearsal: those that did, with the drafts in the place of theirs."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

import orjson

from regulars.lifecycle.reigns import ReignBook, StoreReigns
from regulars.organisation.places import Places
from regulars.rehearsal.history import Bought
from regulars.rules.domain import LifecyclePlan, PackVersion
from regulars.rules.evaluator import PackSet
from regulars.rules.live import LiveView
from regulars.rules.product_reading import product_fields_of
from regulars.rules.recent_reading import reads_recent
from regulars.rules.stored import Activation

BEFORE_ALL = datetime(1, 1, 2, tzinfo=UTC)
"""Before every purchase: a draft without a beginning has always been live."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is stored of packs, as the database has it at one look."""

    paths: Mapping[UUID, str]
    activations: Sequence[Activation]
    versions: Mapping[UUID, PackVersion]


@dataclass(frozen=True, slots=True)
class Draft:
    """Packs that are rehearsed as if they had been live.

    Attributes:
        versions: one a pack; none rehearses what was live.
        place_id: where they are live, with all below it that has no version of its own.
        live_from: from when on; None: always.
    """

    versions: tuple[PackVersion, ...]
    place_id: UUID
    live_from: datetime | None = None


class RehearsedPacks:
    """The packs of a rehearsal, as they were known at any time of recording."""

    def __init__(self, rules: Rules, draft: Draft, places: Places) -> None:
        self._rules = rules
        self._draft = draft
        self._places = places
        self._ids = frozenset(version.id for version in draft.versions)
        self._versions = {**rules.versions, **{version.id: version for version in draft.versions}}
        self._named = {version.name: version for version in rules.versions.values()}
        self._recorded_at = [activation.recorded_at for activation in rules.activations]
        self._sets: dict[tuple[UUID, ...], PackSet] = {}
        self._known: dict[int, Known] = {}
        self.changes = len(set(self._recorded_at)) > 1

    @property
    def product_fields(self) -> tuple[str, ...]:
        """The chain's own fields of products that any of the packs reads."""
        return product_fields_of(version.document for version in self._versions.values())

    @cached_property
    def reads_recent(self) -> bool:
        """Whether any of the packs asks for what a member has done lately."""
        return reads_recent(version.document for version in self._versions.values())

    def is_new(self, name: str) -> bool:
        """Whether a draft that was never published stands in the place of this version's pack."""
        code = name.rpartition("/")[0]
        return any(one.code == code and one.id not in self._rules.versions for one in self._draft.versions)

    def plan_of(self, name: str) -> LifecyclePlan | None:
        """The ladder of a version; None where there is no such version, or it has none."""
        version = self._named.get(name)
        return None if version is None else PackSet([version]).plan

    def known_at(self, recorded_at: datetime) -> "Known":
        """What was known of activations then, with the draft in it."""
        count = bisect_right(self._recorded_at, recorded_at)
        known = self._known.get(count)
        if known is None:
            known = self._known[count] = Known(self._view(count), self._places, self)
        return known

    def _view(self, count: int) -> LiveView:
        draft = self._draft
        codes = {version.code for version in draft.versions}
        live_from = draft.live_from or BEFORE_ALL
        stored = [
            activation
            for activation in self._rules.activations[:count]
            if not (
                activation.pack_code in codes
                and activation.place_id == draft.place_id
                and activation.live_from >= live_from
            )
        ]
        return LiveView(
            (count, 0),
            self._rules.paths,
            [*stored, *self._as_if_activated(live_from)],
            self._versions,
            self._sets,
        )

    def _as_if_activated(self, live_from: datetime) -> list[Activation]:
        draft, last = self._draft, max((a.id for a in self._rules.activations), default=0)
        return [
            Activation(
                id=last + number,
                pack_code=version.code,
                version_id=version.id,
                version=version.version,
                place_id=draft.place_id,
                place_path=self._rules.paths[draft.place_id],
                live_from=live_from,
                recorded_at=live_from,
                recorded_by="rehearsal",
                reason=None,
            )
            for number, version in enumerate(draft.versions, 1)
        ]

    def in_place_of(self, names: Sequence[str], live: PackSet) -> PackSet:
        """The versions that read a purchase then, with the drafts that are live in the place of theirs."""
        drafts = [version for version in live.versions if version.id in self._ids]
        codes = {version.code for version in drafts}
        kept = [self._named[name] for name in names if name.rpartition("/")[0] not in codes]
        versions = [*kept, *drafts]
        key = tuple(sorted(version.id for version in versions))
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = PackSet(versions)
        return found


class Known:
    """The packs as known at one time of recording."""

    def __init__(self, view: LiveView, places: Places, packs: RehearsedPacks) -> None:
        self._view = view
        self._book = ReignBook(view, places)
        self._packs = packs
        self._read: dict[tuple[str, int], PackSet] = {}

    def packs_of(self, bought: Bought) -> PackSet:
        """What reads a purchase in the rehearsal."""
        live = self._view.at(bought.store_id, bought.occurred_at)
        key = (bought.packs, id(live))
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._packs.in_place_of(list(orjson.loads(bought.packs)), live)
        return found

    def reigns_of(self, store_id: UUID) -> StoreReigns:
        """Which packs decide over time at a store."""
        return self._book.of(store_id)


def numbered(version: PackVersion, number: int) -> PackVersion:
    """A draft under the number that it would be published under."""
    return replace(version, version=number)
