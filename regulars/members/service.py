"""Use-cases of who a member is: write down, change, find. Joining as a whole is `lifecycle.enrolment`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.away import sqlstate
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.reasons import said_why
from regulars.members import repository
from regulars.members.attributes import check_attributes
from regulars.members.domain import (
    UNSET,
    Consent,
    Member,
    Name,
    ProfileChange,
    check_profile,
    check_purposes,
    check_references,
    read_reference,
)
from regulars.members.errors import (
    PhoneInvalid,
    PhoneTaken,
    ReferenceTaken,
    SourceInvalid,
    UnknownMember,
)
from regulars.members.phones import (
    DEFAULT_REGION,
    REGION_SETTING,
    PhoneKeys,
    blind_index,
    normalise,
    seal,
    unseal,
)
from regulars.organisation.domain import Chain
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import Scope

SOURCE_LENGTH_MAX: Final = 40
_UNIQUE_VIOLATION: Final = "23505"


@dataclass(frozen=True, slots=True)
class MemberRules:
    """What the chain and the installation say about members' details."""

    keys: PhoneKeys
    settings: Mapping[str, object]

    @classmethod
    def of(cls, chain: Chain, keys: PhoneKeys) -> "MemberRules":
        return cls(keys, chain.settings)

    @property
    def region(self) -> str:
        """ISO 3166 code of the country of phone numbers written without one."""
        return str(self.settings.get(REGION_SETTING, DEFAULT_REGION))


async def find_member(session: AsyncSession, text: str, rules: MemberRules, scope: Scope) -> Member:
    """The member whom a text names.

    Args:
        session: an open transaction.
        text: member id, number, external reference (e.g. "cj-1007") or phone.
        rules: the chain's region and the phone keys.
        scope: where the reader may look; a till that holds the text may look everywhere.
    Returns: the member.
    Raises: UnknownMember: nobody, or outside the scope, or no name of anybody.
    Source: docs/semantics.md, "Personal data".
    """
    kind, value = name_of(text, rules)
    found = None if value is None else await repository.find_member(session, kind, value, scope)
    if found is None:
        raise UnknownMember
    return found


def name_of(text: str, rules: MemberRules) -> Name:
    """What a text says who is meant.

    Args:
        text: member id, number, external reference (e.g. "cj-1007") or phone.
        rules: the chain's region and the phone keys.
    Returns: "id", "number", "reference" or "phone", and its value; None for a phone that cannot be one.
    """
    named = read_reference(text)
    if named.kind == "id":
        return "id", UUID(named.value)
    if named.kind != "phone":
        return named.kind, named.value
    return "phone", phone_index(named.value, rules)


async def get_member(session: AsyncSession, member_id: UUID, scope: Scope) -> Member:
    """One member inside the scope. Raises: UnknownMember."""
    found = await repository.find_member(session, "id", member_id, scope)
    if found is None:
        raise UnknownMember
    return found


async def update_profile(
    session: AsyncSession,
    member_id: UUID,
    change: ProfileChange,
    rules: MemberRules,
    actor: Actor,
    at: datetime,
) -> Member:
    """Change some details of a member.

    Args:
        session: an open transaction.
        member_id: inside the actor's scope.
        change: new values; attributes given replace all.
        rules: the chain's region, attribute declarations and the phone keys.
        actor: who changes.
        at: aware instant.
    Returns: the member as it now is.
    Raises: UnknownMember; InvalidInput: one problem a wrong field, PhoneTaken among them.
    Source: docs/semantics.md, "Personal data".
    """
    if not await repository.lock_member(session, member_id, actor.scope):
        raise UnknownMember
    problems = check_profile(change, at.date(), "")
    if isinstance(change.attributes, Mapping):
        problems += check_attributes(change.attributes, rules.settings, "")
    values = _plain_values(change)
    if isinstance(change.phone, str):
        values |= await _new_phone(session, member_id, change.phone, rules, problems)
    if problems:
        raise InvalidInput(problems)
    if values:
        await _write(session, member_id, values)
        await _record(session, "member.update", member_id, actor, at, _changed(change))
    return await get_member(session, member_id, actor.scope)


async def record_consents(
    session: AsyncSession,
    member_id: UUID,
    consents: Mapping[str, bool],
    source: str,
    actor: Actor,
    at: datetime,
) -> Member:
    """Write down what a member agrees or objects to; earlier words are kept.

    Args:
        session: an open transaction.
        member_id: inside the actor's scope.
        consents: by purpose.
        source: how the member said so, e.g. "desk", "app".
        actor: who writes it down.
        at: aware instant.
    Returns: the member with the words that now hold.
    Raises: UnknownMember; InvalidInput: an unknown purpose or an empty source.
    Source: docs/semantics.md, "Personal data".
    """
    problems = check_purposes(list(consents), "")
    if not 1 <= len(source.strip()) <= SOURCE_LENGTH_MAX:
        problems.append(SourceInvalid(SOURCE_LENGTH_MAX))
    if problems:
        raise InvalidInput(problems)
    if not await repository.lock_member(session, member_id, actor.scope):
        raise UnknownMember
    rows = [(member_id, Consent(purpose, granted, at, source)) for purpose, granted in consents.items()]
    await repository.insert_consents(session, rows)
    await _record(session, "member.consent", member_id, actor, at, dict(consents))
    return await get_member(session, member_id, actor.scope)


