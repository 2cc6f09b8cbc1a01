"""Releases that began under yesterday's code go on under today's."""

from pathlib import Path

import pytest
from replaying import assert_names_nobody, replay, stories

from workflows.pack_release import PackReleaseWorkflow

HISTORIES = sorted(Path(__file__).parent.glob("*.json"))


def test_there_is_a_history_of_each_story_of_a_release() -> None:
    assert stories(HISTORIES) >= {"to-its-end", "many-acts", "unknown-release"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_release_names_no_person_and_no_machine(path: Path) -> None:
    assert_names_nobody(path)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_release_replays(path: Path) -> None:
    await replay(path, PackReleaseWorkflow)
