"""An operator's own account: language, where it is signed in, and a link for whoever forgot the password."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.security import audit, passwords, repository
from regulars.security.actor import Actor
from regulars.security.domain import (
    LOCALES,
    PASSWORD_LINK_GOOD_FOR,
    LiveSession,
    Locale,
    Operator,
    SessionTimes,
)
from regulars.security.errors import LocaleUnknown
from regulars.security.scope import EVERYWHERE
from regulars.security.service import get_manageable

_SHAPE: Final = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})")
_PURPOSE: Final = b"regulars password link"
_ANY: Final = b""


async def set_locale(
    session: AsyncSession, operator: Operator, locale: Locale, actor: Actor, at: datetime
) -> None:
    """Choose the language that an operator's pages and messages are in.

    Args:
        session: an open transaction.
        operator: the signed-in operator.
        locale: zh or en.
        actor: the same operator.
        at: aware instant.
    Returns: nothing.
    Raises: LocaleUnknown.
    Source: docs/security.md, "Operators".
    """
    if locale not in LOCALES:
        raise LocaleUnknown
    if locale == operator.locale:
        return
    await repository.set_locale(session, operator.id, locale)
    was, now = {"locale": operator.locale}, {"locale": locale}
    await _record(session, "operator.set_locale", operator.id, actor, at, before=was, after=now)


async def list_sessions(
    session: AsyncSession, operator_id: UUID, at: datetime, times: SessionTimes
) -> list[LiveSession]:
    """Where an operator is signed in now, the session seen last first; at most fifty."""
    return await repository.live_sessions_of(session, operator_id, at, at - times.idle)


async def end_other_sessions(session: AsyncSession, operator_id: UUID, actor: Actor, at: datetime) -> None:
    """Sign an operator out everywhere but where the actor asks from.

    Args:
        session: an open transaction.
        operator_id: the actor's own, or one whose every place the actor covers.
        actor: who asks.
        at: aware instant.
    Returns: nothing.
    Raises: UnknownOperator, PermissionDenied.
    Source: docs/security.md, "Operators".
    """
    if str(operator_id) != actor.id:
        await get_manageable(session, operator_id, actor)
    await repository.end_sessions_of(session, operator_id, actor.session_hash or _ANY)
    await _record(session, "operator.end_sessions", operator_id, actor, at)


async def offer_password(
    session: AsyncSession, operator_id: UUID, key: bytes, actor: Actor, at: datetime
) -> str:
    """Make what lets its holder choose a new password for an operator, once, within a day.

    Nothing is kept: the text proves itself, and is worth nothing as soon as the password is another.

    Args:
        session: an open transaction.
        operator_id: one whose every place the actor covers.
        key: the installation's session key.
        actor: who asks.
        at: aware instant.
    Returns: the text to hand over, which nobody can see again.
    Raises: UnknownOperator, PermissionDenied.
    Source: docs/security.md, "Operators".
    """
    await get_manageable(session, operator_id, actor)
    until = int((at + PASSWORD_LINK_GOOD_FOR).timestamp())
    hashed = await repository.password_hash_of(session, operator_id)
    await _record(session, "operator.offer_password", operator_id, actor, at)
    return f"{operator_id.hex}.{until}.{_proof(key, operator_id, until, hashed)}"


async def offered_to(session: AsyncSession, offer: str, key: bytes, at: datetime) -> Operator | None:
    """Whose password an offer lets change; None: malformed, too old, used, or the operator is disabled."""
    shape = _SHAPE.fullmatch(offer)
    if shape is None or at.timestamp() >= int(shape[2]):
        return None
    operator_id = UUID(shape[1])
    found = await repository.find_operator(session, operator_id, EVERYWHERE)
    if found is None or found.disabled_at is not None:
        return None
    hashed = await repository.password_hash_of(session, operator_id)
    right = hmac.compare_digest(_proof(key, operator_id, int(shape[2]), hashed), shape[3])
    return found if right else None


async def take_offer(session: AsyncSession, offer: str, key: bytes, password: str, at: datetime) -> bool:
    """Give an operator the password that the holder of an offer chose; all its sessions end.

    Args:
        session: an open transaction.
        offer: what `offer_password` made.
        key: the installation's session key.
        password: as typed.
        at: aware instant.
    Returns: False, and nothing is changed, where the offer is no good, as in `offered_to`.
    Raises: PasswordTooWeak.
    Source: docs/security.md, "Operators".
    """
    shape = _SHAPE.fullmatch(offer)
    if shape is None:
        return False
    await repository.lock_operator(session, UUID(shape[1]))  # of two who come at once one is too late
    operator = await offered_to(session, offer, key, at)
    if operator is None:
        return False
    passwords.check_strength(password, operator.login, field="new_password")
    await repository.set_password_hash(session, operator.id, await passwords.hash_password(password))
    await repository.end_sessions_of(session, operator.id, _ANY)
    await _record(session, "operator.take_password", operator.id, Actor.of_operator(operator), at)
    return True


def _proof(key: bytes, operator_id: UUID, until: int, password_hash: str) -> str:
    said = b"\n".join((_PURPOSE, operator_id.bytes, str(until).encode(), password_hash.encode()))
    return hmac.new(key, said, hashlib.sha256).hexdigest()


async def _record(
    session: AsyncSession,
    action: str,
    operator_id: UUID,
    actor: Actor,
    at: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="operator",
        subject_id=str(operator_id),
        before=before,
        after=after,
        at=at,
    )
