"""`regulars totals` and `regulars member show` as a person or a program calls them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cj_world import ImportedChain, independent

from regulars.secret_keys import ensure_secrets


@pytest.fixture
def regulars(imported: ImportedChain, tmp_path: Path) -> "Command":
    ensure_secrets(tmp_path)
    return Command(imported.url, tmp_path)


class Command:
    """The command line against the imported chain."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self._environment = {**os.environ, "REGULARS_DATABASE_URL": url, "REGULARS_DATA_DIR": str(data_dir)}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "regulars.entrypoints.cli", *words]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)


def test_totals_for_programs_agree_with_the_independent_ones(regulars: Command) -> None:
    run = regulars("totals", "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    expected = independent(one_household_in=60)
    for figure in ("purchases", "members", "members_by_tier", "sales_minor", "points_earned"):
        assert found[figure] == expected[figure]
    assert set(found["members_by_stage"]) == {"joined", "active", "at_risk", "lapsed"}
    assert found["last_purchase_at"].endswith("Z")


def test_totals_as_of_an_instant_leave_out_what_came_later(regulars: Command) -> None:
    last = json.loads(regulars("totals", "--json").stdout)["last_purchase_at"]
    year, rest = last[:4], last[4:]
    early = json.loads(regulars("totals", "--json", "--as-of", f"{int(year) - 1}{rest}").stdout)
    assert early["purchases"] == 0
    assert early["last_purchase_at"] is None


@pytest.mark.parametrize("instant", ["yesterday", "2026-11-16", "2026-11-16T04:01:20"])
def test_an_instant_without_its_offset_is_explained(regulars: Command, instant: str) -> None:
    run = regulars("totals", "--as-of", instant)
    assert run.returncode == 2
    assert "write it like" in " ".join(run.stderr.split())


def test_a_member_is_shown_by_reference_number_and_id(regulars: Command) -> None:
    shown = json.loads(regulars("member", "show", "cj-60", "--json").stdout)
    expected = independent(one_household_in=60)["households"]["cj-60"]
    assert {name: shown[name] for name in expected} == expected
    assert shown["balances"] == {"points": expected["points_earned"]}
    assert json.loads(regulars("member", "show", shown["number"], "--json").stdout) == shown
    assert json.loads(regulars("member", "show", shown["id"], "--json").stdout) == shown


def test_nobody_is_one_sentence_and_a_failure(regulars: Command) -> None:
    run = regulars("member", "show", "cj-61")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("regulars: ")
    assert len(run.stderr.splitlines()) == 1


def test_people_get_a_table(regulars: Command) -> None:
    assert "members by tier" in regulars("totals").stdout
    assert "points" in regulars("member", "show", "cj-60").stdout
