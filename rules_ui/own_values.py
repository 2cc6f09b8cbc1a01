"""The chain's own fields of one member or store as a form: what was typed, and what stands in it."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from regulars.custom_fields import service
from regulars.custom_fields.domain import CustomField, Subject, Value
from regulars.kernel.errors import InvalidInput
from regulars.rules.catalogue import Field
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security.actor import Actor
from rules_ui import fact_view, field_form
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import ValueField
from rules_ui.editor.values import Unreadable
from rules_ui.i18n import Speech
from rules_ui.troubles import troubles_of

OWN: Final = "own."
"""What a value's name in the form begins with: a field's code may be anything, also `csrf_token`."""


def said_in(form: FormData) -> dict[str, str]:
    """What was typed, by the fields' codes."""
    return {
        name.removeprefix(OWN): value
        for name, value in form.items()
        if isinstance(value, str) and name.startswith(OWN)
    }


async def save_values(
    session: AsyncSession,
    subject: Subject,
    owner: UUID,
    said: Mapping[str, str],
    actor: Actor,
    say: Speech,
    place_id: UUID,
) -> Sequence[FieldTrouble]:
    """Set what was filled in, and take away what was emptied; all of it, or nothing where one is wrong.

    Args:
        session: an open transaction.
        owner: in the actor's sight.
        said: as typed, by the fields' codes; what is left out stays.
        place_id: where the act counts.
    Returns: what is wrong; none where all is set.
    """
    fields = [each for each in await open_fields(session, subject) if each.code in said]
    try:
        values = _read(fields, said, say)
        if values:
            await service.set_values(session, subject, owner, values, actor, say.now, place_id=place_id)
    except field_form.Refused as refused:
        return refused.problems
    except InvalidInput as error:
        return troubles_of(error, say.language, prefix="values.")
    return ()


async def shown_fields(
    session: AsyncSession, subject: Subject, owner: UUID, said: Mapping[str, str] | None, say: Speech
) -> tuple[ValueField, ...]:
    """The fields that take values, filled in as typed or, where nothing was, as they are set."""
    held = (await service.get_values(session, subject, owner)).set
    known = await _facts(session, subject)
    return tuple(
        field_form.value_field(
            field,
            field_form.shown_value(field.type, held.get(field.code), say.money.exponent)
            if said is None
            else said.get(field.code, ""),
            "" if field.default == "" else fact_view.value_of(known[field.code], field.default, say),
            say,
        )
        for field in await open_fields(session, subject)
    )


async def values_in_words(session: AsyncSession, member_id: UUID, say: Speech) -> tuple[tuple[str, str], ...]:
    """What is set of a member, each by its name; "" where it is not."""
    known = await _facts(session, "member")
    if not known:
        return ()
    held = (await service.get_values(session, "member", member_id)).set
    open_codes = [field.code for field in await open_fields(session, "member")]
    return tuple(
        (
            fact_view.name_of(known[code], say),
            fact_view.value_of(known[code], held[code], say) if code in held else "",
        )
        for code in open_codes
    )


async def open_fields(session: AsyncSession, subject: Subject) -> list[CustomField]:
    """Those that take values."""
    return [field for field in await service.list_fields(session, subject) if field.retired_at is None]


def _read(fields: Sequence[CustomField], said: Mapping[str, str], say: Speech) -> dict[str, Value | None]:
    """What was typed. Raises: field_form.Refused: each value that cannot be."""
    values: dict[str, Value | None] = {}
    problems: list[FieldTrouble] = []
    for field in fields:
        try:
            values[field.code] = field_form.read_value(field, said[field.code], say)
        except field_form.Refused as refused:
            problems += refused.problems
        except Unreadable as trouble:
            problems.append(FieldTrouble(field.code, say.text(field_form.UNREADABLE[trouble.reason])))
    if problems:
        raise field_form.Refused(problems)
    return values


async def _facts(session: AsyncSession, subject: Subject) -> Mapping[str, Field]:
    known = await catalogue_of(session)
    return known.store if subject == "store" else known.member
