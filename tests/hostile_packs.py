"""The hostile packs of the bench, and good ones of any size, for tests."""

from regulars.entrypoints.bench.hostile_packs import HOSTILE, MOST_CPU_SECONDS, Hostile, good_pack

__all__ = ["HOSTILE", "MOST_CPU_SECONDS", "Hostile", "good_pack"]
