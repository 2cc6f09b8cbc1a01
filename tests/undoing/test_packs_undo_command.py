"""`regulars packs undo` lists, orders, has approved and carries out, in somebody's name."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
import typer
from small_chain import ACTOR, line
from typer.testing import CliRunner, Result
from undoing.world import Undoing, give_points, mend_tiers

from regulars.entrypoints.commands import packs
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem
from regulars.kernel.ids import new_id
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.undoing.errors import OwnUndoApproval, UndoNeedsPerson, UndoPreviewDiffers

PASSWORD = "correct horse battery"
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(undoing: Undoing, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    packs.register(app)
    app.command("other")(lambda: None)
    monkeypatch.setenv("REGULARS_DATABASE_URL", database_url)

    async def command(*arguments: str) -> Result:
        words = ["packs", "undo", *arguments, "--data-dir", str(tmp_path)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, PASSWORD + "\n")

    return command


async def appoint(undoing: Undoing, login: str, role: Role) -> UUID:
    new = NewOperator(new_id(), login, login.title(), PASSWORD, "en", (RoleAt(role, undoing.chain.hq),))
    async with undoing.chain.database.begin() as session:
        await create_operator(session, new, ACTOR, clock.now())
    return new.id


async def test_a_version_is_undone_from_the_command_line(run: Run, undoing: Undoing) -> None:
    await appoint(undoing, "anna", Role.ADMIN)
    await appoint(undoing, "bo", Role.APPROVER)
    await give_points(undoing.chain)
    await undoing.chain.buy(await undoing.chain.join("Ann"), line(2_000))
    listed = await run("effects", "gift/1")
    assert listed.output.split()[2:5] == ["east-1", "base", "20"], listed
    ordered = await run("order", "gift/1", "--place", "east", "--operator", "anna", "--json")
    undo = json.loads(ordered.output[ordered.output.index("{") :])
    assert (undo["state"], undo["preview"]["takes"]) == ("in_review", 20)
    seen = ("--content-hash", undo["content_hash"])
    own = await run("approve", undo["id"], "--operator", "anna", *seen)
    assert isinstance(own.exception, OwnUndoApproval), own
    other = await run("approve", undo["id"], "--operator", "bo", "--content-hash", 64 * "0")
    assert isinstance(other.exception, UndoPreviewDiffers)
    approved = await run("approve", undo["id"], "--operator", "bo", *seen)
    assert "approved" in approved.output, approved
    done = await run("run", undo["id"])
    assert "gift/1  let_be  finished" in done.output
    assert "20 points taken back, 0 differences" in done.output
    assert (await undoing.balances())["Ann"] == 20
    listed = await run("show")
    assert listed.output.splitlines() == [f"{undo['id']}  gift/1  let_be  finished  takes back 20 points"]
    shown = await run("show", "--json")
    assert [one["state"] for one in json.loads(shown.output)] == ["finished"]
    acts = await undoing.rows(
        "select action, actor_kind from audit_entry where subject_kind = 'undo' order by id"
    )
    assert [tuple(act.values()) for act in acts] == [
        ("undo.order", "operator"),
        ("undo.prepare", "workflow"),
        ("undo.approve", "operator"),
        ("undo.begin", "workflow"),
        ("undo.finish", "workflow"),
    ]


async def test_another_version_and_a_debt_are_ordered_from_the_command_line(
    run: Run, undoing: Undoing
) -> None:
    await appoint(undoing, "anna", Role.ADMIN)
    await give_points(undoing.chain)
    await undoing.chain.buy(await undoing.chain.join("Ann"), line(120_000))
    await give_points(undoing.chain, per=50)
    ordered = await run("order", "gift/1", "--to", "2", "--policy", "debt", "--operator", "anna")
    assert "as gift/2 decides: gives 1,200 that are missing" in ordered.output, ordered
    await mend_tiers(undoing.chain, 150_000)
    tiers = await run("order", "classic-tiers/1", "--to", "2", "--operator", "anna")
    assert "silver → base: 1 member" in tiers.output, tiers


async def test_an_order_is_paused_taken_up_again_and_given_up(run: Run, undoing: Undoing) -> None:
    await appoint(undoing, "anna", Role.ADMIN)
    await give_points(undoing.chain)
    await undoing.chain.buy(await undoing.chain.join("Ann"), line(2_000))
    undo = await undoing.approve(await undoing.order())
    for words, state in (
        (("pause",), "paused"),
        (("resume",), "running"),
        (("cancel", "--reason", "enough"), "cancelled"),
    ):
        answer = await run(words[0], str(undo.id), *words[1:], "--operator", "anna")
        assert answer.output.split()[3] == state, answer
    assert (await undoing.balances())["Ann"] == 40


@pytest.mark.parametrize("version", ["gift", "gift/", "gift/x", "/1", "gift/²"])
async def test_what_is_no_version_is_told(run: Run, version: str) -> None:
    answer = await run("effects", version)
    assert isinstance(answer.exception, FieldProblem)
    assert "CODE/VERSION" in str(answer.exception)


async def test_a_command_without_an_operator_does_not_approve(undoing: Undoing) -> None:
    await give_points(undoing.chain)
    await undoing.chain.buy(await undoing.chain.join("Ann"), line(2_000))
    undo = await undoing.order()
    with pytest.raises(UndoNeedsPerson):
        await undoing.approve(undo, ACTOR)
