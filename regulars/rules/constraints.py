"""Reads conditions as constraints: with which values of which fact they hold. What it cannot, it keeps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from regulars.rules.catalogue import Field
from regulars.rules.model import Pack, Rule, conditions_of
from regulars.rules.ranges import Value, Values
from regulars.rules.reach_model import Reach, Season

TRUTHS: Final[frozenset[Value]] = frozenset({True, False})
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TAGS: Final = "member.tags"
_FIRST_DATE: Final = 19_700_101
_LAST_DATE: Final = 99_991_231


@dataclass(frozen=True, slots=True)
class Constraint:
    """One condition, or one part of a conjunction.

    Attributes:
        path: the fact that it is about; None where it is more than that.
        values: with which it holds.
        key: what it says, as text; equal conditions have equal keys.
    """

    path: str | None
    values: Values
    key: str


@dataclass(frozen=True, slots=True)
class Holding:
    """When a rule holds: for each fact its values, and what else must be true."""

    facts: Mapping[str, Values]
    others: frozenset[str]

    @property
    def contradictory(self) -> str | None:
        """A fact that can have no value; None where there is none."""
        return next((path for path, values in self.facts.items() if values.empty), None)

    def implies(self, other: "Holding") -> bool:
        """Whether the other holds whenever this does; False where that cannot be told."""
        if not other.others <= self.others:
            return False
        return all(
            values.covers(self.facts[path]) for path, values in other.facts.items() if path in self.facts
        ) and (other.facts.keys() <= self.facts.keys())

    def meets(self, other: "Holding") -> bool:
        """Whether both may hold at once; True where that cannot be told."""
        shared = self.facts.keys() & other.facts.keys()
        return not any(self.facts[path].meet(other.facts[path]).empty for path in shared)


def universe(field: Field) -> Values:
    """All values that a fact can have."""
    if field.type == "boolean":
        return Values(among=TRUTHS)
    if field.type == "integer":
        return Values(field.low, field.high)
    if field.options:
        # Without a member the texts of one are empty.
        return Values(among=frozenset({*(option.value for option in field.options), ""}))
    return Values()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the conditions of one pack.

    Attributes:
        fields: the facts that paths name.
    """

    pack: Pack
    fields: Mapping[str, Field]

    def read(self, tree: object) -> list[Constraint]:
        """A condition as constraints that must all hold."""
        if isinstance(tree, dict) and len(tree) == 1:
            operator, operands = next(iter(tree.items()))
            each = operands if isinstance(operands, list) else [operands]
            if operator == "and":
                return [constraint for part in each for constraint in self.read(part)]
            found = self._simple(operator, each, tree)
            if found is not None:
                return [Constraint(found[0], found[1], _key(tree))]
        return [Constraint(None, Values(), _key(tree))]

    def _simple(self, operator: str, each: Sequence[object], tree: object) -> tuple[str, Values] | None:
        if operator in ("var", "val"):
            return self._truth(tree)
        if operator == "!":
            return self._negated(each[0])
        if operator in ("===", "!=="):
            return self._equal(operator, each)
        if operator in _MIRRORED:
            return self._compared(operator, each)
        return {"in": self._in, "or": self._either}.get(operator, _unread)(each)

    def _truth(self, tree: object) -> tuple[str, Values] | None:
        path = self._path(tree)
        if path is None or self.fields[path].type != "boolean":
            return None
        return path, Values(among=frozenset({True}))

    def _negated(self, tree: object) -> tuple[str, Values] | None:
        inner = self.read(tree)
        if len(inner) != 1 or inner[0].path is None:
            return None
        outside = inner[0].values.complement(self.of(inner[0].path))
        return None if outside is None else (inner[0].path, outside)

    def _equal(self, operator: str, each: Sequence[object]) -> tuple[str, Values] | None:
        if len(each) != 2:
            return None
        left, right = each if self._path(each[0]) else (each[1], each[0])
        path, value = self._path(left), self._literal(right)
        if path is None or value is None:
            return None
        if operator == "===":
            return path, Values(among=frozenset({value}))
        return path, self.of(path).meet(Values(without=frozenset({value})))

    def _compared(self, operator: str, each: Sequence[object]) -> tuple[str, Values] | None:
        path = next((p for p in map(self._path, each) if p is not None), None)
        if path is None or self.fields[path].type != "integer":
            return None
        field = self.fields[path]
        values = Values(field.low, field.high)
        for left, right in pairwise(each):
            if self._path(left) == path and (number := self._literal(right)) is not None:
                bound = _bounded(operator, number, field)
            elif self._path(right) == path and (number := self._literal(left)) is not None:
                bound = _bounded(_MIRRORED[operator], number, field)
            else:
                return None
            values = values.meet(bound)
        return path, values

    def _in(self, each: Sequence[object]) -> tuple[str, Values] | None:
        if len(each) != 2:
            return None
        needle, stack = each
        if self._path(stack) == _TAGS and isinstance(needle, str):
            return f"{_TAGS}={needle}", Values(among=frozenset({True}))
        path = self._path(needle)
        if path is None or not isinstance(stack, list):
            return None
        members = [self._literal(member) for member in stack]
        known = frozenset(member for member in members if member is not None)
        return (path, Values(among=known)) if len(known) and None not in members else None

    def _either(self, each: Sequence[object]) -> tuple[str, Values] | None:
        parts = [self.read(part) for part in each]
        if not all(len(part) == 1 and part[0].path is not None for part in parts):
            return None
        paths = {part[0].path for part in parts}
        listed = [part[0].values.listed() for part in parts]
        path = paths.pop()
        if paths or path is None:
            return None
        members = [value for values in listed for value in values or ()]
        return (path, Values(among=frozenset(members))) if None not in listed else None

    def _path(self, tree: object) -> str | None:
        if not isinstance(tree, dict) or len(tree) != 1:
            return None
        path = tree.get("var")
        steps = tree.get("val")
        if isinstance(steps, list) and all(isinstance(step, str) for step in steps):
            path = ".".join(steps)
        return path if isinstance(path, str) and path in self.fields else None

    def _literal(self, tree: object) -> Value | None:
        if isinstance(tree, dict) and list(tree) == ["param"]:
            named = self.pack.parameters.get(tree["param"])
            return None if named is None else named.value
        return tree if isinstance(tree, (str, int)) else None

    def of(self, path: str) -> Values:
        """All values that a path can have."""
        return universe(self.fields[path]) if path in self.fields else Values(among=TRUTHS)


