"""Rehearsals that began under yesterday's code go on under today's."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.rehearsal import RehearsalWorkflow

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_is_a_history_of_each_story_of_a_rehearsal() -> None:
    stories = {path.stem.rsplit("-", 1)[0] for path in HISTORIES}
    assert stories >= {"waits-and-finishes", "cancelled"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_rehearsal_names_no_person_and_no_machine(path: Path) -> None:
    text = path.read_text()
    assert "@" not in text, "identities of workers name a machine"
    assert "stackTrace" not in text, "stack traces name folders"


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_rehearsal_replays(path: Path) -> None:
    replayer = Replayer(
        workflows=[RehearsalWorkflow],
        workflow_runner=WORKFLOW_RUNNER,
        data_converter=pydantic_data_converter,
    )
    await replayer.replay_workflow(history(path))
