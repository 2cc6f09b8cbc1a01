"""The commands for a chain's own fields: list and define them, load and export products' values."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.kernel.words import counted

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, allow_dash=True)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    fields = typer.Typer(no_args_is_help=True, help="Own fields of members, stores and products.")
    fields.command("list")(list_fields)
    fields.command("define")(define_fields)
    fields.command("load")(load_values)
    fields.command("export")(export_values)
    app.add_typer(fields, name="fields")


def list_fields(
    subject: Annotated[
        Literal["member", "store", "product"] | None, typer.Option("--subject", help="Only those of one.")
    ] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """The chain's own fields, retired ones with them."""
    from api.schemas.custom_fields import CustomFieldOut
    from regulars.entrypoints.field_values import list_fields as listed
    from regulars.settings import load_settings

    found = [CustomFieldOut.of(each) for each in asyncio.run(listed(load_settings(data_dir), subject))]
    if json:
        _print_json([each.model_dump(mode="json") for each in found])
        return
    for each in found:
        retired = "  retired" if each.retired_at else ""
        print(f"{each.subject}  {each.path}  {each.type}  {each.title_zh}  {each.title_en}{retired}")


def define_fields(file: FileArgument, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Add fields by a JSON file: one as `POST /v1/custom-fields` takes it, or a list; all or none."""
    from api.schemas.custom_fields import CustomFieldOut
    from regulars.entrypoints.field_values import define
    from regulars.settings import load_settings

    made = asyncio.run(define(load_settings(data_dir), _content(file)))
    if json:
        _print_json([CustomFieldOut.of(each).model_dump(mode="json") for each in made])
        return
    for each in made:
        print(f"{CustomFieldOut.of(each).path} is there for rules of {each.subject}s.")


def load_values(
    file: FileArgument,
    form: Annotated[
        Literal["csv", "json"] | None, typer.Option("--format", help="Default: by the file's name, else csv.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and set nothing.")] = False,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Set products' values by a file, `-` for what is piped in: all, or nothing where one cell is wrong.

    CSV begins with `product_code` and the codes of fields; a column left out leaves what is set, an empty
    cell takes the value away.
    """
    from regulars.entrypoints.field_values import load_values as load
    from regulars.settings import load_settings

    as_json = form == "json" if form else file.suffix.lower() == ".json"
    loaded = asyncio.run(load(load_settings(data_dir), _content(file), as_json=as_json, dry_run=dry_run))
    if json:
        faults = [{"row": each.row, "field": each.field, "wanted": each.wanted} for each in loaded.faults]
        _print_json({"products": loaded.products, "changed": list(loaded.changed), "faults": faults})
    else:
        for fault in loaded.faults:
            print(fault)
        print(_outcome(len(loaded.faults), loaded.products, len(loaded.changed), dry_run=dry_run))
    if loaded.faults:
        raise typer.Exit(1)


def export_values(data_dir: DataDirOption = None) -> None:
    """Print all products' values as CSV, as `load` takes it."""
    from regulars.entrypoints.field_values import export_values as export
    from regulars.settings import load_settings

    async def printed() -> None:
        async for line in export(load_settings(data_dir)):
            print(line)

    asyncio.run(printed())


def _outcome(faults: int, products: int, changed: int, *, dry_run: bool) -> str:
    if faults:
        return "Nothing was set."
    if dry_run:
        return f"The file is good: {counted(products, 'product')}."
    return f"{changed:,} of {counted(products, 'product')} changed."


def _content(file: Path) -> bytes:
    """What a file holds, as far as it may be large."""
    from regulars.custom_fields.files import MOST_BYTES

    if str(file) == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _print_json(value: object) -> None:
    import orjson

    print(orjson.dumps(value).decode())
