"""Says all that is wrong with a segment's condition: the packs' own checker, for facts of members only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.engine import RefusedByEngine, compile_rule
from regulars.rules.expressions import Expressions
from regulars.rules.findings import Finding, finding, first, is_green
from regulars.rules.reading import read
from regulars.segments.domain import Condition, reads
from regulars.segments.errors import SegmentNotGreen
from regulars.segments.features import features_of
from regulars.segments.rows import engine_text

MOST_VALUES: Final = 2_000
_KIND: Final = ("会员分群", "segment")


def check_condition(tree: object, catalogue: Catalogue = BUILT_IN) -> Condition:
    """A condition that can be asked of members.

    Args:
        tree: plain JSON values, whatever they are.
        catalogue: the chain's.
    Returns: the condition with the facts that it reads.
    Raises: SegmentNotGreen: with every finding; each points into the condition.
    Source: the rules' checker, kind "eligibility".
    """
    return check_text(_as_text(tree), catalogue)


def check_text(text: str | bytes, catalogue: Catalogue = BUILT_IN) -> Condition:
    """The same for JSON text."""
    tree, findings = read(text)
    if not findings:
        findings = list(_findings(tree, catalogue))
    if not is_green(findings):
        raise SegmentNotGreen(first(findings))
    return Condition(tree, tuple(sorted({path for path, _ in reads(tree)})))


def _as_text(tree: object) -> str:
    try:
        return json.dumps(tree, ensure_ascii=False)
    except (RecursionError, ValueError, TypeError):
        raise SegmentNotGreen([finding("not_json", "", line=1, column=1)]) from None


def _findings(tree: object, catalogue: Catalogue) -> Iterator[Finding]:
    if _values_in(tree) > MOST_VALUES:
        yield finding("too_complex", "", limit=MOST_VALUES)
        return
    expressions = Expressions("eligibility", {}, catalogue)
    expressions.condition(tree, "")
    yield from expressions.findings
    if not is_green(expressions.findings):
        return
    features = features_of(catalogue)
    others = [(path, pointer) for path, pointer in reads(tree) if path not in features]
    for path, pointer in others:
        yield finding("path_not_for_kind", pointer, path=path, kind=_KIND)
    if not others:
        try:
            compile_rule(engine_text(tree))
        except RefusedByEngine as refused:
            yield finding("engine_refuses", "", message=str(refused))


def _values_in(root: object) -> int:
    waiting, seen = [root], 0
    while waiting:
        tree = waiting.pop()
        seen += 1
        if isinstance(tree, Mapping):
            waiting.extend(tree.values())
        elif isinstance(tree, Sequence) and not isinstance(tree, str):
            waiting.extend(tree)
    return seen
