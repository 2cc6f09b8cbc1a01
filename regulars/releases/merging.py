"""Brings two changes of one draft together where they touch different things: pure functions on JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from regulars.rules.canonical import canonical
from regulars.rules.findings import at as pointer_to
from regulars.rules.reading import MOST_BYTES, JsonValue, read

_NAMES: Final = ("id", "code", "name")
"""By which of their values the members of a list are known, whatever their order."""


class _Absent:
    """Where a document has nothing."""


_ABSENT: Final = _Absent()
Value = JsonValue | _Absent


@dataclass(slots=True)
class Merge:
    """Two changes of one text.

    Attributes:
        text: both in one; None where they conflict.
        mine, theirs: JSON Pointers of what each changed.
        conflicts: JSON Pointers of what both changed, each differently.
    """

    text: str | None = None
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Bring two changes of a text together.

    Args:
        base: what both began with.
        mine: one change of it.
        theirs: the other.
    Returns: both in one text where no value was changed by both; a text that cannot be read as JSON within
        the limits of a pack is one value, the whole, and so are two that would not fit into one.
    Source: docs/releases.md, "Two editors".
    """
    if mine == theirs:
        return Merge(text=theirs)
    values = [read(text) for text in (base, mine, theirs)]
    if any(findings for _, findings in values):
        return Merge(mine=[""], theirs=[""], conflicts=[""])
    done = Merge()
    (base_value, _), (my_value, _), (their_value, _) = values
    merged = _merged(base_value, my_value, their_value, "", done)
    if not done.conflicts and not isinstance(merged, _Absent):
        done.text = canonical(merged)
        if len(done.text.encode()) > MOST_BYTES:  # two halves that fit, and a whole that nobody could save
            return Merge(mine=done.mine, theirs=done.theirs, conflicts=[""])
    return done


def changes(base: str, other: str) -> list[str]:
    """JSON Pointers of what differs between two texts; the whole where one cannot be read."""
    return merge(base, base, other).theirs if base != other else []


def _merged(base: Value, mine: Value, theirs: Value, at: str, done: Merge) -> Value:
    if _same(mine, theirs):
        if not _same(base, mine):
            done.mine.append(at)
            done.theirs.append(at)
        return theirs
    parts = _parts(base, mine, theirs)
    if parts is not None:
        return _merged_parts(*parts, at, done, keyed=isinstance(theirs, list))
    is_mine, is_theirs = not _same(base, mine), not _same(base, theirs)
    if is_mine:
        done.mine.append(at)
    if is_theirs:
        done.theirs.append(at)
    if is_mine and is_theirs:
        done.conflicts.append(at)
    return mine if is_mine else theirs


Parts = dict[str, JsonValue]


def _parts(base: Value, mine: Value, theirs: Value) -> tuple[Parts, Parts, Parts] | None:
    """The three as objects, lists of named things among them; None where one is neither."""
    if isinstance(base, dict) and isinstance(mine, dict) and isinstance(theirs, dict):
        return base, mine, theirs
    if not (isinstance(base, list) and isinstance(mine, list) and isinstance(theirs, list)):
        return None
    for name in _NAMES:
        named = [_by_name(value, name) for value in (base, mine, theirs)]
        if all(each is not None for each in named):
            first, second, third = (each or {} for each in named)
            return first, second, third
    return None


def _by_name(items: Sequence[JsonValue], name: str) -> Parts | None:
    found: Parts = {}
    for item in items:
        key = item.get(name) if isinstance(item, dict) else None
        key = key.get("en") if isinstance(key, dict) else key  # a case is named in both languages
        if not isinstance(key, str) or key in found:
            return None
        found[key] = item
    return found


def _merged_parts(base: Parts, mine: Parts, theirs: Parts, at: str, done: Merge, *, keyed: bool) -> Value:
    order = _order(list(base), list(mine), list(theirs))
    if order is None and keyed:
        done.mine.append(at)
        done.theirs.append(at)
        done.conflicts.append(at)
        return list(theirs.values())
    made: Parts = {}
    for key in order or [*theirs, *(key for key in mine if key not in theirs)]:
        value = _merged(
            base.get(key, _ABSENT),
            mine.get(key, _ABSENT),
            theirs.get(key, _ABSENT),
            pointer_to(at, key),
            done,
        )
        if not isinstance(value, _Absent):
            made[key] = value
    if keyed:
        _note_order(base, mine, theirs, at, done)
        return list(made.values())
    return made


def _order(base: list[str], mine: list[str], theirs: list[str]) -> list[str] | None:
    """The keys of both in the order of whoever changed it; None where both did, each differently."""
    everywhere = set(base) & set(mine) & set(theirs)
    was, is_mine, is_theirs = ([key for key in keys if key in everywhere] for keys in (base, mine, theirs))
    if is_mine not in (was, is_theirs) and is_theirs != was:
        return None
    leading, other = (theirs, mine) if is_mine == was else (mine, theirs)
    known, added = set(leading), dict[str | None, list[str]]()
    after: str | None = None
    for key in other:
        if key in known:
            after = key
        else:
            added.setdefault(after, []).append(key)
    order = added.get(None, [])
    for key in leading:
        order += (key, *added.get(key, ()))
    return order


def _note_order(base: Parts, mine: Parts, theirs: Parts, at: str, done: Merge) -> None:
    for changed, noted in ((mine, done.mine), (theirs, done.theirs)):
        common = [key for key in base if key in changed]
        if common != [key for key in changed if key in base]:
            noted.append(at)


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, _Absent) or isinstance(other, _Absent):
        return one is other
    # Python takes 1 for true; only what it takes for equal has to be written out.
    return one is other or (one == other and _written(one) == _written(other))


def _written(value: JsonValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
