"""Draws the form of a bulk action: with what was chosen so far, and what is wrong with it at its field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from regulars.lifecycle.freezing import FreezeReason
from regulars.organisation.domain import Place
from regulars.security.policy import Permission
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.operations import ActionForm
from rules_ui.i18n import N_, Speech
from rules_ui.ops.words import KINDS
from rules_ui.place_pick import place_pick
from rules_ui.words import WORDS, word_for

_WHOM: Final[Mapping[str, str]] = {
    "": N_("All who match"),
    "overdue": N_("Something is overdue"),
    "unheard": N_("A message was not taken"),
}
_SHOWN: Final = frozenset({"kind", "place", "which", "stage", "freeze_reason", "pack", "versions"})
_SHOWN_AT: Final[Mapping[str, str]] = {"filter": "which"}
"""Where the form has the field of an error, under another name."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody chose before it was refused, as it was sent."""

    kind: str = ""
    place: str = ""
    which: str = ""
    stage: str = ""
    freeze_reason: str = ""
    pack: str = ""
    versions: str = ""
    tier: str = ""
    members: tuple[str, ...] = ()
    problems: tuple[FieldTrouble, ...] = ()


NOTHING_TYPED: Final = Typed()


def form_of(typed: Typed, places: Sequence[Place], say: Speech) -> ActionForm:
    """The form.

    Args:
        typed: what was chosen so far.
        places: those of the reader, from the top down.
        say: the reader's language.
    """
    kinds = ((kind, f"{say.text(name)} · {say.text(what)}") for kind, (name, what) in KINDS.items())
    stages = {"": N_("Any"), **WORDS["stage"]}
    reasons = ((one.value, say.text(word_for("freeze", one.value))) for one in FreezeReason)
    return ActionForm(
        kinds=_choices(kinds, typed.kind),
        places=place_pick(places, [typed.place], Permission.WORKFLOW_OPERATE),
        whom=_choices(((code, say.text(words)) for code, words in _WHOM.items()), typed.which),
        stages=_choices(((code, say.text(words)) for code, words in stages.items()), typed.stage),
        reasons=_choices(reasons, typed.freeze_reason),
        members=typed.members,
        tier=typed.tier,
        pack=typed.pack,
        versions=typed.versions,
        problems=tuple(_at_its_field(each) for each in typed.problems),
    )


def _choices(options: Iterable[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, value == chosen) for value, label in options)


def _at_its_field(problem: FieldTrouble) -> FieldTrouble:
    field = _SHOWN_AT.get(problem.field, problem.field)
    return replace(problem, field=field if field in _SHOWN else "")
