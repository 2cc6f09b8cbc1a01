"""Says a JSON-logic expression in words, in Chinese or English, with the catalogue's names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from regulars.kernel.money import format_minor
from regulars.kernel.written import Language, filled, spaced, written_amount, written_digits
from regulars.rules.catalogue import BUILT_IN, LINES_PATH, Catalogue, Field
from regulars.rules.model import Pack

_UNIT_OF_TYPE = {"money_minor": "minor", "days": "days", "rate_bps": "bps", "percent": "percent"}
_TEMPLATES: Mapping[str, tuple[str, str]] = {
    ">=": ("{a}不低于 {b}", "{a} is at least {b}"),
    ">": ("{a}高于 {b}", "{a} is more than {b}"),
    "<=": ("{a}不超过 {b}", "{a} is at most {b}"),
    "<": ("{a}低于 {b}", "{a} is less than {b}"),
    "===": ("{a}为{b}", "{a} is {b}"),
    "!==": ("{a}不为{b}", "{a} is not {b}"),
    "between": ("{a}在{b}至{c}之间", "{a} is from {b} to {c}"),
    "strictly": ("{a}在{b}与{c}之间（不含两端）", "{a} is between {b} and {c}, without the ends"),
    "reaches": ("{a}满 {b}", "{a} is at least {b}"),
    "without": ("没有{a}", "there is no {a}"),
    "with": ("有{a}", "there is a {a}"),
    "one_of": ("{a}为{b}", "{a} is {b}"),
    "includes": ("{a}包含{b}", "{a} include {b}"),
    "not": ("并非（{a}）", "not ({a})"),
    "some": ("至少有一行{a}", "some line: {a}"),
    "all": ("每一行都{a}", "there are lines, and each of them: {a}"),
    "none": ("没有任何一行{a}", "no line: {a}"),
    "sum": ("{b}{a}合计", "total {a} of {b}"),
    "filter": ("{a}的明细", "lines where {a}"),
    "lines": ("全部明细", "all lines"),
    "if": ("若{a}则为{b}，否则为{c}", "{b} if {a}, else {c}"),
    "length": ("{a}的数量", "the number of {a}"),
    "min": ("{a}中的最小值", "the least of {a}"),
    "max": ("{a}中的最大值", "the greatest of {a}"),
    "abs": ("{a}的绝对值", "the size of {a}"),
    "floor": ("{a}（向下取整）", "{a} rounded down"),
    "ceil": ("{a}（向上取整）", "{a} rounded up"),
    "empty": ("空", "empty"),
}
_ABOUT_NOTHING = {"===": "without", "!==": "with", ">": "with"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Wording:
    """How one pack is said.

    Attributes:
        exponent: decimal places of the chain's currency.
        tier_names: what tiers are called, by code; the pack's own tiers are known.
        in_line: whether names mean a line's fields.
        catalogue: what the chain's facts are called.
        currency: its ISO code, written with each amount; "": amounts are written bare.
    """

    language: Language
    pack: Pack
    exponent: int = 2
    tier_names: Mapping[str, str] = field(default_factory=dict)
    in_line: bool = False
    catalogue: Catalogue = BUILT_IN
    currency: str = ""

    def say(self, template: str, **parts: str) -> str:
        zh, en = _TEMPLATES[template]
        return filled(zh, **parts) if self.language == "zh" else en.format(**parts)

    def pick(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def words(self, tree: object, like: object = None) -> str:
        """An expression in words.

        Args:
            tree: JSON-logic that was checked.
            like: what it is compared with: a plain number takes over its unit.
        """
        if isinstance(tree, list):
            return self.listing([self.words(member, like) for member in tree])
        if not isinstance(tree, dict):
            return self._literal(tree, like)
        operator, operands = next(iter(tree.items()))
        if operator == "param":
            return self.number(self.pack.parameters[operands].value, self.unit(tree) or self.unit(like))
        fixed = self.fixed(tree)
        if fixed is not None:
            return self.number(fixed, self.unit(like))
        if operator in ("var", "val"):
            found = self.field(tree)
            return self.pick(found.zh, found.en) if found else str(operands)
        return _SAYERS[operator](self, operator, operands if isinstance(operands, list) else [operands])

    def lines(self, condition: object) -> str:
        """The lines that a condition selects, in words."""
        return self.say("filter", a=replace(self, in_line=True).words(condition))

    def field(self, tree: object) -> Field | None:
        """The fact that an expression reads, where it is nothing else."""
        if not isinstance(tree, dict) or next(iter(tree)) not in ("var", "val"):
            return None
        path, known = next(iter(tree.values())), self.catalogue
        if isinstance(path, list):
            outer = path[:1] == [[2]]
            name = ".".join(path[1:] if outer else path)
            return (known.document if outer or not self.in_line else known.lines).get(name)
        return (known.lines if self.in_line else known.document).get(path)

    def unit(self, tree: object) -> str | None:
        """The unit of a number, where it has one."""
        if not isinstance(tree, dict):
            return None
        found = self.field(tree)
        if found is not None:
            return found.unit
        operator, operands = next(iter(tree.items()))
        if operator == "param":
            return _UNIT_OF_TYPE.get(self.pack.parameters[operands].type)
        if operator == "map":
            return replace(self, in_line=True).unit(operands[1])
        if isinstance(operands, list):
            return next((unit for unit in map(self.unit, operands) if unit), None)
        return self.unit(operands)

    def fixed(self, tree: object) -> int | None:
        """The value of a product of numbers and parameters, such as pieces × 1000; None of anything else."""
        if type(tree) is int:
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            return None
        operator, operands = next(iter(tree.items()))
        if operator == "param":
            return self.pack.parameters[operands].value
        factors = [self.fixed(factor) for factor in operands] if operator == "*" else [None]
        return None if None in factors else prod(factor for factor in factors if factor is not None)

    def number(self, value: int, unit: str | None) -> str:
        """A whole number as people write it."""
        if unit == "days":
            return self.pick(f"{value:,} 天", f"{value:,} day{'' if value == 1 else 's'}")
        if unit == "hour":
            return self.pick(f"{value} 时", f"{value}:00")
        if unit == "yyyymmdd":
            return written_digits(value, self.language)
        if unit == "minor" and self.currency:
            return written_amount(value, self.currency, self.exponent, self.language)
        return _money(value, self.exponent) if unit == "minor" else _plain(value, unit)

    def bracketed(self, words: str) -> str:
        """Words that belong together."""
        return self.pick(f"（{words}）", f"({words})")

    def joined(self, parts: Sequence[str], zh: str, en: str) -> str:
        """Parts with a word between them."""
        between = [piece for part in parts for piece in (zh, part)][1:]
        return spaced(*between) if self.language == "zh" else en.join(parts)

    def listing(self, words: Sequence[str]) -> str:
        return "、".join(words) if self.language == "zh" else ", ".join(words)

    def _literal(self, value: object, like: object) -> str:
        fact = self.field(like)
        option = next((o for o in fact.options if o.value == value), None) if fact else None
        if option is not None:
            return self.pick(option.zh, option.en)
        if type(value) is int:
            return self.number(value, self.unit(like))
        if value == "":
            return self.say("empty")
        name = self._tier_name(str(value)) if fact is not None and fact.path == "member.tier" else None
        return name or self.pick(f"“{value}”", f"“{value}”")

    def _tier_name(self, code: str) -> str | None:
        own = {tier.code: self.pick(tier.title.zh, tier.title.en) for tier in self.pack.tiers or ()}
        return own.get(code) or self.tier_names.get(code)


def _money(value: int, exponent: int) -> str:
    whole, dot, rest = format_minor(abs(value), exponent).partition(".")
    return f"{'-' if value < 0 else ''}{int(whole):,}{dot}{rest}"


def _plain(value: int, unit: str | None) -> str:
    match unit:
        case "milli":
            return _decimal(value, 3)
        case "bps":
            return f"{_decimal(value, 2)}%"
        case "percent":
            return f"{value}%"
        case _:
            return f"{value:,}"


def _decimal(value: int, places: int) -> str:
    return format_minor(value, places).rstrip("0").rstrip(".")


def _compared(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    if len(operands) == 3:
        ends = (operands[0], operands[2]) if operator[0] == "<" else (operands[2], operands[0])
        low, high = (wording.words(end, operands[1]) for end in ends)
        template = "between" if operator.endswith("=") else "strictly"
        return wording.say(template, a=wording.words(operands[1]), b=low, c=high)
    left, right = operands
    if not isinstance(left, dict) and isinstance(right, dict):
        left, right, operator = right, left, _FLIPPED.get(operator, operator)
    money = wording.unit(left) == "minor"
    if money and right == 0 and operator in _ABOUT_NOTHING and wording.field(left):
        return wording.say(_ABOUT_NOTHING[operator], a=wording.words(left))
    template = "reaches" if money and operator == ">=" else operator
    return wording.say(template, a=wording.words(left, right), b=wording.words(right, left))


def _joined(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    other = "or" if operator == "and" else "and"
    parts = [
        wording.bracketed(wording.words(part))
        if isinstance(part, dict) and other in part
        else wording.words(part)
        for part in operands
    ]
    zh, en = ("且", " and ") if operator == "and" else ("或", " or ")
    return wording.joined(parts, zh if wording.in_line else f"，{zh}", en)


def _not(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    del operator
    return wording.say("not", a=wording.words(operands[0]))


def _member_of(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    del operator
    needle, stack = operands
    if isinstance(stack, list):
        choices = wording.joined([wording.words(member, needle) for member in stack], "或", " or ")
        return wording.say("one_of", a=wording.words(needle), b=choices)
    return wording.say("includes", a=wording.words(stack), b=wording.words(needle, stack))


def _each_line(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    inner = replace(wording, in_line=True)
    if operator == "filter":
        return wording.lines(operands[1])
    if operator == "map":
        return wording.say("sum", a=inner.words(operands[1]), b=_source(wording, operands[0]))
    body = inner.words(operands[1])
    if isinstance(operands[0], dict) and "filter" in operands[0]:
        condition = operands[0]["filter"][1]
        body = inner.pick(
            f"满足：{inner.words(condition)}，且{body}", f"{inner.words(condition)}, and {body}"
        )
    return wording.say(operator, a=body)


def _source(wording: Wording, tree: object) -> str:
    found = wording.field(tree)
    return wording.say("lines") if found and found.path == LINES_PATH else wording.words(tree)


def _added(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    if len(operands) == 1:
        return wording.words(operands[0])
    sign = {"*": " × ", "-": " − ", "+": " + "}.get(operator, f" {operator} ")
    like = next((tree for tree in operands if wording.unit(tree)), None) if operator in "+-" else None
    return wording.bracketed(sign.join(wording.words(tree, like) for tree in operands))


def _chosen(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    del operator
    condition, then, *rest = operands
    otherwise = wording.words(rest[0]) if len(rest) == 1 else _chosen(wording, "if", rest)
    return wording.say("if", a=wording.words(condition), b=wording.words(then), c=otherwise)


def _function(wording: Wording, operator: str, operands: Sequence[object]) -> str:
    if operator == "length":
        return wording.say("length", a=_source(wording, operands[0]))
    like = next((tree for tree in operands if wording.unit(tree)), None)
    return wording.say(operator, a=wording.listing([wording.words(tree, like) for tree in operands]))


_SAYERS: Mapping[str, Callable[[Wording, str, Sequence[object]], str]] = {
    **dict.fromkeys((">=", ">", "<=", "<", "===", "!=="), _compared),
    **dict.fromkeys(("and", "or"), _joined),
    **dict.fromkeys(("filter", "map", "some", "all", "none"), _each_line),
    **dict.fromkeys(("+", "-", "*", "/", "%"), _added),
    **dict.fromkeys(("min", "max", "abs", "floor", "ceil", "length"), _function),
    "!": _not,
    "in": _member_of,
    "if": _chosen,
}
