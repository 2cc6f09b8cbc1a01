"""How much work a pack is, told from its trees alone: what a till must do for each purchase."""

from dataclasses import dataclass

from regulars.rules.model import Pack, conditions_of
from regulars.rules.operators import ITERATORS
from regulars.rules.results import basket_reads

USUAL_LINES = 20
MOST_STEPS = 20_000
"""Steps of a pack on a purchase of `USUAL_LINES` lines: about a third of a millisecond."""
STEPS_A_RULE = 300
"""What a rule costs before it looks at anything: its result read, its outcome told."""
STEPS_A_LINE = 400
"""What a line of a case costs: its facts made out."""
STEPS_TO_COMPILE = 2_600
"""What a rule costs once more for each different setting of parameters among the cases."""
STEPS_TO_READ = 40
"""What each step of a pack costs once more for each such setting."""
STEPS_TO_HIDE = 6
"""What hiding excluded lines costs for each line, besides the exclusions themselves."""
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
    hidden = sum(sum(_count(part.lines)) for part in pack.exclusions or ())
    once, each_line = 0, hidden * len(pack.rules)
    for rule in pack.rules:
        trees = list(conditions_of(rule.when))
        earn, discount = rule.then.earn, rule.then.discount
        if earn:
            trees += [earn.amount] if earn.points is None else [earn.points]
            each_line += sum(_count(earn.lines)) if earn.amount is earn.points is None else 0
        if rule.then.message:
            trees += (rule.then.message.values or {}).values()
        for tree in trees:
            outer, inner = _count(tree)
            once, each_line = once + outer, each_line + inner
        if discount:
            each_line += sum(_count(discount.lines))
            for amount in (discount.amount_minor, discount.price_minor):
                outer, inner = _count(amount)
                once, each_line = once + outer - 1, each_line + inner
        if hidden:  # an amount sees the lines that are not hidden, wherever it looks at the basket
            looks = [earn.amount] if earn else []
            looks += [discount.amount_minor, discount.price_minor] if discount else []
            looks += list((rule.then.message.values or {}).values()) if rule.then.message else []
            each_line += sum(basket_reads(look) for look in looks) * (hidden + STEPS_TO_HIDE)
    return Cost(once, each_line)


def case_steps(pack: Pack, cost: Cost) -> int:
    """What running all cases costs at most."""
    lines = (getattr(case.given.purchase, "lines", None) or () for case in pack.cases)
    rules = STEPS_A_RULE * len(pack.rules)
    settings = {tuple(sorted(case.parameters.items())) for case in pack.cases if case.parameters}
    compiled = len(settings) * (STEPS_TO_COMPILE * len(pack.rules) + STEPS_TO_READ * cost.on(1))
    return compiled + sum(rules + STEPS_A_LINE * len(bought) + cost.on(len(bought)) for bought in lines)


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
