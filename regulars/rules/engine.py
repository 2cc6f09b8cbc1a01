"""The JSON-logic engine: text in, text out, and an error in one rule stays in that rule."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from datalogic_py import BatchItemError, CompileError, DataHandle, DataLogicError, Engine, Rule

OPS_BUDGET = 6_000_000
"""Of one rule on one purchase. More than any green pack can need on the longest purchase that is taken
(`cost.MOST_STEPS`, `catalogue.MAX_LINES`), so that no till runs out of it: a last bound on what was never
checked, a fraction of a second."""


def made(missing: Literal["error", "null"] = "error") -> Engine:
    """The engine as all of us run it.

    Args:
        missing: what reading a fact that is not there comes to.
    """
    return Engine(
        config={
            "preset": "strict",
            "missing_var": missing,
            "division_by_zero": "throw_error",
            "ops_budget": OPS_BUDGET,
        },
        strict_operator_names=True,
        families=["ExtString", "ExtArray", "ExtObject", "ExtMath", "ExtControl"],
    )


_ENGINE: Final = made()
_TRUSTING: Final = made("null")
"""Takes its fast ways through lists, for it need not look at each line whether a fact is there."""


class RefusedByEngine(Exception):
    """The engine does not compile this text."""


class EngineFailed(Exception):
    """The engine gave no results; the argument is its tag."""


def compile_rule(text: str) -> Rule:
    """A compiled rule.

    Args:
        text: JSON-logic as text; never a Python object, for a deep one ends the process.
    Raises: RefusedByEngine: with the engine's first complaint.
    """
    try:
        return _ENGINE.compile_checked(text)
    except CompileError as error:
        first = error.diagnostics[0] if error.diagnostics else None
        raise RefusedByEngine(first["message"] if first else str(error)) from None
    except DataLogicError as error:
        raise RefusedByEngine(str(error)) from None


def run(rules: Sequence[Rule], document: str) -> list[str | BatchItemError]:
    """Each rule's result on one document.

    Args:
        rules: compiled rules.
        document: JSON text of the facts.
    Returns: JSON text a rule, or what went wrong in its place.
    Raises: EngineFailed: nothing could be evaluated at all.
    """
    try:
        session = _ENGINE.session()  # one a call: a session may not leave its thread
        return session.evaluate_many(rules, DataHandle(document))
    except Exception as error:
        raise EngineFailed(getattr(error, "error_type", type(error).__name__)) from None
    except BaseException as error:  # the engine panics outside of Exception
        if type(error).__name__ == "PanicException":
            raise EngineFailed("Panic") from None
        raise


def compile_together(texts: Sequence[str], *, certain: bool) -> Rule | None:
    """Several rules as one expression: one call, and what they have in common is computed once.

    Args:
        texts: JSON-logic of rules that compile one by one.
        certain: whether all facts that they read are in every document that they are run on.
    Returns: None where the engine does not take them together.
    """
    try:
        return (_TRUSTING if certain else _ENGINE).compile_checked(f"[{','.join(texts)}]")
    except DataLogicError:
        return None


def run_together(rules: Rule, document: str) -> list[object] | None:
    """The results of rules that were compiled together, as plain values.

    Args:
        rules: from `compile_together`.
        document: JSON text of the facts.
    Returns: None where any of them fails: `run` tells which, and what the others come to.
    """
    try:
        return cast("list[object]", rules.evaluate(document))
    except Exception:
        return None
    except BaseException as error:  # the engine panics outside of Exception
        if type(error).__name__ == "PanicException":
            return None
        raise


@dataclass(frozen=True, slots=True)
class Trace:
    """How one expression came to its result.

    Attributes:
        result: None where it failed.
        values: what each evaluated part came to outside of iterators, by JSON Pointer into the expression;
            plain literals are not listed, nor what was not needed.
        error: the engine's tag where it failed.
    """

    result: object
    values: Mapping[str, object]
    error: str | None = None


def trace(text: str, document: str) -> Trace:
    """Evaluate one expression and tell what its parts came to; slow, for explanations only.

    Args:
        text: JSON-logic as text.
        document: JSON text of the facts.
    Raises: EngineFailed: nothing could be evaluated at all.
    """
    try:
        told = json.loads(_ENGINE.evaluate_with_trace(text, document))
    except Exception as error:
        raise EngineFailed(getattr(error, "error_type", type(error).__name__)) from None
    except BaseException as error:  # the engine panics outside of Exception
        if type(error).__name__ == "PanicException":
            raise EngineFailed("Panic") from None
        raise
    pointers = told["pointers"]
    values = {
        pointers[str(step["node_id"])]: step["result"]
        for step in told["steps"]
        if "iteration_index" not in step and step["error"] is None
    }
    failed = told.get("structured_error")
    return Trace(told["result"], values, failed["type"] if failed else None)
