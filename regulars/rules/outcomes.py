"""What became of each rule of one evaluation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from regulars.rules.compiler import CompiledRule
from regulars.rules.discounts import Selection
from regulars.rules.domain import RuleOutcome

Selected = list[tuple[int, int]]


@dataclass(slots=True)
class Outcomes:
    """The outcome of each rule, in the order of the rules, and the values of those that hold.

    Attributes:
        holding: by action the indexes of those that hold, in their order.
        amounts: the whole number that a rule came to.
        selected: the lines that a discount selects: of a plain rate their numbers and values.
        values: the whole numbers that a message names.
    """

    rules: Sequence[CompiledRule]
    known: list[RuleOutcome]
    holding: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    amounts: dict[int, int] = field(default_factory=dict)
    selected: dict[int, Selected | Selection] = field(default_factory=dict)
    values: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def withhold(self, index: int, note: str) -> None:
        rule = self.rules[index]
        self.known[index] = RuleOutcome(rule.pack, rule.id, applied=False, note=note)

    def withhold_all(self, indexes: Iterable[int], note: str) -> None:
        for index in indexes:
            self.withhold(index, note)

    def gave(self, index: int, amount: int, note: str | None = None) -> None:
        rule = self.rules[index]
        self.known[index] = RuleOutcome(rule.pack, rule.id, True, None, None, amount, note)  # noqa: FBT003 — hot
