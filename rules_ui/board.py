"""Draws the moving part of the overview from its figures."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.analytics import overview
from regulars.analytics.overview import MINUTE
from regulars.db.session import Database
from regulars.security.scope import Scope
from rules_ui import telling
from rules_ui.contexts.base import Tier
from rules_ui.contexts.overview import Bar, Cell, HealthLine, Live, SaleLine, StageRow, Told
from rules_ui.i18n import N_, Speech
from rules_ui.minutes import Minutes, count_minutes, minute_of
from rules_ui.queues import QueueFigures, Queues
from rules_ui.rule_names import RuleName, rule_names, said
from rules_ui.telling import OF_ELSEWHERE, Titles

MINUTES_SHOWN = 30
FRESH_FOR = timedelta(seconds=1.5)
CHART_HEIGHT = 34
SLOW_RELAY = timedelta(seconds=10)
SILENT_RELAY = timedelta(seconds=30)
STAGES = ("joined", "active", "at_risk", "lapsed")
HEATS = 4
LATEST_SHOWN = 8
HAPPENINGS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the board shows, in no language."""

    at: datetime
    standings: Sequence[overview.StandingCount]
    minutes: Minutes
    totals: overview.Totals
    relay: overview.RelayFigures
    failed_rules: overview.FailedRules | None
    rules: Mapping[str, RuleName]
    happenings: Sequence[overview.Happening]
    recent: Sequence[overview.RecentPurchase]
    queues: QueueFigures


