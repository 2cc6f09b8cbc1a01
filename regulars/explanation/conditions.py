"""Each condition of a rule with what it came to, and what it would have needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.explanation.domain import Condition, ReadValue, Said, Value
from regulars.explanation.probing import Probe, Unreadable, source_of
from regulars.explanation.speech import PackSpeech, numbers
from regulars.kernel.written import spaced
from regulars.rules.engine import Trace

COMPARING: Final = (">=", ">", "<=", "<", "===", "!==")
_JOINING: Final = ("and", "or", "!")
EACH_LINE: Final = ("some", "all", "none")
_FLIPPED: Final = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells the conditions of one pack on one document.

    Attributes:
        unknown: paths of facts that nobody knows yet, e.g. those of a basket; a condition that reads one
            stays open.
    """

    probe: Probe
    speech: PackSpeech
    unknown: frozenset[str] = frozenset()

    def tell(self, tree: object) -> Condition:
        """One condition, with all that it is made of.

        Args:
            tree: JSON-logic of the pack, checked.
        Returns: whether it holds, what both sides came to, which lines, and what it would have needed.
        """
        operator, operands = _operation(tree)
        if self.unknown and self._reads_unknown(tree):
            return self._open(tree, operator, operands)
        if operator in _JOINING:
            return self._made_of(tree, operands)
        if operator in EACH_LINE:
            return self._of_lines(tree, operator, operands)
        if operator in (*COMPARING, "in"):
            return self._compared(tree, operator, operands)
        return self._plain(tree)

    def _open(self, tree: object, operator: str, operands: Sequence[object]) -> Condition:
        """What is not known stays open; what is known may decide all the same."""
        if operator not in _JOINING:
            return Condition(self.speech.words(tree), None, needed=_DEPENDS)
        parts = tuple(self.tell(operand) for operand in operands)
        found = [part.holds for part in parts]
        decisive = operator == "or"
        holds = decisive if decisive in found else None
        if operator == "!":
            holds = None if found[0] is None else not found[0]
        needed = _DEPENDS if holds is None else None
        return Condition(self.speech.words(tree), holds, needed=needed, parts=parts)

    def _made_of(self, tree: object, operands: Sequence[object]) -> Condition:
        holds, error = self._holds(tree)
        parts = tuple(self.tell(operand) for operand in operands)
        needed = _lacking(parts) if holds is False else None
        return Condition(self.speech.words(tree), holds, needed=needed, parts=parts, error=error)

    def _of_lines(self, tree: object, operator: str, operands: Sequence[object]) -> Condition:
        """Which lines fulfil it: each line is asked, though the engine stops at the first that decides."""
        holds, error = self._holds(tree)
        source, body = operands
        asked, found = self.probe.lines(source), self.probe.lines_that(source, body)
        needed = None
        if holds is False:
            needed = _needed_of_lines(operator, asked, found)
        return Condition(
            self.speech.words(tree), holds, needed=needed, lines=found, of_lines=asked, error=error
        )

    def _compared(self, tree: object, operator: str, operands: Sequence[object]) -> Condition:
        traced = self.probe.trace(tree)
        words = self.speech.words(tree)
        if isinstance(traced, Unreadable):
            return Condition(words, None, error=traced.tag)
        if traced.error is not None:
            return Condition(words, None, error=traced.error)
        sides = [self._side(operand, f"/{operator}/{i}", traced) for i, operand in enumerate(operands)]
        values = tuple(
            self._read(operand, side, operands)
            for operand, side in zip(operands, sides, strict=True)
            if isinstance(operand, dict) and "param" not in operand
        )
        holds = traced.result if isinstance(traced.result, bool) else None
        needed = self._needed(operator, operands, sides) if holds is False else None
        return Condition(words, holds, values, needed)

    def _plain(self, tree: object) -> Condition:
        holds, error = self._holds(tree)
        values: tuple[ReadValue, ...] = ()
        if self.speech.en.field(tree) is not None and holds is not None:
            values = (ReadValue(self.speech.name(tree), holds, self.speech.value(holds, tree)),)
        return Condition(self.speech.words(tree), holds, values, error=error)

    def _holds(self, tree: object) -> tuple[bool | None, str | None]:
        found = self.probe.value(tree)
        if isinstance(found, Unreadable):
            return None, found.tag
        return (found, None) if isinstance(found, bool) else (None, "NotBoolean")

    def _side(self, operand: object, pointer: str, traced: Trace) -> Value:
        """One side's value: as the trace has it, or evaluated where the engine knew it beforehand."""
        if pointer in traced.values:
            found: Value = traced.values[pointer]  # type: ignore[assignment]  # JSON of what we compare
            return found
        known = self.probe.value(operand)
        return None if isinstance(known, Unreadable) else known

    def _read(self, operand: object, value: Value, operands: Sequence[object]) -> ReadValue:
        like = operand
        if not self.speech.unit(operand):
            like = next((other for other in operands if self.speech.unit(other)), operand)
        source = source_of(operand)
        lines = None if source is None else self.probe.lines(source)
        return ReadValue(self.speech.name(operand), value, self.speech.value(value, like), lines)

    def _needed(self, operator: str, operands: Sequence[object], sides: Sequence[Value]) -> Said | None:
        if operator == "in":
            return self._needed_member(operands, sides)
        if len(operands) == 3:
            return self._needed_between(operator, operands, sides)
        left, right = operands
        if (
            not isinstance(left, dict) or "param" in left
        ):  # a plain number stands first: read it the other way
            operator = _FLIPPED.get(operator, operator)
            left, right, sides = right, left, (sides[1], sides[0])
        is_now, wanted = sides
        if operator in ("===", "!=="):
            return _instead(self.speech.value(is_now, left))
        return self._short(operator, is_now, wanted, left if self.speech.unit(left) else right)

    def _needed_between(
        self, operator: str, operands: Sequence[object], sides: Sequence[Value]
    ) -> Said | None:
        low, middle, high = sides
        if not (isinstance(low, int) and isinstance(middle, int) and isinstance(high, int)):
            return None
        for each, bound in ((_FLIPPED[operator], low), (operator, high)):
            if not _COMPARE[each](middle, bound):
                return self._short(each, middle, bound, operands[1])
        return None

    def _short(self, operator: str, is_now: Value, wanted: Value, like: object) -> Said | None:
        """By how much a number misses what is asked of it."""
        if not isinstance(is_now, int) or not isinstance(wanted, int):
            return None
        target = wanted + {">": 1, "<": -1}.get(operator, 0)
        if self.speech.unit(like) in _POINTS_IN_TIME:
            return _instead(self.speech.value(is_now, like))
        said = self.speech.value(target, like)
        gap = self.speech.amount(target - is_now, like)
        if operator[0] == ">":
            return Said(f"需达到 {said.zh}，差 {gap.zh}", f"it takes {said.en}: {gap.en} short")
        return Said(f"不得超过 {said.zh}，多出 {gap.zh}", f"at most {said.en}: {gap.en} too much")

    def _needed_member(self, operands: Sequence[object], sides: Sequence[Value]) -> Said:
        needle, stack = operands
        if isinstance(stack, list):
            return _instead(self.speech.value(sides[0], needle))
        wanted = self.speech.value(sides[0], stack)
        return Said(spaced("其中没有", wanted.zh), f"{wanted.en} is not among them")

    def _reads_unknown(self, tree: object) -> bool:
        operator, operands = _operation(tree)
        if operator in ("var", "val"):
            path = operands[0] if operands else ""
            return isinstance(path, str) and any(
                path == one or path.startswith(one + ".") for one in self.unknown
            )
        return any(self._reads_unknown(operand) for operand in operands)


