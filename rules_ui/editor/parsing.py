"""Reads conditions into what the form can say; what it would not write back the same stays locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.rules.canonical import laid_out
from regulars.rules.catalogue import LINES_PATH, Catalogue, Field
from rules_ui.editor.emitting import emit
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    EachLine,
    Group,
    Literally,
    Locked,
    Operand,
    Parameter,
    Relation,
    Scope,
    Total,
)

_RELATIONS: Final[Mapping[str, Relation]] = {
    "===": "eq",
    "!==": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
LINES: Final = {"var": LINES_PATH}
_DEEPEST: Final = 6
"""Groups nested deeper are read as code: nobody reads them as a form."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads conditions of one pack.

    Attributes:
        catalogue: the facts that the chain has.
        parameters: names that the pack gives a value.
    """

    catalogue: Catalogue
    parameters: frozenset[str]

    def condition(self, tree: object, pointer: str, scope: Scope = "purchase", depth: int = 0) -> Condition:
        """A condition as the form shows it.

        Args:
            tree: JSON values, whatever they are.
            pointer: where they stand in the pack.
            scope: whether it is about a line.
            depth: how many groups are around it.
        Returns: a node whose `emit` gives the same JSON again; `Locked` where there is none.
        """
        found = self._read(tree, pointer, scope, depth)
        if found is None or laid_out(emit(found)) != laid_out(tree):
            return Locked(pointer, laid_out(tree))
        return found

    def _read(self, tree: object, pointer: str, scope: Scope, depth: int) -> Condition | None:
        if not isinstance(tree, dict) or len(tree) != 1 or depth > _DEEPEST:
            return None
        operator, operands = next(iter(tree.items()))
        here = f"{pointer}/{operator}"
        if operator in ("and", "or"):
            return self._group(operator, operands, pointer, here, scope, depth)
        if scope == "purchase":
            if operator in ("some", "all", "none"):
                return self._each_line(operator, operands, pointer, here, depth)
            total = self._total(operator, operands, pointer, here, depth)
            if total is not None:
                return total
        return self._comparison(operator, operands, pointer, scope)

    def _group(
        self, join: str, operands: object, pointer: str, here: str, scope: Scope, depth: int
    ) -> Group | None:
        if not isinstance(operands, list) or not operands:
            return None
        members = tuple(
            self.condition(member, f"{here}/{index}", scope, depth + 1)
            for index, member in enumerate(operands)
        )
        return Group(pointer, "and" if join == "and" else "or", members)

    def _each_line(
        self, operator: str, operands: object, pointer: str, here: str, depth: int
    ) -> EachLine | None:
        if not isinstance(operands, list) or len(operands) != 2 or operands[0] != LINES:
            return None
        body = self.condition(operands[1], f"{here}/1", "line", depth + 1)
        return EachLine(pointer, operator, body)  # type: ignore[arg-type]  # one of the three by `_read`

    def _total(self, operator: str, operands: object, pointer: str, here: str, depth: int) -> Total | None:
        relation = _RELATIONS.get(operator)
        if relation is None or not isinstance(operands, list):
            return None
        if len(operands) == 3 and operator == "<=":
            relation, at, ends = "between", 1, [operands[0], operands[2]]
        elif len(operands) == 2:
            at, ends = 0, operands[1:]
        else:
            return None
        values = self.numbers(ends)
        measured = self.measured(operands[at], f"{here}/{at}", depth)
        if measured is None or values is None:
            return None
        field, where = measured
        return Total(pointer, field, where, relation, values)

    def measured(
        self, tree: object, pointer: str, depth: int
    ) -> tuple[Field | None, Condition | None] | None:
        """What is added up of lines (nothing: they are counted), and which lines; None: something else."""
        match tree:
            case {"length": [lines], **rest} if not rest:
                field, source, here = None, lines, f"{pointer}/length/0"
            case {"+": [{"map": [lines, {"var": str(name)}]}]} if name in self.catalogue.lines:
                field, source, here = self.catalogue.lines[name], lines, f"{pointer}/+/0/map/0"
                if field.type != "integer":
                    return None
            case _:
                return None
        if source == LINES:
            return field, None
        match source:
            case {"filter": [lines, body]} if lines == LINES:
                return field, self.condition(body, f"{here}/filter/1", "line", depth + 1)
            case _:
                return None

    def _comparison(self, operator: str, operands: object, pointer: str, scope: Scope) -> Comparison | None:
        match operator, operands:
            case "var", str():
                return self._yes_or_no({"var": operands}, pointer, scope, "yes")
            case "!", [inner]:
                return self._negated(inner, pointer, scope)
            case "in", [needle, stack]:
                return self._choice((needle, stack), pointer, scope, negated=False)
            case _, [first, *rest]:
                return self._numeric(operator, (first, *rest), pointer, scope)
            case _:
                return None

    def _numeric(
        self, operator: str, operands: Sequence[object], pointer: str, scope: Scope
    ) -> Comparison | None:
        if operator == "<=" and len(operands) == 3:
            (field, plus), values = self._sum(operands[1], scope), self.numbers((operands[0], operands[2]))
            if field is None or field.type != "integer" or values is None:
                return None
            return Comparison(pointer, field, "between", values, plus)
        if operator not in _RELATIONS or len(operands) != 2:
            return None
        return self._simple(_RELATIONS[operator], operands[0], operands[1], pointer, scope)

    def _yes_or_no(self, tree: object, pointer: str, scope: Scope, relation: Relation) -> Comparison | None:
        field = self.field(tree, scope)
        return Comparison(pointer, field, relation, ()) if field and field.type == "boolean" else None

    def _simple(
        self, relation: Relation, fact: object, value: object, pointer: str, scope: Scope
    ) -> Comparison | None:
        field, plus = self._sum(fact, scope)
        if field is None or field.type not in ("integer", "text"):
            return None
        if field.type == "text":
            if relation not in ("eq", "ne") or not isinstance(value, str):
                return None
            return Comparison(pointer, field, relation, (Literally(value),))
        values = self.numbers((value,))
        return Comparison(pointer, field, relation, values, plus) if values else None

    def _sum(self, tree: object, scope: Scope) -> tuple[Field | None, Field | None]:
        """A fact, and the one that is added to it where two numbers are."""
        match tree:
            case {"+": [first, second]}:
                field, plus = self.field(first, scope), self.field(second, scope)
                both = field is not None and plus is not None and field.type == plus.type == "integer"
                return (field, plus) if both else (None, None)
            case _:
                return self.field(tree, scope), None

    def _negated(self, inner: object, pointer: str, scope: Scope) -> Comparison | None:
        match inner:
            case {"var": str(), **rest} if not rest:
                return self._yes_or_no(inner, pointer, scope, "no")
            case {"in": [needle, stack], **rest} if not rest:
                return self._choice((needle, stack), pointer, scope, negated=True)
            case _:
                return None

    def _choice(
        self, operands: Sequence[object], pointer: str, scope: Scope, *, negated: bool
    ) -> Comparison | None:
        needle, stack = operands
        field = self.field(stack, scope)
        if field is not None and field.type == "text_list" and isinstance(needle, str):
            return Comparison(pointer, field, "has_not" if negated else "has", (Literally(needle),))
        field = self.field(needle, scope)
        if field is None or not isinstance(stack, list) or not stack:
            return None
        if field.type == "text" and all(isinstance(each, str) for each in stack):
            values: tuple[Operand, ...] | None = tuple(Literally(each) for each in stack)
        else:
            values = self.numbers(stack) if field.type == "integer" else None
        return Comparison(pointer, field, "none_of" if negated else "one_of", values) if values else None

    def field(self, tree: object, scope: Scope) -> Field | None:
        """The fact that a name means, if it is one."""
        if not isinstance(tree, dict) or list(tree) != ["var"] or not isinstance(tree["var"], str):
            return None
        known = self.catalogue.lines if scope == "line" else self.catalogue.document
        return known.get(tree["var"])

    def numbers(self, trees: Sequence[object]) -> tuple[Operand, ...] | None:
        """Numbers and parameters; None where there is anything else."""
        found: list[Operand] = []
        for tree in trees:
            if type(tree) is int:
                found.append(Literally(tree))
            elif (
                isinstance(tree, dict)
                and list(tree) == ["param"]
                and isinstance(tree["param"], str)
                and tree["param"] in self.parameters
            ):
                found.append(Parameter(tree["param"]))
            else:
                return None
        return tuple(found)
