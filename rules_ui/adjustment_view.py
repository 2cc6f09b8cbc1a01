"""Presents adjustments by hand."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from regulars.analytics.adjusted import AdjustmentRow
from regulars.organisation.places import Places
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.adjustments import AdjustmentLine
from rules_ui.contexts.base import Choice
from rules_ui.desk_view import masked_name
from rules_ui.i18n import N_, Speech
from rules_ui.words import WORDS, word_for

DIRECTIONS: Mapping[str, str] = {"give": N_("Give points"), "take": N_("Take points away")}


def lines_of(
    rows: Iterable[AdjustmentRow], actor: Actor, places: Places, say: Speech
) -> tuple[AdjustmentLine, ...]:
    """Adjustments with what the reader may do about each."""
    return tuple(line_of(row, actor, places, say) for row in rows)


def line_of(row: AdjustmentRow, actor: Actor, places: Places, say: Speech) -> AdjustmentLine:
    """One adjustment."""
    path = places.store(row.store_id).path
    own = row.requested_by == f"operator:{actor.id}"
    waits = row.state == "waiting"
    may_ask = actor.may_at(Permission.ADJUSTMENT_REQUEST, path)
    reversible = row.state == "posted" and row.reverses is None and not row.reversed and may_ask
    return AdjustmentLine(
        id=row.id,
        member_href=f"/desk/members/{row.member_id}",
        member_name=masked_name(row.member_name),
        member_number=row.member_number,
        store=row.store,
        points=f"{'+' if row.points > 0 else '−'}{say.number(abs(row.points))}",
        gives=row.points > 0,
        reason=say.text(word_for("adjustment_reason", row.reason)),
        note=row.note,
        state=row.state,
        alone=row.within_limit,
        reverses=row.reverses is not None,
        reversed=row.reversed,
        requested_by=row.requested_by_name,
        requested_at=row.requested_at,
        decided_by=row.decided_by_name or "",
        decided_at=row.decided_at,
        words=row.words or "",
        may_decide=waits and not own and actor.may_at(Permission.ADJUSTMENT_APPROVE, path),
        may_withdraw=waits and own,
        reverse_href=f"/desk/members/{row.member_id}/adjust?{urlencode({'reverses': str(row.id)})}"
        if reversible
        else None,
    )


def state_choices(chosen: str, say: Speech) -> tuple[Choice, ...]:
    """The states as options."""
    return tuple(Choice(code, say.text(words), code == chosen) for code, words in WORDS["adjustment"].items())


def reason_choices(chosen: str, say: Speech) -> tuple[Choice, ...]:
    """The reasons as options."""
    return tuple(
        Choice(code, say.text(words), code == chosen) for code, words in WORDS["adjustment_reason"].items()
    )


def direction_choices(chosen: str, say: Speech) -> tuple[Choice, ...]:
    """Give or take."""
    return tuple(Choice(code, say.text(words), code == chosen) for code, words in DIRECTIONS.items())
