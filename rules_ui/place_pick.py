"""Choosing among places: few as options; of thousands the upper ones, the others typed by code or name."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form
from pydantic import StringConstraints

from regulars.organisation.domain import Place
from regulars.security.policy import Permission
from rules_ui.contexts.base import Choice, PlacePick
from rules_ui.i18n import N_, Speech

MOST_SHOWN: Final = 40
"""Of more places only the upper ones are options, and what is chosen."""
SUGGESTED: Final = 20
TYPED_MOST: Final = 500
_Sent = Annotated[str, StringConstraints(max_length=TYPED_MOST)]
PickedPlace = Annotated[tuple[_Sent, ...], Form(max_length=2)]
"""What a form sends of one place: the option, and what was typed instead of it."""
_BETWEEN: Final = re.compile(r"[,，、;；\n]")


def by_id(place: Place) -> str:
    """A place as most forms name it."""
    return str(place.id)


def by_code(place: Place) -> str:
    """A place as people name it."""
    return place.code


def label_of(place: Place) -> str:
    """What a place is called where it is to be told from others."""
    return f"{place.name} · {place.code}"


def place_pick(
    places: Sequence[Place],
    chosen: Iterable[str],
    right: Permission,
    *,
    named: Callable[[Place], str] = by_id,
    everywhere: str = "",
    only: str = "",
    first: bool = True,
) -> PlacePick:
    """What is to be chosen from.

    Args:
        places: all that can be chosen, those to be offered first first.
        chosen: what was sent before: places as `named` does, or whatever else was typed.
        right: the permission that each place was found by; more are suggested by it.
        named: how the form names a place.
        only: the kind that they all are; "" for any.
        everywhere: what no choice at all is called; "" where there must be one.
        first: whether the first is chosen where none is.
    """
    wanted = [each for each in chosen if each]
    known = {named(place) for place in places}
    query = {"right": right.value} | ({"only": only} if only else {})
    options = [
        Choice(named(each), label_of(each), named(each) in wanted) for each in _shown(places, wanted, named)
    ]
    if everywhere:
        options.insert(0, Choice("", everywhere, chosen=not wanted))
    elif options and first and not wanted:
        options[0] = Choice(options[0].value, options[0].label, chosen=True)
    return PlacePick(
        options=tuple(options),
        typed=", ".join(each for each in wanted if each not in known),
        suggest=f"?{urlencode(query)}" if len(places) > MOST_SHOWN else "",
    )


def picked(sent: Sequence[str], places: Sequence[Place], named: Callable[[Place], str] = by_id) -> str:
    """The place that somebody chose, or typed instead.

    Args:
        sent: the option and what was typed, which counts if it is not empty.
        places: all that can be chosen.
        named: how the form names a place.
    Returns: the place as `named` does; what was sent itself where it is none of them; "" where nothing was.
    """
    said = next((each.strip() for each in reversed(sent) if each.strip()), "")
    place = found(said, places)
    return named(place) if place else said


def picked_many(sent: Iterable[str], places: Sequence[Place]) -> list[str]:
    """The places that were ticked, or typed with commas between, by id; what is none of them as sent."""
    pieces = (piece.strip() for each in sent for piece in _BETWEEN.split(each))
    return list(dict.fromkeys(picked([piece], places) for piece in pieces if piece))


def is_id(said: str) -> bool:
    """Whether it can be the id of a place."""
    try:
        UUID(said)
    except ValueError:
        return False
    return True


def found(said: str, places: Sequence[Place]) -> Place | None:
    """The one place that has this id, code or name; None also where several are called so."""
    wanted = said.casefold()
    ways: tuple[Callable[[Place], str], ...] = (by_id, by_code, label_of, lambda each: each.name)
    for way in ways:
        hits = [place for place in places if way(place).casefold() == wanted]
        if len(hits) == 1:
            return hits[0]
    return None


def no_such_place(said: str, say: Speech) -> str:
    """What was typed is not what a place of the reader is called, or several are called so."""
    return say.text(N_("You have no place “%(place)s”: write its code, or its whole name."), place=said)


def suggested(said: str, places: Sequence[Place]) -> tuple[Choice, ...]:
    """Places whose code or name begins with what was typed after the last comma, then those that contain it.

    What stands before that comma is kept in each, so that choosing one does not drop it.
    """
    cut = max((each.end() for each in _BETWEEN.finditer(said)), default=0)
    cut += len(said[cut:]) - len(said[cut:].lstrip())
    before, wanted = said[:cut], said[cut:].strip().casefold()
    hits = [place for place in places if wanted and wanted in label_of(place).casefold()]
    hits.sort(
        key=lambda place: not any(each.casefold().startswith(wanted) for each in (place.code, place.name))
    )
    return tuple(Choice(before + place.code, before + label_of(place)) for place in hits[:SUGGESTED])


def _shown(places: Sequence[Place], wanted: Sequence[str], named: Callable[[Place], str]) -> list[Place]:
    if len(places) <= MOST_SHOWN:
        return list(places)
    upper = [place for place in places if place.kind != "store"][:MOST_SHOWN] or list(places[:MOST_SHOWN])
    kept = {place.id for place in upper}
    return upper + [place for place in places if place.id not in kept and named(place) in wanted]
