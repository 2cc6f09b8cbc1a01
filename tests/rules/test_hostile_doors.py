"""Every door that takes a pack answers a hostile one with a clear word, and the till goes on selling."""

import json
from pathlib import Path

import httpx
import pytest
import typer
from hostile_packs import HOSTILE, Hostile, good_pack
from small_chain import ACTOR, MONDAY, STARTER_PACKS, line
from typer.testing import CliRunner
from web_fixtures import admin, app, world
from web_world import WebWorld

from regulars.entrypoints.commands import packs
from regulars.rules import service as rules
from regulars.rules.errors import PackNotGreen

__all__ = ["admin", "app", "world"]


def body_of(hostile: Hostile, **more: object) -> bytes:
    """The text as a program would send it, whatever it holds."""
    text = hostile.text()
    plain = text.decode("latin-1") if isinstance(text, bytes) else text
    return json.dumps({"text": plain, **more}).encode()


async def sells(world: WebWorld) -> bool:
    """Whether a till of this process can sell to a member just now."""
    bought = await world.chain.buy(await world.chain.join(f"M{id(object())}"), line(1_000))
    return bought.receipt["points"] == 10


async def test_the_api_tells_what_is_wrong_and_the_till_still_sells(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    headers = {"Content-Type": "application/json"}
    for hostile in HOSTILE:
        answer = await admin.post("/v1/packs/check", content=body_of(hostile), headers=headers)
        assert answer.status_code in (200, 400, 413, 422), hostile.name
        if answer.status_code == 200:
            assert not answer.json()["green"], hostile.name
            assert answer.json()["findings"], hostile.name
        else:
            assert answer.json()["detail"], hostile.name
    good = await admin.post("/v1/packs/check", json={"text": json.dumps(good_pack())})
    assert good.json()["green"]
    assert await sells(world)


async def test_a_hostile_draft_is_refused_or_kept_with_its_findings_and_never_goes_live(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    headers = {"Content-Type": "application/json"}
    based_on = 0
    for hostile in HOSTILE[::4]:
        content = body_of(hostile, based_on=based_on)
        answer = await admin.put("/v1/packs/hostile-host/draft", content=content, headers=headers)
        assert answer.status_code in (200, 201, 400, 413, 422), (hostile.name, answer.text[:300])
        if answer.status_code < 300:
            saved = answer.json()
            assert not saved["green"], hostile.name
            based_on = saved["revision"]
    assert (await admin.get("/v1/packs/hostile-host/versions")).json()["items"] == []
    assert await sells(world)


async def test_a_hostile_pack_becomes_no_version(world: WebWorld) -> None:
    for hostile in HOSTILE:
        with pytest.raises(PackNotGreen):
            async with world.chain.database.begin() as session:
                await rules.create_version(session, hostile.text(), ACTOR, MONDAY)
    async with world.chain.database.read() as session:
        assert {one.code for one in await rules.list_versions(session)} == set(STARTER_PACKS)


async def test_the_parameter_form_takes_no_bombs(world: WebWorld, admin: httpx.AsyncClient) -> None:
    address = "/packs/grocery-classic/versions/1"
    for value in ("9" * 100_000, "NaN", "1e400", "[" * 50_000, "\ud7ff" * 1_000, '{"param": "valid_days"}'):
        form = {"csrf_token": admin.headers["X-CSRF-Token"], "valid_days": value}
        answer = await admin.post(address, data=form)
        assert answer.status_code in (413, 422), value[:20]
    assert await sells(world)


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    command = typer.Typer()
    packs.register(command)
    command.command("other")(lambda: None)
    files = []
    for number, hostile in enumerate(HOSTILE):
        text = hostile.text()
        file = tmp_path / f"{number}.json"
        file.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        files.append(str(file))
    result = CliRunner().invoke(command, ["packs", "test", *files, "--json", "--language", "zh"])
    assert result.exit_code == 1
    reports = json.loads(result.output)
    assert [report["green"] for report in reports] == [False] * len(HOSTILE)
    assert all(report["findings"] for report in reports)
