"""Which rules may keep which from counting, whatever is bought: those of a group of which only one counts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Final

from regulars.explanation.stored import RuleKey
from regulars.rules.compiler import CompiledRule
from regulars.rules.evaluator import PackSet
from regulars.rules.stack_model import Choice
from regulars.rules.stacking import Node, trees_of

_CONTESTS: Final[Mapping[str, tuple[str, Choice]]] = {
    "discount": ("discount", "highest"),
    "earn": ("earning", "all"),
    "multiply": ("earning", "highest"),
}
"""The kind of pack whose trees choose among rules of an action, and how a plain group of them chooses."""

_Branch = Sequence[int]


def rivals_of(packs: PackSet) -> Mapping[RuleKey, frozenset[RuleKey]]:
    """For each rule those that may take its place.

    Args:
        packs: live together.
    Returns: by rule, those that on some purchase count instead of it; a rule that no other can outrank has
        no entry.
    Source: rule packs, "stacking".
    """
    rules = [rule for compiled in packs.packs for rule in compiled.rules]
    found: dict[RuleKey, set[RuleKey]] = {}
    for better, other in _pairs(packs, rules):
        found.setdefault(_key(rules[other]), set()).add(_key(rules[better]))
    return {key: frozenset(others) for key, others in found.items()}


def _key(rule: CompiledRule) -> RuleKey:
    return rule.pack, rule.id


def _pairs(packs: PackSet, rules: Sequence[CompiledRule]) -> Iterator[tuple[int, int]]:
    """Indexes of two rules of which the first may outrank the second."""
    trees = trees_of(packs.packs)
    for action, (kind, usual) in _CONTESTS.items():
        concerned = {index for index, rule in enumerate(rules) if rule.action == action}
        own = [tree for pack_kind, tree in trees if pack_kind == kind]
        for tree in own:
            yield from _within(tree, usual, concerned, rules)
        if usual != "all":
            for branches in _groups(own, concerned, rules).values():
                yield from _across(branches, usual, rules)


def _groups(
    trees: Sequence[Node], concerned: set[int], rules: Sequence[CompiledRule]
) -> Mapping[str, Sequence[_Branch]]:
    """What stands against each other beyond trees: single rules, and each tree as one, by their groups."""
    grouped: dict[str, list[_Branch]] = {}
    for index in sorted(concerned - frozenset[int]().union(*(tree.everyone for tree in trees))):
        grouped.setdefault(rules[index].group, []).append((index,))
    for tree in trees:
        grouped.setdefault(tree.group, []).append(sorted(tree.everyone & concerned))
    return grouped


def _within(
    node: Node, usual: Choice, concerned: set[int], rules: Sequence[CompiledRule]
) -> Iterator[tuple[int, int]]:
    branches: list[_Branch] = [(index,) for index in node.rules if index in concerned]
    branches += [sorted(member.everyone & concerned) for member in node.members]
    pick = node.pick or usual
    if pick != "all":
        yield from _across(branches, pick, rules)
    for member in node.members:
        yield from _within(member, usual, concerned, rules)


def _across(
    branches: Sequence[_Branch], pick: Choice, rules: Sequence[CompiledRule]
) -> Iterator[tuple[int, int]]:
    for some, others in permutations((branch for branch in branches if branch), 2):
        if _may_beat(some, others, pick, rules):
            yield from ((better, other) for better in some for other in others)


def _may_beat(some: _Branch, others: _Branch, pick: Choice, rules: Sequence[CompiledRule]) -> bool:
    """Whether the one may be chosen before the other; of what depends on the basket anything may be."""
    first = min(some) < max(others)
    if pick == "first":
        return first
    one, other = rules[some[0]], rules[others[0]]
    if len(some) > 1 or len(others) > 1 or one.action != "multiply":
        return True
    if one.rate_bps == other.rate_bps:
        return first
    return (one.rate_bps > other.rate_bps) == (pick == "highest")
