"""How long the fault tests run: small in `make test`, long in `make faults`, by three variables."""

import os
from dataclasses import dataclass
from pathlib import Path

KILLS = 8
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        kills: processes to be killed, over all parts.
        seed: what every draw follows from.
        report: file for the figures; None writes none.
    """

    kills: int
    seed: int
    report: Path | None

    @property
    def is_long(self) -> bool:
        return self.kills > KILLS

    def pick(self, small: float, long: float) -> float:
        """A length that depends on the form of the run."""
        return long if self.is_long else small


def plan_of_environment() -> Plan:
    """FAULT_KILLS, FAULT_SEED and FAULT_REPORT, as `make faults` gives them."""
    report = os.environ.get("FAULT_REPORT")
    return Plan(
        kills=int(os.environ.get("FAULT_KILLS", KILLS)),
        seed=int(os.environ.get("FAULT_SEED", SEED)),
        report=Path(report) if report else None,
    )
