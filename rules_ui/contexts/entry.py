"""The pages outside of the work: sign-in, and what is said when something is wrong."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import View


@dataclass(frozen=True, slots=True)
class SignInPage(View):
    """Who are you?

    Attributes:
        trouble: why the last try failed, in the reader's words, or None.
        next: where to go afterwards, a path on this host.
    """

    template: ClassVar[str] = "sign_in.html"
    login: str
    next: str
    trouble: str | None


@dataclass(frozen=True, slots=True)
class ErrorPage(View):
    """What went wrong, and what to do now; all in the reader's words."""

    template: ClassVar[str] = "error.html"
    status: int
    title: str
    advice: str
    back: str
    back_label: str
    trace: str | None


@dataclass(frozen=True, slots=True)
class ErrorPart(View):
    """The same where only a piece of a page was asked for.

    Attributes:
        again: what was sent may be sent once more as it is.
    """

    template: ClassVar[str] = "error_part.html"
    title: str
    advice: str
    again: bool
