"""`regulars explain` tells one purchase or event, and proves all of them."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from explanation.conftest import Tamper
from small_chain import SmallChain, line, lines
from sqlalchemy import text
from typer.testing import CliRunner

from regulars.entrypoints.cli import make_app
from regulars.explanation.errors import EventUnknown


@pytest.fixture
def app() -> typer.Typer:
    return make_app()


async def run(app: typer.Typer, url: str, folder: Path, *arguments: str) -> Result:
    """The command in a thread of its own, as it has its own loop."""
    settings = {"REGULARS_DATABASE_URL": url, "REGULARS_DATA_DIR": str(folder), "LANG": "en_US.UTF-8"}
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["explain", *arguments], env=settings))


async def test_a_purchase_and_an_event_are_told_in_either_language(
    app: typer.Typer, chain: SmallChain, database_url: str, tmp_path: Path
) -> None:
    bought = await chain.buy(await chain.join(), line(120_000))
    english = await run(app, database_url, tmp_path, str(bought.purchase_id))
    assert english.exit_code == 0, english.output
    assert english.output.splitlines()[0].split()[2:4] == ["east-1", "receipt"]
    assert "The purchase earned 1,200 points." in english.output
    assert "= $1,200.00 ÷ $1.00 = 1,200 (line 1)" in english.output
    chinese = await run(app, database_url, tmp_path, str(bought.purchase_id), "--language", "zh")
    assert "本单累积 1,200 分。" in chinese.output
    assert "差 US$3,000.00" in chinese.output
    async with chain.database.read() as session:
        event = await session.scalar(text("select id from lifecycle_event where kind = 'upgraded'"))
    told = await run(app, database_url, tmp_path, str(event), "--json")
    assert json.loads(told.output)["agrees"] is True
    assert json.loads(told.output)["kind"] == "upgraded"


async def test_a_discount_is_told_in_money_and_not_as_points(
    app: typer.Typer, chain: SmallChain, database_url: str, tmp_path: Path
) -> None:
    await chain.publish("print-shop-offers")
    bought = await chain.buy(await chain.join(), *lines((2_000, "BINDING"), (2_000, "BINDING")))
    told = await run(app, database_url, tmp_path, str(bought.purchase_id))
    assert "  applied  The second binding half price\n" in told.output
    assert "10.00" in told.output
    assert "+1,000" not in told.output


async def test_everything_is_proved_until_something_is_changed(
    app: typer.Typer, chain: SmallChain, database_url: str, tmp_path: Path, tamper: Tamper
) -> None:
    await chain.buy(await chain.join(), line(120_000))
    clean = await run(app, database_url, tmp_path, "--all")
    assert clean.exit_code == 0
    assert "1 purchase with 1 award, and 5 events recomputed." in clean.output
    later = await run(app, database_url, tmp_path, "--all", "--since", "2030-01-01T00:00:00+08:00")
    assert "0 purchases" in later.output
    await tamper("update posting set amount = amount + 1")
    loud = await run(app, database_url, tmp_path, "--all", "--json")
    assert loud.exit_code == 1
    found = json.loads(loud.output)
    assert (found["ok"], found["disagreeing"]) == (False, 1)
    difference = found["shown"][0]["differences"][0]
    assert (difference["recomputed"], difference["recorded"]) == ("1200", "1201")


async def test_what_is_asked_must_be_clear(
    app: typer.Typer, chain: SmallChain, database_url: str, tmp_path: Path
) -> None:
    for arguments in ((), ("--since", "2030-01-01T00:00:00+08:00"), ("not-an-id",)):
        assert (await run(app, database_url, tmp_path, *arguments)).exit_code == 2
    unknown = await run(app, database_url, tmp_path, "01a2024d-2205-706c-ae11-9efe9fd01234")
    assert isinstance(unknown.exception, EventUnknown)
