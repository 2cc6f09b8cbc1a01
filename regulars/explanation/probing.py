"""Asks the engine what the parts of an expression came to on one document."""

import json
from dataclasses import dataclass, field

import orjson
from datalogic_py import BatchItemError

from regulars.explanation.domain import Value
from regulars.rules.compiler import filled
from regulars.rules.engine import EngineFailed, RefusedByEngine, Trace, compile_rule, run, trace
from regulars.rules.model import Pack

LINE_NUMBER = {"var": "line"}
_LINES = 'lines"'  # as both {"var": "purchase.lines"} and {"val": ["purchase", "lines"]} write it


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be evaluated, by the engine's tag."""

    tag: str


@dataclass(slots=True)
class Probe:
    """One document, and one pack whose parameters are filled in.

    Attributes:
        without_lines: the same document with no lines, for what does not read them: a trace copies the
            document into each of its steps.
    """

    pack: Pack
    document: str
    without_lines: str
    _known: dict[str, Value | Unreadable] = field(default_factory=dict)

    def value(self, tree: object) -> Value | Unreadable:
        """What an expression comes to."""
        text = self._text(tree)
        if text not in self._known:
            self._known[text] = self._run(text)
        return self._known[text]

    def trace(self, tree: object) -> Trace | Unreadable:
        """An expression with what its parts came to; of one that reads lines only what it came to itself."""
        text = self._text(tree)
        if _LINES in text:
            found = self.value(tree)
            return found if isinstance(found, Unreadable) else Trace(found, {})
        try:
            return trace(text, self.without_lines)
        except EngineFailed as failed:
            return Unreadable(str(failed))

    def lines(self, source: object) -> tuple[int, ...]:
        """The numbers of the lines that an expression over lines yields; none where it cannot be read."""
        found = self.value({"map": [source, LINE_NUMBER]})
        return tuple(number for number in found if isinstance(number, int)) if isinstance(found, list) else ()

    def lines_that(self, source: object, condition: object) -> tuple[int, ...]:
        """The numbers of those lines for which a condition holds, each line asked."""
        return self.lines({"filter": [source, condition]})

    def _run(self, text: str) -> Value | Unreadable:
        try:
            document = self.document if _LINES in text else self.without_lines
            (result,) = run([compile_rule(text)], document)
        except (EngineFailed, RefusedByEngine) as failed:
            return Unreadable(str(failed))
        if isinstance(result, BatchItemError):
            return Unreadable(result.tag)
        found: Value = json.loads(result)
        return found

    def _text(self, tree: object) -> str:
        return orjson.dumps(filled(tree, self.pack)).decode()


def source_of(tree: object) -> object | None:
    """The lines that a number is computed from: the expression that yields them, or None."""
    if not isinstance(tree, dict):
        return None
    operator, operands = next(iter(tree.items()))
    if operator in ("var", "val", "param"):
        return None
    if operator == "map" and isinstance(operands, list):
        source: object = operands[0]
        return source
    if operator == "filter":
        return tree
    for operand in operands if isinstance(operands, list) else [operands]:
        found = source_of(operand)
        if found is not None:
            return found
    return None
