"""Whether all that an expression reads stands in every purchase's document: none of it can be missing."""

from collections.abc import Mapping
from typing import Final

from regulars.rules.catalogue import DOCUMENT_FIELDS, LINE_FIELDS, LINES_PATH
from regulars.rules.domain import RECENT_FACTS
from regulars.rules.expressions import OUTER_FROM_LINE
from regulars.rules.operators import CHECKS, ITERATORS

CERTAIN_FACTS: Final = DOCUMENT_FIELDS.keys() - {f"member.{name}" for name in RECENT_FACTS}
"""What a member did lately and the chain's own facts stand there only for packs that ask for them."""
CERTAIN_LINE_FACTS: Final = LINE_FIELDS.keys()
_OPERATORS: Final = CHECKS.keys() | {"/"}


def reads_certain(tree: object, *, in_line: bool = False) -> bool:
    """Whether an expression reads nothing but facts that are always there.

    Args:
        tree: JSON-logic as the engine gets it, checked or not: operands in lists.
        in_line: whether it is asked of each line.
    Returns: false where it is not plain to see.
    """
    if isinstance(tree, list):
        return all(reads_certain(member, in_line=in_line) for member in tree)
    if not isinstance(tree, Mapping):
        return True
    operator, operands = next(iter(tree.items()))
    if operator in ("var", "val"):
        return _is_certain(operands, in_line=in_line)
    if operator in ITERATORS:
        return not in_line and _walks_lines(operands)
    return operator in _OPERATORS and reads_certain(operands, in_line=in_line)


def _is_certain(path: object, *, in_line: bool) -> bool:
    steps = path if isinstance(path, list) else [path]
    if in_line and steps[:1] == [[OUTER_FROM_LINE]]:
        steps, in_line = steps[1:], False
    named = ".".join(step if isinstance(step, str) else "" for step in steps)
    return named in (CERTAIN_LINE_FACTS if in_line else CERTAIN_FACTS)


def _walks_lines(operands: object) -> bool:
    if not isinstance(operands, list) or len(operands) != 2:
        return False
    source, body = operands
    filtered = isinstance(source, Mapping) and "filter" in source
    are_lines = source in ({"var": LINES_PATH}, {"val": LINES_PATH.split(".")})
    return (are_lines or filtered) and reads_certain(source) and reads_certain(body, in_line=True)
