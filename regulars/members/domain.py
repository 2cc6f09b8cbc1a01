"""Who a member is: number, profile, tags, attributes, consents, and how each must look."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal
from uuid import UUID

from regulars.kernel.codes import is_code, reads_as_time
from regulars.kernel.errors import FieldProblem
from regulars.members.errors import (
    BirthdayInvalid,
    ChoiceInvalid,
    NameInvalid,
    ReferenceInvalid,
    TagInvalid,
    TooMany,
)

Purpose = Literal["sms", "email", "wechat", "phone_call", "profiling"]
PURPOSES: Final[tuple[Purpose, ...]] = ("sms", "email", "wechat", "phone_call", "profiling")
GENDERS: Final = ("female", "male", "other")
MEMBER_LOCALES: Final = ("zh", "en")

NAME_LENGTH_MAX: Final = 80
TAGS_MAX: Final = 20
REFERENCES_MAX: Final = 10
NUMBER_LENGTH: Final = 14
DEFAULT_PREFIX: Final = "66"
EARLIEST_BIRTHDAY: Final = date(1900, 1, 1)

_REFERENCE: Final = re.compile(r"[A-Za-z][A-Za-z0-9._:-]{0,63}")
_JOINERS: Final = dict.fromkeys(map(ord, "\u200c\u200d\u180e"))
"""Unseen themselves, they shape what stands beside them: in Persian or Mongolian names, in emoji."""
_GROUPING: Final = re.compile(r"[\s-]")


class Unset(Enum):
    """Stands for a value that is left as it is, where None removes it."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Consent:
    """What a member last said about one purpose."""

    purpose: str
    granted: bool
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class NewMember:
    """A person to be enrolled.

    Attributes:
        name: None where the person told none.
        phone: as typed; None for a member known only by number or reference.
        enrolled_at: aware; the past for imported members.
        references: names in outside systems, e.g. "cj-1007".
        consents: by purpose, what the person agreed or objected to.
    """

    id: UUID
    name: str | None
    home_store_id: UUID
    enrolled_at: datetime
    phone: str | None = None
    birthday: date | None = None
    gender: str | None = None
    locale: str | None = None
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """New values of a profile; UNSET leaves one, None removes it."""

    name: str | Unset = UNSET
    phone: str | Unset | None = UNSET
    birthday: date | Unset | None = UNSET
    gender: str | Unset | None = UNSET
    locale: str | Unset | None = UNSET
    tags: tuple[str, ...] | Unset = UNSET
    attributes: Mapping[str, object] | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the chain's people see one: the phone only by its last four digits.

    Attributes:
        tags: what people gave.
        rule_tags: what rules gave, with its end, which may have passed.
    """

    id: UUID
    number: str
    name: str
    phone_last4: str | None
    birthday: date | None
    gender: str | None
    locale: str | None
    home_store_id: UUID
    tags: tuple[str, ...]
    rule_tags: Mapping[str, datetime | None]
    attributes: Mapping[str, object]
    enrolled_at: datetime
    recorded_at: datetime
    references: tuple[str, ...]
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What somebody gave to name a member, and what kind of name it is."""

    kind: Literal["id", "number", "reference", "phone"]
    value: str


def check_digit(digits: str) -> str:
    """The Luhn digit that makes `digits` plus it a valid number."""
    doubled = (int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def member_number(prefix: str, draw: int) -> str:
    """A member number: prefix, drawn digits, check digit.

    Args:
        prefix: 1 to 4 digits.
        draw: below 10 ** `free_digits(prefix)`.
    Returns: 14 digits.
    """
    body = prefix + str(draw).rjust(free_digits(prefix), "0")
    return body + check_digit(body)


def free_digits(prefix: str) -> int:
    """How many digits of a number are drawn."""
    return NUMBER_LENGTH - 1 - len(prefix)


def is_member_number(text: str) -> bool:
    """Whether the text has the length and the check digit of a member number."""
    plain = text.isascii() and text.isdigit() and len(text) == NUMBER_LENGTH
    return plain and check_digit(text[:-1]) == text[-1]


Name = tuple[str, UUID | str | bytes | None]
"""Who is meant: by "id", "number", "phone" (the blind index) or "reference", and its value."""


def read_reference(text: str) -> Reference:
    """Tell what kind of name somebody gave for a member.

    Args:
        text: a member id, a member number with or without blanks, an external reference, or a phone.
    Returns: the kind and the cleaned value; whatever is nothing else is taken for a phone.
    """
    clean = text.strip()
    if _uuid(clean) is not None:
        return Reference("id", str(_uuid(clean)))
    if _REFERENCE.fullmatch(clean):
        return Reference("reference", clean)
    digits = _GROUPING.sub("", clean)
    if is_member_number(digits):
        return Reference("number", digits)
    return Reference("phone", clean)


def check_profile(change: ProfileChange, today: date, prefix: str) -> list[FieldProblem]:
    """What is wrong with the values that are set, phone and attributes left aside.

    Args:
        change: the new values.
        today: the latest birthday.
        prefix: stands before each field's name.
    Returns: one problem a wrong value.
    """
    problems: list[FieldProblem] = []
    if isinstance(change.name, str) and not _is_name(change.name):
        problems.append(NameInvalid(NAME_LENGTH_MAX, field=f"{prefix}name"))
    if isinstance(change.birthday, date) and not EARLIEST_BIRTHDAY <= change.birthday <= today:
        problems.append(BirthdayInvalid(field=f"{prefix}birthday"))
    if isinstance(change.gender, str) and change.gender not in GENDERS:
        problems.append(ChoiceInvalid(GENDERS, field=f"{prefix}gender"))
    if isinstance(change.locale, str) and change.locale not in MEMBER_LOCALES:
        problems.append(ChoiceInvalid(MEMBER_LOCALES, field=f"{prefix}locale"))
    if isinstance(change.tags, tuple):
        problems += check_tags(change.tags, prefix)
    return problems


def check_tags(tags: Sequence[str], prefix: str) -> list[FieldProblem]:
    """What is wrong with a list of tags."""
    if len(tags) > TAGS_MAX:
        return [TooMany(TAGS_MAX, field=f"{prefix}tags")]
    return [
        TagInvalid(field=f"{prefix}tags[{index}]")
        for index, tag in enumerate(tags)
        if not is_code(tag) or reads_as_time(tag)
    ]


def check_references(references: Sequence[str], prefix: str) -> list[FieldProblem]:
    """What is wrong with a list of external references."""
    if len(references) > REFERENCES_MAX:
        return [TooMany(REFERENCES_MAX, field=f"{prefix}references")]
    return [
        ReferenceInvalid(field=f"{prefix}references[{index}]")
        for index, reference in enumerate(references)
        if not _REFERENCE.fullmatch(reference) or _uuid(reference) is not None
    ]


def check_purposes(purposes: Sequence[str], prefix: str) -> list[FieldProblem]:
    """What is wrong with the purposes of consents."""
    return [
        ChoiceInvalid(PURPOSES, field=f"{prefix}consents.{purpose[:40]}")
        for purpose in purposes
        if purpose not in PURPOSES
    ]


def _is_name(text: str) -> bool:
    clean = text.strip()
    seen = clean.translate(_JOINERS).strip()
    return bool(seen) and len(clean) <= NAME_LENGTH_MAX and seen.isprintable()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
