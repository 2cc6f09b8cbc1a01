"""Tells why something was not done with a release, at the fields of the form that asked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from regulars.kernel.errors import RegularsError
from regulars.releases.errors import StartInvalid
from rules_ui.contexts.base import FieldTrouble
from rules_ui.i18n import N_, Speech
from rules_ui.place_pick import is_id, no_such_place
from rules_ui.release_view import TypedStep
from rules_ui.troubles import troubles_of


def troubles(
    error: RegularsError,
    typed: Sequence[TypedStep],
    ids: Mapping[str, str],
    sent: Mapping[str, str],
    say: Speech,
) -> tuple[FieldTrouble, ...]:
    """Why something was not done with a release, at the fields of the form that asked for it.

    Args:
        error: what the service raised.
        typed: the plan, where that was the form.
        ids: id of the field in which an error's field was typed, of another form.
        sent: what was typed there.
        say: the reader's language.
    """
    if isinstance(error, StartInvalid):
        said = str(error.details["said"])
        steps = [n for n, step in enumerate(typed, 1) if said == getattr(step, error.field or "", "")]
        field = f"{error.field}-{steps[0]}" if steps else ids.get(error.field or "", "")
        return (FieldTrouble(field, _time_trouble(error, say)),)
    if error.field == "place_ids" and (place := sent.get(ids.get("place_ids", ""), "")) and not is_id(place):
        return (FieldTrouble(ids["place_ids"], no_such_place(place, say)),)
    if error.field == "steps" and typed:
        ids = {"steps": "places-1" if len(typed) == 1 else "steps"}
    return tuple(replace(each, field=ids.get(each.field, "")) for each in troubles_of(error, say.language))


def unknown_places(typed: Sequence[TypedStep], say: Speech) -> tuple[FieldTrouble, ...]:
    """What was typed in steps of a plan and is no place."""
    found = []
    for number, step in enumerate(typed, 1):
        unknown = [each for each in step.place_ids if not is_id(each)]
        if unknown:
            found.append(FieldTrouble(f"places-{number}", no_such_place("、".join(unknown), say)))
    return tuple(found)


def _time_trouble(error: StartInvalid, say: Speech) -> str:
    """Which time cannot be, and what to choose instead."""
    words = (
        N_("The end, %(when)s, has passed or is not after the beginning. Choose a later time.")
        if error.field == "ends"
        else N_("The beginning, %(when)s, has passed. Choose a time to come, or leave it empty to begin now.")
    )
    return say.text(words, when=_plain_time(str(error.details["said"]), say))


def _plain_time(said: str, say: Speech) -> str:
    """A time as it was typed, by whichever clock."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return f"“{said}”"
    return say.moment(at if at.tzinfo is not None else at.replace(tzinfo=say.zone))
