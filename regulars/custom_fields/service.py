"""Use-cases of a chain's own fields: define, word, retire; set values for members and stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import repository
from regulars.custom_fields.domain import (
    MOST_FIELDS,
    CustomField,
    Subject,
    Value,
    check_field,
    check_more_choices,
    check_values,
    check_words,
    facts_of,
)
from regulars.custom_fields.errors import CustomFieldTaken, TooManyCustomFields, UnknownCustomField
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.security import audit
from regulars.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Change:
    """What may change of a field; None leaves it as it is."""

    title_zh: str | None = None
    title_en: str | None = None
    help_zh: str | None = None
    help_en: str | None = None
    choices: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """What one member or store is by the chain's own fields.

    Attributes:
        set: what somebody set.
        facts: what rules read: a value for every field.
    """

    set: Mapping[str, Value]
    facts: Mapping[str, Value]


async def define_field(session: AsyncSession, new: CustomField, actor: Actor, at: datetime) -> CustomField:
    """Add a field that packs may read from now on.

    Args:
        session: an open transaction.
        new: as somebody wants it.
        actor: admitted to edit packs.
        at: aware instant, now.
    Returns: the field.
    Raises: InvalidInput: naming each wrong part. CustomFieldTaken, TooManyCustomFields.
    Source: docs/rules/custom-fields.md.
    """
    problems: list[FieldProblem] = [*check_field(new)]
    if problems:
        raise InvalidInput(problems)
    await repository.lock_fields(session)
    others = await repository.fields(session, new.subject)
    if any(other.code == new.code for other in others):
        raise CustomFieldTaken(new.subject, new.code)
    if len(others) >= MOST_FIELDS:
        raise TooManyCustomFields(MOST_FIELDS)
    await repository.insert_field(session, new, at, _name(actor))
    await _noted(session, "custom_field.define", new, actor, at, after=_plain(new))
    return new


async def change_field(
    session: AsyncSession, field_id: UUID, change: Change, actor: Actor, at: datetime
) -> CustomField:
    """Change a field's words, or add choices; type, code and bounds stay, for packs rely on them.

    Args:
        session: an open transaction.
        field_id: of the field.
        change: what becomes different.
        actor: admitted to edit packs.
        at: aware instant, now.
    Returns: the field as it is now.
    Raises: UnknownCustomField. InvalidInput: a word or choice is wrong, or a choice would be gone.
    """
    await repository.lock_fields(session)
    old = await _found(session, field_id)
    given = {name: getattr(change, name) for name in Change.__slots__ if getattr(change, name) is not None}
    if "choices" in given:
        given["choices"] = tuple(given["choices"])
    new = replace(old, **given)
    problems: list[FieldProblem] = [*check_words(new), *check_more_choices(old, new)]
    if problems:
        raise InvalidInput(problems)
    if new == old:
        return old
    await repository.update_field(session, new)
    await _noted(session, "custom_field.change", new, actor, at, before=_plain(old), after=_plain(new))
    return new


async def retire_field(session: AsyncSession, field_id: UUID, actor: Actor, at: datetime) -> CustomField:
    """Let no new pack read a field, and no value be set; live packs go on reading what is set.

    Args: as `change_field`.
    Returns: the field; as it was where it was retired before.
    Raises: UnknownCustomField.
    """
    await repository.lock_fields(session)
    old = await _found(session, field_id)
    if old.retired_at is not None:
        return old
    new = replace(old, retired_at=at)
    await repository.update_field(session, new)
    await _noted(session, "custom_field.retire", new, actor, at, after={"retired_at": at.isoformat()})
    return new


async def list_fields(
    session: AsyncSession,
    subject: Subject | None = None,
    *,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[CustomField]:
    """The chain's own fields, by subject and code, retired ones with them."""
    return await repository.fields(session, subject, after, limit)


async def get_values(session: AsyncSession, subject: Subject, owner: UUID) -> Values:
    """What one member or store is by the chain's own fields.

    Args:
        session: any.
        subject: of the fields.
        owner: the member's or place's id; the caller has seen to it that it is in sight.
    """
    fields = await repository.fields(session, subject)
    found = await repository.values_of(session, subject, owner)
    return Values(found, facts_of(fields, found))


async def values_of_stores(session: AsyncSession) -> Mapping[UUID, Mapping[str, Value]]:
    """What is set for stores, by their ids and the fields' codes; stores without any are left out."""
    return await repository.values_of_stores(session)


async def set_values(
    session: AsyncSession,
    subject: Subject,
    owner: UUID,
    values: Mapping[str, Value | None],
    actor: Actor,
    at: datetime,
    *,
    place_id: UUID | None = None,
) -> Values:
    """Set some values of one member or store; purchases from now on are read with them.

    Args:
        session: an open transaction.
        subject: of the fields.
        owner: as in `get_values`.
        values: by code; None takes a value away; what is left out stays.
        actor: admitted to change the owner.
        at: aware instant, now.
        place_id: where the act counts, for the audit.
    Returns: all values as they are now.
    Raises: InvalidInput: naming each value that does not fit; nothing is set.
    """
    await repository.lock_fields(session)
    fields = {field.code: field for field in await repository.fields(session, subject)}
    problems: list[FieldProblem] = [*check_values(fields, values)]
    if problems:
        raise InvalidInput(problems)
    before = await repository.values_of(session, subject, owner)
    changed = {code: value for code, value in values.items() if before.get(code) != value}
    for code, value in changed.items():
        if value is None:
            await repository.remove_value(session, fields[code], owner)
        else:
            await repository.set_value(session, fields[code], owner, value, at, _name(actor))
    if changed:
        if subject == "store":  # a member's are read with each purchase, a store's are remembered
            await repository.tell_processes(session)
        kind = "place" if subject == "store" else subject
        await audit.record(
            session,
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=f"{kind}.set_custom_values",
            subject_kind=kind,
            subject_id=str(owner),
            at=at,
            place_id=place_id,
            before={"fields": sorted(changed), "attributes": {code: before.get(code) for code in changed}},
            after={"fields": sorted(changed), "attributes": changed},
        )
    return await get_values(session, subject, owner)


async def _found(session: AsyncSession, field_id: UUID) -> CustomField:
    found = await repository.field(session, field_id)
    if found is None:
        raise UnknownCustomField(field_id)
    return found


async def _noted(
    session: AsyncSession,
    action: str,
    field: CustomField,
    actor: Actor,
    at: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    await repository.tell_processes(session)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind="custom_field",
        subject_id=f"{field.subject}.{field.code}",
        at=at,
        before=before,
        after=after,
    )


def _plain(field: CustomField) -> dict[str, object]:
    return {
        "type": field.type,
        "title": {"zh": field.title_zh, "en": field.title_en},
        "help": {"zh": field.help_zh, "en": field.help_en},
        "bounds": [field.low, field.high],
        "choices": [choice.value for choice in field.choices],
        "default": field.default,
    }


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"
