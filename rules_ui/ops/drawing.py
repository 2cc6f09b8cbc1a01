"""Draws the overview of operations and its task queues."""

from collections.abc import Sequence

from rules_ui.board import Figures, health_of
from rules_ui.contexts.base import Tone
from rules_ui.contexts.operations import Count, OpsLive, QueueLine
from rules_ui.contexts.overview import HealthLine
from rules_ui.i18n import N_, Speech
from rules_ui.ops.words import QUEUES
from rules_ui.queues import QueueFigure, QueueFigures

STAGES = ("joined", "active", "at_risk", "lapsed")
LATE_SECONDS = 10


def draw_live(
    figures: Figures, queues: QueueFigures, overdue: int, refused: int, most: int, say: Speech
) -> OpsLive:
    """The moving part.

    Args:
        figures: of the overview.
        queues: of all task queues.
        overdue, refused: members behind, messages refused; counted up to `most`.
    """
    counts: dict[str, int] = {}
    for each in figures.standings:
        counts[each.stage] = counts.get(each.stage, 0) + each.members
    rules, relay = health_of(figures, say)
    return OpsLive(
        stages=tuple(Count(stage, say.number(counts.get(stage, 0))) for stage in STAGES),
        problems=(
            relay,
            *rules,
            _counted(N_("Members of whom something is overdue"), overdue, most, say),
            _counted(N_("Messages that Temporal does not take"), refused, most, say),
        ),
        queues=tuple(queue_line(each, say) for each in queues.queues),
        reachable=queues.reachable,
        as_of=figures.at,
    )


def _counted(title: str, count: int, most: int, say: Speech) -> HealthLine:
    figure = say.number(min(count, most)) + ("+" if count > most else "")
    return HealthLine("warn" if count else "good", say.text(title), "", figure)


def queue_line(queue: QueueFigure, say: Speech) -> QueueLine:
    """One task queue."""
    late = queue.backlog_age.total_seconds() > LATE_SECONDS
    tone: Tone = "bad" if not queue.workers else "warn" if late else "good"
    known = QUEUES.get(queue.name)
    return QueueLine(
        name=queue.name,
        what=say.text(known) if known else queue.name,
        tone=tone,
        workers=queue.workers,
        waiting=say.number(queue.backlog),
        oldest=say.span(queue.backlog_age) if queue.backlog_age.total_seconds() >= 1 else "–",
        versions=_short(queue.versions),
    )


def _short(versions: Sequence[str]) -> str:
    return ", ".join(version[:8] for version in versions) or "–"
