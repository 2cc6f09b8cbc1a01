"""Workflows that began under yesterday's code go on under today's."""

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import WORKFLOW, LifecycleState

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


def replayer(workflow_class: type[Any]) -> Replayer:
    return Replayer(
        workflows=[workflow_class], workflow_runner=WORKFLOW_RUNNER, data_converter=pydantic_data_converter
    )


def test_there_is_a_history_of_each_story() -> None:
    assert {path.stem.rsplit("-", 1)[0] for path in HISTORIES} >= {
        "years-pass",
        "many-hints",
        "unknown-member",
    }


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path) -> None:
    await replayer(MemberLifecycleWorkflow).replay_workflow(history(path))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_history_names_no_person_and_no_machine(path: Path) -> None:
    text = path.read_text()
    assert "@" not in text, "identities of workers name a machine"
    assert "stackTrace" not in text, "stack traces name folders"


@workflow.defn(name=WORKFLOW)
class Forgetful:
    """A workflow that does not do what the histories say."""

    @workflow.run
    async def run(self, state: LifecycleState) -> str:
        await workflow.sleep(60)
        return str(state.member_id)


async def test_a_change_that_breaks_running_members_is_noticed() -> None:
    with pytest.raises(NondeterminismError):
        await replayer(Forgetful).replay_workflow(history(HISTORIES[0]))
