"""Finds rules that never hold or never count, and conditions that say nothing, without running anything."""

from collections.abc import Iterator, Mapping, Sequence

from regulars.rules.catalogue import Catalogue
from regulars.rules.constraints import Constraint, Holding, Reader, conditions, holding, together
from regulars.rules.findings import Finding, at, finding
from regulars.rules.model import Pack, Rule, conditions_of
from regulars.rules.ranges import Values
from regulars.rules.stack_model import Choice, Stack

MOST_COMPARED = 100
"""Rules of one group; every two of them are compared, so that more would take too long."""


def analyse(pack: Pack, catalogue: Catalogue) -> Iterator[Finding]:
    """What can be said of a pack's rules from their conditions alone.

    Args:
        pack: whose trees are right already.
        catalogue: what they can read.
    Returns: findings; what cannot be told is passed over in silence. Parameters count as they are now.
    """
    reader, in_line = Reader(pack, catalogue.document), Reader(pack, catalogue.lines)
    holdings: dict[str, Holding] = {}
    for index, rule in enumerate(pack.rules):
        pointer = at("", "rules", index)
        found = list(_conditions(reader, rule, at(pointer, "when")))
        yield from found
        held = holdings[rule.id] = holding(reader, rule)
        path = held.contradictory
        if path is not None and not any(one.severity == "error" for one in found):
            why = _said(reader, rule, path)
            yield finding("rule_never_holds", at(pointer, "when"), rule=rule.id, why=why)
        yield from _lines(in_line, rule, pointer)
    for index, exclusion in enumerate(pack.exclusions or ()):
        yield from _selection(in_line, exclusion.lines, at("", "exclusions", index, "lines"))
    yield from _pairs(pack, holdings)
    yield from _alike(pack)


def condition_pointer(rule: Rule, pointer: str, index: int) -> str:
    """Where a top-level condition stands."""
    return pointer if rule.when is conditions_of(rule.when)[index] else at(pointer, "and", index)


def _conditions(reader: Reader, rule: Rule, pointer: str) -> Iterator[Finding]:
    read = conditions(reader, rule)
    for index, constraints in enumerate(read):
        here = condition_pointer(rule, pointer, index)
        known = [one for one in constraints if one.path is not None]
        never = next((one for one in known if _met(reader, one).empty), None)
        if never is not None:
            yield finding("condition_never_true", here, why=_words(reader, never))
        elif known and len(known) == len(constraints) and all(_always(reader, one) for one in known):
            yield finding("condition_always_true", here, why=_words(reader, known[0]))
        elif len(constraints) == 1 and known:
            other = _covering(reader, read, index)
            if other is not None:
                yield finding("condition_covered", here, other=other + 1)


def _covering(reader: Reader, read: Sequence[Sequence[Constraint]], index: int) -> int | None:
    """Another condition from which this one follows; of two that say the same, the first is kept."""
    own = read[index][0]
    for other, constraints in enumerate(read):
        about = [one for one in constraints if one.path == own.path]
        if other == index or not about:
            continue
        values = together(reader, about).facts[own.path or ""]
        alike = values.covers(_met(reader, own))
        if own.values.covers(values) and not values.empty and not (alike and other > index):
            return other
    return None


def _lines(reader: Reader, rule: Rule, pointer: str) -> Iterator[Finding]:
    for name, action in (("discount", rule.then.discount), ("earn", rule.then.earn)):
        if action is not None and action.lines is not None:
            yield from _selection(reader, action.lines, at(pointer, "then", name, "lines"))


def _selection(reader: Reader, lines: object, pointer: str) -> Iterator[Finding]:
    chosen = reader.read(lines)
    path = together(reader, chosen).contradictory
    if path is not None:
        why = " ∧ ".join(_words(reader, one) for one in chosen if one.path == path)
        yield finding("no_line_selected", pointer, why=why)


