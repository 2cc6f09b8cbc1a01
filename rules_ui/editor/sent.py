"""A change as the form sends it: a field by a form of its own, all buttons by one that they share."""

from typing import Final

from starlette.datastructures import FormData

from rules_ui.editor.bench import Change

PUSHED: Final = "push"
CHANGED: Final = "change"
LONGEST_POINTER: Final = 1_000
_FRAME: Final = frozenset({"csrf_token", "based_on", "do", "at", PUSHED, CHANGED})


def change_of(form: FormData) -> Change:
    """What was changed.

    Args:
        form: of a field what is done and where, in one or as `do` and `at`, and its values; of a button
            all in one: what is done, with what, and where, with a space between them.
    """
    pushed = form.get(PUSHED)
    if isinstance(pushed, str):
        do, _, rest = pushed.partition(" ")
        what, _, at = rest.partition(" ")
        return Change(do, at[:LONGEST_POINTER], {"value": [what]} if what else {})
    do, _, at = _text(form, CHANGED).partition(" ")
    values = {
        name: [each for each in form.getlist(name) if isinstance(each, str)]
        for name in form
        if name not in _FRAME
    }
    return Change(do or _text(form, "do"), (at or _text(form, "at"))[:LONGEST_POINTER], values)


def _text(form: FormData, name: str) -> str:
    said = form.get(name, "")
    return said if isinstance(said, str) else ""
