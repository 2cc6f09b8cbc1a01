"""Checks what each operator is given, and says what it yields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.rules import shapes
from regulars.rules.catalogue import Field
from regulars.rules.findings import at
from regulars.rules.shapes import BOOLEAN, UNKNOWN, Shape, ShapeType

if TYPE_CHECKING:
    from regulars.rules.expressions import Expressions

ITERATORS = ("filter", "map", "some", "all", "none")


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    operands: Sequence[object]
    pointer: str
    in_line: bool
    listed: bool

    def at(self, index: int) -> str:
        return at(self.pointer, index) if self.listed else self.pointer


def operands(check: "Expressions", op: Operation, low: int, high: int | None = None) -> list[Shape] | None:
    """The operands' shapes, or None where their number is wrong."""
    if len(op.operands) < low or (high is not None and len(op.operands) > high):
        expected = str(low) if low == high else f"≥ {low}" if high is None else f"{low}-{high}"
        check.say(
            "operand_count",
            op.pointer,
            operator=op.name,
            expected=expected,
            found=len(op.operands),
        )
        return None
    return [
        check.shape(operand, op.at(index), in_line=op.in_line) for index, operand in enumerate(op.operands)
    ]


def _logical(check: "Expressions", op: Operation) -> Shape:
    high = 1 if op.name == "!" else None
    for index, found in enumerate(operands(check, op, 1, high) or ()):
        check.expect(found, "boolean", op.at(index), op.name)
    return BOOLEAN


def _equal(check: "Expressions", op: Operation) -> Shape:
    pair = operands(check, op, 2, 2)
    if pair is None or UNKNOWN in pair:
        return BOOLEAN
    left, right = pair
    if left.type != right.type:
        _differ(check, op, left, right)
    elif left.type not in ("integer", "text", "boolean"):
        check.expect(left, "integer", op.at(0), op.name)
    else:
        _options(check, op, left, right)
        _options(check, op, right, left)
    return BOOLEAN


def _differ(check: "Expressions", op: Operation, left: Shape, right: Shape) -> None:
    check.say("types_differ", op.pointer, operator=op.name, left=left.words, right=right.words)


def _options(check: "Expressions", op: Operation, read: Shape, written: Shape) -> None:
    if read.field is not None and written.literal is not None:
        _option(check, read.field, written.literal, op.pointer)


def _option(check: "Expressions", read: Field, literal: object, pointer: str) -> None:
    allowed = [option.value for option in read.options]
    if allowed and literal not in allowed:
        check.say(
            "option_unknown",
            pointer,
            path=read.path,
            value=literal,
            choices=", ".join(str(value) for value in allowed),
        )


def _compare(check: "Expressions", op: Operation) -> Shape:
    for index, found in enumerate(operands(check, op, 2, 3) or ()):
        check.expect(found, "integer", op.at(index), op.name)
    return BOOLEAN


def _in(check: "Expressions", op: Operation) -> Shape:
    pair = operands(check, op, 2, 2)
    if pair is None or UNKNOWN in pair:
        return BOOLEAN
    needle, stack = pair
    wanted: ShapeType = "integers" if needle.type == "integer" else "texts"
    if needle.type not in ("integer", "text"):
        check.expect(needle, "text", op.at(0), op.name)
    elif stack.type != wanted:
        check.expect(stack, wanted, op.at(1), op.name)
    elif needle.field is not None and isinstance(op.operands[1], list):
        for literal in op.operands[1]:
            if not isinstance(literal, dict):
                _option(check, needle.field, literal, op.at(1))
    return BOOLEAN


def _if(check: "Expressions", op: Operation) -> Shape:
    each = operands(check, op, 3)
    if each is None:
        return UNKNOWN
    if len(each) % 2 == 0:
        return check.say("operand_count", op.pointer, operator="if", expected="3, 5, 7 …", found=len(each))
    for index in range(0, len(each) - 1, 2):
        check.expect(each[index], "boolean", op.at(index), "if")
    results = [*each[1:-1:2], each[-1]]
    if UNKNOWN in results:
        return UNKNOWN
    other = next((shape for shape in results if shape.type != results[0].type), None)
    if other is not None:
        _differ(check, op, results[0], other)
        return UNKNOWN
    return shapes.union(results)


def _integers(check: "Expressions", op: Operation, low: int, high: int | None) -> list[Shape] | None:
    each = operands(check, op, low, high)
    if each is None:
        return None
    found = [check.expect(shape, "integer", op.at(i), op.name) for i, shape in enumerate(each)]
    return None if UNKNOWN in found else found


