"""What an expression yields: its type, and for whole numbers how small and how large they can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from regulars.rules.catalogue import MAX_LINES, Field

ShapeType = Literal["boolean", "integer", "text", "integers", "texts", "lines", "unknown"]

WORDS: dict[ShapeType, tuple[str, str]] = {
    "boolean": ("是/否", "true or false"),
    "integer": ("整数", "a whole number"),
    "text": ("文字", "a text"),
    "integers": ("整数列表", "a list of whole numbers"),
    "texts": ("文字列表", "a list of texts"),
    "lines": ("消费明细", "lines of the purchase"),
    "unknown": ("未知", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The type of an expression.

    Attributes:
        low, high: bounds of a whole number, or of each member of a list of them.
        length: the most members of a list.
        field: the fact that it is, where it is one and nothing else.
        literal: the text or number itself, where it is written out.
    """

    type: ShapeType
    low: int = 0
    high: int = 0
    length: int = 0
    field: Field | None = None
    literal: str | int | None = None

    @property
    def words(self) -> tuple[str, str]:
        return WORDS[self.type]


UNKNOWN = Shape("unknown")
"""What has a finding already; nothing more is said of it."""
BOOLEAN = Shape("boolean")


def integer(low: int, high: int) -> Shape:
    return Shape("integer", low, high)


def of_field(field: Field) -> Shape:
    """What reading a fact yields."""
    match field.type:
        case "integer":
            return Shape("integer", field.low, field.high, field=field)
        case "boolean":
            return Shape("boolean", field=field)
        case "text":
            return Shape("text", field=field)
        case "text_list":
            return Shape("texts", length=100, field=field)
        case "lines":
            return Shape("lines", length=MAX_LINES, field=field)


def union(shapes: Sequence[Shape]) -> Shape:
    """What one of several expressions of the same type yields."""
    one = shapes[0]
    low, high = min(s.low for s in shapes), max(s.high for s in shapes)
    return Shape(one.type, low, high, max(s.length for s in shapes))


def product(left: Shape, right: Shape) -> Shape:
    corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return integer(min(corners), max(corners))


def total(shape: Shape) -> Shape:
    """The sum of a list of whole numbers, which may be empty."""
    return integer(min(0, shape.low * shape.length), max(0, shape.high * shape.length))
