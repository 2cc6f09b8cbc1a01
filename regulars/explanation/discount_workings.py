"""The arithmetic of a discount, step by step: what counts, the form, rounding, cap, each line's share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from regulars.explanation.domain import Said, Value
from regulars.explanation.probing import Unreadable
from regulars.explanation.speech import Speech, numbers
from regulars.explanation.workings import Working
from regulars.kernel.money import format_minor
from regulars.rules.compiler import CompiledRule
from regulars.rules.discounts import (
    DiscountForm,
    Rounds,
    SelectedLine,
    Selection,
    offer_of,
    times_reached,
    units_picked,
)
from regulars.rules.domain import Evaluation
from regulars.rules.model import Rule
from regulars.rules.parts import BPS
from regulars.rules.results import result_of

_MILLI: Final = 1_000
_Teller = Callable[[DiscountForm, Selection, Speech], Said]


def discount_steps(
    working: Working, rule: Rule, compiled: CompiledRule, evaluation: Evaluation
) -> tuple[Said, ...]:
    """How a discount came about.

    Args:
        working: the pack on the lines before our own discounts.
        rule, compiled: the discount, as written and as compiled.
        evaluation: what all discounts gave, in the order in which they did.
    Returns: what counts, the form's own arithmetic, rounding and cap, and each line's share.
    """
    speech = working.speech.chain
    shares = {d.line: d.amount_minor for d in evaluation.discounts if _of(d, working, rule)}
    form = compiled.form or DiscountForm("rate_bps", rate_bps=compiled.rate_bps, cap_minor=compiled.cap_minor)
    selection = _selection(working.probe.value(result_of(working.compiled.pack, rule)), compiled)
    steps: list[Said] = []
    if selection is not None:
        left = _left(working, rule, evaluation, selection)
        if form.after_discounts:
            selection = replace(selection, lines=tuple(_rest(line, left) for line in selection.lines))
        steps += [_lines(selection, speech), _FORMS[form.form](form, selection, speech)]
        steps += _rounded(replace(form, cap_minor=None), selection, left, speech)
        if form.cap_minor is not None and offer_of(form, selection, left).capped:
            most = speech.money(form.cap_minor)
            steps.append(Said(f"每单最多 {most.zh}", f"at most {most.en} a purchase"))
    return (*steps, *_shared(shares, speech))


def _of(discount: object, working: Working, rule: Rule) -> bool:
    found = getattr(discount, "pack_version", None), getattr(discount, "rule_id", None)
    return found == (working.name, rule.id)


def _selection(found: Value | Unreadable, compiled: CompiledRule) -> Selection | None:
    """The lines that a discount sees, as the evaluator reads the same result."""
    if not isinstance(found, list):
        return None
    rows: Sequence[object] = found
    amount: object = 0
    if compiled.form is not None and compiled.form.form in ("amount_minor", "price_minor"):
        rows, amount = found[0], found[1]  # type: ignore[assignment]  # JSON of a shape of its own
    lines = tuple(line for line in map(_line, rows) if line.sales_minor > 0 and line.value_minor > 0)
    return Selection(lines, amount) if isinstance(amount, int) else None


def _line(row: object) -> SelectedLine:
    assert isinstance(row, list)
    number, sales = row[0], row[1]
    value = row[2] if len(row) > 2 else sales
    quantity = row[3] if len(row) > 3 else 0
    return SelectedLine(number, sales, value, quantity // _MILLI if quantity % _MILLI == 0 else 0)


def _left(working: Working, rule: Rule, evaluation: Evaluation, selection: Selection) -> dict[int, int]:
    """What the discounts before this one left of its lines."""
    left = {line.number: line.sales_minor for line in selection.lines}
    for discount in evaluation.discounts:
        if _of(discount, working, rule):
            break
        if discount.line in left:
            left[discount.line] -= discount.amount_minor
    return left


def _rest(line: SelectedLine, left: Mapping[int, int]) -> SelectedLine:
    return replace(line, value_minor=min(line.value_minor, left[line.number]))


def _lines(selection: Selection, speech: Speech) -> Said:
    lines = numbers([line.number for line in selection.lines])
    value = speech.money(sum(line.value_minor for line in selection.lines))
    return Said(f"{lines.zh}，计 {value.zh}", f"{lines.en}: {value.en} count")


def _rate(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    whole = sum(line.value_minor for line in selection.lines)
    return _part_of(whole, form.rate_bps, speech)


def _part_of(whole: int, rate_bps: int, speech: Speech) -> Said:
    """The sum of a rate, before it is rounded."""
    amount, rate = speech.money(whole), _percent(rate_bps)
    part = speech.exact_money(Fraction(whole * rate_bps, BPS))
    return Said(f"{amount.zh} × {rate} = {part.zh}", f"{amount.en} × {rate} = {part.en}")


def _amount(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    del form
    off = speech.money(selection.amount_minor)
    return Said(f"立减 {off.zh}", f"{off.en} off")


def _price(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    del form
    each = speech.money(selection.amount_minor)
    above = sum(
        max(0, line.value_minor - selection.amount_minor * line.units)
        for line in selection.lines
        if line.units
    )
    off = speech.money(above)
    units = sum(line.units for line in selection.lines)
    return Said(
        f"{units} 件，每件 {each.zh}，共减 {off.zh}", f"{units} pieces at {each.en} each: {off.en} off"
    )


def _threshold(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    whole = sum(line.value_minor for line in selection.lines)
    reached, counted = whole // form.every, times_reached(form, whole)
    every, off = speech.money(form.every), speech.money(form.off_minor)
    total = speech.money(counted * form.off_minor)
    most = _cut(form, whole)
    gap = speech.money((reached + 1) * form.every - whole)
    more = Said("", "")
    if counted == reached and counted != form.times:
        more = Said(f"；再买 {gap.zh} 可再减 {off.zh}", f"; {gap.en} more would take off another {off.en}")
    return Said(
        f"每满 {every.zh} 减 {off.zh}：满 {reached} 次{most.zh}，减 {total.zh}{more.zh}",
        f"{off.en} for each full {every.en}: reached {reached} time{'' if reached == 1 else 's'}"
        f"{most.en}, {total.en} off{more.en}",
    )


def _cut(form: DiscountForm, whole: int) -> Said:
    """That it counts less often than is reached, where it does."""
    if times_reached(form, whole) == whole // form.every:
        return Said("", "")
    return Said(f"（最多 {form.times} 次）", f" (at most {form.times})")


def _free(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    units = sum(line.units for line in selection.lines)
    count, most = times_reached(form, units) * form.free, _cut(form, units)
    picked = units_picked(selection.lines, count, dearest=form.dearest)
    worth = speech.money(sum(value for _, value in picked))
    which = Said("最贵", "dearest") if form.dearest else Said("最便宜", "cheapest")
    lines = numbers([number for number, _ in picked])
    return Said(
        f"每 {form.every} 件免 {form.free} 件{most.zh}：{units} 件中{which.zh}的 {count} 件免费"
        f"（{lines.zh}），值 {worth.zh}",
        f"{form.free} of every {form.every} free{most.en}: of {units} the {which.en} {count} ({lines.en}), "
        f"worth {worth.en}",
    )


def _nth(form: DiscountForm, selection: Selection, speech: Speech) -> Said:
    units = sum(line.units for line in selection.lines)
    count, most = times_reached(form, units), _cut(form, units)
    picked = units_picked(selection.lines, count, dearest=form.dearest)
    worth = sum(value for _, value in picked)
    which = Said("最贵", "dearest") if form.dearest else Said("最便宜", "cheapest")
    lines = numbers([number for number, _ in picked])
    off = _part_of(worth, form.rate_bps, speech)
    return Said(
        f"每 {form.every} 件有 1 件优惠{most.zh}：{units} 件中{which.zh}的 {count} 件（{lines.zh}），"
        f"{off.zh}",
        f"one of every {form.every}{most.en}: of {units} the {which.en} {count} ({lines.en}), {off.en}",
    )


_FORMS: Final[Mapping[str, _Teller]] = {
    "rate_bps": _rate,
    "amount_minor": _amount,
    "price_minor": _price,
    "threshold": _threshold,
    "free_items": _free,
    "nth_item": _nth,
}
_ROUNDS: Final[Mapping[str, Said]] = {
    "floor": Said("向下取整", "rounded down"),
    "half_up": Said("四舍五入", "rounded to the nearest"),
    "ceil": Said("向上取整", "rounded up"),
}


def _rounded(form: DiscountForm, selection: Selection, left: Mapping[int, int], speech: Speech) -> list[Said]:
    """What became of the exact amount; nothing where it is what was offered.

    Args:
        form: without its cap, which is told after this.
    """
    offer = offer_of(form, selection, left)
    off = speech.money(offer.amount_minor)
    if offer.capped:
        return [Said(f"不超过这些商品的余额：{off.zh}", f"no more than is left of them: {off.en}")]
    ways: tuple[Rounds, ...] = ("floor", "ceil")
    exact = {offer_of(replace(form, rounds=way, to_minor=1), selection, left).amount_minor for way in ways}
    if exact == {offer.amount_minor}:
        return []
    how = _ROUNDS[form.rounds]
    if form.to_minor == 1:
        return [Said(f"{how.zh}：{off.zh}", f"{how.en}: {off.en}")]
    to = speech.money(form.to_minor)
    return [Said(f"{how.zh}到 {to.zh}：{off.zh}", f"{how.en} to a multiple of {to.en}: {off.en}")]


def _shared(shares: Mapping[int, int], speech: Speech) -> list[Said]:
    if not shares:
        return []
    parts = [(line, speech.money(part)) for line, part in sorted(shares.items())]
    each_zh = "，".join(f"第 {line} 行 {part.zh}" for line, part in parts)
    each_en = ", ".join(f"line {line}: {part.en}" for line, part in parts)
    total = speech.money(sum(shares.values()))
    return [Said(f"按行分摊：{each_zh}；合计 {total.zh}", f"by line: {each_en}; in all {total.en}")]


def _percent(rate_bps: int) -> str:
    return format_minor(rate_bps, 2).rstrip("0").rstrip(".") + "%"
