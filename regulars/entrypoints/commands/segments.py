"""The commands for segments: count, sample, save, list."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.entrypoints.commands.files import pack_bytes
from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.segments.domain import Counted

SHOWN = 20

FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE", exists=True, dir_okay=False, readable=True, help="A segment as JSON file."
    ),
]
CodeOption = Annotated[str | None, typer.Option("--code", metavar="CODE", help="A saved segment instead.")]
PlaceOption = Annotated[
    str | None, typer.Option("--place", metavar="CODE", help="Only members at home there and below.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    segments = typer.Typer(no_args_is_help=True, help="Segments: how many members a condition holds for.")
    segments.command("count")(count_members)
    segments.command("sample")(sample_members)
    segments.command("save")(save_segment)
    segments.command("list")(list_segments)
    app.add_typer(segments, name="segments")


def count_members(
    file: FileArgument = None,
    code: CodeOption = None,
    place: PlaceOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Count the members whom a condition holds for, as of now."""
    _ask(file, code, place, data_dir, sample=0, seed=0, json=json)


def sample_members(
    file: FileArgument = None,
    code: CodeOption = None,
    place: PlaceOption = None,
    members: Annotated[int, typer.Option("--members", min=1, max=200, help="How many to show.")] = SHOWN,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which: the same seed shows the same.")] = 0,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Count them and show some, by the facts that the condition reads."""
    _ask(file, code, place, data_dir, sample=members, seed=seed, json=json)


def save_segment(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)],
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the audit trail.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a segment as its next version; the same content again changes nothing."""
    import orjson

    from regulars.entrypoints.segmenting import save
    from regulars.settings import load_settings

    saved = asyncio.run(save(load_settings(data_dir), pack_bytes(file), reason))
    version = saved.version
    if json:
        named = {"segment": f"{version.code}/{version.version}", "hash": version.hash}
        print(orjson.dumps(named | {"place": saved.place_code}).decode())
    else:
        print(f"{version.code}/{version.version} is kept for {saved.place_code}.")


def list_segments(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """The newest version of every saved segment."""
    import orjson

    from regulars.entrypoints.segmenting import list_all
    from regulars.settings import load_settings

    found = asyncio.run(list_all(load_settings(data_dir)))
    if json:
        print(orjson.dumps([{"place": one.place_code, **_as_json(one.version)} for one in found]).decode())
        return
    for one in found:
        version = one.version
        print(f"{version.code}/{version.version}  {one.place_code}  {version.title_zh}  {version.title_en}")


def _as_json(version: object) -> dict[str, object]:
    from dataclasses import asdict

    from regulars.segments.domain import SegmentVersion

    assert isinstance(version, SegmentVersion)
    whole = asdict(version)
    return {name: whole[name] for name in whole if name not in ("id", "place_id")}


def _ask(
    file: Path | None,
    code: str | None,
    place: str | None,
    data_dir: Path | None,
    *,
    sample: int,
    seed: int,
    json: bool,
) -> None:
    import orjson

    from regulars.entrypoints.segmenting import Wish, count
    from regulars.kernel.errors import FieldProblem
    from regulars.segments.errors import SegmentNotGreen
    from regulars.settings import load_settings

    if (file is None) == (code is None):
        raise FieldProblem("name a file, or a saved segment by --code", field="code")
    wish = Wish(code, pack_bytes(file) if file else b"", place, sample, seed)
    try:
        answer = asyncio.run(count(load_settings(data_dir), wish))
    except SegmentNotGreen as refused:
        for found in refused.findings:
            print(f"{found.severity} {found.code} at {found.pointer or '/'}: {found.en}")
        raise typer.Exit(1) from None
    if json:
        print(orjson.dumps(answer, default=str, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(_in_words(answer)))


def _in_words(answer: "Counted") -> list[str]:
    as_of, refusal = answer.as_of.isoformat(timespec="seconds"), answer.refusal
    said = [f"{answer.matching:,} of {counted(answer.members, 'member')}, as of {as_of}"]
    if refusal is None:
        said.append(f"decided by PostgreSQL: {answer.statement}")
    else:
        said.append(f"decided row by row: {refusal.part} at {refusal.pointer or '/'} is not for SQL")
    said += [each.en for each in answer.remarks]
    if answer.failed:
        said.append(f"{answer.failed:,} could not be decided and do not count")
    if answer.undecided_members:
        waiting = counted(answer.undecided_members, "member")
        said.append(f"{waiting} about whom time has yet to decide something")
    said += [f"{one.member_id}  {dict(one.facts)}" for one in answer.sample]
    return said
