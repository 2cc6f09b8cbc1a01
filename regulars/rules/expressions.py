"""Checks JSON-logic against the field catalogue: operators, paths, types, scopes, bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from regulars.rules import shapes
from regulars.rules.catalogue import BUILT_IN, EXACT_BELOW, Catalogue, Field
from regulars.rules.domain import PackKind
from regulars.rules.findings import MOST_FINDINGS, Finding, at, finding
from regulars.rules.operators import CHECKS, Operation
from regulars.rules.shapes import UNKNOWN, Shape, ShapeType

OUTER_FROM_LINE = 2
"""How many levels the engine climbs from inside a line to the document."""

INSTEAD: Mapping[str, tuple[str, str]] = {
    "==": ("===", "==="),
    "!=": ("!==", "!=="),
    "!!": ("直接写条件", "the condition itself"),
    "?:": ("if", "if"),
    "reduce": ("{“+”: [{“map”: …}]} 求和", "a sum: + over map"),
    "missing": ("字段目录里的字段，它们总有值", "the facts themselves: they are always there"),
    "missing_some": ("字段目录里的字段，它们总有值", "the facts themselves: they are always there"),
    "exists": ("字段目录里的字段，它们总有值", "the facts themselves: they are always there"),
    "??": ("字段目录里的字段，它们总有值", "the facts themselves: they are always there"),
}


@dataclass(slots=True)
class Expressions:
    """The check of all expressions of one pack.

    Attributes:
        parameters: each parameter's name with its bounds.
        catalogue: what rules of this chain can read.
        used: the parameters seen so far.
    """

    kind: PackKind
    parameters: Mapping[str, tuple[int, int]]
    catalogue: Catalogue = BUILT_IN
    findings: list[Finding] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def condition(self, tree: object, pointer: str, *, of_line: bool = False) -> None:
        """Check an expression that must be true or false."""
        self.expect(self.shape(tree, pointer, in_line=of_line), "boolean", pointer, "when")

    def amount(self, tree: object, pointer: str) -> Shape:
        """Check an expression that must be a whole number; its bounds come back."""
        return self.expect(self.shape(tree, pointer, in_line=False), "integer", pointer, "amount")

    def parameter(self, name: str, pointer: str) -> Shape:
        """The bounds of a parameter, which is thereby used."""
        self.used.add(name)
        if name not in self.parameters:
            return self.say("parameter_unknown", pointer, name=name)
        return shapes.integer(*self.parameters[name])

    def say(self, code: str, pointer: str, **details: object) -> Shape:
        if len(self.findings) <= MOST_FINDINGS:
            self.findings.append(finding(code, pointer, **details))
        return UNKNOWN

    def expect(self, found: Shape, expected: ShapeType, pointer: str, operator: str) -> Shape:
        if found.type in (expected, "unknown"):
            return found
        words = shapes.WORDS[expected]
        return self.say("operand_type", pointer, operator=operator, expected=words, found=found.words)

    def bounded(self, found: Shape, pointer: str) -> Shape:
        if max(abs(found.low), abs(found.high)) >= EXACT_BELOW:
            worst = found.low if abs(found.low) > abs(found.high) else found.high
            return self.say("number_may_overflow", pointer, high=worst)
        return found

    def shape(self, tree: object, pointer: str, *, in_line: bool) -> Shape:
        if isinstance(tree, dict):
            return self._operation(tree, pointer, in_line=in_line)
        if isinstance(tree, list):
            return self._list(tree, pointer)
        if isinstance(tree, str):
            return Shape("text", literal=tree)
        if type(tree) is int:
            return Shape("integer", tree, tree, literal=tree)
        return self.say("literal_refused", pointer, value={True: "true", False: "false"}.get(tree, "null"))  # type: ignore[call-overload]

    def _list(self, members: Sequence[object], pointer: str) -> Shape:
        if members and all(isinstance(member, str) for member in members):
            return Shape("texts", length=len(members))
        if members and all(type(member) is int or _is_parameter(member) for member in members):
            each = [self.shape(m, at(pointer, i), in_line=False) for i, m in enumerate(members)]
            known = [shape for shape in each if shape.type == "integer"]
            if not known:
                return UNKNOWN
            joined = shapes.union(known)
            return Shape("integers", joined.low, joined.high, len(members))
        return self.say("literal_refused", pointer, value="[…]")

    def _operation(self, tree: Mapping[str, object], pointer: str, *, in_line: bool) -> Shape:
        if len(tree) != 1:
            return self.say("one_operator_expected", pointer)
        operator, operands = next(iter(tree.items()))
        here = at(pointer, operator)
        if operator == "param":
            return self.parameter(operands if isinstance(operands, str) else "", here)
        if operator == "var":
            return self._var(operands, here, in_line=in_line)
        if operator == "val":
            return self._val(operands, here, in_line=in_line)
        check = CHECKS.get(operator)
        if check is None:
            return self._unknown(operator, pointer)
        each = operands if isinstance(operands, list) else [operands]
        return check(self, Operation(operator, each, here, in_line, isinstance(operands, list)))

    def _unknown(self, operator: str, pointer: str) -> Shape:
        if operator == "/":
            return self.say("division_unrounded", pointer)
        if operator in INSTEAD:
            return self.say("operator_refused", pointer, operator=operator, instead=INSTEAD[operator])
        return self.say("operator_unknown", pointer, operator=operator, choices=", ".join(sorted(CHECKS)))

    def _var(self, path: object, pointer: str, *, in_line: bool) -> Shape:
        if not isinstance(path, str):
            return self.say("path_expected", pointer)
        known = self.catalogue
        if in_line and path not in known.lines and path in known.document:
            steps = ", ".join(f'"{step}"' for step in path.split("."))
            return self.say("path_outside_line", pointer, path=steps)
        return self._fact(path, known.lines if in_line else known.document, pointer)

    def _val(self, steps: object, pointer: str, *, in_line: bool) -> Shape:
        if not isinstance(steps, list) or not steps:
            return self.say("path_expected", pointer)
        climbs = in_line and steps[0] == [OUTER_FROM_LINE]
        names = steps[1:] if climbs else steps
        if not names or not all(isinstance(name, str) for name in names):
            return self.say("path_expected", pointer)
        if climbs:
            return self._fact(".".join(names), self.catalogue.document, pointer)
        return self._var(".".join(names), pointer, in_line=in_line)

    def _fact(self, path: str, fields: Mapping[str, Field], pointer: str) -> Shape:
        found = fields.get(path)
        if found is None:
            if path in self.catalogue.lines:
                return self.say("path_is_line_field", pointer, path=path)
            return self.say("path_unknown", pointer, path=path, choices=self._near(path, fields))
        if self.kind not in found.kinds:
            return self.say("path_not_for_kind", pointer, path=path, kind=self.kind)
        if found.retired:
            self.say("path_retired", pointer, path=path)
        return shapes.of_field(found)

    def _near(self, path: str, fields: Mapping[str, Field]) -> str:
        tired = len(self.findings) > 20
        near = [] if tired else get_close_matches(path[:60], fields, n=3, cutoff=0.4)
        return ", ".join(near or list(fields)[:3])


def _is_parameter(tree: object) -> bool:
    return isinstance(tree, dict) and list(tree) == ["param"]
