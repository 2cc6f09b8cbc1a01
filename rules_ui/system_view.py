"""The parts of the installation as ops see them: from what PostgreSQL, Temporal and the data folder say."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Final

from babel.numbers import format_decimal
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.analytics.overview import RelayFigures
from regulars.analytics.system import Connected, SystemFigures
from regulars.backup_notes import Backup, Proof
from regulars.db.migrate import scripts
from regulars.outbox.errors import TemporalAway
from rules_ui.board import SILENT_RELAY, SLOW_RELAY
from rules_ui.contexts.system import BackupLine, Mood, PartLine, ProofLine, SizeLine
from rules_ui.i18n import N_, Speech
from rules_ui.queues import PATIENCE, QueueFigures

OLD_BACKUP: Final = timedelta(days=2)
OLD_PROOF: Final = timedelta(days=35)
"""Once a month, docs/backup.md says."""

_MOODS: Final[dict[Mood, str]] = {"good": N_("works"), "warn": N_("slow"), "bad": N_("away")}
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEP: Final = 1024


@cache
def newest_revisions() -> tuple[str, ...]:
    """The schema that this program was written for."""
    return tuple(scripts().get_heads())


async def temporal_version(connect: Callable[[], Awaitable[Client]]) -> str:
    """The version that Temporal's server gives; "" where it does not answer within a second."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            client = await connect()
            return (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version
    except (TemporalAway, RPCError, TimeoutError, OSError, RuntimeError):
        return ""


def part_lines(
    system: SystemFigures, relay: RelayFigures, queues: QueueFigures, temporal: str, say: Speech
) -> tuple[PartLine, ...]:
    """Every part with how it is, its version, since when, and how far behind it is."""
    connected = {each.name: each for each in system.connected}
    return (
        _line("web", "device-desktop", N_("Web"), "good", say, connected.get("regulars-web")),
        _worker(queues, connected.get("regulars-worker"), say),
        _relay(relay, connected.get("regulars-relay"), say),
        PartLine(
            title=say.text(N_("Temporal")),
            icon="clock",
            mood="good" if queues.reachable else "bad",
            mood_says=_mood_says("good" if queues.reachable else "bad", say),
            version=temporal,
            since=None,
            note=_backlog(queues, say),
        ),
        PartLine(
            title=say.text(N_("PostgreSQL")),
            icon="database",
            mood="good",
            mood_says=_mood_says("good", say),
            version=system.version,
            since=system.since,
            note=say.ngettext(
                "%(num)s connection",
                "%(num)s connections",
                sum(each.connections for each in system.connected),
            ),
        ),
    )


def size_lines(system: SystemFigures, say: Speech) -> tuple[SizeLine, ...]:
    """The largest tables."""
    return tuple(
        SizeLine(each.name, size_of(each.bytes, say), "–" if each.rows is None else say.number(each.rows))
        for each in system.largest
    )


def size_of(count: int, say: Speech) -> str:
    """Bytes as people read them: 1536 → "1.5 kB"."""
    unit, value = 0, Decimal(count)
    while value >= _STEP and unit < len(_UNITS) - 1:
        unit, value = unit + 1, value / _STEP
    return f"{format_decimal(round(value, 1), locale=say.locale)} {_UNITS[unit]}"


def backup_line(backup: Backup | None, say: Speech) -> BackupLine | None:
    """The last backup in the reader's words."""
    if backup is None:
        return None
    old = say.now - backup.made_at > OLD_BACKUP
    return BackupLine(backup.file.name, backup.made_at, size_of(backup.bytes, say), old)


def proof_line(proof: Proof | None, say: Speech) -> ProofLine:
    """The last restore of a backup in the reader's words."""
    if proof is None:
        never = say.text(N_("No backup has been proved yet: one that was never restored is a hope."))
        return ProofLine("warn", "", None, never)
    if not proof.sound:
        unsound = say.text(N_("It was restored whole, but its books did not add up. Run regulars verify."))
        return ProofLine("bad", proof.name, proof.at, unsound)
    old = say.now - proof.at > OLD_PROOF
    words = N_("Every row came back and the books added up; it is time for the next.")
    fresh = N_("Every row came back, and the books added up.")
    return ProofLine("warn" if old else "good", proof.name, proof.at, say.text(words if old else fresh))


def _worker(queues: QueueFigures, connected: Connected | None, say: Speech) -> PartLine:
    workers = sum(queue.workers for queue in queues.queues)
    oldest = max((queue.backlog_age for queue in queues.queues), default=timedelta(0))
    working = workers > 0 if queues.reachable else connected is not None
    mood: Mood = "bad" if not working else "warn" if oldest > SLOW_RELAY else "good"
    note = say.text(N_("Workers: %(count)s"), count=say.number(workers)) if queues.reachable else ""
    return _line("worker", "settings", N_("Worker"), mood, say, connected, note)


def _relay(relay: RelayFigures, connected: Connected | None, say: Speech) -> PartLine:
    silent = relay.seen_at is None or say.now - relay.seen_at > SILENT_RELAY
    age = say.now - relay.oldest_at if relay.oldest_at else timedelta(0)
    notes = [say.text(N_("%(count)s waiting"), count=say.number(relay.waiting + relay.waiting_bulk))]
    if relay.oldest_at:
        notes.append(say.text(N_("oldest waits %(span)s"), span=say.span(age)))
    if relay.lag_ms is not None:
        notes.append(say.text(N_("usually %(ms)s ms"), ms=say.number(relay.lag_ms)))
    mood: Mood = "bad" if silent else "warn" if age > SLOW_RELAY else "good"
    return _line("relay", "send", N_("Relay"), mood, say, connected, " · ".join(notes))


def _backlog(queues: QueueFigures, say: Speech) -> str:
    if not queues.reachable:
        return say.text(N_("The till goes on; workflows catch up as soon as it is back."))
    waiting: Sequence[int] = [queue.backlog for queue in queues.queues]
    return say.text(N_("%(count)s waiting"), count=say.number(sum(waiting)))


def _line(
    part: str,
    icon: str,
    title: str,
    mood: Mood,
    say: Speech,
    connected: Connected | None,
    note: str = "",
) -> PartLine:
    return PartLine(
        title=say.text(title),
        icon=icon,
        mood=mood,
        mood_says=_mood_says(mood, say),
        version=version("regulars") if part == "web" else "",
        since=connected.since if connected else None,
        note=note,
    )


def _mood_says(mood: Mood, say: Speech) -> str:
    return say.text(_MOODS[mood])