async def add_reference(
    session: AsyncSession, member_id: UUID, reference: str, actor: Actor, at: datetime
) -> Member:
    """Note under which name an outside system knows the member. Twice changes nothing.

    Raises: UnknownMember; InvalidInput: ReferenceInvalid, ReferenceTaken.
    """
    problems = check_references([reference], "")
    if problems:
        raise InvalidInput(problems)
    if not await repository.lock_member(session, member_id, actor.scope):
        raise UnknownMember
    if await repository.insert_references(session, {reference: member_id}, at):
        await _record(session, "member.add_reference", member_id, actor, at, {"reference": reference})
    elif (await repository.references_taken(session, [reference])).get(reference) != member_id:
        raise InvalidInput([ReferenceTaken(reference, field="reference")])
    return await get_member(session, member_id, actor.scope)


async def reveal_phone(
    session: AsyncSession, member_id: UUID, rules: MemberRules, actor: Actor, at: datetime, reason: str
) -> str | None:
    """A member's whole telephone number, e.g. for a follow-up call; the audit notes who saw it and why.

    Args:
        session: an open transaction.
        member_id: inside the actor's scope.
        rules: the phone keys.
        actor: who asks.
        at: aware instant.
        reason: the actor's own words, not empty.
    Returns: E.164, or None where the member gave none.
    Raises: UnknownMember; PhoneUnreadable; ReasonMissing.
    """
    words = said_why(reason)
    await get_member(session, member_id, actor.scope)
    cipher = await repository.phone_cipher_of(session, member_id, actor.scope)
    await _record(session, "member.reveal_phone", member_id, actor, at, None, words)
    return None if cipher is None else unseal(rules.keys, member_id, cipher)


def phone_index(text: str, rules: MemberRules) -> bytes | None:
    """The blind index of a text that reads as a telephone number, else None."""
    try:
        return blind_index(rules.keys, normalise(text, rules.region))
    except PhoneInvalid:
        return None


def _plain_values(change: ProfileChange) -> dict[str, object]:
    values = {field.name: getattr(change, field.name) for field in fields(change) if field.name != "phone"}
    given = {name: value for name, value in values.items() if value is not UNSET}
    if isinstance(change.name, str):
        given["name"] = change.name.strip()
    if isinstance(change.tags, tuple):
        given["tags"] = list(dict.fromkeys(change.tags))
    if change.phone is None:
        given |= {"phone_cipher": None, "phone_index": None, "phone_last4": None}
    return given


def _changed(change: ProfileChange) -> dict[str, object]:
    names = [field.name for field in fields(change) if getattr(change, field.name) is not UNSET]
    # Tags decide what a member earns, so the audit keeps their values; the rest is personal.
    told: dict[str, object] = dict.fromkeys(names, "changed")
    if isinstance(change.tags, tuple):
        told["tags"] = list(change.tags)
    return told


async def _new_phone(
    session: AsyncSession, member_id: UUID, text: str, rules: MemberRules, problems: list[FieldProblem]
) -> dict[str, object]:
    try:
        sealed = seal(rules.keys, member_id, normalise(text, rules.region))
    except PhoneInvalid as problem:
        problems.append(problem)
        return {}
    owners = await repository.phones_taken(session, [sealed.index])
    if owners.get(sealed.index, member_id) != member_id:
        problems.append(PhoneTaken(field="phone"))
    return {"phone_cipher": sealed.cipher, "phone_index": sealed.index, "phone_last4": sealed.last4}


async def _write(session: AsyncSession, member_id: UUID, values: Mapping[str, object]) -> None:
    try:
        async with session.begin_nested():
            await repository.update_member(session, member_id, values)
    except IntegrityError as error:
        if sqlstate(error) != _UNIQUE_VIOLATION:
            raise
        # The one unique column that a profile has; somebody took the number a moment ago.
        raise InvalidInput([PhoneTaken(field="phone")]) from None


async def _record(
    session: AsyncSession,
    action: str,
    member_id: UUID,
    actor: Actor,
    at: datetime,
    after: Mapping[str, object] | None,
    reason: str | None = None,
) -> None:
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="member",
        subject_id=str(member_id),
        after=after,
        reason=reason,
        at=at,
    )
