"""What every fault test is given: the plan of the run, a place for its figures, and short data folders."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.figures import Figures
from faults.plan import Plan, plan_of_environment
from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]


@pytest.fixture(scope="session")
def plan() -> Plan:
    """How long this run is."""
    return plan_of_environment()


@pytest.fixture(scope="session")
def figures(plan: Plan) -> Iterator[Figures]:
    """Where tests note what they measured."""
    noted = Figures(plan)
    yield noted
    noted.show()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder whose path leaves room for a socket's name, and that PostgreSQL's user can pass."""
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    home.chmod(0o711)
    yield home / "data"
    shutil.rmtree(home, ignore_errors=True)
