"""Workflows that began under yesterday's code go on under today's."""

from pathlib import Path

import pytest
from replaying import assert_names_nobody, replay, stories
from temporalio import workflow
from temporalio.workflow import NondeterminismError

from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import WORKFLOW, LifecycleState

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_is_a_history_of_each_story() -> None:
    assert stories(HISTORIES) >= {"years-pass", "many-hints", "unknown-member"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path) -> None:
    await replay(path, MemberLifecycleWorkflow)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_history_names_no_person_and_no_machine(path: Path) -> None:
    assert_names_nobody(path)


@workflow.defn(name=WORKFLOW)
class Forgetful:
    """A workflow that does not do what the histories say."""

    @workflow.run
    async def run(self, state: LifecycleState) -> str:
        await workflow.sleep(60)
        return str(state.member_id)


async def test_a_change_that_breaks_running_members_is_noticed() -> None:
    with pytest.raises(NondeterminismError):
        await replay(HISTORIES[0], Forgetful)
