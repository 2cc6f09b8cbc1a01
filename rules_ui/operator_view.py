"""Operators as the pages show them."""

from collections.abc import Sequence
from uuid import UUID

from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.domain import Grant, LiveSession, SessionTimes
from rules_ui.contexts.account import SessionLine
from rules_ui.i18n import N_, Speech
from rules_ui.ui import Ui
from rules_ui.words import word_for


def role_words(ui: Ui, grant: Grant, say: Speech) -> str:
    """A role and where it holds: "Approver at East"."""
    role = say.text(word_for("role", grant.role.value))
    return say.text(N_("%(role)s at %(place)s"), role=role, place=_name(ui, grant.place_id))


def session_lines(live: Sequence[LiveSession], reader: Actor, times: SessionTimes) -> tuple[SessionLine, ...]:
    """Where an operator is signed in, and when each of it ends by itself."""
    return tuple(
        SessionLine(
            since=each.created_at,
            seen=each.last_seen_at,
            until=min(each.expires_at, each.last_seen_at + times.idle),
            this=each.token_hash == reader.session_hash,
        )
        for each in live
    )


def _name(ui: Ui, place_id: UUID) -> str:
    try:
        return ui.container.places.get(place_id).name
    except UnknownPlace:
        return "?"
