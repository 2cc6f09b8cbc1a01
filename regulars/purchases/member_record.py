"""What an evaluation record keeps of the member, and the facts that are read from it again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from regulars.rules.domain import ANONYMOUS, RECENT_FACTS, MemberFacts

_ALWAYS: Final = (
    "tier",
    "stage",
    "tags",
    "spend_365d_minor",
    "visits_365d",
    "qualifying_spend_minor",
    "visits",
    "enrolled_days",
    "frozen",
)
_KEPT: Final = frozenset((*_ALWAYS, *RECENT_FACTS))
_UNTOLD: Final = replace(ANONYMOUS, known=True, **dict.fromkeys(RECENT_FACTS))  # type: ignore[arg-type]
"""Of a member whose record says nothing of what was done lately."""


def member_record(member: MemberFacts) -> dict[str, Any]:
    """A known member's facts as they are kept: what was done lately only where a live pack asked for it."""
    kept = {name: getattr(member, name) for name in _ALWAYS}
    if member.days_since_visit is not None:
        kept.update((name, getattr(member, name)) for name in RECENT_FACTS)
    return kept


def member_recorded(recorded: Mapping[str, Any] | None) -> MemberFacts:
    """The facts that `member_record` kept; `ANONYMOUS` where no member was."""
    if recorded is None:
        return ANONYMOUS
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in recorded.items()
        if name in _KEPT
    }
    return replace(_UNTOLD, **known)
