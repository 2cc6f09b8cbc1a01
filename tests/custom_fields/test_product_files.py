"""Files of products' values: wrong cells are told by row and field, and nothing is then set."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from custom_fields.test_own_fields import own
from hypothesis import given
from hypothesis import strategies as st
from small_chain import SmallChain
from typer.testing import CliRunner, Result

from regulars.custom_fields import files
from regulars.custom_fields.files import read_products
from regulars.entrypoints.commands import fields as commands
from regulars.kernel.errors import InvalidInput

FIELDS = {
    field.code: field
    for field in (
        own("local", subject="product"),
        own("season", "choice", "product"),
        own("listed_on", "date", "product"),
        own("margin_bps", "integer", "product", low=-100, high=10_000),
    )
}
GOOD = """product_code,local,season,listed_on,margin_bps
a1,true,flagship,2026-11-22,-5
"b,2",否,,20261122,

007,是,corner,,
"""


def faults(content: bytes | str, *, as_json: bool = False) -> list[str]:
    raw = content.encode() if isinstance(content, str) else content
    return [f"{fault.row} {fault.field}" for fault in read_products(raw, FIELDS, as_json=as_json).faults]


def test_a_table_is_read_cell_by_cell_by_the_types_of_its_columns() -> None:
    found = read_products(b"\xef\xbb\xbf" + GOOD.encode(), FIELDS, as_json=False)
    assert found.faults == []
    assert found.rows == [
        ("a1", {"local": True, "season": "flagship", "listed_on": 20_261_122, "margin_bps": -5}),
        ("b,2", {"local": False, "season": None, "listed_on": 20_261_122, "margin_bps": None}),
        ("007", {"local": True, "season": "corner", "listed_on": None, "margin_bps": None}),
    ]
    assert found.numbers == [2, 3, 5]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("", ["1 product_code"]),
        ("sku,local\na1,true", ["1 product_code"]),
        ("product_code,colour,local,local\n", ["1 colour", "1 local"]),
        ("product_code,local\na1\na2,true,x\na3,true", ["2 row", "3 row"]),
        (
            "product_code,local\na1,maybe\n,true\na1,1.0",
            ["2 local", "3 product_code", "4 local", "4 product_code"],
        ),
        (
            "product_code,margin_bps\na1,10001\na2,1e3\na3,٣\na4," + "9" * 30,
            [f"{n} margin_bps" for n in range(2, 6)],
        ),
        ("product_code,season\na1,kiosk", ["2 season"]),
        ("product_code,listed_on\na1,2026-02-30\na2,22.11.2026", ["2 listed_on", "3 listed_on"]),
        ('product_code,local\na1,"true', ["2 row"]),
        ("产品".encode("gb18030"), ["0 file"]),
        ("product_code,local\n" + "x" * 65 + ",true", ["2 product_code"]),
        (b"product_code,local\na\x00b,true", ["2 product_code"]),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_row_and_field(content: bytes | str, wrong: list[str]) -> None:
    assert faults(content) == wrong


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("{", ["0 line 1"]),
        ("[]", ["0 file"]),
        ('{"products": [7, {"product_code": 7, "values": {}}]}', ["1 product", "2 product"]),
        (
            '{"products": [{"product_code": "a", "values": {"local": [1], "margin_bps": 1e400}}]}',
            ["0 line 1"],
        ),
        ('{"products": [{"product_code": "a", "values": {"local": [1], "no": 1}}]}', ["1 local", "1 no"]),
        ("[" * 100_000, ["0 line 1"]),
    ],
)
def test_what_is_wrong_with_json_is_told_by_product_and_field(content: str, wrong: list[str]) -> None:
    assert faults(content, as_json=True) == wrong


def test_a_huge_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    assert faults("product_code\n" * 10) == ["0 file"]


@given(st.binary(max_size=200), st.booleans())
def test_whatever_a_file_holds_it_is_read_or_told(content: bytes, as_json: bool) -> None:
    found = read_products(content, FIELDS, as_json=as_json)
    assert len(found.rows) == len(found.numbers)
    found = read_products(b"product_code,local,season\n" + content, FIELDS, as_json=False)
    assert len(found.faults) <= 100


@pytest.fixture
def data_dir(chain: SmallChain, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REGULARS_DATABASE_URL", database_url)
    return tmp_path


def run(data_dir: Path, *words: str, content: str | None = None) -> Result:
    app = typer.Typer()
    commands.register(app)
    app.command("other")(lambda: None)
    if content is not None:
        file = data_dir / ("file.json" if content[:1] in "[{" else "file.csv")
        file.write_text(content)
        words = (words[0], str(file), *words[1:])
    result = CliRunner().invoke(app, ["fields", *words, "--data-dir", str(data_dir)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def definition(code: str, kind: str, **parts: Any) -> dict[str, Any]:
    return {
        "subject": "product",
        "code": code,
        "type": kind,
        "title_zh": "某",
        "title_en": "some",
        **parts,
    }


def test_fields_are_defined_and_values_loaded_and_exported_from_files(data_dir: Path) -> None:
    wanted = [definition("local", "boolean"), definition("margin_bps", "integer", low=0, high=100)]
    assert run(data_dir, "define", content=json.dumps(wanted)).output == (
        "custom.local is there for rules of products.\ncustom.margin_bps is there for rules of products.\n"
    )
    with pytest.raises(InvalidInput, match=r"0\.type"):
        run(data_dir, "define", content=json.dumps(definition("third", "text")))
    assert [each["code"] for each in json.loads(run(data_dir, "list", "--json").output)] == [
        "local",
        "margin_bps",
    ]
    table = "product_code,local,margin_bps\na1,true,\n007,,5\n"
    assert run(data_dir, "load", "--dry-run", content=table).output == "The file is good: 2 products.\n"
    assert run(data_dir, "load", content=table).output == "2 of 2 products changed.\n"
    assert run(data_dir, "export").output == "product_code,local,margin_bps\n007,,5\na1,true,\n"
    refused = run(data_dir, "load", content="product_code,margin_bps\na1,5\na2,101\n")
    assert (refused.exit_code, refused.output) == (
        1,
        "row 3, margin_bps: give a whole number from 0 to 100\nNothing was set.\n",
    )
    again = {"products": [{"product_code": "a1", "values": {"local": True, "margin_bps": 7}}]}
    told = json.loads(run(data_dir, "load", "--json", content=json.dumps(again)).output)
    assert told == {"products": 1, "changed": ["a1"], "faults": []}
    code = '=HYPERLINK("http://evil.example")'
    hostile = {"products": [{"product_code": code, "values": {"local": True}}]}
    run(data_dir, "load", content=json.dumps(hostile))
    exported = run(data_dir, "export").output
    assert "\n\"'=HYPERLINK(" in exported
    assert run(data_dir, "load", content=exported).output == "0 of 3 products changed.\n"
