"""What an action gives, in words, as shops say it."""

from regulars.kernel.money import format_minor
from regulars.kernel.written import spaced
from regulars.rules.action_model import (
    Action,
    Discount,
    Earn,
    Expires,
    LineBase,
    Message,
    Multiply,
    Refuse,
    Rounding,
    Tag,
)
from regulars.rules.consequences import MovedStage, unit_of_value
from regulars.rules.parts import BPS, Number
from regulars.rules.wording import Wording

_SCOPES = {"earning": ("不累积积分", "no points"), "discount": ("不享受折扣", "no discounts")}
_ENDS = {
    "month_end": (
        ("当月底", "{n} 个月后的月底"),
        ("the end of the month", "the end of the month {n} months on"),
    ),
    "quarter_end": (
        ("当季末", "{n} 个季度后的季末"),
        ("the end of the quarter", "the end of the quarter {n} quarters on"),
    ),
    "year_end": (("当年底", "{n} 年后的年底"), ("the end of the year", "the end of the year {n} years on")),
}
_NEXT_YEAR_END = ("次年底", "the end of the next year")
_ROUNDS = {
    "floor": ("向下取整", "down"),
    "half_up": ("四舍五入", "to the nearest"),
    "ceil": ("向上取整", "up"),
}


def said_effect(wording: Wording, action: Action) -> str:
    """What an action gives where its conditions hold."""
    if action.earn:
        return _earn(wording, action.earn)
    if action.multiply:
        return _multiply(wording, action.multiply)
    if action.discount:
        return _discount(wording, action.discount)
    if action.refuse:
        return _refuse(wording, action.refuse)
    return _consequence(wording, action) if action.set_tier is None else _tier(wording, action.set_tier.tier)


def _consequence(wording: Wording, action: Action) -> str:
    if action.tag:
        return _tag(wording, action.tag)
    if action.message:
        return _message(wording, action.message)
    return wording.pick(*_MOVES[action.move_stage.to]) if action.move_stage else ""


def _tier(wording: Wording, tier: str) -> str:
    like = {"var": "member.tier"}
    return wording.pick(spaced("升为", wording.words(tier, like)), f"moves up to {wording.words(tier, like)}")


_MOVES: dict[MovedStage, tuple[str, str]] = {
    "at_risk": ("转为“有流失风险”", "is taken to be at risk"),
    "lapsed": ("转为“已流失”", "is taken to have lapsed"),
}


def _tag(wording: Wording, tag: Tag) -> str:
    if tag.end is not None:
        return wording.pick(f"去掉标签“{tag.end}”", f"loses the tag “{tag.end}”")
    if tag.for_days is None:
        return wording.pick(f"打上标签“{tag.give}”", f"gets the tag “{tag.give}”")
    days = _number(wording, tag.for_days, "days")
    return wording.pick(f"打上标签“{tag.give}”，保留 {days}", f"gets the tag “{tag.give}” for {days}")


def _message(wording: Wording, message: Message) -> str:
    said = wording.pick(f"发送消息“{message.template}”", f"is sent the message “{message.template}”")
    if not message.values:
        return said
    zh, en = "：", ": "
    values = [f"{name} = {_value_of(wording, name, tree)}" for name, tree in sorted(message.values.items())]
    return said + wording.pick(zh, en) + wording.listing(values)


def _value_of(wording: Wording, name: str, tree: object) -> str:
    return wording.number(tree, unit_of_value(name)) if type(tree) is int else wording.words(tree)


def _earn(wording: Wording, earn: Earn) -> str:
    return _points(wording, earn) + _pending(wording, earn.pending_days) + _valid(wording, earn)


