"""The bench of hostile packs says what came of each, and takes no clean bill for a pack that means harm."""

import json

import pytest

from regulars.entrypoints.bench.hostile import Taken, at_checker
from regulars.entrypoints.bench.hostile_packs import HOSTILE, Hostile, good_pack
from regulars.entrypoints.stack.problems import StackProblem


def test_each_hostile_pack_is_found_out_at_both_doors_of_the_process() -> None:
    for hostile in HOSTILE[::16]:
        taken = Taken()
        at_checker(hostile, taken, 1)
        assert taken.doors_ms.keys() == {"check", "file"}
        assert hostile.code in taken.said["check"].split(", ")


def test_a_pack_that_nothing_is_wrong_with_ends_the_bench() -> None:
    good = Hostile("a good one", "none", lambda: json.dumps(good_pack()))
    with pytest.raises(StackProblem, match="Nothing was found wrong with: a good one"):
        at_checker(good, Taken(), 1)
