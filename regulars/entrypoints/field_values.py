"""The chain's own fields from the command line, in the chain's database."""

from collections.abc import AsyncIterator
from typing import Final

import orjson
from pydantic import ValidationError

from api.schemas.custom_fields import CustomFieldIn
from regulars.custom_fields import products, service
from regulars.custom_fields.domain import CustomField, Subject
from regulars.custom_fields.errors import CustomFieldInvalid
from regulars.entrypoints.acting import command_actor
from regulars.entrypoints.database import database_of
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.ids import new_id
from regulars.settings import Settings

COMMAND: Final = "regulars fields"


async def list_fields(settings: Settings, subject: Subject | None) -> list[CustomField]:
    """The chain's own fields by subject and code."""
    async with database_of(settings, "regulars-fields") as database, database.read() as session:
        return await service.list_fields(session, subject)


async def define(settings: Settings, content: bytes) -> list[CustomField]:
    """Add fields that packs may read from now on: one object as the API takes it, or a list; all or none.

    Raises: InvalidInput, CustomFieldTaken, TooManyCustomFields; nothing is then added.
    """
    wanted = _definitions(content)
    async with database_of(settings, "regulars-fields") as database, database.begin() as session:
        at = clock.now()
        return [await service.define_field(session, field, command_actor(COMMAND), at) for field in wanted]


async def load_values(settings: Settings, content: bytes, *, as_json: bool, dry_run: bool) -> products.Loaded:
    """Set products' values by a file: all of it, or nothing where one cell is wrong."""
    async with database_of(settings, "regulars-fields") as database, database.begin() as session:
        at = clock.now()
        return await products.load_file(
            session, content, command_actor(COMMAND), at, as_json=as_json, dry_run=dry_run
        )


async def export_values(settings: Settings) -> AsyncIterator[str]:
    """All products' values as CSV lines that `load_values` takes again."""
    async with database_of(settings, "regulars-fields") as database, database.read() as session:
        async for line in products.export_table(session):
            yield line


def _definitions(content: bytes) -> list[CustomField]:
    try:
        read = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise CustomFieldInvalid(f"a JSON file; line {error.lineno}: {error.msg}", "file") from None
    fields: list[CustomField] = []
    problems: list[FieldProblem] = []
    for index, each in enumerate(read if isinstance(read, list) else [read]):
        try:
            fields.append(CustomFieldIn.model_validate(each).field(new_id()))
        except ValidationError as error:
            for one in error.errors():
                name = ".".join(map(str, (index, *one["loc"])))
                problems.append(CustomFieldInvalid(f"another value: {one['msg']}", name))
    if problems:
        raise InvalidInput(problems)
    return fields
