"""The tiers that packs and conditions name: a misspelt one fits no member."""

from collections.abc import Iterator, Sequence

from regulars.rules.findings import at
from regulars.rules.model import Pack

_COMPARING = ("===", "!==", "in")
_OUTSIDE = ["member", "tier"]


def tiers_named(pack: Pack) -> Iterator[tuple[str, str, str]]:
    """Each tier that scopes, conditions and amounts name.

    Args:
        pack: checked.
    Returns: the id of the rule ("" where the pack itself names it), where it stands, and its code.
    """
    parts = [("", "", pack.scope)]
    parts += [(rule.id, at("", "rules", index), rule.scope) for index, rule in enumerate(pack.rules)]
    for rule_id, pointer, scope in parts:
        for place, tier in enumerate((scope.tiers if scope else None) or ()):
            yield rule_id, at(pointer, "scope", "tiers", place), tier
    for index, rule in enumerate(pack.rules):
        tree = rule.model_dump(mode="json", by_alias=True, include={"when", "then"}, exclude_none=True)
        for pointer, tier in tiers_compared(tree, at("", "rules", index)):
            yield rule.id, pointer, tier


def tiers_compared(tree: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Each text that a condition compares the member's tier with.

    Args:
        tree: checked.
        pointer: to the condition itself.
    Returns: where it stands, and the tier's code.
    """
    if isinstance(tree, dict):
        for name, below in tree.items():
            here = at(pointer, name)
            if name in _COMPARING and isinstance(below, list) and any(_reads_tier(each) for each in below):
                yield from _texts(below, here)
            else:
                yield from tiers_compared(below, here)
    elif isinstance(tree, list):
        for index, below in enumerate(tree):
            yield from tiers_compared(below, at(pointer, index))


def _reads_tier(tree: object) -> bool:
    match tree:
        case {"var": "member.tier"}:
            return True
        case {"val": [[int()], *path]} | {"val": [*path]}:
            return path == _OUTSIDE
        case _:
            return False


def _texts(operands: Sequence[object], pointer: str) -> Iterator[tuple[str, str]]:
    for index, operand in enumerate(operands):
        if isinstance(operand, str) and operand:
            yield at(pointer, index), operand
        elif isinstance(operand, list):
            yield from _texts(operand, at(pointer, index))
