"""Operations: how the machinery behind the tills does, what is wrong with it, and what is done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, Tone, View
from rules_ui.contexts.overview import HealthLine


@dataclass(frozen=True, slots=True)
class Count:
    """A figure with its name."""

    code: str
    figure: str


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One task queue."""

    name: str
    what: str
    tone: Tone
    workers: int
    waiting: str
    oldest: str
    versions: str


@dataclass(frozen=True, slots=True)
class OpsLive(View):
    """The part of the overview of operations that moves.

    Attributes:
        problems: of purchases, messages and due dates; workflows are looked at on the page of problems.
    """

    template: ClassVar[str] = "ops_live.html"
    stages: tuple[Count, ...]
    problems: tuple[HealthLine, ...]
    queues: tuple[QueueLine, ...]
    reachable: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class OpsPage(View):
    """The overview of operations."""

    template: ClassVar[str] = "ops.html"
    live: OpsLive
    may_see_temporal: bool


@dataclass(frozen=True, slots=True)
class AffectedLine:
    """Somebody, or some work, that a problem touches."""

    href: str
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """What is wrong for one reason.

    Attributes:
        key: stable, for the page's anchors.
        detail: the error, as its code says it.
        affected: how many members, or purchases, in words.
        points: that the members hold.
        kind: of the bulk action that mends it; "" where none does.
        act: what the button says.
        member_ids: whom the action is for.
        pack: for `recompute`.
    """

    key: str
    tone: Tone
    title: str
    why: str
    detail: str
    next_step: str
    affected: str
    points: str
    members: tuple[AffectedLine, ...]
    more: int
    kind: str
    act: str
    member_ids: tuple[UUID, ...]
    pack: str


@dataclass(frozen=True, slots=True)
class ProblemList(View):
    """What is wrong with workflows: read from Temporal, so loaded after the page.

    Attributes:
        looked: at how many workflows, in words.
        bounds: what the look may have left out, in sentences.
    """

    template: ClassVar[str] = "ops_problem_list.html"
    groups: tuple[ProblemGroup, ...]
    reachable: bool
    looked: str
    bounds: tuple[str, ...]
    as_of: datetime
    place_id: str


@dataclass(frozen=True, slots=True)
class ProblemsPage(View):
    """All that is wrong, grouped by cause."""

    template: ClassVar[str] = "ops_problems.html"
    groups: tuple[ProblemGroup, ...]
    as_of: datetime
    place_id: str


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One line of a member's timeline."""

    icon: str
    mark: str
    what: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PackLine:
    """A pack version that counts for a member."""

    name: str
    title: str
    href: str
    kind: str


@dataclass(frozen=True, slots=True)
class WorkflowPage(View):
    """One member's workflow, in words.

    Attributes:
        status: what it is doing, in a sentence.
        trouble: what is wrong with it; "" for nothing.
        facts: name and value of what it knows.
        dues: what falls due when.
        temporal_href: "" for whoever may not see Temporal.
        actions: what may be done, as (kind, words).
    """

    template: ClassVar[str] = "ops_member.html"
    member_id: UUID
    who: str
    number: str
    tone: Tone
    status: str
    trouble: str
    facts: tuple[tuple[str, str], ...]
    dues: tuple[tuple[str, datetime], ...]
    packs: tuple[PackLine, ...]
    steps: tuple[WorkflowStep, ...]
    temporal_href: str
    actions: tuple[Choice, ...]
    place_id: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One bulk action in a list."""

    id: UUID
    what: str
    where: str
    state: str
    tone: Tone
    count: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionForm:
    """The form that draws up a bulk action, with what was chosen so far.

    Attributes:
        members: ids of those that were named before the form was shown, as from a problem.
        tier: code, likewise; "" for any.
        problems: what stands in the way, each at its field; "" is the whole form.
    """

    kinds: tuple[Choice, ...]
    places: PlacePick
    whom: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    members: tuple[str, ...]
    tier: str
    pack: str
    versions: str
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class ActionListPage(View):
    """Bulk actions, the latest first, and the form for another; a form that was refused comes first."""

    template: ClassVar[str] = "ops_action_list.html"
    actions: tuple[ActionLine, ...]
    older: str
    form: ActionForm


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of the list, and what became of it.

    Attributes:
        beside: what a purchase brings besides points.
    """

    no: int
    member_id: UUID | None
    who: str
    purchase_id: UUID | None
    points: str
    outcome: str
    tone: Tone
    detail: str
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionProgress(View):
    """How far a bulk action is."""

    template: ClassVar[str] = "ops_action_progress.html"
    action_id: UUID
    at_work: bool
    percent: int
    said: str


@dataclass(frozen=True, slots=True)
class ActionPage(View):
    """One bulk action.

    Attributes:
        next_note: what happens next, in a sentence.
        notes: what else is to be known before it is decided, in sentences.
        may_submit, may_decide, may_cancel: what the reader may do now.
    """

    template: ClassVar[str] = "ops_action.html"
    action_id: UUID
    what: str
    where: str
    state: str
    tone: Tone
    next_note: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    content_hash: str
    items: tuple[ItemLine, ...]
    next_href: str
    first_href: str
    progress: ActionProgress | None
    may_submit: bool
    needs_second: bool
    may_decide: bool
    may_cancel: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A release on its way.

    Attributes:
        note: where, and who submitted it.
        temporal_href: "" for whoever may not see Temporal.
    """

    href: str
    what: str
    state: str
    tone: Tone
    next_at: datetime | None
    note: str
    temporal_href: str


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Something that a workflow carries out for somebody.

    Attributes:
        ordered: who ordered it, and when.
        at_work: it goes on by itself; else it waits for somebody.
        percent: None before it is known of how much.
        said: how far it is, or what it waits for.
        temporal_href: "" for whoever may not see Temporal.
    """

    id: UUID
    icon: str
    href: str
    what: str
    state: str
    tone: Tone
    where: str
    ordered: str
    at_work: bool
    percent: int | None
    said: str
    temporal_href: str


@dataclass(frozen=True, slots=True)
class WorkUnderWay(View):
    """Rehearsals, undo orders and bulk actions that run or wait for somebody.

    Attributes:
        more: than are shown.
    """

    template: ClassVar[str] = "ops_work.html"
    lines: tuple[WorkLine, ...]
    more: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SchedulesPage(View):
    """Releases and other work on its way, and what runs by the clock; task queues with their workers."""

    template: ClassVar[str] = "ops_releases.html"
    work: WorkUnderWay
    releases: tuple[RunningLine, ...]
    schedules: tuple[tuple[str, str], ...]
    queues: tuple[QueueLine, ...]
    reachable: bool
    as_of: datetime
