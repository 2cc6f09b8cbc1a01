"""Draws what workflows carry out for somebody just now: who ordered it, where, and how far it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.bulk_actions.domain import AT_WORK as ACTIONS_AT_WORK
from regulars.bulk_actions.domain import BulkAction, BulkState
from regulars.rehearsal.domain import Rehearsal
from regulars.rehearsal.domain import State as RehearsalState
from regulars.undoing.domain import AT_WORK as UNDOS_AT_WORK
from regulars.undoing.domain import Undo, UndoState
from rules_ui import rehearsal_view, undo_view
from rules_ui.contexts.operations import WorkLine
from rules_ui.i18n import N_, Speech
from rules_ui.ops import action
from rules_ui.ops.words import NEXT
from rules_ui.version_marks import Names
from rules_ui.words import word_for
from workflows.bulk_action import workflow_id as bulk_action_workflow
from workflows.rehearsal import workflow_id as rehearsal_workflow
from workflows.undoing import workflow_id as undo_workflow

REHEARSALS: Final[tuple[RehearsalState, ...]] = ("queued", "running")
UNDOS: Final[tuple[UndoState, ...]] = ("preparing", "in_review", "approved", "running", "paused")
ACTIONS: Final[tuple[BulkState, ...]] = ("in_review", "approved", "running")
"""States of what has begun and not ended, whether it is at work or waits for somebody."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What lines are drawn with.

    Attributes:
        in_temporal: the address of a workflow among Temporal's pages; "" for whoever may not see them.
    """

    names: Names
    say: Speech
    in_temporal: Callable[[str], str]

    def lines(
        self,
        rehearsals: Sequence[Rehearsal],
        undos: Sequence[Undo],
        actions: Sequence[BulkAction],
        titles: Mapping[tuple[str, int], str],
    ) -> tuple[WorkLine, ...]:
        """All of it: first what takes something from members, last what only reckons.

        Args:
            titles: what the versions that are undone are called.
        """
        return (
            *(self._undo(one, titles[one.pack_code, one.version]) for one in undos),
            *(self._action(one) for one in actions),
            *(self._rehearsal(one) for one in rehearsals),
        )

    def _rehearsal(self, one: Rehearsal) -> WorkLine:
        progress = rehearsal_view.progress_of(one, self.say, may_cancel=False)
        by_command = one.ordered_by.startswith("command:")
        return WorkLine(
            id=one.id,
            icon="test-pipe",
            href=f"/rehearsals/{one.id}",
            what=self.say.text(N_("Rehearsal of %(packs)s"), packs=rehearsal_view.packs_of(one, self.say)),
            state=self.say.text(word_for("rehearsal", one.state)),
            tone="good" if one.state == "running" else "plain",
            where=self.names.places.get(one.place_id, "?"),
            ordered=self._ordered(one),
            at_work=one.state == "running",
            percent=progress.percent,
            said=progress.said,
            temporal_href="" if by_command else self.in_temporal(rehearsal_workflow(one.id)),
        )

    def _undo(self, one: Undo, pack: str) -> WorkLine:
        progress = undo_view.progress_of(one, self.say, may_steer=False)
        waits = self.say.text(N_("Somebody else must look at the list and approve it."))
        return WorkLine(
            id=one.id,
            icon="history",
            href=f"/undos/{one.id}",
            what=undo_view.title_of(one, pack, self.say),
            state=self.say.text(word_for("undo", one.state)),
            tone="good" if one.state in UNDOS_AT_WORK else "warn",
            where=self.names.places.get(one.place_id, "?"),
            ordered=self._ordered(one),
            at_work=one.state in UNDOS_AT_WORK,
            percent=progress.percent if progress else None,
            said=progress.said if progress else waits,
            temporal_href=self.in_temporal(undo_workflow(one.id)),
        )

    def _action(self, one: BulkAction) -> WorkLine:
        line, progress = (
            action.line_of(one, self.names, self.say),
            action.progress_of(one, self.say),
        )
        at_work = one.state in ACTIONS_AT_WORK
        return WorkLine(
            id=one.id,
            icon="list-check",
            href=f"/ops/actions/{one.id}",
            what=f"{line.what} · {line.count}",
            state=line.state,
            tone=line.tone,
            where=line.where,
            ordered=self._ordered(one),
            at_work=at_work,
            percent=progress.percent,
            said=progress.said if at_work else self.say.text(NEXT[one.state]),
            temporal_href=self.in_temporal(bulk_action_workflow(one.id)) if at_work else "",
        )

    def _ordered(self, one: Rehearsal | Undo | BulkAction) -> str:
        return self.say.text(
            N_("ordered by %(name)s, %(date)s"),
            name=self.names.of(one.ordered_by, self.say),
            date=self.say.moment(one.ordered_at),
        )
