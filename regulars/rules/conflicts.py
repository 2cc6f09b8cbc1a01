"""How a pack gets on with those that are live where it is to go: what it replaces, blanks or doubles."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice

from pydantic import ValidationError

from regulars.rules.analysis import pick_of
from regulars.rules.arithmetic import BPS
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.constraints import Holding, Reader, holding, together
from regulars.rules.domain import PackKind, PackVersion
from regulars.rules.findings import MOST_FINDINGS, Finding, at, finding, first
from regulars.rules.model import Pack, Rule
from regulars.rules.parts import Scope
from regulars.rules.tier_names import tiers_named

_ONE_IN_A_STORE: dict[PackKind, tuple[str, str]] = {
    "tier": ("等级", "tier"),
    "lifecycle": ("生命周期", "lifecycle"),
}
_REFUSABLE: dict[PackKind, Scope] = {"earning": "earning", "discount": "discount"}


@dataclass(frozen=True, slots=True)
class Meeting:
    """How two packs bear on each other.

    Attributes:
        code: of the finding that says so.
        pointer: into the first pack.
        ours, theirs: their names.
        rule, other_rule: ids of the rules of each that matter; "" where the whole pack is meant.
        details: the other values of the finding's sentences.
    """

    code: str
    pointer: str
    ours: str
    theirs: str
    rule: str = ""
    other_rule: str = ""
    details: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)

    def finding(self) -> Finding:
        """The same as the author of the first pack is told."""
        both = bool(self.rule and self.other_rule)
        said: dict[str, str | tuple[str, str]] = {
            **self.details,
            "other": f"{self.theirs}#{self.other_rule}" if both else self.theirs,
        }
        if self.rule or self.other_rule:
            said["rule"] = self.rule or self.other_rule
        return finding(self.code, self.pointer, **said)


@dataclass(frozen=True, slots=True)
class _Read:
    """A pack with when each of its rules holds."""

    name: str
    pack: Pack
    holdings: tuple[Holding, ...]
    lines: tuple[Holding | None, ...]

    def rules(self) -> Iterator[tuple[int, Rule, Holding, Holding | None]]:
        for index, rule in enumerate(self.pack.rules):
            yield index, rule, self.holdings[index], self.lines[index]


def conflicts(
    pack: Pack, live: Sequence[PackVersion], catalogue: Catalogue = BUILT_IN
) -> tuple[Finding, ...]:
    """What a pack will meet where it is to go live.

    Args:
        pack: checked and green by itself.
        live: the versions that are live there, those of its own code among them or not.
        catalogue: what rules of the chain can read.
    Returns: errors that stand in the way and warnings to know of; pointers are into `pack`. What cannot be
        told from comparisons alone is taken for possible. Parameters count as they are now.
    """
    found = [
        finding("replaces_live", "/code", other=version.name) for version in live if version.code == pack.code
    ]
    return first([*found, *(one.finding() for one in meetings_of(pack, live, catalogue))])


def meetings_of(
    pack: Pack, live: Sequence[PackVersion], catalogue: Catalogue = BUILT_IN
) -> tuple[Meeting, ...]:
    """How a pack and those that are live where it is to go would bear on each other.

    Args:
        pack, live, catalogue: as of `conflicts`.
    Returns: what stands in the way first; of the rest one more at most than is told.
    """
    ours = _read(pack.code, pack, catalogue)
    read = [_version(version, catalogue) for version in live if version.code != pack.code]
    others = [theirs for theirs in read if theirs is not None]
    excluding = [one for theirs in others for one in _excluding(ours, theirs)]
    touching = (one for theirs in others for one in _touching(ours, theirs))
    return (*excluding, *islice(touching, MOST_FINDINGS + 1))


def meetings(live: Sequence[PackVersion], catalogue: Catalogue = BUILT_IN) -> tuple[Meeting, ...]:
    """How packs that are live together bear on each other, each two of them told once.

    Args:
        live: versions of different packs.
        catalogue: what rules of the chain can read.
    Returns: what stands in the way first; so many at most as are read.
    """
    read = [one for one in (_version(version, catalogue) for version in live) if one is not None]
    pairs = list(combinations(read, 2))
    excluding = [one for pair in pairs for one in _excluding(*pair)]
    touching = (one for pair in pairs for one in _touching(*pair))
    return tuple([*excluding, *islice(touching, MOST_FINDINGS)][:MOST_FINDINGS])


def _excluding(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """What stands in the way."""
    if ours.pack.kind != theirs.pack.kind:
        return
    words = _ONE_IN_A_STORE.get(ours.pack.kind)
    if words is not None:
        yield Meeting("second_of_kind", "/kind", ours.name, theirs.name, details={"kind": words})
    yield from _groups(ours, theirs)


def _touching(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """What is good to know."""
    yield from _refused(ours, theirs)
    yield from _refusing(ours, theirs)
    yield from _tiers(ours, theirs)
    if ours.pack.kind == theirs.pack.kind:
        yield from _meeting(ours, theirs)


def _refused(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """A live pack that refuses whenever one of our rules holds."""
    for rule in _blanking(theirs, ours):
        yield Meeting("refused_by_live", "/rules", ours.name, theirs.name, other_rule=rule.id)


def _refusing(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """A rule of ours that refuses whenever one of theirs holds."""
    for rule in _blanking(ours, theirs):
        index = ours.pack.rules.index(rule)
        yield Meeting("refuses_live", at("", "rules", index), ours.name, theirs.name, rule.id)


def _blanking(refusing: _Read, giving: _Read) -> Iterator[Rule]:
    scope = _REFUSABLE.get(giving.pack.kind)
    for _, rule, held, _ in refusing.rules():
        refuse = rule.then.refuse
        if refuse is None or scope is None or scope not in refuse.scopes or held.contradictory:
            continue
        if giving.holdings and all(theirs.implies(held) for theirs in giving.holdings):
            yield rule


def _tiers(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """Tiers that one names and the other, a ladder, does not have."""
    if ours.pack.kind == theirs.pack.kind:
        return
    if theirs.pack.tiers is not None:
        known = {tier.code for tier in theirs.pack.tiers}
        first_at: dict[tuple[str, str], str] = {}
        for rule, pointer, tier in tiers_named(ours.pack):
            if tier not in known:
                first_at.setdefault((rule, tier), pointer)
        for (rule, tier), pointer in first_at.items():
            yield Meeting("tier_not_live", pointer, ours.name, theirs.name, rule, details={"tier": tier})
    elif ours.pack.tiers is not None:
        known = {tier.code for tier in ours.pack.tiers}
        named = {tier: rule for rule, _, tier in tiers_named(theirs.pack) if tier not in known}
        for tier, rule in named.items():
            yield Meeting("tier_missing", "/tiers", ours.name, theirs.name, "", rule, {"tier": tier})


def _groups(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    shared = _named(ours.pack) & _named(theirs.pack)
    for group in sorted(shared):
        mine, other = pick_of(ours.pack, group), pick_of(theirs.pack, group)
        if mine != other:
            pointer = next(
                at("", "rules", index)
                for index, rule in enumerate(ours.pack.rules)
                if rule.stacking_group == group
            )
            details = {"group": group, "ours": mine, "theirs": other}
            yield Meeting("group_pick_differs", pointer, ours.name, theirs.name, details=details)


def _named(pack: Pack) -> set[str]:
    return {rule.stacking_group for rule in pack.rules if rule.stacking_group is not None}


def _meeting(ours: _Read, theirs: _Read) -> Iterator[Meeting]:
    """Rules of different groups that may count together."""
    for index, rule, held, lines in ours.rules():
        for _, other, other_held, other_lines in theirs.rules():
            earning = _earns_by_amount(rule) and _earns_by_amount(other)
            if rule.then.name != other.then.name or (
                not earning and _share_a_group(ours.pack, rule, theirs.pack, other)
            ):
                continue
            if held.contradictory or other_held.contradictory or not held.meets(other_held):
                continue
            pointer, names = at("", "rules", index), (ours.name, theirs.name, rule.id, other.id)
            if rule.then.multiply is not None and other.then.multiply is not None:
                rates = (
                    ours.pack.value_of(rule.then.multiply.rate_bps),
                    theirs.pack.value_of(other.then.multiply.rate_bps),
                )
                product = f"× {rates[0] * rates[1] / BPS / BPS:g}"
                yield Meeting("multipliers_meet", pointer, *names, {"product": product})
            elif rule.then.discount is not None and _may_share(lines, other_lines):
                yield Meeting("discounts_meet", pointer, *names)
            elif earning and _may_share(lines, other_lines):
                yield Meeting("earnings_meet", pointer, *names)


def _earns_by_amount(rule: Rule) -> bool:
    """Whether it gives points for what is bought; fixed points come on top on purpose."""
    return rule.then.earn is not None and rule.then.earn.points is None


def _share_a_group(ours: Pack, rule: Rule, theirs: Pack, other: Rule) -> bool:
    """Whether only one of two rules counts: a pack with stacking of its own stands in its outermost group."""
    group = ours.stacking.group if ours.stacking else rule.stacking_group
    return group is not None and group == (theirs.stacking.group if theirs.stacking else other.stacking_group)


def _may_share(lines: Holding | None, other: Holding | None) -> bool:
    return lines is None or other is None or lines.meets(other)


def _read(name: str, pack: Pack, catalogue: Catalogue) -> _Read:
    reader, in_line = Reader(pack, catalogue.document), Reader(pack, catalogue.lines)
    holdings = tuple(holding(reader, rule) for rule in pack.rules)
    lines = tuple(_lines(in_line, rule) for rule in pack.rules)
    return _Read(name, pack, holdings, lines)


def _lines(reader: Reader, rule: Rule) -> Holding | None:
    giving = rule.then.discount or rule.then.earn
    if giving is None or giving.lines is None:
        return None
    return together(reader, reader.read(giving.lines))


def _version(version: PackVersion, catalogue: Catalogue) -> _Read | None:
    try:
        pack = Pack.model_validate(version.document)
    except ValidationError:  # it is of another time, and gives nothing at the till
        return None
    return _read(version.name, pack, catalogue)
