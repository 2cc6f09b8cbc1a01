"""What causes, steps, errors and bulk actions are called by those who run the chain."""

from collections.abc import Mapping
from typing import Final

from rules_ui.contexts.base import Tone
from rules_ui.i18n import N_, Speech

CAUSES: Final[Mapping[str, tuple[str, str, str]]] = {
    "failing": (
        N_("A step fails and is tried again: %(step)s"),
        N_("Nothing is lost: what fell due for these members waits. Purchases at the till go on."),
        N_("Once the cause is mended, retry: it is tried at once instead of at its next turn."),
    ),
    "stuck": (
        N_("The workflow cannot go on"),
        N_("Its own program fails on what it has noted. It is tried again and again, ever more seldom."),
        N_("Retry takes it back to its last good step. If that fails too, restart it: it then reads anew."),
    ),
    "resting": (
        N_("A look at the member was refused, and the workflow rests"),
        N_("What it asked for cannot be done as things stand; it looks again within the hour."),
        N_("Mend what the error says, then retry: it looks at once."),
    ),
    "missing": (
        N_("Something is overdue, and no workflow runs"),
        N_("It was ended by hand, or never began."),
        N_("Retry begins one; it decides at once what is overdue."),
    ),
    "late": (
        N_("Something is overdue, and nothing tells why"),
        N_("Most likely no worker takes up the work just now, or there is too much of it."),
        N_("Look at the task queues first. Retry tells the workflow to look at once."),
    ),
}
"""Cause → title, what it means, what to do."""

STEPS: Final[Mapping[str, str]] = {
    "lifecycle.advance": N_("deciding what fell due"),
    "lifecycle.freeze": N_("freezing the account"),
    "lifecycle.unfreeze": N_("unfreezing the account"),
    "release.advance": N_("following a release"),
    "release.stir": N_("having members looked at anew after a release"),
    "rehearsal.run": N_("carrying out a rehearsal"),
    "undoing.work": N_("carrying out an undo order"),
    "bulk_actions.work": N_("carrying out a bulk action"),
}
WORKS: Final[Mapping[str, tuple[str, str]]] = {
    "pack-release": ("/releases/", N_("Release …%(id)s")),
    "rehearsal": ("/rehearsals/", N_("Rehearsal …%(id)s")),
    "undo": ("/undos/", N_("Undo order …%(id)s")),
    "bulk-action": ("/ops/actions/", N_("Bulk action …%(id)s")),
}
"""What a workflow carries out, by the first part of its id → its pages, and what it is called."""

_REFUSED: Final = N_("the database refuses the change")
_AWAY: Final = N_("the database does not answer")
_SLOW: Final = N_("it takes too long")
ERRORS: Final[Mapping[str, str]] = {
    "DBAPIError": _REFUSED,
    "InternalError": _REFUSED,
    "ProgrammingError": _REFUSED,
    "IntegrityError": _REFUSED,
    "DataError": _REFUSED,
    "RaiseError": _REFUSED,
    "CheckViolationError": _REFUSED,
    "NotNullViolationError": _REFUSED,
    "ForeignKeyViolationError": _REFUSED,
    "UniqueViolationError": _REFUSED,
    "UndefinedTableError": _REFUSED,
    "UndefinedColumnError": _REFUSED,
    "OperationalError": _AWAY,
    "InterfaceError": _AWAY,
    "ConnectionError": _AWAY,
    "ConnectionRefusedError": _AWAY,
    "CannotConnectNowError": _AWAY,
    "ConnectionDoesNotExistError": _AWAY,
    "QueryCanceledError": _SLOW,
    "LockNotAvailableError": _SLOW,
    "DeadlockDetectedError": _SLOW,
    "TimeoutError": _SLOW,
    "unknown_member": N_("there is no such member"),
}

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "retry": (N_("Retry"), N_("What hangs or fails is tried at once; a missing workflow is begun.")),
    "tell": (N_("Tell the workflow"), N_("The workflow hears that something changed, and looks anew.")),
    "restart": (N_("Restart"), N_("The workflow is ended, and another reads the member anew.")),
    "freeze": (N_("Freeze"), N_("The account earns nothing from then on.")),
    "unfreeze": (N_("Unfreeze"), N_("The account earns again from then on.")),
    "recompute": (N_("Recompute"), N_("Purchases in which a rule failed get what they should have given.")),
}
STATES: Final[Mapping[str, tuple[str, Tone]]] = {
    "draft": (N_("Draft"), "plain"),
    "in_review": (N_("Waiting for approval"), "warn"),
    "rejected": (N_("Refused"), "bad"),
    "approved": (N_("About to begin"), "good"),
    "running": (N_("At work"), "good"),
    "cancelled": (N_("Given up"), "plain"),
    "finished": (N_("Done"), "good"),
}
NEXT: Final[Mapping[str, str]] = {
    "draft": N_("Look at the list and say why. Nothing is done before that."),
    "in_review": N_("Somebody else must look at the list and approve it."),
    "rejected": N_("Nothing was done."),
    "approved": N_("It begins as soon as a worker takes it up."),
    "running": N_("It goes on by itself, batch after batch. Nobody is dealt with twice."),
    "cancelled": N_("What was done by then stays done."),
    "finished": N_("Each on the list has a result."),
}
OUTCOMES: Final[Mapping[str, tuple[str, Tone]]] = {
    "hurried": (N_("Tried again at once"), "good"),
    "reset": (N_("Taken back to the last good step"), "good"),
    "started": (N_("Workflow begun"), "good"),
    "told": (N_("Told to look"), "good"),
    "restarted": (N_("Restarted"), "good"),
    "frozen": (N_("Frozen"), "good"),
    "unfrozen": (N_("Unfrozen"), "good"),
    "given": (N_("Put right"), "good"),
    "unchanged": (N_("Nothing to do"), "plain"),
    "refused": (N_("Could not be done"), "bad"),
}
QUEUES: Final[Mapping[str, str]] = {
    "member": N_("Members' lifecycles"),
    "release": N_("Releases of rule packs"),
    "rehearsal": N_("Rehearsals"),
    "undoing": N_("Undo orders"),
    "bulk-actions": N_("Bulk actions"),
}
SCHEDULES: Final = (
    (N_("Each member's own due date"), N_("to the minute; members of one moment are spread over a minute")),
    (N_("What segments read of members"), N_("every 5 minutes")),
    (N_("Rehearsals, undo orders and bulk actions that wait"), N_("every 15 seconds")),
    (N_("Changes on their way to workflows"), N_("at once, and swept every 2 seconds")),
)
"""What the worker and the relay do of themselves, and when."""


def error_words(error: str, say: Speech) -> str:
    """What an error means."""
    known = ERRORS.get(error)
    return say.text(known) if known else say.text(N_("an error we have no words for (%(code)s)"), code=error)


def step_words(step: str, say: Speech) -> str:
    """What a step does."""
    known = STEPS.get(step)
    return say.text(known) if known else step
