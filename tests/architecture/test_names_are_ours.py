"""What the layout promises: names that are ours alone, and rooms with doors of their own."""

import ast
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = ("regulars", "api", "rules_ui", "workflows", "activities")
SOURCES = sorted(path for name in TOP_LEVEL for path in (ROOT / name).rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_no_other_distribution_installs_a_package_of_our_name(name: str) -> None:
    assert packages_distributions().get(name) in ([PROJECT["project"]["name"]], None)
    module = __import__(name)
    assert Path(str(module.__file__)).parent == ROOT / name


def test_the_project_can_not_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def test_a_package_s_own_file_holds_a_docstring_only() -> None:
    fuller = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name == "__init__.py" and len(ast.parse(path.read_text()).body) > 1
    ]
    assert fuller == []


def test_every_module_says_first_what_it_knows() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_tables_are_read_by_their_own_package_and_by_those_that_only_read() -> None:
    readers = {"analytics", "db"}
    agreed = {
        # A task is seen by whoever sees the member's home store, and one statement asks for both.
        "regulars/care/repository.py reads regulars.members.tables",
        # A bench watches rows on their way, which nobody else needs to see.
        "regulars/entrypoints/bench/workflow_stack.py reads regulars.outbox.tables",
    }
    strangers = []
    for path in SOURCES:
        room = path.relative_to(ROOT).parts[1] if path.is_relative_to(ROOT / "regulars") else path.parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".tables"):
                owner = str(node.module).split(".")[1]
                if owner != room and room not in readers:
                    strangers.append(f"{path.relative_to(ROOT)} reads {node.module}")
    assert set(strangers) == agreed


def test_lock_files_name_no_address_to_download_from() -> None:
    python = list((ROOT / "requirements").glob("*.txt"))
    node = list(ROOT.glob("rules_ui/**/package-lock.json"))
    assert python
    assert node
    assert [lock.name for lock in python if "://" in lock.read_text()] == []
    assert [lock.name for lock in node if '"resolved"' in lock.read_text()] == []
