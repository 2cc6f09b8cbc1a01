"""The figures of a run, kept as JSON."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from faults.plan import Plan
from faults.proofs import Proof
from faults.till_log import TillLog

CLEAN, DIFFERS = "clean", "differs"
COUNTED = (
    "purchases_acknowledged",
    "ambiguous_answers",
    "lost",
    "doubled",
    "differing",
    "replays_identical",
    "workflows_agreeing",
)


@dataclass
class Figures:
    """What the tests of one process found, by test."""

    plan: Plan
    by_test: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, test: str, **figures: Any) -> None:
        self.by_test.setdefault(test, {}).update(figures)

    def note_proof(self, test: str, proof: Proof, log: TillLog) -> None:
        """What the tills saw and what was found afterwards."""
        self.note(
            test,
            messages=dict(Counter(one.kind for one in log.sent)),
            purchases_acknowledged=proof.acknowledged,
            ambiguous_answers=proof.ambiguous,
            ambiguous_by_kind=dict(log.unsettled),
            lost=len(proof.lost),
            doubled=len(proof.doubled),
            differing=len(proof.differing),
            replays_identical=proof.replays_identical,
            workflows_agreeing=proof.members - len(proof.disagreeing),
            verify=CLEAN if not proof.not_verified else DIFFERS,
            longest_wait_for_an_answer_s=round(max((one.seconds for one in log.sent), default=0), 1),
        )

    def total(self) -> dict[str, Any]:
        """The sums over all tests."""
        tests = self.by_test.values()
        counted = {name: sum(test.get(name, 0) for test in tests) for name in COUNTED}
        clean = all(test.get("verify", CLEAN) == CLEAN for test in tests)
        killed = sum((Counter(test.get("kills", {})) for test in tests), Counter())
        return {"kills": dict(killed), **counted, "verify": CLEAN if clean else DIFFERS}

    def write(self) -> None:
        """Write them where the plan says."""
        if self.plan.report is None:
            return
        told = {"seed": self.plan.seed, "total": self.total(), "by_test": self.by_test}
        self.plan.report.parent.mkdir(parents=True, exist_ok=True)
        self.plan.report.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def spans(measured: Iterable[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """How often, the median and the longest, by name; seconds."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for name, seconds in measured:
        by_name[name].append(seconds)
    return {
        name: {"times": len(found), "median_s": round(median(found), 1), "longest_s": round(max(found), 1)}
        for name, found in sorted(by_name.items())
    }
