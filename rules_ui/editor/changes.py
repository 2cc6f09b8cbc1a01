"""One change that somebody makes in the form, and what the text is after it."""

from collections.abc import Callable, Mapping
from typing import Final

from rules_ui.case_changes import CASE_CHANGES
from rules_ui.editor.band_changes import BAND_CHANGES
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.condition_changes import CONDITION_CHANGES
from rules_ui.editor.figure_changes import FIGURE_CHANGES, PLUS, set_plus
from rules_ui.editor.part_changes import PART_CHANGES
from rules_ui.editor.value_changes import NUMBER, VALUE_CHANGES, set_number

_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    **CONDITION_CHANGES,
    **VALUE_CHANGES,
    **PART_CHANGES,
    **CASE_CHANGES,
    **BAND_CHANGES,
    **FIGURE_CHANGES,
}


def applied(bench: Bench, change: Change) -> str:
    """The text after a change.

    Args:
        bench: the text, which reads as JSON within the limits of a pack.
        change: what the form sent.
    Returns: the text, every byte outside of what was changed as it was.
    Raises: Unreadable: what was typed is no value of its field; PointerUnknown: the text has no such place
        any more; ChangeUnknown: no form of ours sends this.
    """
    if change.do.startswith(NUMBER):
        return set_number(bench, change)
    do = _CHANGES.get(change.do)
    if do is None and change.do.startswith(PLUS):
        return set_plus(bench, change)
    if do is None:
        raise ChangeUnknown(change.do)
    return do(bench, change)
