"""What every stored history of a workflow is held to: it replays, and it names nobody."""

from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from regulars.entrypoints.temporal import WORKFLOW_RUNNER


def stories(histories: list[Path]) -> set[str]:
    """The stories that stored histories tell, whatever their versions."""
    return {path.stem.rsplit("-", 1)[0] for path in histories}


def assert_names_nobody(path: Path) -> None:
    text = path.read_text()
    assert "@" not in text, "identities of workers name a machine"
    assert "stackTrace" not in text, "stack traces name folders"


async def replay(path: Path, workflow: type) -> None:
    """Run today's workflow through a stored history; raises where it would go another way."""
    replayer = Replayer(
        workflows=[workflow], workflow_runner=WORKFLOW_RUNNER, data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(_history(path))


def _history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())
