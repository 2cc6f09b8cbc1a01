"""An operator's own account, and the page where a forgotten password is replaced."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import FieldTrouble, View


@dataclass(frozen=True, slots=True)
class SessionLine:
    """Somewhere an operator is signed in."""

    since: datetime
    seen: datetime
    until: datetime
    this: bool


@dataclass(frozen=True, slots=True)
class AccountPage(View):
    """The signed-in operator's own page."""

    template: ClassVar[str] = "account.html"
    login: str
    name: str
    roles: tuple[str, ...]
    language: str
    sessions: tuple[SessionLine, ...]
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class NewPasswordPage(View):
    """Where the holder of a link chooses a password.

    Attributes:
        login: whose; None where the link is no good any more.
    """

    template: ClassVar[str] = "new_password.html"
    login: str | None
    offer: str
    problems: tuple[FieldTrouble, ...]
