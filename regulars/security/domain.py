"""Who acts, in which roles, and where: operators at places, terminals at their store."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

ActorKind = Literal["operator", "terminal", "command"]
Locale = Literal["zh", "en"]
LOCALES: Final[tuple[Locale, ...]] = ("zh", "en")

LOGIN_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
PASSWORD_LENGTH_MIN: Final = 12
PASSWORD_LENGTH_MAX: Final = 256
LIVE_KEYS_MAX: Final = 2
LIVE_SESSIONS_READ: Final = 50
PASSWORD_LINK_GOOD_FOR: Final = timedelta(hours=24)

SEEN_EVERY: Final = timedelta(minutes=1)

FAILURE_WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_LOGIN: Final = 10
FAILURES_PER_ADDRESS: Final = 60


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a session lasts: without a request, and at most."""

    idle: timedelta = timedelta(hours=2)
    life: timedelta = timedelta(hours=12)


class Role(StrEnum):
    """What an operator is at a place; `terminal` is what a till is at its store."""

    MARKETING = "marketing"
    APPROVER = "approver"
    OPS = "ops"
    STORE = "store"
    SERVICE_DESK = "service_desk"
    FINANCE = "finance"
    ADMIN = "admin"
    TERMINAL = "terminal"


OPERATOR_ROLES: Final = frozenset(Role) - {Role.TERMINAL}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a place; it holds there and everywhere below.

    Attributes:
        path: the place's path of ids, see `organisation.domain.Place`.
    """

    role: Role
    place_id: UUID
    path: str


@dataclass(frozen=True, slots=True)
class RoleAt:
    """A role to be granted at a place named by id."""

    role: Role
    place_id: UUID


@dataclass(frozen=True, slots=True)
class Operator:
    """A member of staff who signs in."""

    id: UUID
    login: str
    display_name: str
    locale: Locale
    grants: tuple[Grant, ...]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in operator's session as one request sees it."""

    operator: Operator
    csrf_token: str
    token_hash: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Somewhere an operator is signed in, as the operator and administrators may know it."""

    token_hash: bytes
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session. `token` is known to the browser only; we keep its hash."""

    token: str
    session: Session


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """A key of a terminal without its secret.

    Attributes:
        last_used_at: to about an hour; None where it never was.
    """

    id: UUID
    key_id: str
    terminal_id: UUID
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment when its secret is known.

    Attributes:
        bearer: what the till sends: `Authorization: Bearer <bearer>`.
    """

    key: TerminalKey
    bearer: str
