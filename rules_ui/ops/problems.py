"""Problems in words, grouped by cause: what is wrong, whom it touches, what happens next, what mends it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.analytics.operations import Refused, Who
from regulars.analytics.overview import RelayFigures
from regulars.recompute.domain import Flagged
from rules_ui.contexts.operations import AffectedLine, ProblemGroup
from rules_ui.i18n import N_, Speech
from rules_ui.ops.watch import LISTED, LOOKED_AT_MOST, Look, Troubled, TroubledWork
from rules_ui.ops.words import CAUSES, KINDS, WORKS, error_words, step_words
from rules_ui.rule_names import RuleName, said

SHOWN: Final = 8
LAG_SECONDS: Final = 10
SILENT_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of members whom the reader may see."""

    who: Mapping[UUID, Who]
    say: Speech

    def line(self, member_id: UUID, note: str) -> AffectedLine:
        known = self.who.get(member_id)
        who = (known.name or known.number) if known else "–"
        return AffectedLine(f"/ops/members/{member_id}/workflow", who, note)

    def points(self, members: Iterable[UUID]) -> str:
        held = sum(self.who[one].points for one in set(members) if one in self.who)
        return self.say.ngettext("they hold %(num)s point", "they hold %(num)s points", held)

    def members(self, count: int) -> str:
        return self.say.text(N_("members affected: %(count)s"), count=self.say.number(count))


def bounds_of(look: Look, say: Speech, *, with_works: bool) -> tuple[str, ...]:
    """What a look may have left out.

    Args:
        with_works: the reader sees what is not a member's.
    """
    told = []
    if look.members_left:
        words = N_(
            "One look takes at most %(count)s members: others may be in trouble. Mend these, look again."
        )
        told.append(say.text(words, count=say.number(LOOKED_AT_MOST)))
    if look.works_left and with_works:
        words = N_("Of releases, rehearsals, undo orders and bulk actions, only %(count)s were looked at.")
        told.append(say.text(words, count=say.number(LISTED)))
    return tuple(told)


def of_workflows(troubled: Sequence[Troubled], tell: Teller) -> tuple[ProblemGroup, ...]:
    """Workflows in trouble, those with the same cause, step and error together; the most members first."""
    grouped: dict[tuple[str, str, str], list[Troubled]] = {}
    for one in troubled:
        if one.member_id in tell.who:  # others are not the reader's
            grouped.setdefault((one.cause, one.step, one.error), []).append(one)
    ordered = sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_workflow_group(key, ones, tell) for key, ones in ordered)


def _workflow_group(key: tuple[str, str, str], ones: Sequence[Troubled], tell: Teller) -> ProblemGroup:
    cause, step, error = key
    say = tell.say
    title, why, next_step = CAUSES[cause]
    ids = tuple(one.member_id for one in ones)
    return ProblemGroup(
        key="-".join(part.replace(".", "-") for part in key if part) or cause,
        tone="warn" if cause == "late" else "bad",
        title=say.text(title, step=step_words(step, say)) if step else say.text(title),
        why=say.text(why),
        detail=error_words(error, say) if error else "",
        next_step=say.text(next_step),
        affected=tell.members(len(ids)),
        points=tell.points(ids),
        members=tuple(tell.line(one.member_id, attempts_of(one, say)) for one in ones[:SHOWN]),
        more=max(0, len(ids) - SHOWN),
        kind="retry",
        act=say.text(N_("Retry for all of these")),
        member_ids=ids,
        pack="",
    )


def of_works(troubled: Sequence[TroubledWork], say: Speech) -> tuple[ProblemGroup, ...]:
    """Releases, rehearsals, undo orders and bulk actions in trouble, those with the same cause together."""
    grouped: dict[tuple[str, str, str], list[TroubledWork]] = {}
    for one in troubled:
        grouped.setdefault((one.cause, one.step, one.error), []).append(one)
    return tuple(_work_group(key, ones, say) for key, ones in sorted(grouped.items()))


def _work_group(key: tuple[str, str, str], ones: Sequence[TroubledWork], say: Speech) -> ProblemGroup:
    cause, step, error = key
    title, _, _ = CAUSES[cause]
    return ProblemGroup(
        key="-".join(("work", *(part.replace(".", "-") for part in key if part))),
        tone="bad",
        title=say.text(title, step=step_words(step, say)) if step else say.text(title),
        why=say.text(N_("What it has done stays done; the rest waits. Purchases at the till go on.")),
        detail=error_words(error, say) if error else "",
        next_step=say.text(N_("Once the cause is mended, it goes on by itself at its next turn.")),
        affected=say.text(N_("tasks affected: %(count)s"), count=say.number(len(ones))),
        points="",
        members=tuple(_work_line(one, say) for one in ones[:SHOWN]),
        more=max(0, len(ones) - SHOWN),
        kind="",
        act="",
        member_ids=(),
        pack="",
    )


