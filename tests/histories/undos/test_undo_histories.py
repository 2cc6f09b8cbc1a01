"""Undo orders whose workflows began under yesterday's code go on under today's."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.undoing import UndoWorkflow

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_is_a_history_of_each_story_of_an_undo() -> None:
    stories = {path.stem.rsplit("-", 1)[0] for path in HISTORIES}
    assert stories >= {"to-review", "killed-and-finished", "many-calls"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_undo_names_no_person_and_no_machine(path: Path) -> None:
    text = path.read_text()
    assert "@" not in text, "identities of workers name a machine"
    assert "stackTrace" not in text, "stack traces name folders"


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_undo_replays(path: Path) -> None:
    replayer = Replayer(
        workflows=[UndoWorkflow],
        workflow_runner=WORKFLOW_RUNNER,
        data_converter=pydantic_data_converter,
    )
    await replayer.replay_workflow(history(path))
