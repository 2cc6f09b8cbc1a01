"""Checks what an action is given: its expressions, its numbers, and what they are worth together."""

from collections.abc import Callable, Mapping

from regulars.rules.action_model import Action, Discount, Earn, Expires, LineBase, Message, Multiply, Tag
from regulars.rules.catalogue import EXACT_BELOW, MAX_COUNT, MAX_SPEND_MINOR
from regulars.rules.expressions import OUTER_FROM_LINE, Expressions
from regulars.rules.findings import at, may_be
from regulars.rules.model import ACTIONS_OF, Pack, Rule
from regulars.rules.part_checks import MAY_STACK, number_within
from regulars.rules.parts import BPS, Number, ParameterRef
from regulars.rules.shapes import Shape

MOST_DAYS = 36_500
MOST_PENDING_DAYS = 3_650


def check_action(expressions: Expressions, pack: Pack, rule: Rule, pointer: str) -> None:
    """Add what is wrong with a rule's action to the findings.

    Args:
        pointer: of the rule.
    """
    action = rule.then
    here = at(pointer, "then", action.name)
    if action.name not in ACTIONS_OF[pack.kind]:
        choices = ", ".join(ACTIONS_OF[pack.kind])
        expressions.say("action_wrong_kind", here, kind=pack.kind, action=action.name, choices=choices)
        return
    if action.earn is not None:
        _earn(expressions, pack, action.earn, here)
    if action.multiply is not None:
        _multiply(expressions, action.multiply, here)
    if action.discount is not None:
        _discount(expressions, pack, action.discount, here)
    if action.tag is not None:
        _tag(expressions, action.tag, here)
    if action.message is not None:
        _message(expressions, pack, action.message, here)
    _group(expressions, pack, rule, pointer)


def _earn(expressions: Expressions, pack: Pack, earn: Earn, here: str) -> None:
    for name in ("amount", "points"):
        _amount(expressions, pack, getattr(earn, name), at(here, name))
    if earn.lines is not None:
        expressions.condition(earn.lines, at(here, "lines"), of_line=True)
    _base(expressions, earn.base, here)
    number_within(expressions, earn.per, "per", (1, MAX_SPEND_MINOR), at(here, "per"))
    pending = at(here, "pending_days")
    number_within(expressions, earn.pending_days, "pending_days", (0, MOST_PENDING_DAYS), pending)
    number_within(expressions, earn.valid_days, "valid_days", (1, MOST_DAYS), at(here, "valid_days"))
    if earn.expires is not None:
        _expires(expressions, earn.expires, at(here, "expires"))


def _expires(expressions: Expressions, expires: Expires, here: str) -> None:
    number_within(expressions, expires.after_days, "after_days", (1, MOST_DAYS), at(here, "after_days"))


def _multiply(expressions: Expressions, multiply: Multiply, here: str) -> None:
    number_within(expressions, multiply.rate_bps, "rate_bps", (BPS, 100 * BPS), at(here, "rate_bps"))
    number_within(expressions, multiply.valid_days, "valid_days", (1, MOST_DAYS), at(here, "valid_days"))


def _tag(expressions: Expressions, tag: Tag, here: str) -> None:
    number_within(expressions, tag.for_days, "for_days", (1, MOST_DAYS), at(here, "for_days"))


def _message(expressions: Expressions, pack: Pack, message: Message, here: str) -> None:
    for name, tree in (message.values or {}).items():
        pointer = at(here, "values", name)
        expressions.amount(tree, pointer)
        if pack.exclusions and _reads_basket_from_a_line(tree):
            expressions.say("exclusions_bypassed", pointer)


def _discount(expressions: Expressions, pack: Pack, discount: Discount, here: str) -> None:
    if discount.lines is not None:
        expressions.condition(discount.lines, at(here, "lines"), of_line=True)
    number_within(expressions, discount.rate_bps, "rate_bps", (0, BPS), at(here, "rate_bps"))
    for name in ("amount_minor", "price_minor"):
        _amount(expressions, pack, getattr(discount, name), at(here, name))
    if discount.form in _FORMS:
        _FORMS[discount.form](expressions, pack, discount, at(here, discount.form))
    _base(expressions, discount.base, here)
    cap = at(here, "cap_minor")
    number_within(expressions, discount.cap_minor, "cap_minor", (0, EXACT_BELOW), cap)


