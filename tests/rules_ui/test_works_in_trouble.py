"""A release, rehearsal, undo order or bulk action whose step fails is found in Temporal and told in words."""

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities import bulk_messages, messages, rehearsal_messages, release_messages, undoing_messages
from regulars.kernel.ids import new_id
from rules_ui.i18n import LanguageTag, Money, Speech
from rules_ui.ops import problems, watch
from rules_ui.ops.watch import Look, TroubledWork, Watch
from rules_ui.ops.words import STEPS
from workflows.undoing import UndoRun, UndoWorkflow, workflow_id

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@activity.defn(name=undoing_messages.WORK)
async def refuse(_: undoing_messages.WorkOnUndo) -> undoing_messages.UndoProgress:
    raise ApplicationError("this row is not to be changed", type="RaiseError")


async def in_trouble(looker: Watch, workflow: str) -> TroubledWork:
    """What a look says of it, once its step has failed and the look can see it."""
    async with asyncio.timeout(15):
        while True:
            look = await looker.look([], [], NOW)
            for one in look.works:
                if one.workflow_id == workflow:
                    return one
            await asyncio.sleep(0.1)


async def test_an_undo_order_whose_step_fails_is_found(
    temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect() -> Client:
        return temporal_client

    order, queue = new_id(), f"undoing-{uuid.uuid4()}"  # noqa: TID251
    worker = Worker(
        temporal_client,
        task_queue=queue,
        workflows=[UndoWorkflow],
        activities=[refuse],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        handle = await temporal_client.start_workflow(
            UndoWorkflow.run, UndoRun(order), id=workflow_id(order), task_queue=queue
        )
        found = await in_trouble(Watch(connect), workflow_id(order))
        assert not (await Watch(connect).look([], [], NOW)).works_left
        monkeypatch.setattr(watch, "LISTED", 0)
        assert (await Watch(connect).look([], [], NOW)).works_left
        await handle.terminate()
    assert (found.cause, found.step, found.error) == ("failing", undoing_messages.WORK, "RaiseError")
    assert found.attempts >= 2


@pytest.mark.parametrize(
    ("language", "title", "detail", "who"),
    [
        (
            "zh",
            "有步骤失败，正在重试：执行撤销单",
            "数据库拒绝了这次变更",
            "撤销单 …00000a",
        ),
        (
            "en",
            "A step fails and is tried again: carrying out an undo order",
            "the database refuses the change",
            "Undo order …00000a",
        ),
    ],
)
def test_work_in_trouble_is_told_by_cause_with_the_way_to_its_page(
    language: LanguageTag, title: str, detail: str, who: str
) -> None:
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), NOW)
    orders = [f"undo/{uuid.UUID(int=number)}" for number in (10, 11)]
    fault = ("failing", undoing_messages.WORK, "RaiseError", 3, NOW + timedelta(minutes=2))
    (group,) = problems.of_works([TroubledWork(each, *fault) for each in orders], say)  # type: ignore[arg-type]
    assert (group.title, group.detail) == (title, detail)
    assert [each.href for each in group.members] == [f"/undos/{uuid.UUID(int=number)}" for number in (10, 11)]
    assert group.members[0].who == who
    assert "3" in group.members[0].note


@pytest.mark.parametrize(
    ("language", "of_members", "of_works"),
    [
        ("zh", "一次最多检查 100 位会员，可能还有其他异常；处理完这些再看一次。", "只检查了其中 60 项。"),
        ("en", "One look takes at most 100 members: others may be in trouble.", "only 60 were looked at."),
    ],
)
def test_what_a_look_may_have_left_out_is_said_where_it_is_so(
    language: LanguageTag, of_members: str, of_works: str
) -> None:
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), NOW)
    whole = Look(NOW, reachable=True, looked_at=3, running=3, troubled=())
    assert problems.bounds_of(whole, say, with_works=True) == ()
    cut = replace(whole, members_left=True, works_left=True)
    members, works = problems.bounds_of(cut, say, with_works=True)
    assert members.startswith(of_members)
    assert works.endswith(of_works)
    assert problems.bounds_of(cut, say, with_works=False) == (members,)


def test_each_step_of_a_workflow_has_words() -> None:
    known = (bulk_messages, messages, rehearsal_messages, release_messages, undoing_messages)
    names = {
        value
        for module in known
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    assert names == set(STEPS)
