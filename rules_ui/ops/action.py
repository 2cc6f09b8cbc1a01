"""Draws bulk actions: what is done to whom, what happens next, what became of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.analytics.operations import Who
from regulars.bulk_actions.domain import AT_WORK, LONGEST, BulkAction, Item, Result
from regulars.security.actor import Actor
from rules_ui.contexts.operations import ActionLine, ActionPage, ActionProgress, ItemLine
from rules_ui.i18n import N_, Speech
from rules_ui.ops.words import KINDS, NEXT, OUTCOMES, STATES
from rules_ui.telling import OF_ELSEWHERE
from rules_ui.version_marks import Names
from rules_ui.words import word_for

_CODES: Final[Mapping[str, str]] = {
    "unknown_member": N_("there is no such member"),
    "failing": N_("the rule fails again"),
    "not_released": N_("the version was not released there"),
    "rolled_back": N_("the version was rolled back there"),
    "recompute_version_unfit": N_("the version cannot stand in"),
    "record_unreadable": N_("the record of the purchase cannot be read"),
    "needs_second": N_("somebody else must approve it: order it again"),
    "differs": N_("more is due by now than the list says: order it again"),
}


def line_of(one: BulkAction, names: Names, say: Speech) -> ActionLine:
    """One action in the list."""
    state, tone = STATES[one.state]
    return ActionLine(
        id=one.id,
        what=say.text(KINDS[one.kind][0]),
        where=names.places.get(one.place_id, "?"),
        state=say.text(state),
        tone=tone,
        count=_count(one, say),
        who=names.of(one.ordered_by, say),
        at=one.ordered_at,
    )


def _count(one: BulkAction, say: Speech) -> str:
    if one.kind == "recompute":
        return say.ngettext("%(num)s purchase", "%(num)s purchases", one.items)
    return say.ngettext("%(num)s member", "%(num)s members", one.items)


def progress_of(one: BulkAction, say: Speech) -> ActionProgress:
    """How far it is."""
    said = say.text(
        N_("%(done)s of %(all)s done · changed: %(changed)s · nothing to do: %(same)s · failed: %(refused)s"),
        done=say.number(one.done),
        all=say.number(one.items),
        changed=say.number(one.changed),
        same=say.number(one.unchanged),
        refused=say.number(one.refused),
    )
    return ActionProgress(one.id, one.state in AT_WORK, 100 * one.done // one.items, said)


def draw_action(
    one: BulkAction,
    found: Sequence[tuple[Item, Result | None]],
    who: Mapping[UUID, Who],
    names: Names,
    tiers: Mapping[str, str],
    actor: Actor,
    say: Speech,
    *,
    more: bool,
    after: int,
    trouble: str,
) -> ActionPage:
    """The page of an action.

    Args:
        found: items of this page of the list.
        who: members among them whom the reader may see.
        tiers: what tiers are called.
        more: there is a next page.
        after: where this page of the list begins.
        trouble: why what the reader asked for was refused.
    """
    state, tone = STATES[one.state]
    mine = one.ordered_by == f"{actor.kind}:{actor.id}"
    address = f"/ops/actions/{one.id}"
    return ActionPage(
        action_id=one.id,
        what=f"{say.text(KINDS[one.kind][0])} · {_count(one, say)}",
        where=names.places.get(one.place_id, "?"),
        state=say.text(state),
        tone=tone,
        next_note=say.text(NEXT[one.state]),
        facts=tuple(_facts(one, names, say)),
        notes=_notes(one, say),
        content_hash=one.content_hash,
        items=tuple(_item(item, result, one, who, tiers, say) for item, result in found),
        next_href=f"{address}?after={found[-1][0].no}" if more else "",
        first_href=address if after else "",
        progress=progress_of(one, say) if one.started_at or one.state in AT_WORK else None,
        may_submit=one.state == "draft",
        needs_second=one.needs_second,
        may_decide=one.state == "in_review" and not mine,
        may_cancel=one.state in ("draft", "in_review", "approved", "running"),
        trouble=trouble,
    )


def _signed(who: str, at: datetime, say: Speech) -> str:
    """Who did something, and when."""
    return say.text(N_("%(name)s, %(date)s"), name=who, date=say.moment(at))


def _facts(one: BulkAction, names: Names, say: Speech) -> list[tuple[str, str]]:
    facts = [
        (say.text(N_("What is done")), say.text(KINDS[one.kind][1])),
        (say.text(N_("Ordered by")), _signed(names.of(one.ordered_by, say), one.ordered_at, say)),
    ]
    if one.freeze_reason:
        facts.append((say.text(N_("Reason for freezing")), say.text(word_for("freeze", one.freeze_reason))))
    if one.versions:
        facts.append((say.text(N_("Mended versions")), ", ".join(one.versions)))
    if one.kind == "recompute":
        facts += _recomputed(one, say)
    if one.more:
        rest = N_("More match than the %(count)s that one list takes; order again afterwards.")
        most = say.number(LONGEST[one.kind])
        facts.append((say.text(N_("The rest")), say.text(rest, count=most)))
    if one.reason:
        facts.append((say.text(N_("Why")), one.reason))
    if one.decided_by and one.decided_at:
        decided = _signed(names.of(one.decided_by, say), one.decided_at, say)
        facts.append((say.text(N_("Decided by")), decided))
    if one.words:
        facts.append((say.text(N_("Said last")), one.words))
    return facts


def _recomputed(one: BulkAction, say: Speech) -> list[tuple[str, str]]:
    """What recomputing does, and what it leaves."""
    facts = [
        (say.text(N_("Points it will give")), say.number(one.points)),
        (say.text(N_("Points given so far")), say.number(one.points_given)),
    ]
    if one.tiers:
        facts.append((say.text(N_("Members it moves up")), say.number(one.tiers)))
    if one.redated:
        facts.append((say.text(N_("Points that get other dates")), say.number(one.redated)))
    if one.dropped:
        facts.append((say.text(N_("Closed though the rule that failed is gone")), say.number(one.dropped)))
    if one.missed_minor:
        facts.append((say.text(N_("Discounts that were missed")), say.amount(one.missed_minor)))
    return facts


def _notes(one: BulkAction, say: Speech) -> tuple[str, ...]:
    """What recomputing leaves as it is, and why it takes a second person."""
    if one.kind != "recompute":
        return ()
    notes = []
    if one.missed_minor:
        left = N_(
            "What was paid at the till stays paid. To make up for discounts that were missed, give points by "
            "hand, with goodwill as the reason."
        )
        notes.append(say.text(left))
    if one.needs_second:
        why = N_(
            "A second person approves more than %(count)s points by one person in 24 hours, every tier that "
            "moves up, points that get other dates, and purchases that are closed though the rule that "
            "failed is gone."
        )
        notes.append(say.text(why, count=say.number(one.bound)))
    return tuple(notes)


def _item(
    item: Item,
    result: Result | None,
    one: BulkAction,
    who: Mapping[UUID, Who],
    tiers: Mapping[str, str],
    say: Speech,
) -> ItemLine:
    known = who.get(item.member_id) if item.member_id else None
    nobody = OF_ELSEWHERE if item.member_id else N_("Without a member")
    outcome, tone = OUTCOMES[result.outcome] if result else (N_("not done yet"), "plain")
    points = result.points if result else item.points
    return ItemLine(
        no=item.no,
        member_id=known.member_id if known else None,
        who=(known.name or known.number) if known else say.text(nobody),
        purchase_id=item.subject_id if one.kind == "recompute" else None,
        points=say.number(points) if one.kind == "recompute" else "",
        outcome=say.text(outcome),
        tone=tone,
        detail=say.text(_CODES.get(result.detail, result.detail)) if result and result.detail else "",
        beside=_beside(item, tiers, say) if result is None or result.outcome == "given" else (),
    )


def _beside(item: Item, tiers: Mapping[str, str], say: Speech) -> tuple[str, ...]:
    """What a purchase brings besides points."""
    found = []
    if item.tier_to is not None:
        found.append(say.text(N_("moves up to %(tier)s"), tier=tiers.get(item.tier_to, item.tier_to)))
    if item.redated:
        found.append(say.ngettext("other dates: %(num)s point", "other dates: %(num)s points", item.redated))
    if item.missed_minor:
        found.append(say.text(N_("discount missed: %(amount)s"), amount=say.amount(item.missed_minor)))
    return tuple(found)