def _free_items(expressions: Expressions, pack: Pack, discount: Discount, here: str) -> None:
    free = discount.free_items
    assert free is not None
    number_within(expressions, free.every, "every", (1, MAX_COUNT), at(here, "every"))
    number_within(expressions, free.free, "free", (1, MAX_COUNT), at(here, "free"))
    number_within(expressions, free.times, "times", (1, MAX_COUNT), at(here, "times"))
    _at_most(expressions, pack, ("free", free.free), ("every", free.every), here)


def _nth_item(expressions: Expressions, pack: Pack, discount: Discount, here: str) -> None:
    del pack
    nth = discount.nth_item
    assert nth is not None
    number_within(expressions, nth.every, "every", (1, MAX_COUNT), at(here, "every"))
    number_within(expressions, nth.rate_bps, "rate_bps", (0, BPS), at(here, "rate_bps"))
    number_within(expressions, nth.times, "times", (1, MAX_COUNT), at(here, "times"))


def _threshold(expressions: Expressions, pack: Pack, discount: Discount, here: str) -> None:
    step = discount.threshold
    assert step is not None
    every, off = at(here, "every_minor"), at(here, "off_minor")
    number_within(expressions, step.every_minor, "every_minor", (1, MAX_SPEND_MINOR), every)
    number_within(expressions, step.off_minor, "off_minor", (0, MAX_SPEND_MINOR), off)
    number_within(expressions, step.times, "times", (1, MAX_COUNT), at(here, "times"))
    _at_most(expressions, pack, ("off_minor", step.off_minor), ("every_minor", step.every_minor), here)


_FORMS: Mapping[str, Callable[[Expressions, Pack, Discount, str], None]] = {
    "free_items": _free_items,
    "nth_item": _nth_item,
    "threshold": _threshold,
}


def _at_most(
    expressions: Expressions, pack: Pack, small: tuple[str, Number], large: tuple[str, Number], here: str
) -> None:
    """The values as they are now; a change of a parameter is checked like any other text."""
    unknown = (n for _, n in (small, large) if isinstance(n, ParameterRef) and n.param not in pack.parameters)
    if any(unknown):
        return
    low, high = pack.value_of(small[1]), pack.value_of(large[1])
    if low > high:
        expressions.say(
            "value_above_other", at(here, small[0]), field=small[0], value=low, other=large[0], limit=high
        )


def _amount(expressions: Expressions, pack: Pack, tree: object, pointer: str) -> None:
    if tree is None:
        return
    found: Shape = expressions.amount(tree, pointer)
    if found.type == "integer" and found.low < 0:
        expressions.say(
            "amount_out_of_bounds",
            pointer,
            field=pointer.rsplit("/", 1)[-1],
            low=0,
            high="2^52",
            found=may_be(found.low, found.high),
        )
    if pack.exclusions and _reads_basket_from_a_line(tree):
        expressions.say("exclusions_bypassed", pointer)


def _reads_basket_from_a_line(tree: object) -> bool:
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            steps = here.get("val")
            if isinstance(steps, list) and steps[:2] == [[OUTER_FROM_LINE], "purchase"]:
                return True
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
    return False


def _base(expressions: Expressions, base: LineBase | None, here: str) -> None:
    if base is not None and base.price == "list" and base.tax is not None:
        expressions.say("tax_of_list_price", at(here, "base", "tax"))


def _group(expressions: Expressions, pack: Pack, rule: Rule, pointer: str) -> None:
    inner = rule.then.discount or rule.then.multiply
    if rule.group is not None and not _may_stack(rule.then):
        expressions.say("part_misplaced", at(pointer, "group"), field="group", kind=pack.kind)
    if rule.group is not None and inner is not None and inner.group is not None:
        expressions.say("group_twice", at(pointer, "group"))


def _may_stack(action: Action) -> bool:
    return action.name in MAY_STACK
