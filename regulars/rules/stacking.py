"""Which of the rules that hold count: one of a group, or what a pack's own tree of groups lets through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from regulars.rules.compiler import CompiledPack
from regulars.rules.domain import PackKind
from regulars.rules.outcomes import Outcomes
from regulars.rules.stack_model import Choice, Stack

Worth = int | Fraction
Joined = Callable[[Worth, Worth], Worth]


@dataclass(frozen=True, slots=True)
class Contest:
    """How rules of one kind of action are measured against each other.

    Attributes:
        worth: what each rule that holds would give, by its index.
        joined: what two that both count give together.
        usual: how a plain group of rules chooses.
    """

    worth: Mapping[int, Worth]
    joined: Joined
    usual: Choice


@dataclass(frozen=True, slots=True)
class Node:
    """A group of a pack's tree.

    Attributes:
        rules: the indexes of those that name it, in their order.
        everyone: of all rules in it and below.
    """

    group: str
    pick: Choice | None
    members: tuple["Node", ...]
    rules: tuple[int, ...]
    everyone: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Entry:
    worth: Worth
    indexes: tuple[int, ...]

    @property
    def place(self) -> int:
        return min(self.indexes)


def trees_of(packs: Sequence[CompiledPack]) -> tuple[tuple[PackKind, Node], ...]:
    """The trees of the packs that have one with their kinds, over the rules of all packs in their order."""
    trees: list[tuple[PackKind, Node]] = []
    begins = 0
    for pack in packs:
        if pack.pack.stacking is not None:
            grouped: dict[str, list[int]] = {}
            for offset, rule in enumerate(pack.rules):
                grouped.setdefault(rule.group, []).append(begins + offset)
            trees.append((pack.kind, _node(pack.pack.stacking, grouped)))
        begins += len(pack.rules)
    return tuple(trees)


def counting(
    holding: Sequence[int], contest: Contest, trees: Sequence[Node], outcomes: Outcomes
) -> Sequence[int]:
    """The rules that count; the others are told what outranks them.

    Args:
        holding: indexes of rules whose conditions hold, in their order.
        contest: what each of them would give.
        trees: of the packs that have one. Such a pack stands among the others as one, by its outermost group.
    Returns: indexes, in their order.
    """
    rules = outcomes.rules
    free = holding
    for tree in trees:
        free = [index for index in free if index not in tree.everyone]
    if not trees and len({rules[index].group for index in free}) == len(free):
        return holding  # each for itself, as nearly always
    entries = [(rules[index].group, _Entry(contest.worth[index], (index,))) for index in free]
    for tree in trees:
        found = _resolved(tree, contest, outcomes)
        if found is not None:
            entries.append((tree.group, found))
    if contest.usual == "highest":
        entries = _best_of_each(entries, outcomes)
    return sorted(index for _, entry in entries for index in entry.indexes)


def _best_of_each(entries: Sequence[tuple[str, _Entry]], outcomes: Outcomes) -> list[tuple[str, _Entry]]:
    best: dict[str, _Entry] = {}
    for group, entry in sorted(entries, key=lambda named: named[1].place):
        if group not in best or entry.worth > best[group].worth:
            best[group] = entry
    for group, entry in entries:
        if entry is not best[group]:
            _outrank(entry, best[group], outcomes)
    return list(best.items())


def _resolved(node: Node, contest: Contest, outcomes: Outcomes) -> _Entry | None:
    """What a group lets through; None where nothing in it gives anything."""
    entries = [_Entry(contest.worth[i], (i,)) for i in node.rules if contest.worth.get(i, 0) > 0]
    below = (_resolved(member, contest, outcomes) for member in node.members)
    entries += [entry for entry in below if entry is not None]
    if not entries:
        return None
    match node.pick or contest.usual:
        case "all":
            return _together(entries, contest.joined)
        case "first":
            chosen = min(entries, key=lambda entry: entry.place)
        case "highest":
            chosen = min(entries, key=lambda entry: (-entry.worth, entry.place))
        case "lowest":
            chosen = min(entries, key=lambda entry: (entry.worth, entry.place))
    for entry in entries:
        if entry is not chosen:
            _outrank(entry, chosen, outcomes)
    return chosen


def _together(entries: Sequence[_Entry], joined: Joined) -> _Entry:
    worth = entries[0].worth
    for entry in entries[1:]:
        worth = joined(worth, entry.worth)
    return _Entry(worth, tuple(index for entry in entries for index in entry.indexes))


def _outrank(loser: _Entry, winner: _Entry, outcomes: Outcomes) -> None:
    better = outcomes.rules[winner.place]
    for index in loser.indexes:
        own = outcomes.rules[index].pack == better.pack
        outcomes.withhold(index, f"outranked:{better.id if own else f'{better.pack}#{better.id}'}")


def _node(stack: Stack | str, grouped: Mapping[str, Sequence[int]]) -> Node:
    if isinstance(stack, str):
        own = tuple(grouped.get(stack, ()))
        return Node(stack, None, (), own, frozenset(own))
    members = tuple(_node(member, grouped) for member in stack.members or ())
    own = tuple(grouped.get(stack.group, ()))
    below = (member.everyone for member in members)
    return Node(stack.group, stack.pick, members, own, frozenset(own).union(*below))
