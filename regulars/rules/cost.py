"""How much work a pack is, told from its trees alone: what a till must do for each purchase."""

from dataclasses import dataclass

from regulars.rules.model import Pack, conditions_of
from regulars.rules.operators import ITERATORS

USUAL_LINES = 20
MOST_STEPS = 20_000
"""Steps of a pack on a purchase of `USUAL_LINES` lines: about a third of a millisecond."""
STEPS_A_RULE = 200
"""What a rule costs before it looks at anything: its result read, its outcome told."""
STEPS_A_LINE = 200
"""What a line of a case costs: its facts made out."""
MOST_CASE_STEPS = 4_000_000
"""Steps of all cases of a pack: less than a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Steps taken once a purchase, and steps taken for each of its lines."""

    once: int
    each_line: int

    def on(self, lines: int) -> int:
        """Steps on a purchase of so many lines."""
        return self.once + self.each_line * lines


def cost_of(pack: Pack) -> Cost:
    """What evaluating a pack costs at most."""
    once = each_line = 0
    for rule in pack.rules:
        trees = list(conditions_of(rule.when))
        if rule.then.earn:
            trees.append(rule.then.earn.amount)
        for tree in trees:
            outer, inner = _count(tree)
            once, each_line = once + outer, each_line + inner
        if rule.then.discount:
            each_line += sum(_count(rule.then.discount.lines))
    return Cost(once, each_line)


def case_steps(pack: Pack, cost: Cost) -> int:
    """What running all cases costs at most."""
    lines = (getattr(case.given.purchase, "lines", None) or () for case in pack.cases)
    rules = STEPS_A_RULE * len(pack.rules)
    return sum(rules + STEPS_A_LINE * len(bought) + cost.on(len(bought)) for bought in lines)


def _count(root: object) -> tuple[int, int]:
    outer = inner = 0
    waiting: list[tuple[object, bool]] = [(root, False)]
    while waiting:
        tree, in_line = waiting.pop()
        outer, inner = outer + (not in_line), inner + in_line
        if isinstance(tree, dict):
            for operator, operands in tree.items():
                members = operands if isinstance(operands, list) else [operands]
                steps = operator in ITERATORS
                waiting.extend((m, in_line or (steps and i == 1)) for i, m in enumerate(members))
        elif isinstance(tree, list):
            waiting.extend((member, in_line) for member in tree)
    return outer, inner
