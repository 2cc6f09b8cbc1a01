"""Presents members: the list's lines, the page's parts, the story."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from regulars.analytics.member_list import MemberFilter, MemberPage, MemberRow
from regulars.analytics.member_story import CareTaskRow, MemberProfile, StoryItem, StoryKey
from regulars.care.domain import Outcome
from regulars.members.tagging import still_held
from rules_ui import telling
from rules_ui.contexts.base import Choice, Tier
from rules_ui.contexts.members import (
    CarePanel,
    DoneTask,
    MemberLine,
    MemberResults,
    RuleTag,
    StoryLine,
    StoryStretch,
    Task,
)
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import tier_of, titles_of
from rules_ui.words import WORDS, word_for

LATE_AFTER = timedelta(days=7)
STORY_STEP = 25
TASKS_SHOWN = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def masked(last4: str | None) -> str:
    """A telephone number of which only the end may be seen."""
    return f"••• {last4}" if last4 else ""


def rule_tags_of(profile: MemberProfile, say: Speech) -> tuple[RuleTag, ...]:
    """The tags that only rules gave, each with its end."""
    held = still_held(profile.rule_tags, profile.tags, say.now)
    return tuple(
        RuleTag(
            tag,
            say.text(N_("without an end"))
            if until is None
            else say.text(N_("until %(date)s"), date=say.moment(until)),
        )
        for tag, until in held.items()
    )


def results_of(
    page: MemberPage, wanted: MemberFilter, *, first: bool, ladder: Sequence[Tier], say: Speech
) -> MemberResults:
    """A page of the list."""
    query = {"q": wanted.words, "tier": wanted.tier, "stage": wanted.stage}
    kept = {name: value for name, value in query.items() if value}
    further = f"/members?{urlencode(kept | {'before': str(page.before)})}" if page.before else None
    return MemberResults(
        members=tuple(_line(row, ladder, say) for row in page.rows),
        next_href=further,
        first_href=None if first else f"/members?{urlencode(kept)}",
        narrowed=bool(kept),
    )


def _line(row: MemberRow, ladder: Sequence[Tier], say: Speech) -> MemberLine:
    return MemberLine(
        href=f"/members/{row.id}",
        number=row.number,
        name=row.name,
        phone=masked(row.phone_last4),
        tier=tier_of(row.tier, ladder, say),
        stage=row.stage,
        frozen=row.frozen,
        store=row.home_store,
        points=row.points,
        spend=say.amount(row.spend_365d_minor),
        last_purchase_at=row.last_purchase_at,
    )


def stage_choices(chosen: str | None, say: Speech) -> tuple[Choice, ...]:
    """The stages as options."""
    return tuple(Choice(code, say.text(words), code == chosen) for code, words in WORDS["stage"].items())


def tier_choices(chosen: str | None, ladder: Sequence[Tier]) -> tuple[Choice, ...]:
    """The tiers as options."""
    return tuple(Choice(tier.code, tier.title, tier.code == chosen) for tier in ladder)


def care_of(
    profile: MemberProfile,
    tasks: Sequence[CareTaskRow],
    say: Speech,
    *,
    may_close: bool,
    trouble: str | None = None,
) -> CarePanel:
    """The follow-ups of a member."""
    return CarePanel(
        member_id=profile.id,
        tasks=tuple(
            Task(
                id=task.id,
                title=say.text(word_for("task", task.kind)),
                due_at=task.due_at,
                overdue=say.now - task.due_at > LATE_AFTER,
            )
            for task in tasks
            if task.status == "open"
        ),
        done=tuple(_done(task, say) for task in tasks if task.closed_at is not None),
        outcomes=tuple(Choice(o.value, say.text(word_for("outcome", o.value))) for o in Outcome),
        may_close=may_close,
        next_revisit_at=profile.next_revisit_at,
        trouble=trouble,
    )


def _done(task: CareTaskRow, say: Speech) -> DoneTask:
    assert task.closed_at is not None
    return DoneTask(
        title=say.text(word_for("task", task.kind)),
        outcome=say.text(word_for("outcome", task.outcome or "")),
        note=task.note or "",
        closed_at=task.closed_at,
    )


def story_of(
    member_id: UUID, items: Sequence[StoryItem], *, more: bool, ladder: Sequence[Tier], say: Speech
) -> StoryStretch:
    """A stretch of a member's story, in words."""
    titles = titles_of(ladder)
    older = f"/members/{member_id}?before={as_text(items[-1].key)}" if more and items else None
    return StoryStretch(lines=tuple(_told(item, titles, say) for item in items), older_href=older)


def _told(item: StoryItem, titles: telling.Titles, say: Speech) -> StoryLine:
    if item.kind == "purchase":
        return StoryLine(
            at=item.key.at,
            what=say.text(N_("Purchase")),
            why="",
            icon="receipt",
            mark="plain",
            purchase_href=f"/purchases/{item.id}",
            store=item.store or "",
            sales=say.amount(item.sales_minor or 0),
            points=item.points or 0,
            taken_back=item.taken_back,
            flags=item.flags,
        )
    manner = telling.manner_of(item.kind)
    return StoryLine(
        at=item.key.at,
        what=telling.title(item.kind, item.tier_to or item.tier_from, titles, say),
        why=telling.why(item.kind, item.reason, say),
        icon=manner.icon,
        mark=manner.mark,
        points=(item.points or 0) * (1 if item.kind == "points_adjusted" else -1),
    )


def as_text(key: StoryKey) -> str:
    """A place in a story as addresses carry it; `key_from` reads it."""
    return f"{(key.at - EPOCH) // timedelta(microseconds=1)}.{key.rank}.{key.no}"


def key_from(text: str | None) -> StoryKey | None:
    """The key that `older_href` carries; None for the newest, and for what is no key."""
    parts = (text or "").split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in parts):
        return None
    micros, rank, no = (int(part) for part in parts)
    return StoryKey(EPOCH + timedelta(microseconds=micros), rank, no)