class Board:
    """The figures of each scope, read at most once in a moment however many people watch."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self._database = database
        self.queues = queues
        self._figures: dict[Scope, Figures] = {}
        self._locks: dict[Scope, asyncio.Lock] = {}

    async def figures(self, scope: Scope, at: datetime) -> Figures:
        """The figures as of now, or as of a moment ago."""
        async with self._locks.setdefault(scope, asyncio.Lock()):
            known = self._figures.get(scope)
            if known is None or at - known.at > FRESH_FOR:
                known = self._figures[scope] = await self._read(scope, at, known)
            return known

    async def _read(self, scope: Scope, at: datetime, before: Figures | None) -> Figures:
        queues = await self.queues.figures(at)
        async with self._database.read() as session:
            failed = await overview.read_failed_rules(session, scope)
            return Figures(
                at=at,
                standings=await overview.count_standings(session, scope),
                minutes=await count_minutes(session, scope, at, before.minutes if before else None),
                totals=await overview.sum_totals(session, scope, at),
                relay=await overview.read_relay(session),
                failed_rules=failed,
                rules=await rule_names(session, failed.newest if failed else ()),
                happenings=await overview.list_happenings(session, scope, at, HAPPENINGS_SHOWN),
                recent=await overview.list_recent_purchases(session, scope, LATEST_SHOWN),
                queues=queues,
            )


def draw(figures: Figures, ladder: Sequence[Tier], say: Speech) -> Live:
    """The board in the reader's words.

    Args:
        figures: as read.
        ladder: the tiers, lowest first.
        say: the reader's language and clock.
    """
    counts = {(each.stage, each.tier): each.members for each in figures.standings}
    tiers = _all_tiers(figures, ladder, say)
    fullest = max(counts.values(), default=0)
    titles = {tier.code: tier.title for tier in tiers}
    members = sum(counts.values())
    active = sum(n for (stage, _), n in counts.items() if stage == "active")
    bars, per_minute = _bars(figures)
    return Live(
        members=members,
        active=active,
        active_share=say.share(active, members),
        per_minute=per_minute,
        lately=figures.minutes.total(),
        lately_minutes=(minute_of(figures.at) - figures.minutes.since) // MINUTE + 1,
        bars=bars,
        chart_says=say.text(
            N_("Purchases a minute over the last half hour; now %(count)s"), count=say.number(per_minute)
        ),
        tasks_open=figures.totals.tasks_open,
        tasks_overdue=figures.totals.tasks_overdue,
        points=figures.totals.points,
        tiers=tiers,
        rows=tuple(_row(stage, tiers, counts, fullest) for stage in STAGES),
        tier_totals=tuple(sum(counts.get((stage, tier.code), 0) for stage in STAGES) for tier in tiers),
        health=_health(figures, say),
        happenings=tuple(_told(each, titles, say) for each in figures.happenings),
        sales=tuple(_sale(each, say) for each in figures.recent),
        as_of=figures.at,
    )


def _all_tiers(figures: Figures, ladder: Sequence[Tier], say: Speech) -> tuple[Tier, ...]:
    """The ladder, and whatever tiers members still hold that it no longer has."""
    known = {tier.code for tier in ladder}
    others = sorted({each.tier for each in figures.standings} - known)
    return (*ladder, *(Tier(code, telling.title_of(code, {}, say)) for code in others))


def _row(stage: str, tiers: Sequence[Tier], counts: dict[tuple[str, str], int], fullest: int) -> StageRow:
    cells = []
    for tier in tiers:
        members = counts.get((stage, tier.code), 0)
        heat = 0 if not members else 1 + min(HEATS - 1, members * HEATS // (fullest + 1))
        cells.append(Cell(members, heat, f"/members?stage={stage}&tier={tier.code}"))
    return StageRow(stage, tuple(cells), sum(cell.members for cell in cells))


def _bars(figures: Figures) -> tuple[tuple[Bar, ...], int]:
    this = minute_of(figures.at)
    counts = [figures.minutes.at(this - i * MINUTE) for i in range(MINUTES_SHOWN - 1, -1, -1)]
    top = max(*counts, 1)
    bars = tuple(
        Bar(x=6 * i, height=max(1 if n else 0, n * CHART_HEIGHT // top), latest=i == MINUTES_SHOWN - 1)
        for i, n in enumerate(counts)
    )
    elapsed = figures.at.second + figures.at.microsecond / 1e6
    per_minute = counts[-1] + counts[-2] * (60 - elapsed) / 60  # the last sixty seconds, smoothly
    return bars, round(per_minute)


def _health(figures: Figures, say: Speech) -> tuple[HealthLine, ...]:
    return (*_failed_rules(figures, say), _relay_line(figures, say), *_queue_lines(figures.queues, say))


def health_of(figures: Figures, say: Speech) -> tuple[tuple[HealthLine, ...], HealthLine]:
    """What operations want to know of it beside their own: failed rules, and the way to workflows."""
    return _failed_rules(figures, say), _relay_line(figures, say)


def _failed_rules(figures: Figures, say: Speech) -> tuple[HealthLine, ...]:
    failed = figures.failed_rules
    if failed is None:
        return ()
    note = say.text(
        N_("%(rules)s, last %(when)s; purchases go on, and what is missing can be recomputed."),
        rules=said(failed.newest, figures.rules, say),
        when=say.moment(failed.at),
    )
    count = say.number(failed.purchases)
    figure = f"{count}+" if failed.purchases == overview.FAILED_COUNTED else count
    return (HealthLine("bad", say.text(N_("Purchases in which a rule failed")), note, figure),)


def _relay_line(figures: Figures, say: Speech) -> HealthLine:
    relay, at = figures.relay, figures.at
    age = at - relay.oldest_at if relay.oldest_at else timedelta(0)
    notes = [say.text(N_("%(count)s waiting"), count=say.number(relay.waiting))]
    if relay.waiting_bulk:
        notes.append(say.text(N_("%(count)s from an import"), count=say.number(relay.waiting_bulk)))
    if relay.lag_ms is not None:
        notes.append(say.text(N_("usually %(ms)s ms"), ms=say.number(relay.lag_ms)))
    silent = relay.seen_at is None or at - relay.seen_at > SILENT_RELAY
    if silent:
        notes.append(say.text(N_("no relay is running")))
    slow = silent or age > SLOW_RELAY
    return HealthLine(
        mood="bad" if silent and relay.waiting else "warn" if slow else "good",
        title=say.text(N_("Outbox to workflows")),
        note=" · ".join(notes),
        figure=say.span(age) if relay.oldest_at else say.text(N_("no lag")),
    )


def _queue_lines(queues: QueueFigures, say: Speech) -> tuple[HealthLine, ...]:
    if not queues.reachable:
        title, note = N_("Temporal"), N_("The till goes on; workflows catch up as soon as it is back.")
        return (HealthLine("bad", say.text(title), say.text(note), say.text(N_("not reachable"))),)
    lines = []
    for queue in queues.queues:
        note = say.text(N_("Workers: %(count)s"), count=say.number(queue.workers))
        if queue.backlog_age.total_seconds() >= 1:
            note += " · " + say.text(N_("oldest waits %(span)s"), span=say.span(queue.backlog_age))
        lines.append(
            HealthLine(
                mood="bad" if not queue.workers else "warn" if queue.backlog_age > SLOW_RELAY else "good",
                title=say.text(N_("Task queue %(name)s"), name=queue.name),
                note=note,
                figure=say.text(N_("%(count)s waiting"), count=say.number(queue.backlog)),
            )
        )
    return tuple(lines)


def _told(happening: overview.Happening, titles: Titles, say: Speech) -> Told:
    manner = telling.manner_of(happening.kind)
    return Told(
        member_id=happening.member_id,
        who=happening.member_name or happening.member_number,
        what=telling.sentence(happening.kind, happening.tier_to, titles, say),
        icon=manner.icon,
        mark=manner.mark,
        at=happening.at,
    )


def _sale(recent: overview.RecentPurchase, say: Speech) -> SaleLine:
    nobody = OF_ELSEWHERE if recent.of_elsewhere else N_("Without a member")
    return SaleLine(
        id=recent.id,
        member_id=recent.member_id,
        who=recent.member_name or recent.member_number or say.text(nobody),
        store=recent.store_name,
        at=recent.occurred_at,
        sales=say.amount(recent.sales_minor),
        points=recent.points,
    )
