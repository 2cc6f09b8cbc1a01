"""The rules bench: all contestants say the same, and a peer that errs is noticed."""

from dataclasses import replace

from regulars.entrypoints.bench.rules import differences, measure_rounds
from regulars.entrypoints.bench.rules_frozen import LINES, RULES, Frozen, events, qubit
from regulars.rules.canonical import canonical
from regulars.rules.checker import examine


def test_every_contestant_says_the_same_of_every_purchase() -> None:
    frozen = Frozen()
    peer = qubit(frozen)
    bought = events()
    assert {len(event.lines) for event in bought} == {LINES}
    assert sum(len(pack.rules) for pack in frozen.packs.packs) == RULES
    assert [differences(frozen, peer, event) for event in bought] == [0] * len(bought)


def test_a_peer_that_says_something_else_is_noticed() -> None:
    frozen = Frozen()
    event = events()[0]
    wrong = replace(event, values=dict(event.values) | {"store": {"code": "", "branch": "north-east"}})
    wrong = replace(wrong, values=dict(wrong.values) | {"calendar": {**event.values["calendar"], "hour": 8}})
    peer = qubit(frozen)
    assert differences(frozen, lambda _: peer(wrong), event) == 1


def test_the_frozen_packs_are_green_and_in_their_one_form() -> None:
    for pack in Frozen().packs.packs:
        text = canonical(pack.version.document)
        report = examine(text)
        assert report.green, report.findings


def test_the_rules_are_timed_beside_their_peers() -> None:
    measured = measure_rounds(1)
    assert measured.bars.keys() == {"by_hand_ratio", "qubit_ratio", "document_us", "differences"}
    assert measured.bars["differences"].ok
    assert all(bar.value >= 0 for bar in measured.bars.values())
    p50 = measured.figures["p50_us"]
    assert isinstance(p50, dict)
    assert p50.keys() == {"regulars", "by_hand", "engine", "document", "dict_each", "qubit"}
    assert min(p50.values()) > 0