_POINTS_IN_TIME: Final = ("yyyymmdd", "weekday", "hour", "minute", "month", "day")
"""Units whose numbers have no meaningful distance."""
_DEPENDS: Final = Said("取决于购物篮", "it depends on the basket")
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}


def _instead(now: Said) -> Said:
    """What it is, after the condition has said what it ought to be."""
    return Said(spaced("实际是", now.zh), f"it is {now.en}")


def _lacking(parts: Sequence[Condition]) -> Said | None:
    """What the parts that do not hold lack; which of them is meant is said where there are several."""
    those = [(part.words, part.needed) for part in parts if part.holds is False and part.needed]
    if len(those) < 2:
        return those[0][1] if those else None
    return Said.joined([Said(f"{of.zh}：{lacks.zh}", f"{of.en}: {lacks.en}") for of, lacks in those])


def _needed_of_lines(operator: str, asked: Sequence[int], found: Sequence[int]) -> Said:
    if operator == "none":
        those = numbers(found)
        return Said(f"不应有，却有{those.zh}", f"there should be none, but it is so for {those.en}")
    if operator == "all" and asked:
        others = numbers([line for line in asked if line not in found])
        return Said(f"{others.zh}不满足", f"not so for {others.en}")
    return Said(
        f"共 {len(asked)} 行，没有一行满足",
        f"none of {len(asked)} line{'' if len(asked) == 1 else 's'} fulfils it",
    )


def _operation(tree: object) -> tuple[str, Sequence[object]]:
    if isinstance(tree, list):
        return "", tree
    if not isinstance(tree, dict) or len(tree) != 1:
        return "", ()
    operator, operands = next(iter(tree.items()))
    return str(operator), operands if isinstance(operands, list) else [operands]
