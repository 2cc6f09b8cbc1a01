"""The figures of a run, printed and kept as JSON."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from faults.plan import Plan
from faults.proofs import Proof
from faults.till_log import TillLog


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
            verify="clean" if not proof.not_verified else "differs",
            longest_wait_for_an_answer_s=round(max((one.seconds for one in log.sent), default=0), 1),
        )

    def show(self) -> None:
        """Print them, and write them where the plan says."""
        told = {"seed": self.plan.seed, "kills_asked": self.plan.kills, **self.by_test}
        text = json.dumps(told, indent=2, ensure_ascii=False)
        if self.plan.report is not None:
            print(text)  # noqa: T201 — this is what the run is for
            self.plan.report.parent.mkdir(parents=True, exist_ok=True)
            Path(self.plan.report).write_text(text + "\n")


def spans(measured: Iterable[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """How often, the median and the longest, by name; seconds."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for name, seconds in measured:
        by_name[name].append(seconds)
    return {
        name: {"times": len(found), "median_s": round(median(found), 1), "longest_s": round(max(found), 1)}
        for name, found in sorted(by_name.items())
    }
