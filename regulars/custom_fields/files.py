"""Files of products' values, CSV or JSON: every wrong cell is told by its row and field, none is guessed."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Final

import orjson

from regulars.custom_fields.domain import (
    LONGEST_CODE,
    LONGEST_PRODUCT_CODE,
    MOST_PROBLEMS,
    CustomField,
    ProductRow,
    Value,
    check_products,
)
from regulars.kernel.spreadsheet import bare

MOST_BYTES: Final = 64 << 20
PRODUCT_CODE: Final = "product_code"
_TRUTHS: Final = {"true": True, "false": False, "是": True, "否": False}
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file.

    Attributes:
        row: as a spreadsheet numbers it, of JSON the how-manieth product; 0 of the file as a whole.
        field: whose value; "product_code" of the product itself.
    """

    row: int
    field: str
    wanted: str

    def __str__(self) -> str:
        where = f"row {self.row}, {self.field}" if self.row else self.field
        return f"{where}: give {self.wanted}"


@dataclass(slots=True)
class ProductFile:
    """What a file says.

    Attributes:
        rows: products with their values; numbers: where each stands in the file.
    """

    rows: list[ProductRow] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_products(content: bytes, fields: Mapping[str, CustomField], *, as_json: bool) -> ProductFile:
    """Read a file of products' values.

    Args:
        content: of the file. CSV has a header of `product_code` and the codes of fields, and an empty cell
            takes a value away; JSON is what the API takes, without a bound on the number of products.
        fields: the chain's own of products, by code.
        as_json: whether it is JSON.
    Returns: its rows, and the first hundred faults by row; with a fault nothing should be set.
    """
    found = ProductFile()
    if len(content) > MOST_BYTES:
        found.faults.append(Fault(0, "file", f"at most {MOST_BYTES >> 20} MB; split it"))
        return found
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.faults.append(Fault(0, "file", "a file saved as UTF-8 (in a spreadsheet: “CSV UTF-8”)"))
        return found
    if as_json:
        _read_json(text, found)
    else:
        _read_csv(text, fields, found)
    found.faults += _misfits(found, fields)
    found.faults.sort(key=lambda fault: fault.row)
    del found.faults[MOST_PROBLEMS:]
    return found


def _misfits(found: ProductFile, fields: Mapping[str, CustomField]) -> Iterator[Fault]:
    told = {(fault.row, fault.field) for fault in found.faults}
    for problem in check_products(fields, found.rows):
        _, index, name = str(problem.field).split(".", 2)
        fault = Fault(found.numbers[int(index)], name.removeprefix("values."), str(problem.details["wanted"]))
        if (fault.row, fault.field) not in told:
            yield fault


def _read_json(text: str, found: ProductFile) -> None:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        found.faults.append(Fault(0, f"line {error.lineno}", f"JSON; {error.msg}"))
        return
    products = document.get("products") if isinstance(document, dict) else None
    if not isinstance(products, list):
        found.faults.append(Fault(0, "file", '{"products": [{"product_code": …, "values": {…}}, …]}'))
        return
    for number, product in enumerate(products, 1):
        if not _is_product(product):
            found.faults.append(Fault(number, "product", '{"product_code": "…", "values": {…}}'))
        else:
            found.rows.append((product[PRODUCT_CODE], product["values"]))
            found.numbers.append(number)
        if len(found.faults) >= MOST_PROBLEMS:
            return


def _is_product(product: Any) -> bool:  # noqa: ANN401 — whatever JSON holds
    return (
        isinstance(product, dict)
        and product.keys() == {PRODUCT_CODE, "values"}
        and isinstance(product[PRODUCT_CODE], str)
        and isinstance(product["values"], dict)
    )


def _read_csv(text: str, fields: Mapping[str, CustomField], found: ProductFile) -> None:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        found.faults += _header_faults(header, fields)
        if found.faults:
            return
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_row(reader.line_num, header, cells, fields, found)
            if len(found.faults) >= MOST_PROBLEMS:
                return
    except csv.Error as error:
        found.faults.append(Fault(reader.line_num, "row", f"CSV; {error}"))


def _header_faults(header: Sequence[str], fields: Mapping[str, CustomField]) -> Iterator[Fault]:
    known = ", ".join(code for code, field in fields.items() if field.retired_at is None)
    if PRODUCT_CODE not in header:
        yield Fault(1, PRODUCT_CODE, f"a first line such as {PRODUCT_CODE},{known.replace(' ', '')}")
        return
    for index, name in enumerate(header):
        if name in header[:index]:
            yield Fault(1, name[:LONGEST_CODE], "each column once")
        elif name != PRODUCT_CODE and (name not in fields or fields[name].retired_at is not None):
            yield Fault(1, name[:LONGEST_CODE], f"a field of products: {known or 'there is none yet'}")


def _read_row(
    number: int,
    header: Sequence[str],
    cells: Sequence[str],
    fields: Mapping[str, CustomField],
    found: ProductFile,
) -> None:
    if len(cells) != len(header):
        found.faults.append(
            Fault(number, "row", f"{len(header)} cells as the first row has, not {len(cells)}")
        )
        return
    code, values = "", dict[str, Value | None]()
    for name, cell in zip(header, cells, strict=True):
        told = bare(cell.strip())
        if name == PRODUCT_CODE:
            code = told
        elif told:
            value = _value(fields[name], told)
            if value is None:
                found.faults.append(Fault(number, name, _WANTED[fields[name].type]))
            else:
                values[name] = value
        else:
            values[name] = None
    found.rows.append((code[: LONGEST_PRODUCT_CODE + 1], values))
    found.numbers.append(number)


def cell_of(value: Value | None) -> str:
    """A value as `read_products` reads it again; nothing where nothing is set."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def columns_of(fields: Mapping[str, CustomField]) -> list[str]:
    """The columns of a table of products: their code, and the fields that take values."""
    return [PRODUCT_CODE, *(code for code, field in fields.items() if field.retired_at is None)]


_WANTED: Final = {
    "boolean": "true or false, 是 or 否",
    "integer": "a whole number in plain digits",
    "money_minor": "an amount in minor units, in plain digits",
    "date": "a date such as 2026-11-22",
}


def _value(field: CustomField, told: str) -> Value | None:
    """The value of a cell; None where it is none of the field's type."""
    if field.type == "choice":
        return told
    if field.type == "boolean":
        return _TRUTHS.get(told.lower())
    day = _DAY.fullmatch(told) if field.type == "date" else None
    if day is not None:
        return int("".join(day.groups()))
    return int(told) if _WHOLE.fullmatch(told) else None
