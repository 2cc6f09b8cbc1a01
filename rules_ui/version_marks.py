"""What became of a pack's versions afterwards: rolled back, held, undone; by whom, when and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from regulars.releases.domain import PlaceState, Release
from regulars.security.audit import AuditLine
from regulars.undoing.domain import Undo
from rules_ui.contexts.packs import VersionMark
from rules_ui.i18n import N_, Speech

_ACTS: Final[Mapping[PlaceState, tuple[str, str, str]]] = {
    "rolled_back": ("release.roll_back", N_("rolled back"), N_("Rolled back at %(places)s")),
    "halted": ("release.halt", N_("on hold"), N_("On hold at %(places)s")),
}
_PLACES_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called, as far as the reader may know."""

    operators: Mapping[str, str]
    places: Mapping[UUID, str]

    def of(self, actor: str, say: Speech) -> str:
        """Who "operator:<id>" or "command:<name>" is."""
        kind, _, who = actor.partition(":")
        return say.text(N_("command line")) if kind == "command" else self.operators.get(who, who)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was done about a pack's versions.

    Attributes:
        releases: each with the steps of its history.
        undos: orders, the latest first.
    """

    releases: Sequence[tuple[Release, Sequence[AuditLine]]] = ()
    undos: Sequence[Undo] = ()


def marks_of(version: int, aftermath: Aftermath, names: Names, say: Speech) -> tuple[VersionMark, ...]:
    """The marks of one version: releases first, then what its points came to.

    Args:
        version: its number.
        aftermath: of the pack.
        names: of operators and places.
        say: the reader's language.
    """
    found: list[VersionMark] = []
    for release, acts in aftermath.releases:
        if release.version == version:
            found += _of_release(release, acts, names, say)
    found += [_of_undo(undo, names, say) for undo in aftermath.undos if undo.version == version]
    return tuple(found)


def needs_history(release: Release) -> bool:
    """Whether there is anything to tell of a release beyond where it is live."""
    return any(place.state in _ACTS for place in release.places)


def counts(undo: Undo) -> bool:
    """Whether an order has taken anything back, or may at any moment."""
    return undo.points_taken > 0 or undo.state in ("approved", "running", "paused", "finished")


def _of_release(
    release: Release, acts: Sequence[AuditLine], names: Names, say: Speech
) -> Iterator[VersionMark]:
    for state, (action, chip, sentence) in _ACTS.items():
        places = [place.place_id for place in release.places if place.state == state]
        if not places:
            continue
        # A roll-back holds the steps that have not begun: it is then their act, too.
        act = next((a for a in reversed(acts) if a.action in (action, "release.roll_back")), None)
        yield VersionMark(
            say.text(chip),
            say.text(sentence, places=_listed(places, names, say)),
            _by(f"{act.actor_kind}:{act.actor_id}", act, names, say) if act else "",
            (act.reason or "") if act else "",
        )


def _listed(places: Sequence[UUID], names: Names, say: Speech) -> str:
    known = sorted(names.places.get(place, "?") for place in places)
    separator = "、" if say.language == "zh" else ", "
    more = " …" if len(known) > _PLACES_SHOWN else ""
    return separator.join(known[:_PLACES_SHOWN]) + more


def _by(actor: str, act: AuditLine, names: Names, say: Speech) -> str:
    return say.text(N_("by %(name)s, %(date)s"), name=names.of(actor, say), date=say.moment(act.at))


def _of_undo(undo: Undo, names: Names, say: Speech) -> VersionMark:
    done = undo.state == "finished"
    sentence = say.ngettext(
        "%(num)s point taken back at %(place)s (members: %(members)s)",
        "%(num)s points taken back at %(place)s (members: %(members)s)",
        undo.points_taken,
        members=say.number(undo.members_done),
        place=names.places.get(undo.place_id, "?"),
    )
    by = say.text(
        N_("Ordered by %(name)s, approved by %(approver)s."),
        name=names.of(undo.ordered_by, say),
        approver=names.of(undo.decided_by, say) if undo.decided_by else "–",
    )
    at = undo.ended_at or undo.started_at or undo.decided_at or undo.ordered_at
    chip = say.text(N_("undone")) if done else say.text(N_("being undone"))
    if undo.state == "cancelled":
        chip = say.text(N_("undone in part"))
    return VersionMark(chip, sentence, f"{say.moment(at)} · {by}", undo.note or "")
