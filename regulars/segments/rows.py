"""Decides members one by one with the engine itself, from only the facts that the condition reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Final
from uuid import UUID

import orjson

from regulars.rules.engine import EngineFailed, compile_rule, run
from regulars.rules.facts import safe_code
from regulars.segments.domain import Condition, Fact, SampleMember, path_of

_TRUE: Final = "true"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member as the database gives it.

    Attributes:
        key: what the sample is ordered by.
        facts: by path, those that the condition reads.
    """

    member_id: UUID
    key: int
    facts: Mapping[str, Fact]


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
    """What row by row has found so far.

    Attributes:
        failed: members for whom the condition could not be evaluated; they do not match.
    """

    condition: Condition
    sample: int
    members: int = 0
    matching: int = 0
    failed: int = 0
    _kept: list[tuple[int, int, MemberRow]] = field(default_factory=list)

    def take(self, rows: Sequence[MemberRow]) -> None:
        """Decide a batch; it may run on any thread, one at a time."""
        for row, holds in zip(rows, decide(self.condition, [row.facts for row in rows]), strict=True):
            self.members += 1
            if holds is None:
                self.failed += 1
            elif holds:
                self.matching += 1
                self._keep(row)

    @property
    def shown(self) -> tuple[SampleMember, ...]:
        """The sample, in order of its keys."""
        rows = [row for _, _, row in sorted(self._kept, key=lambda kept: (-kept[0], -kept[1]))]
        return tuple(SampleMember(row.member_id, row.facts) for row in rows)

    def _keep(self, row: MemberRow) -> None:
        if not self.sample:
            return
        ranked = (-row.key, -row.member_id.int, row)
        if len(self._kept) < self.sample:
            heappush(self._kept, ranked)
        else:
            heappushpop(self._kept, ranked)


def decide(condition: Condition, members: Iterable[Mapping[str, Fact]]) -> list[bool | None]:
    """Whether the condition holds, member by member; None where it could not be evaluated.

    Args:
        condition: checked.
        members: the facts of each, with at least those that the condition reads.
    """
    rule = compile_rule(engine_text(condition.tree))
    decided: list[bool | None] = []
    for facts in members:
        try:
            result = run([rule], document(facts))[0]
        except EngineFailed:
            decided.append(None)
            continue
        decided.append(result == _TRUE if isinstance(result, str) else None)
    return decided


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
