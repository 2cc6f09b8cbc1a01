"""The commands that take a pack from a file through review to the tills, and back."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption

if TYPE_CHECKING:
    from regulars.entrypoints.releasing import Office, PackStatus, StepWords
    from regulars.releases.domain import Release

Answer = TypeVar("Answer")
MOST_READ = 1 << 20

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The pack's code.")]
ReleaseArgument = Annotated[UUID, typer.Argument(metavar="RELEASE", help="The release's id; see `status`.")]
OperatorOption = Annotated[
    str | None,
    typer.Option(
        "--operator",
        metavar="LOGIN",
        help="Who does it, for rights and audit; the password is asked for, or read from standard input.",
    ),
]
PlacesOption = Annotated[
    list[str] | None, typer.Option("--place", metavar="CODE", help="A place; may be given several times.")
]
WordsOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="What approvers should know.")]
VersionOption = Annotated[int | None, typer.Option("--version", min=1, help="A version that stands already.")]
StepOption = Annotated[
    list[str],
    typer.Option(
        "--step",
        metavar="PLACES@START[/END]",
        help="Places that begin together, such as east-1,east-2@2026-12-01T08:00 by each store's own clock, "
        "or HQ@now; may be given several times.",
    ),
]


def add_to(packs: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("export", export_pack),
        ("import", import_pack),
        ("status", show_status),
        ("submit", submit_pack),
        ("approve", approve_release),
        ("reject", reject_release),
        ("schedule", schedule_release),
        ("cancel", cancel_release),
        ("rollback", roll_back_release),
        ("retire", retire_release),
    ):
        packs.command(name)(command)


def export_pack(
    code: CodeArgument,
    version: VersionOption = None,
    draft: Annotated[bool, typer.Option("--draft", help="The draft instead of a version.")] = False,
    revision: Annotated[int | None, typer.Option("--revision", min=1, help="An older one of it.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="File to write; default: print it.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Write a pack as JSON, the same bytes each time; what is imported comes back byte for byte."""

    async def act(office: "Office") -> str:
        if draft or revision is not None:
            return await office.export_draft(code, revision)
        return await office.export_version(code, version)

    text = with_office("packs export", None, data_dir, act).encode()
    if output is None:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(text)


def import_pack(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)],
    revision: Annotated[
        int | None,
        typer.Option("--revision", min=0, help="The revision that the file is a change of; default: any."),
    ] = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Take a file as the newest revision of its pack's draft; nothing goes live by it."""
    with file.open("rb") as opened:
        content = opened.read(MOST_READ)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        typer.echo(f"regulars: {file} is not UTF-8; save it as UTF-8", err=True)
        raise typer.Exit(1) from None
    saved = with_office("packs import", operator, data_dir, lambda o: o.import_draft(text, revision))
    state = "green" if saved.report.green else f"red, {len(saved.report.findings)} findings"
    print(f"{saved.revision.line.code}: revision {saved.revision.line.revision}, {saved.result}, {state}.")


def show_status(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="One pack; default: all.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show drafts, versions and releases, newest first."""
    status = with_office("packs status", None, data_dir, lambda o: o.status(code))
    if json:
        import orjson

        print(orjson.dumps(status, default=str, option=orjson.OPT_INDENT_2).decode())
        return
    print("\n".join(_lines_of(status)) or "There is no pack yet.")


def submit_pack(
    code: CodeArgument,
    place: PlacesOption = None,
    version: VersionOption = None,
    note: NoteOption = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Ask for the approval of a draft as it stands; default place: headquarters."""
    places = place or ["HQ"]
    _tell(with_office("packs submit", operator, data_dir, lambda o: o.submit(code, places, version, note)))


def approve_release(
    release: ReleaseArgument,
    operator: Annotated[
        str, typer.Option("--operator", metavar="LOGIN", help="Who approves: a person who wrote none of it.")
    ],
    note: NoteOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Let a version go live that somebody else wrote."""
    _tell(with_office("packs approve", operator, data_dir, lambda o: o.approve(release, note)))


def reject_release(
    release: ReleaseArgument,
    reason: WordsOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send a version back to its authors."""
    _tell(with_office("packs reject", operator, data_dir, lambda o: o.reject(release, reason)))


def schedule_release(
    release: ReleaseArgument,
    step: StepOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Plan where and when an approved version goes live."""
    steps = [_step(typed) for typed in step]
    _tell(with_office("packs schedule", operator, data_dir, lambda o: o.schedule(release, steps)))


def cancel_release(
    release: ReleaseArgument,
    reason: WordsOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Give a release up before it is live anywhere."""
    _tell(with_office("packs cancel", operator, data_dir, lambda o: o.cancel(release, reason)))


def roll_back_release(
    release: ReleaseArgument,
    reason: WordsOption,
    place: PlacesOption = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Go back to the version before, at once; this one is never used there again."""
    places = place or []
    _tell(with_office("packs rollback", operator, data_dir, lambda o: o.roll_back(release, places, reason)))


def retire_release(
    release: ReleaseArgument,
    reason: WordsOption,
    place: PlacesOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When it ends; default: now.")
    ] = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """End a release; from then on what was live before it is live again."""
    places = place or []
    _tell(with_office("packs retire", operator, data_dir, lambda o: o.retire(release, places, until, reason)))


def with_office(
    command: str,
    operator: str | None,
    data_dir: Path | None,
    act: "Callable[[Office], Awaitable[Answer]]",
) -> Answer:
    """Act in the database of the settings, as an operator or as the command itself."""
    from regulars.entrypoints.releasing import Credentials, office
    from regulars.settings import load_settings

    credentials = None if operator is None else Credentials(operator, _password(operator))

    async def work() -> Answer:
        async with office(load_settings(data_dir), command, credentials) as opened:
            return await act(opened)

    return asyncio.run(work())


def _password(operator: str) -> str:
    if sys.stdin.isatty():
        typed: str = typer.prompt(f"Password of {operator}", hide_input=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\n")


def _step(typed: str) -> "StepWords":
    from regulars.entrypoints.releasing import StepWords
    from regulars.kernel.errors import FieldProblem

    places, at, span = typed.partition("@")
    starts, _, ends = span.partition("/")
    codes = tuple(code.strip() for code in places.split(",") if code.strip())
    if not (at and codes and starts):
        raise FieldProblem(
            f"--step {typed}: write PLACES@START[/END], such as east-1,east-2@2026-12-01T08:00", field="step"
        )
    return StepWords(codes, None if starts == "now" else starts, ends or None)


def _tell(release: "Release") -> None:
    print(f"{release.id}  {release.name}  {release.state}")


def _lines_of(status: "PackStatus") -> list[str]:
    lines = [
        f"draft    {d.code}  revision {d.revision}  {d.updated_at:%Y-%m-%d %H:%M}" for d in status.drafts
    ]
    lines += [f"version  {v.code}/{v.version}  {v.kind}  {v.hash[:12]}" for v in status.versions]
    lines += [f"release  {r.id}  {r.name}  {r.state}" for r in status.releases]
    return lines
