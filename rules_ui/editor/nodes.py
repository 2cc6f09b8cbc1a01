"""What the form can say of a condition; whatever else a pack says stays locked, as it is written."""

from dataclasses import dataclass
from typing import Literal

from regulars.rules.catalogue import Field

Relation = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "between", "one_of", "none_of", "yes", "no", "has", "has_not"
]
Join = Literal["and", "or"]
Quantifier = Literal["some", "all", "none"]
Measure = Literal["sum", "count"]
Scope = Literal["purchase", "line"]
"""Whether names mean facts of the purchase, or of one of its lines."""


@dataclass(frozen=True, slots=True)
class Literally:
    """A value that is written out: of a number in the fact's own unit."""

    value: int | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a parameter of the pack gives."""

    name: str


Operand = Literally | Parameter


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fact beside a value.

    Attributes:
        pointer: JSON Pointer of the condition in the pack.
        values: none for yes and no, two for between, any number for one_of and none_of, else one.
        plus: of numbers another fact, which is added to the first; None: none is.
    """

    pointer: str
    field: Field
    relation: Relation
    values: tuple[Operand, ...]
    plus: Field | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all hold, or any."""

    pointer: str
    join: Join
    members: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class EachLine:
    """What some, all or none of the lines are."""

    pointer: str
    quantifier: Quantifier
    body: "Condition"


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over lines, or how many there are, beside a value.

    Attributes:
        field: what is added up; None where lines are counted.
        where: which lines; None: all of them.
    """

    pointer: str
    field: Field | None
    where: "Condition | None"
    relation: Relation
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Locked:
    """What the form cannot say: shown in words and as code, changed in the code only."""

    pointer: str
    raw: str


Condition = Comparison | Group | EachLine | Total | Locked