def _work_line(one: TroubledWork, say: Speech) -> AffectedLine:
    kind, _, id_ = one.workflow_id.partition("/")
    page, called = WORKS.get(kind, ("/ops/releases?", N_("Task …%(id)s")))
    return AffectedLine(f"{page}{id_}", say.text(called, id=id_[-6:]), attempts_of(one, say))


def attempts_of(one: Troubled | TroubledWork, say: Speech) -> str:
    """How often it was tried, and when next."""
    told = []
    if one.attempts:
        told.append(say.text(N_("attempts: %(count)s"), count=say.number(one.attempts)))
    if one.next_at is not None:
        told.append(say.text(N_("next %(when)s"), when=say.ago(one.next_at)))
    return " · ".join(told)


def of_rules(
    flagged: Sequence[Flagged], called: Mapping[str, RuleName], tell: Teller, *, more: bool
) -> tuple[ProblemGroup, ...]:
    """Purchases in which a rule failed, by pack and rule.

    Args:
        called: rules by "pack/2#rule", as far as they are known.
    """
    grouped: dict[tuple[str, str, str], list[Flagged]] = {}
    for one in flagged:
        for failed in one.failed[:1]:
            grouped.setdefault((failed.pack, failed.rule, failed.error), []).append(one)
    say = tell.say
    groups = []
    for (version, rule, error), ones in sorted(grouped.items(), key=lambda item: -len(item[1])):
        ids = tuple(dict.fromkeys(one.member_id for one in ones if one.member_id is not None))
        count = say.number(len(ones)) + ("+" if more else "")
        code = f"{version}#{rule}"
        affected = say.text(N_("purchases: %(count)s"), count=count)
        groups.append(
            ProblemGroup(
                key=f"rule-{version.replace('/', '-')}-{rule}",
                tone="bad",
                title=say.text(N_("A rule failed in purchases: %(rule)s"), rule=said((code,), called, say)),
                why=say.text(N_("The sales went through; only what this rule gives is missing.")),
                detail=f"{code}: {error[:200]}",
                next_step=say.text(
                    N_("Have marketing mend the pack, then recompute with the mended version.")
                ),
                affected=f"{affected} · {tell.members(len(ids))}",
                points=tell.points(ids),
                members=tuple(tell.line(one, "") for one in ids[:SHOWN]),
                more=max(0, len(ids) - SHOWN),
                kind="recompute",
                act=say.text(KINDS["recompute"][0]),
                member_ids=(),
                pack=version.rpartition("/")[0],
            )
        )
    return tuple(groups)


def of_messages(refused: Sequence[Refused], tell: Teller) -> tuple[ProblemGroup, ...]:
    """Messages that Temporal did not take."""
    if not refused:
        return ()
    say = tell.say
    ids = tuple(one.member_id for one in refused)
    return (
        ProblemGroup(
            key="refused",
            tone="warn",
            title=say.text(N_("Messages that Temporal does not take")),
            why=say.text(N_("The others flow past them. Each is tried again, ever more seldom.")),
            detail="",
            next_step=say.text(N_("If a workflow has taken too many signals, restart it; else wait.")),
            affected=tell.members(len(ids)),
            points=tell.points(ids),
            members=tuple(tell.line(one.member_id, _refusal(one, say)) for one in refused[:SHOWN]),
            more=max(0, len(ids) - SHOWN),
            kind="restart",
            act=say.text(N_("Restart all of these")),
            member_ids=ids,
            pack="",
        ),
    )


def _refusal(one: Refused, say: Speech) -> str:
    told = say.text(N_("attempts: %(count)s"), count=say.number(one.attempts))
    return (
        told
        if one.next_at is None
        else f"{told} · " + say.text(N_("next %(when)s"), when=say.ago(one.next_at))
    )


def of_relay(relay: RelayFigures, at: datetime, say: Speech) -> tuple[ProblemGroup, ...]:
    """Changes that wait too long, or a relay that is not there."""
    silent = relay.seen_at is None or (at - relay.seen_at).total_seconds() > SILENT_SECONDS
    late = relay.oldest_at is not None and (at - relay.oldest_at).total_seconds() > LAG_SECONDS
    if not (late or (silent and relay.waiting)):
        return ()
    title = N_("No relay carries changes to workflows") if silent else N_("Changes reach workflows late")
    waits = say.text(N_("changes waiting: %(count)s"), count=say.number(relay.waiting))
    if relay.oldest_at is not None:
        waits += " · " + say.text(N_("oldest %(when)s"), when=say.ago(relay.oldest_at))
    return (
        ProblemGroup(
            key="relay",
            tone="bad" if silent else "warn",
            title=say.text(title),
            why=say.text(N_("Tills do not notice. Reminders and moves that time decides come later.")),
            detail=relay.last_error or "",
            next_step=say.text(N_("Start a relay, or wait until Temporal answers: it catches up by itself.")),
            affected=waits,
            points="",
            members=(),
            more=0,
            kind="",
            act="",
            member_ids=(),
            pack="",
        ),
    )
