"""The chain's own fields from the command line, in the chain's database."""

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

import orjson
from pydantic import ValidationError

from api.schemas.custom_fields import CustomFieldIn
from regulars.custom_fields import products, service
from regulars.custom_fields.domain import CustomField, Subject
from regulars.custom_fields.errors import CustomFieldInvalid
from regulars.custom_fields.files import PRODUCT_CODE, Fault, read_products
from regulars.entrypoints.database import database_of
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.ids import new_id
from regulars.security.actor import Actor
from regulars.settings import Settings

ACTOR: Final = Actor.command("regulars fields")
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file of products' values.

    Attributes:
        products: how many it names; changed: codes of those that are not as they were.
        faults: what is wrong with it; with any, nothing was set.
    """

    products: int
    changed: Sequence[str] = ()
    faults: Sequence[Fault] = ()


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
        return [await service.define_field(session, field, ACTOR, at) for field in wanted]


async def load_values(settings: Settings, content: bytes, *, as_json: bool, dry_run: bool) -> Loaded:
    """Set products' values by a file: all of it, or nothing where one cell is wrong."""
    async with database_of(settings, "regulars-fields") as database:
        async with database.read() as session:
            found = read_products(content, await products.product_fields(session), as_json=as_json)
        if found.faults or dry_run:
            return Loaded(len(found.rows), faults=found.faults)
        async with database.begin() as session:
            changed = await products.set_product_values(session, found.rows, ACTOR, clock.now())
        return Loaded(len(found.rows), changed)


async def export_values(settings: Settings) -> AsyncIterator[str]:
    """All products' values as CSV lines that `load_values` takes again."""
    async with database_of(settings, "regulars-fields") as database, database.read() as session:
        fields = await products.product_fields(session)
        names = [code for code, field in fields.items() if field.retired_at is None]
        yield _csv_line([PRODUCT_CODE, *names])
        after = ""
        while page := await products.list_product_values(session, after=after, limit=_PAGE):
            for product in page:
                cells = [_cell(product.set.get(name)) for name in names]
                yield _csv_line([product.product_code, *cells])
            after = page[-1].product_code


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


def _cell(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _csv_line(cells: Sequence[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