def _plus(check: "Expressions", op: Operation) -> Shape:
    if len(op.operands) == 1:
        if isinstance(op.operands[0], list):  # the engine sums a list that is computed, none that is written
            return check.say("literal_refused", op.at(0), value="[…]")
        found = check.shape(op.operands[0], op.at(0), in_line=op.in_line)
        found = check.expect(found, "integers", op.at(0), "+")
        return found if found is UNKNOWN else check.bounded(shapes.total(found), op.pointer)
    each = _integers(check, op, 2, None)
    if each is None:
        return UNKNOWN
    return check.bounded(shapes.integer(sum(s.low for s in each), sum(s.high for s in each)), op.pointer)


def _minus(check: "Expressions", op: Operation) -> Shape:
    each = _integers(check, op, 2, 2)
    if each is None:
        return UNKNOWN
    left, right = each
    return check.bounded(shapes.integer(left.low - right.high, left.high - right.low), op.pointer)


def _times(check: "Expressions", op: Operation) -> Shape:
    each = _integers(check, op, 2, None)
    if each is None:
        return UNKNOWN
    result = each[0]
    for factor in each[1:]:
        result = check.bounded(shapes.product(result, factor), op.pointer)
        if result is UNKNOWN:
            return UNKNOWN
    return result


def _extreme(check: "Expressions", op: Operation) -> Shape:
    each = _integers(check, op, 2, None)
    if each is None:
        return UNKNOWN
    pick: Callable[..., int] = min if op.name == "min" else max
    return shapes.integer(pick(s.low for s in each), pick(s.high for s in each))


def _absolute(check: "Expressions", op: Operation) -> Shape:
    each = _integers(check, op, 1, 1)
    if each is None:
        return UNKNOWN
    low, high = each[0].low, each[0].high
    nearest = 0 if low <= 0 <= high else min(abs(low), abs(high))
    return shapes.integer(nearest, max(abs(low), abs(high)))


def _rounded(check: "Expressions", op: Operation) -> Shape:
    inner = op.operands[0] if len(op.operands) == 1 else None
    if not isinstance(inner, dict) or list(inner) != ["/"]:
        return check.say("rounding_without_division", op.pointer, operator=op.name)
    pair = inner["/"] if isinstance(inner["/"], list) else [inner["/"]]
    return _divided(check, Operation("/", pair, at(op.at(0), "/"), op.in_line, listed=True))


def _remainder(check: "Expressions", op: Operation) -> Shape:
    return _divided(check, op)


def _divided(check: "Expressions", op: Operation) -> Shape:
    each = _integers(check, op, 2, 2)
    if each is None:
        return UNKNOWN
    dividend, divisor = each
    if divisor.low <= 0:
        return check.say("divisor_may_be_zero", op.at(1), low=divisor.low)
    if dividend.low < 0:
        return check.say("dividend_may_be_negative", op.at(0), low=dividend.low)
    if op.name == "%":
        return shapes.integer(0, divisor.high - 1)
    return shapes.integer(dividend.low // divisor.high, -(-dividend.high // divisor.low))


def _iterate(check: "Expressions", op: Operation) -> Shape:
    if len(op.operands) != 2:
        operands(check, op, 2, 2)
        return UNKNOWN
    if op.in_line:
        return check.say("iterator_nested", op.pointer)
    source = check.shape(op.operands[0], op.at(0), in_line=False)
    if source is not UNKNOWN and source.type != "lines":
        return check.say("lines_expected", op.at(0))
    body = check.shape(op.operands[1], op.at(1), in_line=True)
    if op.name == "map":
        body = check.expect(body, "integer", op.at(1), "map")
        return body if body is UNKNOWN else Shape("integers", body.low, body.high, source.length)
    check.expect(body, "boolean", op.at(1), op.name)
    return source if op.name == "filter" else BOOLEAN


def _length(check: "Expressions", op: Operation) -> Shape:
    each = operands(check, op, 1, 1)
    if each is None or UNKNOWN in each:
        return UNKNOWN
    if each[0].type not in ("lines", "texts", "integers"):
        return check.expect(each[0], "lines", op.at(0), "length")
    return shapes.integer(0, each[0].length)


CHECKS: Mapping[str, Callable[["Expressions", Operation], Shape]] = {
    **dict.fromkeys(("and", "or", "!"), _logical),
    **dict.fromkeys(("===", "!=="), _equal),
    **dict.fromkeys(("<", "<=", ">", ">="), _compare),
    **dict.fromkeys(("min", "max"), _extreme),
    **dict.fromkeys(("floor", "ceil"), _rounded),
    **dict.fromkeys(ITERATORS, _iterate),
    "in": _in,
    "if": _if,
    "+": _plus,
    "-": _minus,
    "*": _times,
    "%": _remainder,
    "abs": _absolute,
    "length": _length,
}
