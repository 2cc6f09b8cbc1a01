"""Bulk actions whose workflows began under yesterday's code go on under today's."""

from pathlib import Path

import pytest
from replaying import assert_names_nobody, replay, stories

from workflows.bulk_action import BulkActionWorkflow

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_is_a_history_of_each_story_of_a_bulk_action() -> None:
    assert stories(HISTORIES) >= {"cancelled", "killed-and-finished", "many-calls"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_bulk_action_names_no_person_and_no_machine(path: Path) -> None:
    assert_names_nobody(path)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_bulk_action_replays(path: Path) -> None:
    await replay(path, BulkActionWorkflow)
