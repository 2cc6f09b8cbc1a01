"""`regulars packs rehearse`: the report for people and for programs, kept where the chain looks for it."""

import asyncio
import json
import os
import sys
from pathlib import Path

from rehearsal.world import Rehearsals, draft

from regulars.rehearsal import service
from regulars.rules.canonical import canonical, content_hash


async def run(rehearsals: Rehearsals, *arguments: str) -> tuple[int, str, str]:
    url = rehearsals.chain.database.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "regulars.entrypoints.cli", "packs", "rehearse", *arguments),
        env=os.environ | {"REGULARS_DATABASE_URL": url.replace("+asyncpg", "")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_file_is_rehearsed_and_its_report_kept(rehearsals: Rehearsals, tmp_path: Path) -> None:
    text = draft("grocery-classic", minor_per_point=50)
    file = tmp_path / "draft.json"
    file.write_text(text)
    code, out, err = await run(rehearsals, str(file), "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["state"] == "finished"
    assert told["report"]["points"]["difference"] > 0
    digest = content_hash(canonical(json.loads(text)))
    async with rehearsals.chain.database.read() as session:
        kept = await service.finished_for(session, digest, ())
        assert await service.finished_for(session, "another", ()) is None
    assert kept is not None
    assert str(kept.id) == told["id"]
    assert kept.ordered_by.startswith("command:")


async def test_people_read_a_table(rehearsals: Rehearsals, tmp_path: Path) -> None:
    file = tmp_path / "draft.json"
    file.write_text(draft("classic-tiers", silver_spend_minor=14_000))
    code, out, err = await run(rehearsals, str(file), "--until", "2026-11-01T00:00:00Z")
    assert code == 0, err
    assert "upgraded base → silver" in out
    assert "Behaviour is assumed unchanged" in out


async def test_what_is_wrong_is_said_in_one_sentence(rehearsals: Rehearsals, tmp_path: Path) -> None:
    file = tmp_path / "draft.json"
    file.write_text(draft("grocery-classic"))
    code, _, err = await run(rehearsals, str(file), "--from", "yesterday")
    assert (code, "--from yesterday: write an instant" in err) == (1, True)
    code, _, err = await run(rehearsals, str(file), "--place", "nowhere")
    assert (code, "--place nowhere: there is no such place" in err) == (1, True)
    file.write_text("{}")
    code, _, err = await run(rehearsals, str(file))
    assert (code, err.startswith("regulars: the pack has")) == (1, True), err
