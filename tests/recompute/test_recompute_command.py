"""`regulars recompute` lists, previews and gives, in somebody's name."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import typer
from recompute_world import Recomputing
from small_chain import ACTOR, open_small_chain
from typer.testing import CliRunner, Result

from regulars.bulk_actions.errors import OwnBulkApproval
from regulars.db.session import Database
from regulars.entrypoints.commands import recompute
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.recompute.domain import POINTS_ALONE
from regulars.recompute.errors import RecomputePlaceUnknown, RecomputeVersionUnfit
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator

PASSWORD = "correct horse battery"
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def recomputing(database: Database) -> Recomputing:
    return Recomputing(await open_small_chain(database, packs=("classic-tiers",)))


@pytest.fixture
def run(recomputing: Recomputing, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    recompute.register(app)
    app.command("other")(lambda: None)
    monkeypatch.setenv("REGULARS_DATABASE_URL", database_url)

    async def command(*arguments: str) -> Result:
        words = ["recompute", *arguments, "--data-dir", str(tmp_path)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, PASSWORD + "\n")

    return command


async def test_purchases_are_recomputed_from_the_command_line(run: Run, recomputing: Recomputing) -> None:
    new = NewOperator(new_id(), "olga", "Olga", PASSWORD, "en", (RoleAt(Role.OPS, recomputing.chain.hq),))
    async with recomputing.chain.database.begin() as session:
        await create_operator(session, new, ACTOR, clock.now())
    assert (await run("list")).output == "There is none.\n"
    await recomputing.begin()
    member = await recomputing.chain.join()
    bought = await recomputing.fail(member)
    listed = await run("list", "--pack", "failing", "--place", "east")
    assert listed.output.split()[2] == "east-1", listed
    assert "failing/1#listed Thrown" in listed.output
    unnamed = await run("run", "--reason", "try")
    assert "--operator LOGIN" in str(unnamed.exception)
    again = await run("run", "--reason", "try", "--purchase", str(bought.purchase_id), "--operator", "olga")
    assert (again.exit_code, "1 failing" in again.output) == (1, True), again
    await recomputing.mend()
    told = json.loads((await run("preview", "--version", "failing/2", "--json")).output)
    assert [(one["reckoned"]["state"], one["store"]) for one in told] == [("due", "east-1")]
    done = await run("run", "--version", "failing/2", "--reason", "mended", "--operator", "olga")
    assert (done.exit_code, done.output.strip().endswith("1 purchase, +10 points, 1 due")) == (0, True), done
    assert await recomputing.balance(member) == 10
    twice = await run("run", "--version", "failing/2", "--reason", "mended", "--operator", "olga")
    assert (twice.exit_code, twice.output) == (0, "0 purchases, +0 points\n")
    assert "+10 points by failing/2, classic-tiers/1: mended" in (await run("list", "--done")).output
    actors = await recomputing.rows("select actor_kind from audit_entry where action = 'purchase.recomputed'")
    assert actors == [("operator",)]
    assert await recomputing.verified()


async def test_what_takes_a_second_person_is_ordered_by_one_and_approved_by_another(
    run: Run, recomputing: Recomputing
) -> None:
    for login in ("olga", "bo"):
        roles = (RoleAt(Role.OPS, recomputing.chain.hq),)
        new = NewOperator(new_id(), login, login.title(), PASSWORD, "en", roles)
        async with recomputing.chain.database.begin() as session:
            await create_operator(session, new, ACTOR, clock.now())
    await recomputing.begin()
    await recomputing.fail(await recomputing.chain.join(), 100 * (POINTS_ALONE + 1))
    await recomputing.mend()
    alone = await run("run", "--version", "failing/2", "--reason", "mended", "--operator", "olga")
    assert (alone.exit_code, "needs a second person: order it" in alone.output) == (1, True), alone
    ordered = await run(
        "order", "--version", "failing/2", "--reason", "mended", "--operator", "olga", "--json"
    )
    told = json.loads(ordered.output[ordered.output.index("{") :])
    assert (told["state"], told["items"], told["points"]) == ("in_review", 1, POINTS_ALONE + 1)
    seen = ("--content-hash", told["content_hash"])
    own = await run("approve", told["id"], *seen, "--operator", "olga")
    assert isinstance(own.exception, OwnBulkApproval), own
    assert (await run("approve", told["id"], *seen, "--operator", "bo")).exit_code == 0
    shown = (await run("show", told["id"])).output
    assert shown.startswith(f"{told['id']}  approved\n    1 purchase, +2,001 points, 0 moves up"), shown


async def test_what_is_not_there_is_said(run: Run, recomputing: Recomputing) -> None:
    await recomputing.begin()
    nowhere = await run("list", "--place", "nowhere")
    assert isinstance(nowhere.exception, RecomputePlaceUnknown), nowhere
    unfit = await run("preview", "--version", "failing/7")
    assert isinstance(unfit.exception, RecomputeVersionUnfit), unfit
