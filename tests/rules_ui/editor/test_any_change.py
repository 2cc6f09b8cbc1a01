"""Whatever a draft holds and whatever is sent: the form is shown, and a change is made or refused."""

import copy
import json
from collections.abc import Iterator
from random import Random  # noqa: TID251 — hypothesis hands it over
from typing import Any

from editor_world import CODES, document, parts, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.errors import PointerUnknown
from regulars.rules.reading import read
from rules_ui.contexts.editor import Addition, ConditionView, Control, PartView, RuleView, SlotView
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.changes import applied
from rules_ui.editor.values import Unreadable

JUNK: tuple[Any, ...] = (
    *(None, True, 7, -1, "", " 7 ", "2026-11-22T10:00", [], {}, [1, "1"], {"and": [1]}, {"param": "gone"}),
    *({"var": "member.visits"}, [{"group": "x", "members": [{}]}], {"zh": 1}, {"hours": [{"from": 1}]}),
)
SENT = ("", "1", " 2 ", "=gone", "or", "gold", "member.visits", "days", "base", "threshold", "a, b", "x" * 50)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield from places(member, (*at, key))


def spoiled(pack: Any, chance: Random) -> Any:
    """The pack with other values in three places."""
    made = copy.deepcopy(pack)
    for _ in range(3):
        *path, last = chance.choice([place for place in places(made) if place])
        holder = made
        for step in path:
            holder = holder[step]
        holder[last] = copy.deepcopy(chance.choice(JUNK))
    return made


def changes_of(body: Any) -> Iterator[tuple[str, str, str]]:
    """What the form could send: kind of change, place, value."""
    for each in parts(body, Control):
        yield each.do, each.at, each.value
    for each in parts(body, Addition):
        yield each.do, each.at, each.what
    for each in parts(body, ConditionView):
        yield "remove-condition", each.at, ""
    for each in (*parts(body, PartView), *parts(body, RuleView)):
        yield "remove-part", each.at, ""
    for each in parts(body, RuleView):
        yield "copy-rule", each.at, ""
        yield "move-rule", each.at, "up"
    for each in parts(body, SlotView):
        yield "remove-part", each.removal, ""


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CODES), st.randoms(use_true_random=False))
def test_no_draft_and_nothing_sent_breaks_the_form(code: str, chance: Random) -> None:
    text = json.dumps(spoiled(document(code), chance), indent=1)
    body = shown(text)
    bench = Bench(text, BUILT_IN, 2, ("base", "gold"))
    sendable = sorted(set(changes_of(body)))
    for _ in range(20 if sendable else 0):
        do, at, value = chance.choice(sendable)
        said = chance.choice((value, chance.choice(SENT)))
        try:
            after = applied(bench, Change(do, at, {"value": [said], "value0": [said]}))
        except (ChangeUnknown, PointerUnknown, Unreadable):
            continue
        assert not read(after)[1], (do, at, said)
