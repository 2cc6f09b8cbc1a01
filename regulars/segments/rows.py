"""Decides members by the engine itself, from only the facts that the condition reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from datalogic_py import Rule

from regulars.rules.engine import EngineFailed, compile_rule, run
from regulars.rules.facts import safe_code
from regulars.segments.domain import Condition, Fact, path_of

_TRUE: Final = "true"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member as the database gives it; `facts` by path, those that the condition reads."""

    member_id: UUID
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Alike:
    """Members for whom all facts that the condition reads are the same: decided together."""

    facts: Mapping[str, Fact]
    members: int


def engine_text(tree: object) -> str:
    """The condition as the engine gets it: operands in lists, codes made safe."""
    return orjson.dumps(_filled(tree)).decode()


def document(facts: Mapping[str, Fact]) -> str:
    """The facts of one member as the JSON text that the engine reads.

    Args:
        facts: by dotted path.
    """
    root: dict[str, object] = {}
    for path, value in facts.items():
        *above, last = path.split(".")
        here = root
        for step in above:
            child = here.setdefault(step, {})
            assert isinstance(child, dict)
            here = child
        here[last] = _safe(value)
    return orjson.dumps(root).decode()


@dataclass(slots=True)
class RowCount:
    """What the engine has found so far.

    Attributes:
        failed: members for whom the condition could not be evaluated; they do not match.
    """

    condition: Condition
    members: int = 0
    matching: int = 0
    failed: int = 0

    def take(self, alike: Sequence[Alike]) -> None:
        """Decide a batch; it may run on any thread, one at a time."""
        for one, holds in zip(alike, decide(self.condition, [each.facts for each in alike]), strict=True):
            self.members += one.members
            self.failed += one.members if holds is None else 0
            self.matching += one.members if holds else 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the engine found.

    Attributes:
        looked_at: of how many members; None: of all, so that both figures are exact.
    """

    matching: int
    failed: int
    looked_at: int | None


def estimate(decided: Sequence[bool | None], candidates: int) -> Estimate:
    """What holds for some members, as if it held for all: to the nearest whole member.

    Args:
        decided: of the members looked at, chosen by chance.
        candidates: how many there are.
    """
    looked_at = max(len(decided), 1)
    matching, failed = (
        (2 * candidates * sum(one is wanted for one in decided) + looked_at) // (2 * looked_at)
        for wanted in (True, None)
    )
    return Estimate(matching, failed, len(decided))


def decide(condition: Condition, members: Iterable[Mapping[str, Fact]]) -> list[bool | None]:
    """Whether the condition holds, member by member; None where it could not be evaluated.

    Args:
        condition: checked.
        members: the facts of each, with at least those that the condition reads; the same paths in the same
            order for all.
    """
    rule = compile_rule(engine_text(condition.tree))
    known: dict[tuple[Fact, ...], bool | None] = {}
    decided: list[bool | None] = []
    for facts in members:
        values = tuple(facts.values())
        if values not in known:
            known[values] = _holds(rule, facts)
        decided.append(known[values])
    return decided


def _holds(rule: Rule, facts: Mapping[str, Fact]) -> bool | None:
    try:
        result = run([rule], document(facts))[0]
    except EngineFailed:
        return None
    return result == _TRUE if isinstance(result, str) else None


def _safe(value: Fact) -> object:
    if isinstance(value, str):
        return safe_code(value)
    return [safe_code(one) for one in value] if isinstance(value, tuple) else value


def _filled(tree: object) -> object:
    if path_of(tree) is not None:
        return tree
    if isinstance(tree, Mapping):
        return {
            operator: _filled(operands if isinstance(operands, list) else [operands])
            for operator, operands in tree.items()
        }
    if isinstance(tree, list):
        return [_filled(member) for member in tree]
    return safe_code(tree) if isinstance(tree, str) else tree
