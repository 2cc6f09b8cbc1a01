"""A change is read the same, whoever sent it: a field by its own form, a button by the one that all share."""

import pytest
from starlette.datastructures import FormData

from rules_ui.editor.bench import Change
from rules_ui.editor.sent import change_of

FRAME = [("csrf_token", "t"), ("based_on", "3")]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([("push", "remove-part  /rules/0")], Change("remove-part", "/rules/0", {})),
        ([("push", "move-rule up /rules/0")], Change("move-rule", "/rules/0", {"value": ["up"]})),
        ([("push", "adopt-results  ")], Change("adopt-results", "", {})),
        ([("push", "")], Change("", "", {})),
        (
            [("change", "set-among /rules/a b/when"), ("value", "1"), ("value", "2"), ("more", "")],
            Change("set-among", "/rules/a b/when", {"value": ["1", "2"], "more": [""]}),
        ),
        (
            [("do", "set-code"), ("at", ""), ("value", "{} {}")],
            Change("set-code", "", {"value": ["{} {}"]}),
        ),
    ],
)
def test_a_change_is_what_is_done_where_and_with_what(sent: list[tuple[str, str]], read: Change) -> None:
    assert change_of(FormData(FRAME + sent)) == read