def _pairs(pack: Pack, holdings: Mapping[str, Holding]) -> Iterator[Finding]:
    contests: dict[tuple[str, str | None], list[tuple[int, Rule]]] = {}
    for index, rule in enumerate(pack.rules):
        if rule.then.name in ("set_tier", "multiply", "discount"):
            contests.setdefault((rule.then.name, rule.stacking_group), []).append((index, rule))
    for contest in contests.values():
        if len(contest) <= MOST_COMPARED:
            yield from _shadowed(pack, contest, holdings)


def _shadowed(
    pack: Pack, contest: Sequence[tuple[int, Rule]], holdings: Mapping[str, Holding]
) -> Iterator[Finding]:
    for index, lesser in contest:
        held = holdings[lesser.id]
        if held.contradictory is not None:
            continue
        better = next(
            (
                rule
                for _, rule in contest
                if rule is not lesser and _beats(pack, rule, lesser) and held.implies(holdings[rule.id])
            ),
            None,
        )
        if better is not None:
            yield finding("rule_shadowed", at("", "rules", index), rule=lesser.id, other=better.id)


def _alike(pack: Pack) -> Iterator[Finding]:
    """Rules that earn the same by the same conditions, and so twice."""
    seen: dict[str, str] = {}
    for index, rule in enumerate(pack.rules):
        if rule.then.earn is None:
            continue
        said = rule.model_dump_json(include={"scope", "calendar", "group", "when", "then"})
        other = seen.setdefault(said, rule.id)
        if other != rule.id:
            yield finding("rules_alike", at("", "rules", index), rule=rule.id, other=other)


def _beats(pack: Pack, better: Rule, lesser: Rule) -> bool:
    """Whether one counts and the other does not, wherever both hold."""
    if better.then.set_tier is not None and lesser.then.set_tier is not None:
        ranks = {tier.code: tier.rank for tier in pack.tiers or ()}
        reached, other = better.then.set_tier.tier, lesser.then.set_tier.tier
        return ranks.get(reached, -1) > ranks.get(other, -1)
    rates = _rates(pack, better, lesser)
    if rates is None or better.stacking_group is None:
        return False
    rate, other_rate = rates
    earlier = better.order < lesser.order
    match pick_of(pack, better.stacking_group):
        case "highest":
            return rate > other_rate or (rate == other_rate and earlier)
        case "lowest":
            return 0 < rate < other_rate or (rate == other_rate and earlier)
        case "first":
            return rate > 0 and earlier
        case _:
            return False


def _rates(pack: Pack, better: Rule, lesser: Rule) -> tuple[int, int] | None:
    """The rates of two rules that differ in nothing else; None where they do."""
    if better.then.multiply is not None and lesser.then.multiply is not None:
        return pack.value_of(better.then.multiply.rate_bps), pack.value_of(lesser.then.multiply.rate_bps)
    one, two = better.then.discount, lesser.then.discount
    if one is None or two is None or one.rate_bps is None or two.rate_bps is None:
        return None
    if one.model_copy(update={"rate_bps": two.rate_bps}) != two:
        return None
    return pack.value_of(one.rate_bps), pack.value_of(two.rate_bps)


def pick_of(pack: Pack, group: str) -> Choice:
    """How a group of rules that multiply or discount chooses."""
    found = _find(pack.stacking, group) if pack.stacking is not None else None
    return found.pick if found is not None else "highest"


def _find(stack: Stack, group: str) -> Stack | None:
    if stack.group == group:
        return stack
    below = (_find(member, group) for member in stack.members or () if isinstance(member, Stack))
    return next((found for found in below if found is not None), None)


def _met(reader: Reader, one: Constraint) -> Values:
    return one.values.meet(reader.of(one.path or ""))


def _always(reader: Reader, one: Constraint) -> bool:
    return one.values.covers(reader.of(one.path or ""))


def _said(reader: Reader, rule: Rule, path: str) -> str:
    """What a rule's conditions, scope and calendar say of one fact."""
    found = [one for each in conditions(reader, rule) for one in each if one.path == path]
    return " ∧ ".join(_words(reader, one) for one in found) or path


def _words(reader: Reader, one: Constraint) -> str:
    path = one.path or ""
    field = reader.fields.get(path)
    dates = field is not None and field.unit == "yyyymmdd"
    return f"{path} {one.values.words(reader.of(path), dates=dates)}"
