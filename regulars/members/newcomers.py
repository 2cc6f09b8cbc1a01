"""Writing new members, one or thousands: all details checked, all numbers drawn, nothing half done."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.ids import random_below
from regulars.members import repository
from regulars.members.attributes import check_attributes
from regulars.members.domain import (
    DEFAULT_PREFIX,
    UNSET,
    Consent,
    NewMember,
    ProfileChange,
    check_profile,
    check_purposes,
    check_references,
    free_digits,
    member_number,
)
from regulars.members.errors import (
    EnrolledInFuture,
    HomeStoreUnknown,
    PhoneInvalid,
    PhoneTaken,
    ReferenceTaken,
)
from regulars.members.phones import SealedPhone, normalise, seal
from regulars.members.service import MemberRules
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.security.scope import Scope

PREFIX_SETTING: Final = "member_number_prefix"
CONSENT_SOURCE: Final = "enrolment"
_ROUNDS_MAX: Final = 5

Draw = Callable[[int], int]
"""Gives a whole number below its argument that nobody can predict."""


@dataclass(frozen=True, slots=True)
class Written:
    """A member who was written."""

    id: UUID
    number: str
    home_store_id: UUID
    enrolled_at: datetime


@dataclass(slots=True)
class _Draft:
    new: NewMember
    prefix: str
    phone: SealedPhone | None = None
    number: str = ""


async def write_members(
    session: AsyncSession,
    new: Sequence[NewMember],
    rules: MemberRules,
    places: Places,
    scope: Scope,
    at: datetime,
    *,
    indexed: bool = True,
    draw: Draw = random_below,
) -> list[Written]:
    """Write members with phones, references and consents, and draw their numbers.

    Args:
        session: an open transaction.
        new: members to be; references and phones each once.
        rules: the chain's settings and the phone keys.
        places: fresh; home stores are looked up there.
        scope: where the one who enrols may.
        at: aware instant of recording.
        indexed: name fields as `members[i].phone`, else plainly.
        draw: gives the digits of member numbers.
    Returns: one a member, in order.
    Raises: InvalidInput: all problems at once; nothing is to be kept of the transaction.
    Source: docs/semantics.md, "Personal data".
    """
    drafts = [_Draft(member, f"members[{i}]." if indexed else "") for i, member in enumerate(new)]
    problems = [problem for draft in drafts for problem in _problems_of(draft, rules, places, scope, at)]
    problems += _told_twice(drafts)
    problems += await _taken(session, drafts)
    if problems:
        raise InvalidInput(problems)
    await _number(session, drafts, rules, draw)
    await _insert(session, drafts, rules, draw, at)
    await _insert_references(session, drafts, at)
    consents = [(draft.new.id, consent) for draft in drafts for consent in _consents(draft.new)]
    await repository.insert_consents(session, consents)
    return [
        Written(draft.new.id, draft.number, draft.new.home_store_id, draft.new.enrolled_at)
        for draft in drafts
    ]


def _problems_of(
    draft: _Draft, rules: MemberRules, places: Places, scope: Scope, at: datetime
) -> list[FieldProblem]:
    new, prefix = draft.new, draft.prefix
    profile = ProfileChange(
        name=UNSET if new.name is None else new.name,
        birthday=new.birthday,
        gender=new.gender,
        locale=new.locale,
        tags=new.tags,
    )
    problems = check_profile(profile, at.date(), prefix)
    problems += check_references(new.references, prefix)
    problems += check_purposes(list(new.consents), prefix)
    problems += check_attributes(new.attributes, rules.settings, prefix)
    if new.enrolled_at > at:
        problems.append(EnrolledInFuture(field=f"{prefix}enrolled_at"))
    if not _may_enrol_at(new.home_store_id, places, scope):
        problems.append(HomeStoreUnknown(field=f"{prefix}home_store_code"))
    if new.phone is not None:
        try:
            draft.phone = seal(rules.keys, new.id, normalise(new.phone, rules.region, field=f"{prefix}phone"))
        except PhoneInvalid as problem:
            problems.append(problem)
    return problems


def _may_enrol_at(store_id: UUID, places: Places, scope: Scope) -> bool:
    try:
        store = places.store(store_id)
    except UnknownPlace:
        return False
    return store.open and scope.covers(store.path)


def _told_twice(drafts: Sequence[_Draft]) -> list[FieldProblem]:
    phones = Counter(draft.phone.index for draft in drafts if draft.phone)
    references = Counter(reference for draft in drafts for reference in draft.new.references)
    problems: list[FieldProblem] = [
        PhoneTaken(field=f"{draft.prefix}phone")
        for draft in drafts
        if draft.phone and phones[draft.phone.index] > 1
    ]
    problems += [
        ReferenceTaken(reference, field=f"{draft.prefix}references[{i}]")
        for draft in drafts
        for i, reference in enumerate(draft.new.references)
        if references[reference] > 1
    ]
    return problems


async def _taken(session: AsyncSession, drafts: Sequence[_Draft]) -> list[FieldProblem]:
    indexes = [draft.phone.index for draft in drafts if draft.phone]
    references = [reference for draft in drafts for reference in draft.new.references]
    phone_owners = await repository.phones_taken(session, indexes) if indexes else {}
    reference_owners = await repository.references_taken(session, references) if references else {}
    problems: list[FieldProblem] = [
        PhoneTaken(field=f"{draft.prefix}phone")
        for draft in drafts
        if draft.phone and draft.phone.index in phone_owners
    ]
    problems += [
        ReferenceTaken(reference, field=f"{draft.prefix}references[{i}]")
        for draft in drafts
        for i, reference in enumerate(draft.new.references)
        if reference in reference_owners
    ]
    return problems


async def _number(session: AsyncSession, drafts: Sequence[_Draft], rules: MemberRules, draw: Draw) -> None:
    """Give each draft a number that neither another draft nor a member has."""
    prefix = str(rules.settings.get(PREFIX_SETTING, DEFAULT_PREFIX))
    limit = 10 ** free_digits(prefix)
    given: set[str] = {draft.number for draft in drafts if draft.number}
    waiting = [draft for draft in drafts if not draft.number]
    while waiting:
        for draft in waiting:
            while not draft.number or draft.number in given:
                draft.number = member_number(prefix, draw(limit))
            given.add(draft.number)
        taken = await repository.numbers_taken(session, [draft.number for draft in waiting])
        waiting = [draft for draft in waiting if draft.number in taken]
        for draft in waiting:
            draft.number = ""


async def _insert(
    session: AsyncSession, drafts: Sequence[_Draft], rules: MemberRules, draw: Draw, at: datetime
) -> None:
    waiting = list(drafts)
    for _ in range(_ROUNDS_MAX):
        if not waiting:
            return
        written = await repository.insert_members(session, [_row(draft, at) for draft in waiting])
        waiting = [draft for draft in waiting if draft.new.id not in written]
        # A clash after the checks: somebody else has just taken the phone, or the number.
        problems = await _taken(session, [draft for draft in waiting if draft.phone])
        if problems:
            raise InvalidInput(problems)
        for draft in waiting:
            draft.number = ""
        await _number(session, waiting, rules, draw)
    raise ValueError("a member with one of these ids stands already")


async def _insert_references(session: AsyncSession, drafts: Sequence[_Draft], at: datetime) -> None:
    owners = {reference: draft.new.id for draft in drafts for reference in draft.new.references}
    written = await repository.insert_references(session, owners, at)
    late = [
        ReferenceTaken(reference, field=f"{draft.prefix}references[{i}]")
        for draft in drafts
        for i, reference in enumerate(draft.new.references)
        if reference not in written
    ]
    if late:
        raise InvalidInput([*late])


def _consents(new: NewMember) -> list[Consent]:
    return [
        Consent(purpose, granted, new.enrolled_at, CONSENT_SOURCE)
        for purpose, granted in new.consents.items()
    ]


def _row(draft: _Draft, at: datetime) -> Mapping[str, object]:
    new, phone = draft.new, draft.phone
    return {
        "id": new.id,
        "number": draft.number,
        "name": (new.name or "").strip(),
        "phone_cipher": phone.cipher if phone else None,
        "phone_index": phone.index if phone else None,
        "phone_last4": phone.last4 if phone else None,
        "birthday": new.birthday,
        "gender": new.gender,
        "locale": new.locale,
        "home_store_id": new.home_store_id,
        "tags": list(dict.fromkeys(new.tags)),
        "attributes": dict(new.attributes),
        "enrolled_at": new.enrolled_at,
        "recorded_at": at,
    }
