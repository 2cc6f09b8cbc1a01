"""From rules that hold to what they give: discounts on lines, and points with their own days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from fractions import Fraction

from regulars.rules.arithmetic import discount_of, share_points, spread
from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.compiler import CompiledRule
from regulars.rules.discounts import Offer, Selection, offer_of
from regulars.rules.domain import Award, LineDiscount
from regulars.rules.outcomes import Outcomes, Selected
from regulars.rules.parts import BPS
from regulars.rules.stacking import Contest, Node, Worth, counting

TOO_LARGE = "TooLarge"


def discounts_of(holding: Sequence[int], outcomes: Outcomes, trees: Sequence[Node]) -> list[LineDiscount]:
    """The discounts that count, spread over their lines, in the order of the rules.

    Args:
        holding: indexes of discounts whose conditions hold, in their order.
        outcomes: what they select; each is told what it gave.
        trees: of the packs that choose among their own rules.
    Returns: no line gets more off than it is sold for.
    """
    left: dict[int, int] = {}
    offers = {index: _offer(outcomes.rules[index], outcomes.selected[index], left) for index in holding}
    if len(holding) > 1 or trees:
        worth: Mapping[int, Worth] = {index: offer.amount_minor for index, offer in offers.items()}
        holding = counting(holding, Contest(worth, _sum, "highest"), trees, outcomes)
    found: list[LineDiscount] = []
    for index in holding:
        rule, selected = outcomes.rules[index], outcomes.selected[index]
        offer = offers[index]
        if isinstance(selected, Selection):
            if left:
                offer = _offer(rule, selected, left)
            for line in selected.lines:
                left.setdefault(line.number, line.sales_minor)
        shares = spread(offer.amount_minor, offer.weights, left)
        given = sum(share for _, share in shares)
        if given:
            outcomes.gave(index, given, "capped" if offer.capped or given < offer.amount_minor else None)
        found += [LineDiscount(number, share, rule.pack, rule.id) for number, share in shares]
    return found


def awards_of(
    earning: Sequence[int],
    multiplying: Sequence[int],
    outcomes: Outcomes,
    trees: Sequence[Node],
    clock: tuple[datetime, tzinfo | None],
) -> tuple[Award, ...]:
    """The points of one purchase, rounded down once, each rule's own.

    Args:
        earning, multiplying: indexes of rules that hold, in their order; at least one that earns.
        outcomes: their amounts; each is told what it gave.
        trees: of the packs that choose among their own rules.
        clock: the instant of the purchase, and the zone of the store's clock.
    """
    rules, amounts = outcomes.rules, outcomes.amounts
    if trees:
        earned = {index: Fraction(amounts[index], rules[index].per) for index in earning}
        earning = counting(earning, Contest(earned, _sum, "all"), trees, outcomes)
    if len(multiplying) > 1 or trees:
        rates: Mapping[int, Worth] = {index: rules[index].rate_bps for index in multiplying}
        multiplying = counting(multiplying, Contest(rates, _product, "highest"), trees, outcomes)
    shares = share_points(
        [(amounts[index], rules[index].per) for index in earning],
        [rules[index].rate_bps for index in multiplying],
    )
    giving = (*earning, *multiplying)
    if sum(shares) >= EXACT_BELOW:
        for index in giving:
            outcomes.known[index] = rules[index].error(TOO_LARGE)
        return ()
    awards: list[Award] = []
    first = rules[next((index for index in earning if amounts[index]), earning[0])]
    for index, points in zip(giving, shares, strict=True):
        if points:
            outcomes.gave(index, points)
            awards.append(_award(points, rules[index], first, clock))
    return tuple(awards)


def _award(
    points: int, rule: CompiledRule, first: CompiledRule, clock: tuple[datetime, tzinfo | None]
) -> Award:
    at, zone = clock
    waits, expiry = rule.waits, rule.expiry
    if rule.action == "multiply":
        waits, expiry = first.waits, rule.expiry or first.expiry
    available_at = at + waits if waits else at
    expires_at = None if expiry is None else expiry.after(available_at, zone)
    return Award(points, rule.pack, rule.id, expires_at, available_at)


def _offer(rule: CompiledRule, selected: Selected | Selection, left: Mapping[int, int]) -> Offer:
    if isinstance(selected, Selection):
        assert rule.form is not None
        return offer_of(rule.form, selected, left)
    amount, capped = discount_of([value for _, value in selected], rule.rate_bps, rule.cap_minor)
    return Offer(amount, selected, capped)


def _sum(one: Worth, other: Worth) -> Worth:
    return one + other


def _product(one: Worth, other: Worth) -> Worth:
    return Fraction(one * other, BPS)
