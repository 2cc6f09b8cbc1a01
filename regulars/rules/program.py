"""Runs rules together on one document, and sorts out what became of each; an error in one stays in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

import orjson
from datalogic_py import BatchItemError, Rule

from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.compiler import CompiledRule
from regulars.rules.consequences import Consequence, MessageAsked
from regulars.rules.discounts import DiscountForm, SelectedLine, Selection
from regulars.rules.domain import RuleOutcome
from regulars.rules.engine import EngineFailed, compile_rule, compile_together, run, run_together
from regulars.rules.outcomes import Outcomes, Selected

NOT_WHOLE = "NotWhole"
REFUSED_RULE = "RuleRefused"
WITH_AMOUNT = ("amount_minor", "price_minor")
_REFUSAL: Final = "refused"
_REFUSAL_TEXT: Final = f'"{_REFUSAL}"'
_REFUSED: Final = compile_rule(_REFUSAL_TEXT)
"""Runs in the place of a rule that the engine refuses."""

NONE_FAILED: Final[Mapping[tuple[str, str], str]] = MappingProxyType({})
NONE_CLOSED: Final[Mapping[int, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Together:
    """Rules as one expression.

    Attributes:
        rule: None where each has to run by itself.
        apart: indexes of those that are not in it.
    """

    rule: Rule | None
    apart: frozenset[int] = frozenset()


class Program:
    """Rules that run together on one document.

    They run as one expression. Where one of them fails, each runs by itself on this document, so that the
    others stand; and the one that failed does from then on, for a failure costs more than a call.
    """

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        *,
        certain: bool,
        failed: Mapping[tuple[str, str], str] = NONE_FAILED,
    ) -> None:
        """Prepare some rules.

        Args:
            rules: in their order.
            certain: whether all that they read is in every document.
            failed: the error of those that fail whatever they read, by pack version and rule.
        """
        self.rules = rules
        errors = [failed.get((rule.pack, rule.id)) for rule in rules]
        self._certain = certain
        self._each = [
            _REFUSED if error else rule.rule or _REFUSED for rule, error in zip(rules, errors, strict=True)
        ]
        self._texts = [
            _REFUSAL_TEXT if each is _REFUSED else rule.text
            for rule, each in zip(rules, self._each, strict=True)
        ]
        self._decided = [
            {_REFUSAL: rule.error(error)} if error else _decided(rule)
            for rule, error in zip(rules, errors, strict=True)
        ]
        self._together: _Together | None = None

    def read(self, document: Callable[[], str], closed: Mapping[int, str] = NONE_CLOSED) -> Outcomes:
        """Run the rules, and sort their results into outcomes and values.

        Args:
            document: makes the JSON text of the facts.
            closed: notes of those that do not count, by their indexes: they are as if they were not there.
        Returns: what became of each.
        """
        try:
            results = self._results(document())
        except EngineFailed as failed:
            return self._all_failed(str(failed), closed)
        except (TypeError, ValueError) as error:  # a fact that is no JSON
            return self._all_failed(type(error).__name__, closed)
        return self._sorted_out(results, closed)

    def _results(self, document: str) -> Sequence[object]:
        together = self._together
        if together is None:  # compiled when it is first needed, for most packs of a page never run
            together = self._together = self._without(frozenset())
        results = None if together.rule is None else run_together(together.rule, document)
        if results is None:
            return self._each_by_itself(document, together)
        if together.apart:
            apart = sorted(together.apart)
            for index, result in zip(apart, run([self._each[i] for i in apart], document), strict=True):
                results[index] = _plain(result)
        return results

    def _each_by_itself(self, document: str, together: _Together) -> Sequence[object]:
        results = [_plain(result) for result in run(self._each, document)]
        if together.rule is not None:
            failing = frozenset(i for i, result in enumerate(results) if type(result) is BatchItemError)
            blamed = failing - together.apart
            self._together = self._without(failing | together.apart) if blamed else _Together(None)
        return results

    def _without(self, apart: frozenset[int]) -> _Together:
        texts = [_REFUSAL_TEXT if index in apart else text for index, text in enumerate(self._texts)]
        return _Together(compile_together(texts, certain=self._certain), apart)

    def _sorted_out(self, results: Sequence[object], closed: Mapping[int, str]) -> Outcomes:
        # Most rules of most events fail; a look-up by the text that says where is the fast way out.
        known = [
            decided.get(result) if type(result) is str else None
            for decided, result in zip(self._decided, results, strict=True)
        ]
        outcomes = Outcomes(self.rules, cast("list[RuleOutcome]", known))
        for index, note in closed.items():
            outcomes.withhold(index, note)
        for index in [index for index, outcome in enumerate(known) if outcome is None]:
            rule, result = self.rules[index], results[index]
            if type(result) is BatchItemError:
                known[index] = rule.error(result.tag)
            elif _took(outcomes, index, rule, result):
                known[index] = rule.nothing
            else:
                known[index] = rule.error(NOT_WHOLE)
        return outcomes

    def _all_failed(self, tag: str, closed: Mapping[int, str]) -> Outcomes:
        outcomes = Outcomes(self.rules, [rule.error(tag) for rule in self.rules])
        for index, note in closed.items():
            outcomes.withhold(index, note)
        return outcomes


def _decided(rule: CompiledRule) -> Mapping[str, RuleOutcome]:
    """The outcomes that a rule's result names by itself."""
    if rule.rule is None:
        return {_REFUSAL: rule.error(REFUSED_RULE)}
    return {str(failed): outcome for failed, outcome in enumerate(rule.failed)}


def _plain(result: str | BatchItemError) -> object:
    """A result as a plain value; what is none stays what it is."""
    try:
        return result if isinstance(result, BatchItemError) else orjson.loads(result)
    except ValueError:
        return result


def _took(outcomes: Outcomes, index: int, rule: CompiledRule, result: object) -> bool:
    """Whether the result is what the rule's action needs; it is then noted."""
    if rule.action == "discount":
        selected = _selected(result) if rule.form is None else _selection(rule.form, result)
        if selected is None:
            return False
        outcomes.selected[index] = selected
    elif rule.consequence is not None:
        values = _values(rule.consequence, result)
        if values is None:
            return False
        outcomes.values[index] = values
    elif type(result) is int and 0 <= result < EXACT_BELOW:
        outcomes.amounts[index] = result
    else:
        return False
    outcomes.holding[rule.action].append(index)
    return True


def _values(consequence: Consequence, result: object) -> tuple[int, ...] | None:
    """The values of a message; of what has none, none."""
    if not isinstance(consequence, MessageAsked) or not consequence.values:
        return ()
    if not isinstance(result, list) or len(result) != len(consequence.values):
        return None
    whole = all(type(value) is int and abs(value) < EXACT_BELOW for value in result)
    return tuple(result) if whole else None


def _selected(result: Any) -> Selected | None:  # noqa: ANN401 — whatever the engine made of it
    try:
        return [(number, value) for number, value in result if 0 < value < EXACT_BELOW]
    except (TypeError, ValueError):
        return None


def _selection(form: DiscountForm, result: Any) -> Selection | None:  # noqa: ANN401 — as above
    try:
        rows, amount = result if form.form in WITH_AMOUNT else (result, 0)
        lines = tuple(
            SelectedLine(number, sales, value, quantity // 1_000 if quantity % 1_000 == 0 else 0)
            for number, sales, value, quantity in rows
            if 0 < sales < EXACT_BELOW and 0 < value < EXACT_BELOW
        )
        if type(amount) is int and 0 <= amount < EXACT_BELOW:
            return Selection(lines, amount)
    except (TypeError, ValueError):
        pass
    return None
