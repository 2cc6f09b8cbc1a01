"""`regulars packs` takes a pack from a file through review to the tills, and back, in somebody's name."""

import json
from pathlib import Path
from uuid import UUID

import pytest
import typer
from budget_world import limit, publish_points
from releases.conftest import PACK, ReleaseWorld, richer
from small_chain import ACTOR, line
from sqlalchemy import text
from typer.testing import CliRunner, Result

from regulars.custom_fields.domain import CustomField
from regulars.custom_fields.service import define_field
from regulars.entrypoints.commands import packs
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem, RegularsError
from regulars.kernel.ids import new_id
from regulars.releases.errors import DraftChanged, OwnReleaseApproval, UnknownDraft
from regulars.rules.starters import starter_text
from regulars.security.domain import Role, RoleAt
from regulars.security.errors import PermissionDenied, SignInRefused
from regulars.security.service import NewOperator, create_operator

PASSWORD = "correct horse battery"
BY = ("--operator", "anna")


@pytest.fixture
def run(world: ReleaseWorld, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    app = typer.Typer()
    packs.register(app)
    app.command("other")(lambda: None)
    monkeypatch.setenv("REGULARS_DATABASE_URL", database_url)

    async def command(*arguments: str, password: str = PASSWORD) -> Result:
        import asyncio

        words = ["packs", *arguments, "--data-dir", str(tmp_path)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, password + "\n")

    return command


async def appoint(world: ReleaseWorld, login: str, role: Role) -> None:
    new = NewOperator(new_id(), login, login.title(), PASSWORD, "en", (RoleAt(role, world.hq),))
    await world.do(lambda s: create_operator(s, new, ACTOR, clock.now()))


async def test_a_file_goes_to_the_tills_and_back(run: object, world: ReleaseWorld, tmp_path: Path) -> None:
    await appoint(world, "anna", Role.MARKETING)
    await appoint(world, "bo", Role.APPROVER)
    file, back = tmp_path / "pack.json", tmp_path / "back.json"
    file.write_text(richer(50).replace('"kind": "earning"', '"kind": "tier"'))
    red = await run("import", str(file), "--operator", "anna", "--language", "en")  # type: ignore[operator]
    told = red.output.splitlines()
    assert told[0].startswith(f"{PACK}: revision 1, saved, red, ")
    assert any("error tier_part_missing at /" in line for line in told[1:]), red.output
    file.write_text(richer(50) + "\n\n")
    taken = await run("import", str(file), "--operator", "anna")  # type: ignore[operator]
    assert taken.output.strip() == f"{PACK}: revision 2, saved, green."
    await run("export", PACK, "--draft", "--output", str(back))  # type: ignore[operator]
    assert back.read_bytes() == file.read_bytes()
    renamed = await run("submit", PACK, "--note", "more points")  # type: ignore[operator]
    assert "--note is called --reason" in renamed.output
    asked = await run("submit", PACK, "--reason", "more points", "--operator", "anna")  # type: ignore[operator]
    release = asked.output.split()[0]
    waiting = await run("status", PACK)  # type: ignore[operator]
    assert f"{PACK}/2  in_review, waiting for approval since 20" in waiting.output
    own = await run("approve", release, "--operator", "anna")  # type: ignore[operator]
    assert isinstance(own.exception, RegularsError)
    approved = await run("approve", release, "--operator", "bo")  # type: ignore[operator]
    assert approved.output.split()[1:] == [f"{PACK}/2", "approved"]
    planned = await run("schedule", release, "--step", "east-1@now", "--step", "HQ@2199-01-01T08:00", *BY)  # type: ignore[operator]
    assert planned.output.split()[-1] == "live", planned
    assert await world.live("east-1", clock.now()) == 2
    lines = (await run("status", PACK)).output.splitlines()  # type: ignore[operator]
    (everywhere, store) = [line.split("  since ")[0] for line in lines if line.startswith("live")]
    assert (everywhere.split(), store.split()) == (
        ["live", f"{PACK}/1", "HQ"],
        ["live", f"{PACK}/2", "east-1"],
    )
    assert any(f"until 2199-01-01 08:00, then {PACK}/2" in line for line in lines)
    halted = await run("halt", release, "2", "--reason", "figures first", *BY)  # type: ignore[operator]
    assert halted.output.split()[-1] == "live", halted
    resumed = await run("resume", release, "2", "--starts", "2199-02-01T08:00", *BY)  # type: ignore[operator]
    assert resumed.output.split()[-1] == "live", resumed
    rolled = await run("rollback", release, "--reason", "too dear", "--operator", "anna")  # type: ignore[operator]
    assert rolled.output.split()[-1] == "rolled_back"
    assert await world.live("east-1", clock.now()) == 1
    status = await run("status", PACK, "--json")  # type: ignore[operator]
    assert status.exit_code == 0, status.exception
    shown = json.loads(status.output)
    assert [each["state"] for each in shown["releases"]] == ["rolled_back"]
    assert [each["version"] for each in shown["versions"]] == [2, 1]
    async with world.chain.database.read() as session:
        acts = await session.execute(
            text("select action, actor_kind from audit_entry where subject_kind = 'release' order by id")
        )
        assert dict(acts.all()) == {
            "release.submit": "operator",
            "release.approve": "operator",
            "release.schedule": "operator",
            "release.go_live": "workflow",
            "release.halt": "operator",
            "release.resume": "operator",
            "release.roll_back": "operator",
        }
        assert await session.scalar(text("select count(*) from operator_session")) == 0


async def test_a_file_is_checked_and_published_by_what_the_chain_has(
    run: object, world: ReleaseWorld, tmp_path: Path
) -> None:
    words = {"zh": "门店业态", "en": "format"}
    own = CustomField(new_id(), "store", "flagship", "boolean", words["zh"], words["en"], default=False)
    await world.do(lambda s: define_field(s, own, ACTOR, clock.now()))
    when = {"and": [{"var": "store.custom.flagship"}]}
    cases = [
        {
            "name": words,
            "given": {"store": {"custom": {"flagship": yes}}},
            "expect": {"points": n},
        }
        for yes, n in ((True, 5), (False, 0))
    ]
    rule = {
        "id": "visits",
        "order": 1,
        "title": words,
        "when": when,
        "then": {"earn": {"unit": "points", "points": 5}},
    }
    pack = {"code": "flagship", "kind": "earning", "priority": 9, "title": words, "description": words}
    file = tmp_path / "pack.json"
    file.write_text(json.dumps(pack | {"parameters": {}, "rules": [rule], "cases": cases}))
    alone = await run("check", str(file), "--language", "en")  # type: ignore[operator]
    assert (alone.exit_code, "path_unknown" in alone.output) == (1, True)
    for command in ("check", "test"):
        here = await run(command, str(file), "--place", "east-1")  # type: ignore[operator]
        assert (here.exit_code, here.output.startswith("ok")) == (0, True), here.output
    published = await run("publish", str(file))  # type: ignore[operator]
    assert published.output.startswith("flagship/1 is live at HQ"), published
    again = await run("check", str(file), "--place", "HQ")  # type: ignore[operator]
    assert "warning replaces_live at /code" in again.output
    file.write_text(starter_text("classic-tiers").replace('"classic-tiers"', '"other-tiers"'))
    for command in (("check", str(file), "--place", "HQ"), ("publish", str(file))):
        refused = await run(*command)  # type: ignore[operator]
        assert (refused.exit_code, "error second_of_kind at /kind" in refused.output) == (1, True), refused
    nowhere = await run("check", str(file), "--place", "nowhere")  # type: ignore[operator]
    assert isinstance(nowhere.exception, FieldProblem)


async def test_a_version_is_exported_as_it_was_hashed(
    run: object, world: ReleaseWorld, tmp_path: Path
) -> None:
    await appoint(world, "anna", Role.MARKETING)
    printed = await run("export", PACK, "--version", "1")  # type: ignore[operator]
    stored = await world.do(_stored)
    assert printed.stdout_bytes.decode() == stored
    file = tmp_path / "again.json"
    file.write_bytes(printed.stdout_bytes)
    await run("import", str(file), *BY)  # type: ignore[operator]
    again = await run("export", PACK, "--draft")  # type: ignore[operator]
    assert again.stdout_bytes == printed.stdout_bytes


async def _stored(session: object) -> str:
    from regulars.rules import service as rules

    return (await rules.get_version(session, PACK, 1)).text  # type: ignore[arg-type]


async def test_who_is_not_who_he_says_does_nothing(run: object, world: ReleaseWorld) -> None:
    await appoint(world, "anna", Role.MARKETING)
    refused = await run("submit", PACK, "--version", "1", "--operator", "anna", password="wrong")  # type: ignore[operator]
    assert isinstance(refused.exception, SignInRefused)
    unknown = await run("submit", PACK, "--version", "1", "--operator", "nobody")  # type: ignore[operator]
    assert isinstance(unknown.exception, SignInRefused)


@pytest.mark.parametrize(
    "typed",
    [
        ("submit", PACK),
        ("import", "pack.json"),
        ("halt", str(UUID(int=1)), "1", "--reason", "wait"),
        ("undo", "order", f"{PACK}/1"),
        ("undo", "cancel", str(UUID(int=1)), "--reason", "not now"),
    ],
)
async def test_what_is_done_in_somebodys_name_needs_that_name(
    run: object, world: ReleaseWorld, tmp_path: Path, typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack.json").write_text(richer(50))
    refused = await run(*typed)  # type: ignore[operator]
    assert isinstance(refused.exception, FieldProblem)
    assert "--operator LOGIN" in str(refused.exception)


async def test_who_may_not_edit_brings_in_no_file(run: object, world: ReleaseWorld, tmp_path: Path) -> None:
    await appoint(world, "bo", Role.APPROVER)
    file = tmp_path / "pack.json"
    file.write_text(richer(50))
    refused = await run("import", str(file), "--operator", "bo")  # type: ignore[operator]
    assert isinstance(refused.exception, PermissionDenied)
    nothing = await run("export", PACK, "--draft")  # type: ignore[operator]
    assert isinstance(nothing.exception, UnknownDraft)


async def test_an_import_over_anothers_change_is_kept_aside(
    run: object, world: ReleaseWorld, tmp_path: Path
) -> None:
    await appoint(world, "anna", Role.MARKETING)
    await world.save(richer(10))
    await world.save(richer(50), based_on=1)
    file = tmp_path / "pack.json"
    file.write_text(richer(60))
    refused = await run("import", str(file), "--revision", "1", *BY)  # type: ignore[operator]
    assert isinstance(refused.exception, DraftChanged)
    replaced = await run("import", str(file), *BY)  # type: ignore[operator]
    assert "revision 3" in replaced.output


@pytest.mark.parametrize("step", ["east-1", "@2026-12-01T08:00", "east-1@", "nowhere@now"])
async def test_a_step_that_cannot_be_read_says_how_to_write_it(
    run: object, world: ReleaseWorld, step: str
) -> None:
    await appoint(world, "anna", Role.MARKETING)
    release = await world.approved()
    refused = await run("schedule", str(release.id), "--step", step, *BY)  # type: ignore[operator]
    assert isinstance(refused.exception, FieldProblem)
    assert OwnReleaseApproval.code not in str(refused.exception)


async def test_how_full_limits_are_is_printed(run: object, world: ReleaseWorld) -> None:
    await publish_points(world.chain, limit(500), limit(90, "by-store", per="store", every="month"))
    await world.chain.buy(await world.chain.join(), line(10_000))
    printed = await run("limits", "double", "--place", "east-1")  # type: ignore[operator]
    assert printed.exit_code == 0, printed.exception
    told = [" ".join(each.split()[2:]) for each in printed.output.splitlines()]
    assert told == [
        "points per store: 0 of 90 used, 90 left",
        "points per pack: 0 of 500 used, 500 left",
    ]
    nothing = await run("limits", "silver-saturday")  # type: ignore[operator]
    assert nothing.output.startswith("Nothing with limits")