def _points(wording: Wording, earn: Earn) -> str:
    if earn.points is not None:
        points = wording.words(earn.points)
        return wording.pick(f"送 {points} 分", f"{points} point{'' if points == '1' else 's'}")
    if earn.amount is not None:
        amount, unit = wording.words(earn.amount), wording.unit(earn.amount) or "minor"
    else:
        lines = _lines(wording, earn.lines)
        value = _value(wording, earn.base)
        amount, unit = wording.pick(f"{lines}的{value}", f"the {value} of {lines}"), "minor"
    per = _number(wording, earn.per, unit)
    return wording.pick(f"{amount}每满 {per} 积 1 分", f"1 point for each {per} of {amount}")


def _multiply(wording: Wording, multiply: Multiply) -> str:
    times = _places(wording.pack.value_of(multiply.rate_bps), 4)
    said = wording.pick(f"本单积分 × {times}", f"points of the purchase × {times}")
    return said + _valid(wording, multiply)


def _pending(wording: Wording, days: Number | None) -> str:
    if days is None:
        return ""
    said = _number(wording, days, "days")
    return wording.pick(f"，{said}后可用", f", usable after {said}")


def _valid(wording: Wording, action: Earn | Multiply) -> str:
    if action.valid_days is not None:
        days = _number(wording, action.valid_days, "days")
        return wording.pick(f"，有效期 {days}", f", valid for {days}")
    expires = action.expires if isinstance(action, Earn) else None
    return "" if expires is None else _ends(wording, expires)


def _ends(wording: Wording, expires: Expires) -> str:
    if expires.at is None:
        days = _number(wording, expires.after_days, "days")
        return wording.pick(f"，有效期 {days}", f", valid for {days}")
    zh, en = _ENDS[expires.at]
    if expires.at == "year_end" and expires.later == 1:
        end = wording.pick(*_NEXT_YEAR_END)
    else:
        end = wording.pick(zh[bool(expires.later)], en[bool(expires.later)]).format(n=expires.later)
    return wording.pick(f"，{end}到期", f", until {end}")


def _discount(wording: Wording, discount: Discount) -> str:
    lines = _lines(wording, discount.lines)
    said = _form(wording, discount, lines)
    if discount.base is not None:
        said += _counted(wording, discount)
    if discount.rounding is not None:
        said += _rounded(wording, discount.rounding)
    if discount.cap_minor is not None:
        cap = _number(wording, discount.cap_minor, "minor")
        said += wording.pick(f"，每单最多优惠 {cap}", f", at most {cap} a purchase")
    return said


def _form(wording: Wording, discount: Discount, lines: str) -> str:
    if discount.rate_bps is not None:
        rate = wording.pack.value_of(discount.rate_bps)
        return wording.pick(f"{lines}{_fold(rate)}", f"{wording.number(rate, 'bps')} off {lines}")
    if discount.amount_minor is not None:
        amount = _amount(wording, discount.amount_minor)
        return wording.pick(f"{lines}立减 {amount}", f"{amount} off {lines} together")
    if discount.price_minor is not None:
        price = _amount(wording, discount.price_minor)
        return wording.pick(f"{lines}每件特价 {price}", f"{price} for each unit of {lines}")
    if discount.threshold is not None:
        return _threshold(wording, discount, lines)
    return _units(wording, discount, lines)


def _threshold(wording: Wording, discount: Discount, lines: str) -> str:
    step = discount.threshold
    assert step is not None
    every, off = (_number(wording, number, "minor") for number in (step.every_minor, step.off_minor))
    if step.times is not None and wording.pack.value_of(step.times) == 1:
        return wording.pick(f"{lines}满 {every} 减 {off}", f"{off} off {lines} from {every} on")
    said = wording.pick(f"{lines}每满 {every} 减 {off}", f"{off} off for each {every} of {lines}")
    if step.times is None:
        return said
    times = _number(wording, step.times, None)
    return said + wording.pick(f"，最多减 {times} 次", f", at most {times} times")


def _seldom(wording: Wording, times: Number | None) -> str:
    if times is None:
        return ""
    if wording.pack.value_of(times) == 1:
        return wording.pick("，每单限一次", ", once a purchase")
    said = _number(wording, times, None)
    return wording.pick(f"，每单最多 {said} 次", f", at most {said} times a purchase")


