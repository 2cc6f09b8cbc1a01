"""Checks the parts of a pack that stand beside its rules: scope, calendar, exclusions, stacking, limits."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from regulars.rules.domain import LimitOf
from regulars.rules.expressions import Expressions
from regulars.rules.findings import Finding, at, finding, may_be
from regulars.rules.model import Pack, PackLimit, Rule
from regulars.rules.parts import Number, ParameterRef
from regulars.rules.reach_model import Season
from regulars.rules.shapes import Shape, integer
from regulars.rules.stack_model import Stack

MOST_CHOICES = 10
MAY_STACK = ("earn", "multiply", "discount")
"""Actions that give points or money: they stand in groups, and limits count them."""
_GIVING = ("earning", "discount")
_LIMITS_OF: dict[str, tuple[LimitOf, ...]] = {
    "earning": ("points", "uses"),
    "discount": ("money_minor", "uses"),
}


def check_parts(expressions: Expressions, pack: Pack) -> None:
    """Add what is wrong with a pack's own parts to the findings."""
    _reaches(expressions, pack)
    _exclusions(expressions, pack)
    _stacking(expressions, pack)
    _limits(expressions, pack)


def unknown_places(pack: Pack, known: Collection[str]) -> list[Finding]:
    """The places that a pack's scopes name and that are not there.

    Args:
        known: codes of stores and of the places above them.
    """
    return [
        finding("place_unknown", pointer, place=place)
        for pointer, place in places_named(pack)
        if place not in known
    ]


def places_named(pack: Pack) -> Iterator[tuple[str, str]]:
    """Each place that a scope names, with where it stands."""
    scopes = [("/scope", pack.scope)]
    scopes += [(at("", "rules", index, "scope"), rule.scope) for index, rule in enumerate(pack.rules)]
    for pointer, scope in scopes:
        for index, place in enumerate((scope.places if scope else None) or ()):
            yield at(pointer, "places", index), place


def _exclusions(expressions: Expressions, pack: Pack) -> None:
    if pack.exclusions and pack.kind not in _GIVING:
        expressions.say("part_misplaced", "/exclusions", field="exclusions", kind=pack.kind)
    for index, exclusion in enumerate(pack.exclusions or ()):
        expressions.condition(exclusion.lines, at("", "exclusions", index, "lines"), of_line=True)


def _stacking(expressions: Expressions, pack: Pack) -> None:
    stacking = pack.stacking
    if stacking is None:
        return
    if pack.kind not in _GIVING:
        expressions.say("part_misplaced", "/stacking", field="stacking", kind=pack.kind)
        return
    counted = Counter(stacking.groups())
    for group, times in counted.items():
        if times > 1:
            expressions.say("id_repeated", "/stacking", value=group)
    choices = ", ".join(islice(counted, MOST_CHOICES))
    named = {rule.stacking_group for rule in pack.rules}
    for index, rule in enumerate(pack.rules):
        if rule.then.name not in MAY_STACK:
            continue
        pointer, own = at("", "rules", index), rule.stacking_group
        if own is None:
            expressions.say("group_missing", pointer, rule=rule.id)
        elif own not in counted:
            expressions.say("group_not_stacked", pointer, group=own, choices=choices)
    for unused in sorted(set(leaves_of(stacking)) - named):
        expressions.say("group_without_rule", "/stacking", group=unused)


def leaves_of(stack: Stack) -> Iterator[str]:
    """The groups of a tree that have no members, and so need rules."""
    if not stack.members:
        yield stack.group
    for member in stack.members or ():
        if isinstance(member, Stack):
            yield from leaves_of(member)
        else:
            yield member


def _reaches(expressions: Expressions, pack: Pack) -> None:
    parts: list[tuple[str, Pack | Rule]] = [("", pack)]
    parts += [(at("", "rules", index), rule) for index, rule in enumerate(pack.rules)]
    for pointer, part in parts:
        for name in ("scope", "calendar"):
            of_time = pack.kind == "tier" or (pack.kind == "lifecycle" and part is pack)
            if getattr(part, name) is not None and of_time:
                expressions.say("part_misplaced", at(pointer, name), field=name, kind=pack.kind)
        if part.calendar is not None:
            _season(expressions, part.calendar, at(pointer, "calendar"))


def _season(expressions: Expressions, season: Season, pointer: str) -> None:
    first, last = season.from_, season.until
    if first is not None and last is not None and first > last:
        expressions.say("calendar_reversed", at(pointer, "from"), first=first, last=last)
    for index, hours in enumerate(season.hours or ()):
        if hours.from_ == hours.until:
            expressions.say("hours_empty", at(pointer, "hours", index), clock=hours.from_)


def _limits(expressions: Expressions, pack: Pack) -> None:
    limits = pack.limits or []
    countable = _LIMITS_OF.get(pack.kind, ())
    if limits and not countable:
        expressions.say("part_misplaced", "/limits", field="limits", kind=pack.kind)
    repeated(expressions, "limits", [limit.code for limit in limits], "code")
    known = {rule.id: rule.then.name for rule in pack.rules}
    for index, limit in enumerate(limits):
        pointer = at("", "limits", index)
        if countable and limit.of not in countable:
            choices = ", ".join(countable)
            expressions.say(
                "limit_of_other_kind", at(pointer, "of"), kind=pack.kind, of=limit.of, choices=choices
            )
        _limit_numbers(expressions, limit, pointer)
        for place, rule in enumerate(limit.rules or ()):
            if rule not in known:
                expressions.say("rule_unknown", at(pointer, "rules", place), rule=rule)
            elif known[rule] not in MAY_STACK:
                expressions.say("limit_of_other_action", at(pointer, "rules", place), rule=rule)


def _limit_numbers(expressions: Expressions, limit: PackLimit, pointer: str) -> None:
    number_within(expressions, limit.at_most, "at_most", (0, 1 << 52), at(pointer, "at_most"))


def repeated(expressions: Expressions, part: str, values: Iterable[object], name: str) -> None:
    """Say which values of a list stand there twice."""
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            expressions.say("id_repeated", at("", part, index, name), value=value)
        seen.add(value)


def number_within(
    expressions: Expressions, number: Number | None, name: str, bounds: tuple[int, int], pointer: str
) -> None:
    """Say where a number, or a parameter within its own bounds, may leave its bounds."""
    if number is None:
        return
    shape: Shape = (
        expressions.parameter(number.param, pointer)
        if isinstance(number, ParameterRef)
        else integer(number, number)
    )
    low, high = bounds
    if shape.type == "integer" and not low <= shape.low <= shape.high <= high:
        expressions.say(
            "amount_out_of_bounds",
            pointer,
            field=name,
            low=low,
            high=high,
            found=may_be(shape.low, shape.high),
        )
