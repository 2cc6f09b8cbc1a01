"""Undo orders: what a version gave, the order, its preview, and the frozen list."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, Tone, View


@dataclass(frozen=True, slots=True)
class UndoLine:
    """One order in a list."""

    href: str
    title: str
    state: str
    tone: Tone
    note: str


@dataclass(frozen=True, slots=True)
class UndoListPage(View):
    """Undo orders at the reader's places, the latest first."""

    template: ClassVar[str] = "undo_list.html"
    undos: tuple[UndoLine, ...]
    older: str


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One thing that a version did."""

    at: datetime
    where: str
    what: str
    href: str


@dataclass(frozen=True, slots=True)
class UndoOrderPage(View):
    """What a version did, and the form that orders its undoing.

    Attributes:
        kinds: what can be looked at: points, discounts, moves, refusals.
        title: what the pack is called.
        total: how many effects there are of the kind that is shown; "" where that is not quickly told.
        asked: whether one of them was chosen.
        looked_back_to: looking stopped there, at what was recorded then, with the page not full; else None.
        others: versions that should have decided instead; the first is none.
        released: whether the version is live somewhere still, so that it goes on giving.
    """

    template: ClassVar[str] = "undo_order.html"
    code: str
    version: int
    title: str
    total: str
    kinds: tuple[Choice, ...]
    asked: bool
    effects: tuple[EffectLine, ...]
    older: str
    looked_back_to: datetime | None
    places: PlacePick
    policies: tuple[Choice, ...]
    others: tuple[Choice, ...]
    since: str
    until: str
    reason: str
    released: bool
    may_order: bool
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a preview."""

    title: str
    figure: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class StoreLine:
    """What an order means for one store."""

    store: str
    members: str
    entries: str
    points: str
    takes: str
    spent: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One entry of the frozen list, and what became of it."""

    member_href: str
    member: str
    purchase_href: str
    at: datetime
    store: str
    points: str
    takes: str
    result: str


@dataclass(frozen=True, slots=True)
class UndoProgress(View):
    """How far an order is; asks again by itself while it is at work."""

    template: ClassVar[str] = "undo_progress.html"
    undo_id: str
    state: str
    percent: int | None
    said: str
    may_steer: bool


@dataclass(frozen=True, slots=True)
class UndoPage(View):
    """One order: preview, decision, progress, result.

    Attributes:
        facts: what it takes; `not_taken` what cannot be taken back, in sentences.
        as_decided: how far tiers, tags and stages are previewed; "" where there are none.
        why_not: why the reader may not approve; "" where he may or nobody need.
        done: what came of it, in a sentence; "" before.
        came_after: what was recorded after the list was made; "" where nothing was. `again`: where to order
            for that, for who may.
    """

    template: ClassVar[str] = "undo.html"
    undo_id: str
    title: str
    version: str
    state: str
    tone: Tone
    where: str
    span: str
    policy: str
    instead: str
    ordered: str
    reason: str
    decided: str
    words: str
    content_hash: str
    facts: tuple[Fact, ...]
    as_decided: str
    not_taken: tuple[str, ...]
    stores: tuple[StoreLine, ...]
    items: tuple[ItemLine, ...]
    only_differences: bool
    differences: int
    next_items: str
    progress: UndoProgress | None
    may_approve: bool
    may_cancel: bool
    why_not: str
    done: str
    came_after: str
    again: str
    problem: str