def _units(wording: Wording, discount: Discount, lines: str) -> str:
    if discount.free_items is not None:
        items = discount.free_items
        every, free = (_number(wording, number, None) for number in (items.every, items.free))
        which = wording.pick(*_PICKS[items.pick])
        once = items.times is not None and wording.pack.value_of(items.times) == 1
        if once and wording.pack.value_of(items.every) == wording.pack.value_of(items.free):
            return wording.pick(
                f"{lines}送 {free} 件（送{which}者）", f"the {which} {free} of {lines} free, once"
            )
        said = wording.pick(
            f"{lines}每 {every} 件免 {free} 件（免{which}者）",
            f"the {which} {free} of every {every} units of {lines} free",
        )
        return said + _seldom(wording, items.times)
    nth = discount.nth_item
    assert nth is not None
    every, rate = _number(wording, nth.every, None), wording.pack.value_of(nth.rate_bps)
    which = wording.pick(*_PICKS[nth.pick])
    said = wording.pick(
        f"{lines}每 {every} 件，{which}的 1 件{_fold(rate)}",
        f"{wording.number(rate, 'bps')} off the {which} one of every {every} units of {lines}",
    )
    return said + _seldom(wording, nth.times)


_PICKS = {"cheapest": ("价低", "cheapest"), "dearest": ("价高", "dearest")}


def _counted(wording: Wording, discount: Discount) -> str:
    base = discount.base
    assert base is not None
    said = wording.pick(f"，按{_value(wording, base)}计算", f", counted on the {_value(wording, base)}")
    if base.after_discounts:
        said += wording.pick("，在其他优惠之后", ", after other discounts")
    return said


def _value(wording: Wording, base: LineBase | None) -> str:
    if base is not None and base.price == "list":
        return wording.pick("原价", "list value")
    match base.tax if base is not None else None:
        case "included":
            return wording.pick("含税金额", "sales value with tax")
        case "excluded":
            return wording.pick("不含税金额", "sales value without tax")
        case None:
            return wording.pick("销售金额", "sales value")


def _rounded(wording: Wording, rounding: Rounding) -> str:
    unit = wording.number(rounding.to_minor, "minor")
    way = wording.pick(*_ROUNDS[rounding.mode])
    return wording.pick(f"，优惠金额{way}到 {unit}", f", rounded {way} to {unit}")


def _lines(wording: Wording, condition: object) -> str:
    said = wording.say("lines") if condition is None else wording.lines(condition)
    if not wording.pack.exclusions:
        return said
    titles = [wording.pick(part.title.zh, part.title.en) for part in wording.pack.exclusions]
    return wording.pick(f"{said}（{'、'.join(titles)}除外）", f"{said} (without {', '.join(titles)})")


def _amount(wording: Wording, tree: object) -> str:
    return wording.number(tree, "minor") if type(tree) is int else wording.words(tree)


def _number(wording: Wording, number: Number | None, unit: str | None) -> str:
    return "" if number is None else wording.number(wording.pack.value_of(number), unit)


def _fold(rate_bps: int) -> str:
    """A discount as shops in China say it: 5 % off is 9.5 折."""
    left = BPS - rate_bps
    if left <= 0:
        return "免费"
    if rate_bps * 2 == BPS:
        return "半价"
    return "不打折" if rate_bps == 0 else f"打 {_places(left, 3)} 折"


def _places(value: int, places: int) -> str:
    return format_minor(value, places).rstrip("0").rstrip(".")


def _refuse(wording: Wording, refuse: Refuse) -> str:
    scopes = wording.listing([wording.pick(*_SCOPES[scope]) for scope in refuse.scopes])
    return f"{wording.pick(refuse.reason.words.zh, refuse.reason.words.en)}{wording.pick('：', ': ')}{scopes}"
