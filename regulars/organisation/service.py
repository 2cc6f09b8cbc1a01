"""Use-cases of the chain and its places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from babel.numbers import get_currency_precision, list_currencies
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.reasons import said_why
from regulars.organisation import repository
from regulars.organisation.domain import (
    PARENT_KINDS,
    Chain,
    NewPlace,
    Place,
    PlaceKind,
    check_code,
    check_cutoff,
    check_name,
    check_time_zone,
    path_under,
)
from regulars.organisation.errors import (
    ChainExists,
    NoChain,
    ParentUnknown,
    PlaceClosed,
    PlaceCodeTaken,
    PlaceHasOpenPlaces,
    UnknownCurrency,
    UnknownPlace,
    WrongParent,
)
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import Scope

T = TypeVar("T")

HQ_CODE: Final = "HQ"


async def found_chain(
    session: AsyncSession,
    *,
    place_id: UUID,
    name: str,
    currency: str,
    time_zone: str,
    actor: Actor,
    at: datetime,
    settings: Mapping[str, object] | None = None,
) -> Place:
    """Found the chain of this database with its headquarters.

    Args:
        session: an open transaction.
        place_id: id for the headquarters.
        name: the chain's name, also the headquarters'.
        currency: ISO 4217 code; the one currency of the chain.
        time_zone: IANA name, taken over by places that name none.
        actor: who founds.
        at: aware instant.
        settings: the chain's own choices.
    Returns: the headquarters.
    Raises: ChainExists; FieldProblem, UnknownCurrency, UnknownTimeZone.
    Source: docs/semantics.md, "Scope".
    """
    clean = check_name(name, "name")
    check_time_zone(time_zone, "time_zone")
    if currency not in list_currencies():
        raise UnknownCurrency(currency, field="currency")
    exponent = get_currency_precision(currency)
    if not await repository.insert_chain(session, Chain(clean, currency, exponent, settings or {}, at)):
        raise ChainExists("this database already holds a chain")
    hq = Place(place_id, None, "hq", HQ_CODE, clean, path_under(None, place_id), time_zone, 0, at)
    await repository.insert_places(session, [hq])
    await _record(session, "chain.found", hq, actor, at, after={"currency": currency, "time_zone": time_zone})
    return hq


async def get_chain(session: AsyncSession) -> Chain:
    """The chain of this database. Raises: NoChain."""
    found = await repository.find_chain(session)
    if found is None:
        raise NoChain("this database holds no chain yet")
    return found


async def change_settings(
    session: AsyncSession,
    changes: Mapping[str, object],
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> Chain:
    """Set some of the chain's own choices and leave the others.

    Args:
        session: an open transaction.
        changes: by setting name; None removes one.
        actor: who changes.
        at: aware instant.
        reason: the actor's own words.
    Returns: the chain with the new settings.
    Raises: NoChain.
    """
    before = await lock_chain(session)
    after = await keep_settings(session, changes)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="chain.change_settings",
        subject_kind="chain",
        subject_id="1",
        before={key: before.settings.get(key) for key in changes},
        after=dict(changes),
        reason=reason,
        at=at,
    )
    return after


async def lock_chain(session: AsyncSession) -> Chain:
    """The chain, which nobody else changes before the end of the transaction. Raises: NoChain."""
    await repository.lock_places(session)
    return await get_chain(session)


async def keep_settings(session: AsyncSession, changes: Mapping[str, object]) -> Chain:
    """Set some of the chain's own choices; who calls this writes the audit, or need write none.

    Args:
        session: an open transaction.
        changes: by setting name; None removes one.
    Returns: the chain with the new settings.
    Raises: NoChain.
    """
    before = await lock_chain(session)
    merged = {**before.settings, **changes}
    settings = {key: value for key, value in merged.items() if value is not None}
    await repository.set_settings(session, settings)
    return replace(before, settings=settings)


async def begin_in(session: AsyncSession, currency: str, time_zone: str, actor: Actor, at: datetime) -> bool:
    """Let a chain that has opened nothing yet count in another currency and live by another clock.

    Args:
        session: an open transaction.
        currency: ISO 4217 code.
        time_zone: IANA name for the headquarters.
        actor: who changes.
        at: aware instant.
    Returns: whether the chain counts in that currency now; False, and unchanged, where it counts in
        another and has places below its headquarters, for amounts may stand in its books.
    Raises: NoChain; UnknownCurrency; UnknownTimeZone.
    """
    await repository.lock_places(session)
    before = await get_chain(session)
    if before.currency == currency:
        return True
    if not await repository.headquarters_stand_alone(session):
        return False
    if currency not in list_currencies():
        raise UnknownCurrency(currency, field="currency")
    hq = await place_by_code(session, HQ_CODE, actor.scope)
    check_time_zone(time_zone, "time_zone")
    await repository.set_currency(session, currency, get_currency_precision(currency))
    await repository.update_place(session, replace(hq, time_zone=time_zone))
    was = {"currency": before.currency, "time_zone": hq.time_zone}
    now = {"currency": currency, "time_zone": time_zone}
    await _record(session, "chain.begin_in", hq, actor, at, before=was, after=now)
    return True


async def open_place(session: AsyncSession, new: NewPlace, actor: Actor, at: datetime) -> Place:
    """Open one place. See `open_places`; fields of problems are not indexed."""
    return (await _open(session, [new], actor, at, prefix=""))[0]


async def open_places(
    session: AsyncSession, new: Sequence[NewPlace], actor: Actor, at: datetime
) -> list[Place]:
    """Open many places in one go.

    Args:
        session: an open transaction.
        new: places, a parent before its children where both are new.
        actor: each parent must lie inside its scope.
        at: aware instant.
    Returns: the places in the order given.
    Raises: InvalidInput: all problems, fields as `places[i].code`; nothing is written.
    Source: docs/semantics.md, "Scope".
    """
    return await _open(session, new, actor, at, prefix="places[{}].")


async def change_place(
    session: AsyncSession,
    place_id: UUID,
    actor: Actor,
    at: datetime,
    *,
    name: str | None = None,
    time_zone: str | None = None,
    cutoff_minutes: int | None = None,
) -> Place:
    """Rename a place, or change its time zone or cut-off, from now on; None leaves a value.

    Args:
        session: an open transaction.
        place_id: inside the actor's scope.
        actor: who changes.
        at: aware instant.
        name, time_zone, cutoff_minutes: new values.
    Returns: the place as it now is.
    Raises: UnknownPlace; InvalidInput.
    """
    await repository.lock_places(session)
    before = await get_place(session, place_id, actor.scope)
    problems: list[FieldProblem] = []
    if time_zone is not None:
        _collect(problems, check_time_zone, time_zone, "time_zone")
    if cutoff_minutes is not None:
        _collect(problems, check_cutoff, cutoff_minutes, "cutoff_minutes")
    if name is not None:
        _collect(problems, check_name, name, "name")
    if problems:
        raise InvalidInput(problems)
    after = replace(
        before,
        name=before.name if name is None else name.strip(),
        time_zone=time_zone or before.time_zone,
        cutoff_minutes=before.cutoff_minutes if cutoff_minutes is None else cutoff_minutes,
    )
    if after != before:
        await repository.update_place(session, after)
        await _record(session, "place.change", after, actor, at, before=_plain(before), after=_plain(after))
    return after


async def close_place(
    session: AsyncSession, place_id: UUID, actor: Actor, at: datetime, reason: str
) -> Place:
    """Close a place for good business: terminals stop, history stays. Twice changes nothing.

    Raises: UnknownPlace; ReasonMissing; PlaceHasOpenPlaces: close what stands below first.
    """
    await repository.lock_places(session)
    before = await get_place(session, place_id, actor.scope)
    words = said_why(reason)
    if before.closed_at is not None:
        return before
    if await repository.count_open_children(session, place_id):
        raise PlaceHasOpenPlaces(before.code)
    after = replace(before, closed_at=at)
    await repository.update_place(session, after)
    await _record(session, "place.close", after, actor, at, reason=words)
    return after


async def get_place(session: AsyncSession, place_id: UUID, scope: Scope) -> Place:
    """One place inside the scope. Raises: UnknownPlace."""
    found = await repository.find_place(session, place_id, scope)
    if found is None:
        raise UnknownPlace(place_id)
    return found


async def place_by_code(session: AsyncSession, code: str, scope: Scope) -> Place:
    """One place inside the scope by its code. Raises: UnknownPlace."""
    found = await repository.find_by_code(session, code, scope)
    if found is None:
        raise UnknownPlace(code)
    return found


async def places_below(session: AsyncSession, scope: Scope) -> list[Place]:
    """Every place inside the scope, a parent before its children."""
    return await repository.places_below(session, scope)


async def list_places(
    session: AsyncSession, scope: Scope, kind: PlaceKind, *, after: str = "", limit: int = 100
) -> list[Place]:
    """Places of one kind inside the scope, by code, from the one after `after`."""
    return await repository.page_of_kind(session, scope, kind, after, limit)


async def _open(
    session: AsyncSession, new: Sequence[NewPlace], actor: Actor, at: datetime, *, prefix: str
) -> list[Place]:
    if not new:
        return []
    await repository.lock_places(session)
    codes = {code for row in new for code in (row.code, row.parent_code)}
    known = await repository.find_by_codes(session, sorted(codes))
    problems: list[FieldProblem] = []
    opened: list[Place] = []
    for index, row in enumerate(new):
        made = _made(row, known, actor.scope, at, prefix.format(index), problems)
        if made is not None:
            known[made.code] = made
            opened.append(made)
    if problems:
        raise InvalidInput(problems)
    await repository.insert_places(session, opened)
    first = opened[0]
    summary = {"count": len(opened), "codes": [place.code for place in opened[:50]]}
    await _record(session, "place.open", first, actor, at, after=summary)
    return opened


def _made(
    row: NewPlace,
    known: Mapping[str, Place],
    scope: Scope,
    at: datetime,
    prefix: str,
    problems: list[FieldProblem],
) -> Place | None:
    found = len(problems)
    parent = known.get(row.parent_code)
    if parent is None or not scope.covers(parent.path):
        problems.append(ParentUnknown(field=f"{prefix}parent_code"))
    elif parent.kind not in PARENT_KINDS[row.kind]:
        problems.append(WrongParent(row.kind, parent.kind, field=f"{prefix}kind"))
    elif parent.closed_at is not None:
        problems.append(PlaceClosed(parent.code, field=f"{prefix}parent_code"))
    _collect(problems, check_code, row.code, f"{prefix}code")
    _collect(problems, check_name, row.name, f"{prefix}name")
    if row.code in known:
        problems.append(PlaceCodeTaken(row.code, field=f"{prefix}code"))
    if row.time_zone is not None:
        _collect(problems, check_time_zone, row.time_zone, f"{prefix}time_zone")
    if row.cutoff_minutes is not None:
        _collect(problems, check_cutoff, row.cutoff_minutes, f"{prefix}cutoff_minutes")
    if len(problems) > found or parent is None:
        return None
    return Place(
        id=row.id,
        parent_id=parent.id,
        kind=row.kind,
        code=row.code,
        name=row.name.strip(),
        path=path_under(parent.path, row.id),
        time_zone=row.time_zone or parent.time_zone,
        cutoff_minutes=parent.cutoff_minutes if row.cutoff_minutes is None else row.cutoff_minutes,
        created_at=at,
    )


def _collect(problems: list[FieldProblem], check: Callable[[T, str], object], value: T, field: str) -> None:
    try:
        check(value, field)
    except FieldProblem as problem:
        problems.append(problem)


def _plain(place: Place) -> dict[str, object]:
    return {"name": place.name, "time_zone": place.time_zone, "cutoff_minutes": place.cutoff_minutes}


async def _record(
    session: AsyncSession,
    action: str,
    place: Place,
    actor: Actor,
    at: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str | None = None,
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="place",
        subject_id=str(place.id),
        place_id=place.id,
        before=before,
        after=after,
        reason=reason,
        at=at,
    )
