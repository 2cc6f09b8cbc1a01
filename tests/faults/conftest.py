"""What every fault test is given: the plan of the run, a place for its figures, and short data folders."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from faults.figures import Figures
from faults.plan import Plan, plan_of_environment
from faults.served import ServedWorld, serve
from member_world import MemberWorld, open_member_world
from small_chain import SmallChain
from temporalio.testing import WorkflowEnvironment


@pytest.fixture(scope="session")
def plan() -> Plan:
    """How long this run is."""
    return plan_of_environment()


@pytest.fixture(scope="session")
def figures(plan: Plan) -> Iterator[Figures]:
    """Where tests note what they measured."""
    noted = Figures(plan)
    yield noted
    noted.write()


@pytest.fixture(autouse=True)
def two_web_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack breaks as it would at a chain's."""
    monkeypatch.setenv("REGULARS_WEB_PROCESSES", "2")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder whose path leaves room for a socket's name, and that PostgreSQL's user can pass."""
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    home.chmod(0o711)
    folder = home / "data"
    folder.mkdir(mode=0o711)
    yield folder
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def shop(chain: SmallChain, database_url: str, tmp_path: Path) -> AsyncIterator[ServedWorld]:
    """The web application of a small chain on a real port, and its tills."""
    async with serve(chain, database_url, tmp_path) as served:
        yield served


@pytest.fixture
async def members(chain: SmallChain, temporal: WorkflowEnvironment) -> AsyncIterator[MemberWorld]:
    """The workflows of the same chain, at work."""
    async with open_member_world(chain, temporal) as world:
        yield world
