"""Asking for an adjustment, deciding on it, and posting what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments import repository
from regulars.adjustments.domain import (
    POINTS_MAX,
    WORDS_MAX,
    WORDS_MIN,
    Adjustment,
    AdjustmentReason,
    AdjustmentState,
    Allowance,
    Wish,
    limit_at,
)
from regulars.adjustments.errors import (
    AdjustmentBeyondBalance,
    AdjustmentDiffers,
    AdjustmentFrozen,
    AdjustmentNeedsPerson,
    AdjustmentNoteMissing,
    AdjustmentNotReversible,
    AdjustmentPointsInvalid,
    AdjustmentReasonUnknown,
    AdjustmentStateWrong,
    OwnAdjustmentDecision,
    UnknownAdjustment,
)
from regulars.adjustments.posting import Account, open_account, post
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.paging import page_of
from regulars.members.errors import UnknownMember
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE, Scope


@dataclass(frozen=True, slots=True)
class AdjustmentPage:
    """Some adjustments; `next_after` asks for those before them."""

    adjustments: Sequence[Adjustment]
    next_after: tuple[datetime, UUID] | None


async def request_adjustment(
    session: AsyncSession, packs: LivePacks, places: Places, wish: Wish, actor: Actor, at: datetime
) -> Adjustment:
    """Ask for points to be given or taken; within the asker's limit of the day they are at once.

    Args:
        session: in a transaction that has itself changed neither packs nor places.
        packs, places: the process's; places as they are now.
        wish: what; the same again changes nothing.
        actor: a person, with the scope of the right to ask.
        at: aware UTC, now.
    Returns: the adjustment, posted or waiting for somebody else.
    Raises: AdjustmentNeedsPerson; AdjustmentPointsInvalid, AdjustmentReasonUnknown, AdjustmentNoteMissing,
        or InvalidInput where several are wrong; UnknownMember; AdjustmentDiffers; AdjustmentNotReversible;
        AdjustmentFrozen; AdjustmentBeyondBalance. Nothing is then written.
    Source: docs/semantics.md, "Adjustments by hand".
    """
    _check(wish, actor)
    asker = _name(actor)
    await repository.one_at_a_time(session, asker)
    account = await open_account(session, packs, places, wish.member_id, at)
    if account is None or not actor.scope.covers(account.path):
        raise UnknownMember
    original = await _original(session, wish)
    points = -original.points if original else wish.points or 0
    before = await repository.find(session, wish.id, EVERYWHERE)
    if before is not None:
        if before.asks_for(wish, points, asker):
            return before
        raise AdjustmentDiffers
    _require_possible(account, points)
    allowance = await _allowance(session, places, account, actor, at)
    new = Adjustment(
        id=wish.id,
        member_id=wish.member_id,
        store_id=account.store_id,
        points=points,
        reason=wish.reason,
        note=wish.note.strip(),
        reverses=wish.reverses,
        state="waiting",
        within_limit=False,
        on_day=account.day(at),
        requested_by=asker,
        requested_at=at,
    )
    if allowance.covers(points):
        new = replace(new, state="posted", within_limit=True, decided_by=asker, decided_at=at)
    if not await repository.write(session, new):
        raise AdjustmentNotReversible if wish.reverses else AdjustmentDiffers
    await _record(session, new, "adjustment.request", actor, at, before=None, words=new.note)
    if new.state == "posted":
        await post(session, account, new, places.chain.settings, at)
    return new


async def approve(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    adjustment_id: UUID,
    actor: Actor,
    at: datetime,
    words: str | None = None,
) -> Adjustment:
    """Let an adjustment be posted that somebody else asked for.

    Args:
        session: in a transaction that has itself changed neither packs nor places.
        adjustment_id: waiting.
        actor: a person who did not ask for it and has the right at the member's home store.
        at: aware UTC, now.
        words: what the approver wants remembered.
    Returns: the adjustment, posted; approving twice by the same person changes nothing.
    Raises: UnknownAdjustment; AdjustmentNeedsPerson; PermissionDenied; OwnAdjustmentDecision;
        AdjustmentStateWrong; AdjustmentFrozen; AdjustmentBeyondBalance: it goes on waiting.
    Source: docs/semantics.md, "Adjustments by hand".
    """
    found = await _to_decide(session, places, adjustment_id, actor)
    if found.state == "posted" and found.decided_by == _name(actor):
        return found
    _require_waiting(found)
    account = await open_account(session, packs, places, found.member_id, at)
    if account is None:
        raise UnknownMember
    _require_possible(account, found.points)
    decided = _decided(found, "posted", actor, at, (words or "").strip()[:WORDS_MAX] or None)
    await repository.decide(session, decided)
    await _record(session, decided, "adjustment.approve", actor, at, before=found.state, words=decided.words)
    await post(session, account, decided, places.chain.settings, at)
    return decided


async def reject(
    session: AsyncSession, places: Places, adjustment_id: UUID, words: str, actor: Actor, at: datetime
) -> Adjustment:
    """Refuse an adjustment that somebody else asked for.

    Args:
        words: why, for who asked.
    Returns: the adjustment, rejected; twice by the same person changes nothing.
    Raises: UnknownAdjustment; AdjustmentNeedsPerson; PermissionDenied; OwnAdjustmentDecision;
        AdjustmentStateWrong; AdjustmentNoteMissing.
    """
    found = await _to_decide(session, places, adjustment_id, actor)
    if found.state == "rejected" and found.decided_by == _name(actor):
        return found
    _require_waiting(found)
    decided = _decided(found, "rejected", actor, at, _said(words, "reason"))
    await repository.decide(session, decided)
    await _record(session, decided, "adjustment.reject", actor, at, before=found.state, words=decided.words)
    return decided


async def withdraw(session: AsyncSession, adjustment_id: UUID, actor: Actor, at: datetime) -> Adjustment:
    """Take an own request back while it waits.

    Returns: the adjustment, withdrawn; twice changes nothing.
    Raises: UnknownAdjustment: or somebody else's; AdjustmentStateWrong.
    """
    found = await repository.find(session, adjustment_id, actor.scope, for_change=True)
    if found is None or found.requested_by != _name(actor):
        raise UnknownAdjustment
    if found.state == "withdrawn":
        return found
    _require_waiting(found)
    decided = _decided(found, "withdrawn", actor, at, None)
    await repository.decide(session, decided)
    await _record(session, decided, "adjustment.withdraw", actor, at, before=found.state, words=None)
    return decided


async def get_adjustment(session: AsyncSession, adjustment_id: UUID, scope: Scope) -> Adjustment:
    """One adjustment. Raises: UnknownAdjustment."""
    found = await repository.find(session, adjustment_id, scope)
    if found is None:
        raise UnknownAdjustment
    return found


async def list_adjustments(
    session: AsyncSession,
    scope: Scope,
    *,
    state: AdjustmentState | None = None,
    member_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> AdjustmentPage:
    """Adjustments of members at home within a scope, the latest first.

    Args:
        session: any.
        state, member_id: only those; None for all.
        after: the key of the last one already told.
        limit: at most, > 0.
    """
    found = await repository.page(
        session, scope, state=state, member_id=member_id, after=after, count=limit + 1
    )
    shown, last = page_of(found, limit, lambda one: (one.requested_at, one.id))
    return AdjustmentPage(shown, last)


async def read_allowance(
    session: AsyncSession, places: Places, store_id: UUID, actor: Actor, at: datetime
) -> Allowance:
    """What somebody may still adjust alone today for members at home at a store.

    Args:
        session: any.
        places: as they are now.
        store_id: the home store.
        actor: who would ask.
        at: aware, now.
    """
    store = places.store(store_id)
    used = await repository.used_by(session, _name(actor), at.astimezone(store.zone).date())
    return Allowance(limit_at(actor.grants, store.path, places.chain.settings), used)


async def _allowance(
    session: AsyncSession, places: Places, account: Account, actor: Actor, at: datetime
) -> Allowance:
    return await read_allowance(session, places, account.store_id, actor, at)


def _check(wish: Wish, actor: Actor) -> None:
    if actor.kind != "operator":
        raise AdjustmentNeedsPerson
    problems: list[FieldProblem] = []
    if wish.reverses is None and (wish.points is None or not 1 <= abs(wish.points) <= POINTS_MAX):
        problems.append(AdjustmentPointsInvalid(POINTS_MAX))
    if wish.reason not in set(AdjustmentReason):
        problems.append(AdjustmentReasonUnknown([reason.value for reason in AdjustmentReason]))
    try:
        _said(wish.note, "note")
    except AdjustmentNoteMissing as missing:
        problems.append(missing)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InvalidInput(problems)


def _said(words: str, field: str) -> str:
    clean = words.strip()
    if not WORDS_MIN <= len(clean) <= WORDS_MAX or not clean.isprintable():
        raise AdjustmentNoteMissing(WORDS_MAX, field)
    return clean


async def _original(session: AsyncSession, wish: Wish) -> Adjustment | None:
    """What is to be reversed. Raises: AdjustmentNotReversible."""
    if wish.reverses is None:
        return None
    found = await repository.find(session, wish.reverses, EVERYWHERE)
    if found is None or found.member_id != wish.member_id:
        raise AdjustmentNotReversible
    if found.state != "posted" or found.reverses is not None:
        raise AdjustmentNotReversible
    return found


def _require_possible(account: Account, points: int) -> None:
    """Refuse what could not be posted as things stand, so that nobody waits for it in vain."""
    if points > 0 and account.frozen:
        raise AdjustmentFrozen
    if points < 0 and account.usable < -points:
        raise AdjustmentBeyondBalance(-points, account.usable)


async def _to_decide(session: AsyncSession, places: Places, adjustment_id: UUID, actor: Actor) -> Adjustment:
    found = await repository.find(session, adjustment_id, actor.scope, for_change=True)
    if found is None:
        raise UnknownAdjustment
    if actor.kind != "operator":
        raise AdjustmentNeedsPerson
    if not actor.may_at(Permission.ADJUSTMENT_APPROVE, places.store(found.store_id).path):
        raise PermissionDenied(Permission.ADJUSTMENT_APPROVE)
    if found.requested_by == _name(actor):
        raise OwnAdjustmentDecision
    return found


def _require_waiting(found: Adjustment) -> None:
    if found.state != "waiting":
        raise AdjustmentStateWrong(found.state)


def _decided(
    found: Adjustment, state: AdjustmentState, actor: Actor, at: datetime, words: str | None
) -> Adjustment:
    return replace(found, state=state, decided_by=_name(actor), decided_at=at, words=words)


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


async def _record(
    session: AsyncSession,
    adjustment: Adjustment,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    before: str | None,
    words: str | None,
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="adjustment",
        subject_id=str(adjustment.id),
        at=at,
        place_id=adjustment.store_id,
        before=None if before is None else {"state": before},
        after={
            "state": adjustment.state,
            "member_id": str(adjustment.member_id),
            "points": adjustment.points,
            "reason": adjustment.reason,
        },
        reason=words,
    )