def conditions(reader: Reader, rule: Rule) -> list[list[Constraint]]:
    """Each top-level condition of a rule as constraints."""
    return [reader.read(condition) for condition in conditions_of(rule.when)]


def holding(reader: Reader, rule: Rule) -> Holding:
    """When a rule holds, the pack's and its own scope and calendar with it."""
    found = [one for condition in conditions(reader, rule) for one in condition]
    found += [*_gates(reader.pack.scope, reader.pack.calendar), *_gates(rule.scope, rule.calendar)]
    return together(reader, found)


def together(reader: Reader, constraints: Sequence[Constraint]) -> Holding:
    """What must be true where all of them hold."""
    facts: dict[str, Values] = {}
    for one in constraints:
        if one.path is not None:
            facts[one.path] = facts.get(one.path, reader.of(one.path)).meet(one.values)
    return Holding(facts, frozenset(one.key for one in constraints if one.path is None))


def _gates(scope: Reach | None, calendar: Season | None) -> Iterator[Constraint]:
    if scope is not None:
        yield from _among("purchase.channel", scope.channels)
        yield from _among("member.tier", scope.tiers)
        if scope.places is not None:
            yield Constraint(None, Values(), f"places:{sorted(scope.places)}")
    if calendar is not None:
        yield Constraint("calendar.date", _dates(calendar), "")
        yield from _among("calendar.weekday", calendar.weekdays)
        yield from _among("calendar.day", calendar.days_of_month)
        if calendar.hours is not None:
            hours = [(each.from_, each.until) for each in calendar.hours]
            yield Constraint(None, Values(), f"hours:{hours}")


def _among(path: str, chosen: Sequence[Value] | None) -> Iterator[Constraint]:
    if chosen is not None:
        yield Constraint(path, Values(among=frozenset(chosen)), "")


def _dates(calendar: Season) -> Values:
    first = _eight_digits(calendar.from_) if calendar.from_ else _FIRST_DATE
    last = _eight_digits(calendar.until) if calendar.until else _LAST_DATE
    return Values(first, last, without=frozenset(map(_eight_digits, calendar.except_ or ())))


def _eight_digits(day: str) -> int:
    return int(day.replace("-", ""))


def _unread(_: Sequence[object]) -> None:
    return None


def _bounded(operator: str, number: Value, field: Field) -> Values:
    assert isinstance(number, int)
    match operator:
        case "<":
            return Values(field.low, number - 1)
        case "<=":
            return Values(field.low, number)
        case ">":
            return Values(number + 1, field.high)
        case _:
            return Values(number, field.high)


def _key(tree: object) -> str:
    return json.dumps(tree, sort_keys=True, ensure_ascii=False)
