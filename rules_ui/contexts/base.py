"""What every page has: its frame, its reader's language, and what is wrong with a form."""

from dataclasses import dataclass
from typing import ClassVar, Literal

Tone = Literal["good", "warn", "bad", "plain"]


class View:
    """A page or a piece of one; subclasses are frozen dataclasses whose fields the template reads."""

    template: ClassVar[str]
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main menu; `label` is a message."""

    href: str
    label: str
    icon: str
    here: bool


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """Whose session this is."""

    name: str
    initial: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence on what has just happened; `message` is a message."""

    tone: Tone
    message: str


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame around a page.

    Attributes:
        lang: BCP 47 tag of the page.
        here: path and query of this page, to come back to after a change of language.
        tabs: the pages that stand beside this one in its section.
        csrf_token: of the session; "" where nobody is signed in.
    """

    lang: str
    here: str
    other_language: str
    other_lang: str
    other_language_name: str
    chain_name: str
    nav: tuple[NavItem, ...]
    tabs: tuple[NavItem, ...]
    operator: SignedInAs | None
    csrf_token: str
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class FieldTrouble:
    """What is wrong with one field, already in the reader's words.

    Attributes:
        typed: what the field goes on showing though it was refused; None: what it shows anyway.
    """

    field: str
    message: str
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a list; `label` is already in the reader's words."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class PlacePick:
    """Places to choose from.

    Attributes:
        options: all of them where they are few; of many the upper ones and those that are chosen.
        typed: what was typed and is no place.
        suggest: query by which others are suggested while typing; "" where every place is an option.
    """

    options: tuple[Choice, ...]
    typed: str = ""
    suggest: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the ladder as it is shown."""

    code: str
    title: str
