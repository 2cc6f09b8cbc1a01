"""`regulars segments` asks and keeps from files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from small_chain import SmallChain
from typer.testing import CliRunner, Result

from regulars.entrypoints.commands import segments
from regulars.kernel.errors import FieldProblem
from regulars.segments.errors import SegmentPlaceUnknown, UnknownSegment

NEW = {">=": [{"var": "member.enrolled_days"}, 0]}
FILE = {"code": "all", "place": "east", "title": {"zh": "全部", "en": "All"}, "when": NEW}


@pytest.fixture
async def joined(chain: SmallChain) -> None:
    for store in ("east-1", "east-2", "west-1"):
        await chain.join(store, store=store)


@pytest.fixture
def data_dir(joined: None, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REGULARS_DATABASE_URL", database_url)
    return tmp_path


def run(data_dir: Path, *words: str, file: Mapping[str, Any] | None = None) -> Result:
    app = typer.Typer()
    segments.register(app)
    app.command("other")(lambda: None)
    if file is not None:
        (data_dir / "segment.json").write_text(json.dumps(file))
        words = (*words, str(data_dir / "segment.json"))
    result = CliRunner().invoke(app, ["segments", *words, "--data-dir", str(data_dir)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_file_is_counted_sampled_saved_and_listed(data_dir: Path) -> None:
    counted = json.loads(run(data_dir, "count", "--json", file=FILE).output)
    assert (counted["members"], counted["matching"], counted["way"], counted["sample"]) == (3, 3, "sql", [])
    shown = run(data_dir, "sample", "--members", "2", "--place", "west", file=FILE).output
    assert shown.startswith("1 of 1 member, as of ")
    assert "{'member.enrolled_days': " in shown
    assert run(data_dir, "save", "--reason", "a test", file=FILE).output == "all/1 is kept for east.\n"
    assert run(data_dir, "save", file=FILE).output == "all/1 is kept for east.\n"
    misspelt = {**FILE, "when": {"===": [{"var": "member.tier"}, "golden"]}}
    assert "has a tier “golden”, so nobody" in run(data_dir, "count", file=misspelt).output
    changed = {**FILE, "title": {"zh": "所有", "en": "Everybody"}}
    assert json.loads(run(data_dir, "save", "--json", file=changed).output)["segment"] == "all/2"
    assert json.loads(run(data_dir, "count", "--code", "all", "--json").output)["members"] == 2
    assert run(data_dir, "list").output == "all/2  east  所有  Everybody\n"
    (listed,) = json.loads(run(data_dir, "list", "--json").output)
    assert (listed["code"], listed["version"], listed["when"]) == ("all", 2, NEW)


def test_a_wrong_condition_ends_with_one_and_its_findings(data_dir: Path) -> None:
    result = run(data_dir, "count", file={"when": {">": [{"var": "member.tier"}, 1]}})
    assert result.exit_code == 1
    assert "error operand_type at /when/" not in result.output
    assert "error operand_type at />/0: " in result.output


def test_what_is_asked_wrongly_is_said(data_dir: Path) -> None:
    for words, file, error in (
        (["count"], None, FieldProblem),
        (["count", "--code", "nobody"], None, UnknownSegment),
        (["count", "--place", "nowhere"], FILE, FieldProblem),
        (["count"], {"where": NEW}, FieldProblem),
        (["count"], {**FILE, "wehn": 1}, FieldProblem),
        (["save"], {"when": NEW}, FieldProblem),
        (["save"], {**FILE, "place": "nowhere"}, SegmentPlaceUnknown),
    ):
        with pytest.raises(error):
            run(data_dir, *words, file=file)
