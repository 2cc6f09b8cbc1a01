"""`regulars packs` checks, tests and publishes files."""

import json
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from regulars.db.session import Database
from regulars.entrypoints.commands import packs
from regulars.entrypoints.publishing import Publication, instant, publish_at
from regulars.kernel.errors import FieldProblem
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.rules import service as rules
from regulars.rules.starters import FOLDER, GALLERY, starter_codes, starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor

STARTERS = [str(FOLDER / code / "pack.json") for code in starter_codes()]
HISTORY = "2026-01-01T00:00:00+08:00"


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    packs.register(made)
    made.command("other")(lambda: None)
    return made


def test_green_packs_end_with_nothing_to_complain_of(app: typer.Typer) -> None:
    for command in ("check", "test"):
        result = CliRunner().invoke(app, ["packs", command, *STARTERS])
        assert result.exit_code == 0
        assert result.output.count("ok  ") == len(STARTERS)


def test_a_red_pack_ends_with_one_and_says_why_in_both_languages(app: typer.Typer, tmp_path: Path) -> None:
    red = tmp_path / "pack.json"
    red.write_text(with_parameters(starter_text("grocery-classic"), {"minor_per_point": 200}))
    checked = CliRunner().invoke(app, ["packs", "check", str(red)])
    assert checked.exit_code == 0
    english = CliRunner().invoke(app, ["packs", "test", str(red), "--language", "en"])
    assert english.exit_code == 1
    assert "case_failed at /cases/1/expect/" in english.output
    assert "Expected: 2,000 pts. Result: 1,000 pts" in english.output
    assert "{" not in english.output
    chinese = CliRunner().invoke(app, ["packs", "test", str(red), "--language", "zh"])
    assert "用例“1.00 积 1 分”不通过" in chinese.output


def test_packs_to_begin_with_are_listed_by_trade_and_printed(app: typer.Typer) -> None:
    listed = CliRunner().invoke(app, ["packs", "starters", "--language", "zh"])
    assert listed.exit_code == 0
    assert [line.split()[:2] for line in listed.output.splitlines()] == [
        [trade, code] for trade, codes in GALLERY.items() for code in codes
    ]
    assert "图文快印积分" in listed.output
    printed = CliRunner().invoke(app, ["packs", "starters", "print-shop-points"])
    assert printed.output == starter_text("print-shop-points")
    wrong = CliRunner().invoke(app, ["packs", "starters", "../secrets"])
    assert wrong.exit_code == 2
    assert "choose one of" in wrong.output


def test_findings_are_given_to_programs_as_json(app: typer.Typer, tmp_path: Path) -> None:
    red = tmp_path / "pack.json"
    red.write_text("[" * 100_000)
    result = CliRunner().invoke(app, ["packs", "check", str(red), STARTERS[0], "--json"])
    assert result.exit_code == 1
    first, second = json.loads(result.output)
    assert (first["green"], first["findings"][0]["code"], second["green"]) == (False, "too_deep", True)


def test_a_file_that_is_not_there_is_a_wrong_call(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["packs", "check", str(tmp_path / "none.json")])
    assert result.exit_code == 2


def test_a_red_pack_is_refused_before_any_database_is_asked(app: typer.Typer, tmp_path: Path) -> None:
    red = tmp_path / "pack.json"
    red.write_text("{}")
    result = CliRunner().invoke(app, ["packs", "publish", str(red), "--data-dir", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "field_missing" in result.output
    assert not (tmp_path / "none").exists()


def test_an_instant_needs_its_offset() -> None:
    assert instant(HISTORY).isoformat() == HISTORY
    assert instant(None).tzinfo is not None
    for wrong in ("2026-01-01", "2026-01-01T00:00:00", "tomorrow"):
        with pytest.raises(FieldProblem, match="offset"):
            instant(wrong)


async def test_a_pack_is_published_into_a_database(database: Database, database_url: str) -> None:
    at, actor = instant(HISTORY), Actor.command("tests")
    async with database.begin() as session:
        await organisation.found_chain(
            session, place_id=new_id(), name="熟客", currency="CNY", time_zone="UTC", actor=actor, at=at
        )
    text = starter_text("staff-excluded").encode()
    made = await publish_at(database_url, Publication(text, "HQ", at, "begin"))
    assert made.name == "staff-excluded/1"
    with pytest.raises(FieldProblem, match="--place nowhere"):
        await publish_at(database_url, Publication(text, "nowhere", at, None))
    async with database.read() as session:
        (activation,) = await rules.list_activations(session, "staff-excluded")
    assert (activation.version, activation.live_from, activation.reason) == (1, at, "begin")


def test_new_results_are_taken_over_and_nothing_else_of_the_file_changes(
    app: typer.Typer, tmp_path: Path
) -> None:
    red = tmp_path / "pack.json"
    text = with_parameters(starter_text("grocery-classic"), {"minor_per_point": 200})
    text = text.replace("\n  ", "\n   ")  # written by hand, not as we would
    red.write_text(text)
    shown = CliRunner().invoke(app, ["packs", "test", str(red), "--accept", "--language", "en"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.index("case_failed at /cases/1/expect/") < shown.output.index("ok  ")
    now = red.read_text()
    before, after = text.splitlines(), now.splitlines()
    assert len(before) == len(after)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed
    assert all('"expect"' in line or "points" in line or "awards" in line for line in changed), changed
    again = CliRunner().invoke(app, ["packs", "test", str(red), "--accept"])
    assert (again.exit_code, red.read_text()) == (0, now)


def test_what_is_wrong_otherwise_is_not_taken_over(app: typer.Typer, tmp_path: Path) -> None:
    red = tmp_path / "pack.json"
    red.write_text("{")
    refused = CliRunner().invoke(app, ["packs", "test", str(red), "--accept"])
    assert (refused.exit_code, red.read_text()) == (1, "{")


def test_a_file_of_fifty_megabytes_is_told_its_size_at_once(app: typer.Typer, tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as opened:
        opened.truncate(50 * 1024 * 1024)
    CliRunner().invoke(app, ["packs", "check", STARTERS[0]])  # the modules are there
    began = time.process_time()
    checked = CliRunner().invoke(app, ["packs", "check", str(huge), "--language", "en"])
    assert time.process_time() - began < 0.1
    assert checked.exit_code == 1
    assert "The pack has 52,428,800 bytes, the limit is 262,144." in checked.output
    for command in (["import"], ["rehearse"], ["publish"]):
        refused = CliRunner().invoke(app, ["packs", *command, str(huge)])
        assert refused.exit_code == 1
        assert "52,428,800 bytes" in f"{refused.output} {refused.exception}"
