"""What each action lets the engine compute, as JSON-logic over the lines that it sees."""

from collections.abc import Mapping

from regulars.rules.action_model import Discount, Earn, LineBase
from regulars.rules.catalogue import LINES_PATH
from regulars.rules.model import Pack, Rule

_LINES = {"var": LINES_PATH}
_LINE_AND_VALUE = [{"var": "line"}, {"var": "sales_minor"}]
_BASKET_VALUES = {"purchase.sales_minor": "sales_minor", "purchase.list_minor": "list_minor"}
_TOLD_TAX = {"!==": [{"var": "tax_minor"}, None]}


def result_of(pack: Pack, rule: Rule) -> object:
    """The expression whose value the action needs; 1 where it needs none.

    Args:
        pack: whose exclusions hide lines.
        rule: any of its rules.
    Returns: JSON-logic with parameters. For a plain rate the line number and value of each selected line;
        for another discount its number, sales value, value that counts and quantity, with the amount behind
        them where there is one. For a message its values.
    """
    action = rule.then
    if action.earn is not None:
        return _earned(pack, action.earn)
    if action.discount is not None:
        return _discounted(pack, action.discount)
    if action.message is not None and action.message.values:
        return _named(pack, action.message.values)
    return 1


def is_plain(discount: Discount) -> bool:
    """Whether it is a rate of what the lines are sold for, rounded down, and nothing else."""
    return discount.rate_bps is not None and discount.base is None and discount.rounding is None


def _earned(pack: Pack, earn: Earn) -> object:
    if earn.points is not None:
        return earn.points
    if earn.amount is not None:
        return _within(pack, earn.amount) if pack.exclusions else earn.amount
    return {"+": [{"map": [_selected(pack, earn.lines), _value(earn.base)]}]}


def _discounted(pack: Pack, discount: Discount) -> object:
    selected = _selected(pack, discount.lines)
    if is_plain(discount):
        return {"map": [selected, _LINE_AND_VALUE]}
    columns = [*_LINE_AND_VALUE, _value(discount.base), {"var": "quantity_milli"}]
    amount = discount.amount_minor if discount.amount_minor is not None else discount.price_minor
    lines = {"map": [selected, columns]}
    if amount is None:
        return lines
    return [lines, _within(pack, amount) if pack.exclusions else amount]


def _named(pack: Pack, values: Mapping[str, object]) -> object:
    """The values of a message, in the order of their names."""
    trees = [values[name] for name in sorted(values)]
    return [_within(pack, tree) for tree in trees] if pack.exclusions else trees


def _selected(pack: Pack, condition: object) -> object:
    conditions = [] if condition is None else [condition]
    if pack.exclusions:
        conditions.insert(0, _seen(pack))
    if not conditions:
        return _LINES
    return {"filter": [_LINES, conditions[0] if len(conditions) == 1 else {"and": conditions}]}


def _seen(pack: Pack) -> object:
    return {"!": [{"or": [exclusion.lines for exclusion in pack.exclusions or ()]}]}


def _within(pack: Pack, tree: object) -> object:
    """An expression over the basket that sees only the lines that are not excluded."""
    if isinstance(tree, list):
        return [_within(pack, member) for member in tree]
    if not isinstance(tree, Mapping):
        return tree
    path = fact_path(tree)
    if path == LINES_PATH:
        return {"filter": [_LINES, _seen(pack)]}
    if path in _BASKET_VALUES:
        lines = {"filter": [_LINES, _seen(pack)]}
        return {"+": [{"map": [lines, {"var": _BASKET_VALUES[path]}]}]}
    if path is not None:
        return tree
    operator, operands = next(iter(tree.items()))
    return {operator: _within(pack, operands)}


def basket_reads(root: object) -> int:
    """How often an expression looks at the basket's lines or sums."""
    found, waiting = 0, [root]
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, list):
            waiting.extend(tree)
        elif isinstance(tree, Mapping) and tree:
            path = fact_path(tree)
            found += path == LINES_PATH or path in _BASKET_VALUES
            if path is None:
                waiting.extend(tree.values())
    return found


def fact_path(tree: Mapping[str, object]) -> str | None:
    """The path of the fact of the basket that an expression reads, where it is nothing else."""
    operator, operands = next(iter(tree.items()))
    if operator == "var":
        return str(operands)
    if operator != "val" or not isinstance(operands, list):
        return None
    return ".".join(str(step) for step in operands)


def _value(base: LineBase | None) -> object:
    value = {"var": "list_minor" if base is not None and base.price == "list" else "sales_minor"}
    if base is None or base.tax is None:
        return value
    tax = {"var": "tax_minor"}
    if base.tax == "excluded":
        without = {"max": [0, {"-": [value, tax]}]}
        return {"if": [{"and": [{"var": "tax_included"}, _TOLD_TAX]}, without, value]}
    with_tax = {"+": [value, tax]}
    return {"if": [{"and": [{"!": [{"var": "tax_included"}]}, _TOLD_TAX]}, with_tax, value]}
