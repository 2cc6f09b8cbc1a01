"""`bench rules`: 48 rules on 20 lines beside the same written by hand, json-logic-qubit and a dict a rule."""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns
from typing import Final

from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_least, at_most, percentile
from regulars.entrypoints.bench.rules_frozen import LINES, RULES, Event, Frozen, events, qubit
from regulars.rules.domain import Evaluation
from regulars.settings import Settings

BY_HAND_LIMIT: Final = 2.5
QUBIT_LIMIT: Final = 20.0
DOCUMENT_LIMIT_US: Final = 100.0
ROUNDS: Final = 100
QUICK_ROUNDS: Final = 3
WARM_ROUNDS: Final = 2
NOTE: Final = (
    "p50 of single calls; each round gives all purchases to one contestant after the other. "
    "regulars: PackSet.evaluate as a purchase calls it, from facts with the lines' JSON at hand to awards, "
    "discounts, tier and every rule's outcome. by_hand: a Python function with the same result, on objects, "
    "without document, versions or errors. engine: only the rules on the document. dict_each: the same "
    "engine given Python values for each rule. qubit and dict_each give the rules' raw values only. "
    "document: from the lines as objects to the handle; the JSON of the lines is in it, and is stored with "
    "the purchase."
)
Contestant = Callable[[Event], object]


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Check that all say the same, then time them.

    Args:
        settings: not used: nothing is stored.
        quick: few rounds.
    """
    del settings
    return measure_rounds(QUICK_ROUNDS if quick else ROUNDS)


def measure_rounds(rounds: int) -> Measured:
    """As `measure`, with so many rounds over all frozen purchases."""
    frozen, bought = Frozen(), events()
    contestants: Mapping[str, Contestant] = {
        "regulars": frozen.ours,
        "by_hand": frozen.by_hand,
        "engine": frozen.engine,
        "document": frozen.document,
        "dict_each": frozen.dict_each,
        "qubit": qubit(frozen),
    }
    different = sum(differences(frozen, contestants["qubit"], event) for event in bought)
    tell(f"{RULES} rules on {len(bought)} purchases of {LINES} lines; {different} differences; timing …")
    sizes = {len(frozen.packs.hashes), len(frozen.rules), *(len(event.lines) for event in bought)}
    assert sizes == {4, RULES, LINES}
    taken = times(contestants, bought, rounds)
    p50 = {name: percentile(samples, 0.5) for name, samples in taken.items()}
    bars = {
        "by_hand_ratio": at_most(p50["regulars"] / p50["by_hand"], BY_HAND_LIMIT),
        "qubit_ratio": at_least(p50["qubit"] / p50["regulars"], QUBIT_LIMIT),
        "document_us": at_most(p50["document"], DOCUMENT_LIMIT_US),
        "differences": at_most(different, 0),
    }
    figures: dict[str, object] = {
        "note": NOTE,
        "rules": RULES,
        "lines": LINES,
        "purchases": len(bought),
        "rounds": rounds,
        "applied_mean": round(_applied(frozen, bought), 2),
        "p50_us": {name: round(value, 2) for name, value in p50.items()},
        "p95_us": {name: round(percentile(samples, 0.95), 2) for name, samples in taken.items()},
        "engine_by_hand_ratio": round(p50["engine"] / p50["by_hand"], 3),
        "dict_each_ratio": round(p50["dict_each"] / p50["regulars"], 3),
    }
    return Measured(bars, figures)


def times(
    contestants: Mapping[str, Contestant], bought: Sequence[Event], rounds: int
) -> dict[str, list[float]]:
    """Microseconds of each call, ascending; who goes first changes from round to round."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants.items())
    for number in range(WARM_ROUNDS + rounds):
        order.append(order.pop(0))
        for name, contestant in order:
            for event in bought:
                begun = perf_counter_ns()
                contestant(event)
                spent = perf_counter_ns() - begun
                if number >= WARM_ROUNDS:
                    taken[name].append(spent / 1_000)
    return {name: sorted(samples) for name, samples in taken.items()}


def differences(frozen: Frozen, peer: Contestant, event: Event) -> int:
    """In how many answers the contestants do not agree on one purchase."""
    ours, by_hand = frozen.ours(event), frozen.by_hand(event)
    told = [(o.rule_id, o.applied, o.failed, o.gave, _plain(o.note)) for o in ours.outcomes]
    pairs: list[tuple[object, object]] = [
        (told, [tuple(said) for said in by_hand.said]),
        ([(award.rule_id, award.points) for award in ours.awards], by_hand.points),
        ([(d.line, d.amount_minor, d.rule_id) for d in ours.discounts], by_hand.discounts),
        (ours.tier.tier if ours.tier else None, by_hand.tier),
        ([outcome.error for outcome in ours.outcomes], [None] * RULES),
    ]
    raw = list(frozen.engine(event))
    pairs += [(raw, list(_listed(frozen.dict_each(event)))), (raw, list(_listed(peer(event))))]
    return sum(left != right for left, right in pairs)


def _plain(note: str | None) -> str | None:
    """A note without the version that excluded, which only the product knows."""
    return note.partition(":")[0] if note is not None and note.startswith("excluded:") else note


def _listed(results: object) -> Sequence[object]:
    assert isinstance(results, list)
    return results


def _applied(frozen: Frozen, bought: Sequence[Event]) -> float:
    said: list[Evaluation] = [frozen.ours(event) for event in bought]
    return sum(outcome.applied for one in said for outcome in one.outcomes) / len(said)
