"""The commands that take a pack from a file through review to the tills, and back."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from regulars.entrypoints.commands.files import pack_bytes
from regulars.entrypoints.commands.options import DataDirOption, JsonOption, LanguageOption, RenamedNote
from regulars.entrypoints.commands.showing import finding_lines

if TYPE_CHECKING:
    from regulars.entrypoints.releasing import Office, PackStatus, StepWords
    from regulars.releases.domain import Release
    from regulars.releases.live_places import LivePlace

Answer = TypeVar("Answer")
FINDINGS_SHOWN = 20

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
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")]
ForApproversOption = Annotated[
    str | None, typer.Option("--reason", help="Why, for those who approve; it stands in the audit log.")
]
RememberedOption = Annotated[
    str | None, typer.Option("--reason", help="Why, where it should be remembered in the audit log.")
]
StepNumberArgument = Annotated[int, typer.Argument(metavar="STEP", min=1, help="The step's number.")]
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
        ("halt", halt_step),
        ("resume", resume_step),
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
    language: LanguageOption = None,
) -> None:
    """Take a file as the newest revision of its pack's draft; nothing goes live by it."""
    content = pack_bytes(file)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        typer.echo(f"regulars: {file} is not UTF-8; save it as UTF-8", err=True)
        raise typer.Exit(1) from None
    saved = with_person("packs import", operator, data_dir, lambda o: o.import_draft(text, revision))
    from regulars.kernel.words import counted

    found = sorted(saved.report.findings, key=lambda one: one.severity != "error")
    colour = "green" if saved.report.green else "red"
    told = f"{colour}, {counted(len(found), 'finding')}" if found else colour
    print(f"{saved.revision.line.code}: revision {saved.revision.line.revision}, {saved.result}, {told}.")
    print("\n".join(finding_lines(found[:FINDINGS_SHOWN], language)), end="\n" if found else "")
    if len(found) > FINDINGS_SHOWN:
        print(f"      … and {len(found) - FINDINGS_SHOWN:,} more; `regulars packs test {file}` says all.")


def show_status(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="One pack; default: all.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show drafts, versions and releases, newest first, and where and since when each version is live."""
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
    revision: Annotated[
        int | None,
        typer.Option("--revision", min=1, help="Of the draft; refused where it is no longer the newest."),
    ] = None,
    reason: ForApproversOption = None,
    note: RenamedNote = None,  # noqa: ARG001 — refused by its callback
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Ask for the approval of a draft's newest revision; default place: headquarters."""
    from regulars.entrypoints.releasing import SubmitWords

    wanted = SubmitWords(code, tuple(place or ["HQ"]), revision, version, reason)
    _tell(with_person("packs submit", operator, data_dir, lambda o: o.submit(wanted)))


def approve_release(
    release: ReleaseArgument,
    operator: Annotated[
        str, typer.Option("--operator", metavar="LOGIN", help="Who approves: a person who wrote none of it.")
    ],
    reason: RememberedOption = None,
    note: RenamedNote = None,  # noqa: ARG001 — refused by its callback
    data_dir: DataDirOption = None,
) -> None:
    """Let a version go live that somebody else wrote."""
    _tell(with_person("packs approve", operator, data_dir, lambda o: o.approve(release, reason)))


def reject_release(
    release: ReleaseArgument,
    reason: ReasonOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send a version back to its authors."""
    _tell(with_person("packs reject", operator, data_dir, lambda o: o.reject(release, reason)))


def schedule_release(
    release: ReleaseArgument,
    step: StepOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Plan where and when an approved version goes live."""
    steps = [_step(typed) for typed in step]
    _tell(with_person("packs schedule", operator, data_dir, lambda o: o.schedule(release, steps)))


def halt_step(
    release: ReleaseArgument,
    step: StepNumberArgument,
    reason: ReasonOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Hold a step that has not begun; what is live stays, and so do later steps."""
    _tell(with_person("packs halt", operator, data_dir, lambda o: o.halt(release, step, reason)))


def resume_step(
    release: ReleaseArgument,
    step: StepNumberArgument,
    starts: Annotated[
        str | None,
        typer.Option("--starts", metavar="TIME", help="When it begins, as in --step; default: now."),
    ] = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Let a held step begin after all, or a waiting one at another time."""
    _tell(with_person("packs resume", operator, data_dir, lambda o: o.resume(release, step, starts)))


def cancel_release(
    release: ReleaseArgument,
    reason: ReasonOption,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Give a release up before it is live anywhere."""
    _tell(with_person("packs cancel", operator, data_dir, lambda o: o.cancel(release, reason)))


def roll_back_release(
    release: ReleaseArgument,
    reason: ReasonOption,
    place: PlacesOption = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Go back to the version before, at once; this one is never used there again."""
    places = place or []
    _tell(with_person("packs rollback", operator, data_dir, lambda o: o.roll_back(release, places, reason)))


def retire_release(
    release: ReleaseArgument,
    reason: ReasonOption,
    place: PlacesOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When it ends; default: now.")
    ] = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """End a release; from then on what was live before it is live again."""
    places = place or []
    _tell(with_person("packs retire", operator, data_dir, lambda o: o.retire(release, places, until, reason)))


def with_person(
    command: str,
    operator: str | None,
    data_dir: Path | None,
    act: "Callable[[Office], Awaitable[Answer]]",
) -> Answer:
    """Act as an operator: what another person decides on, or what stands in the audit log as an order."""
    from regulars.kernel.errors import FieldProblem

    if operator is None:
        raise FieldProblem(
            f"--operator: `{command}` is done in somebody's name; add --operator LOGIN (the password is "
            "asked for, or read from standard input)",
            field="operator",
        )
    return with_office(command, operator, data_dir, act)


def with_office(
    command: str,
    operator: str | None,
    data_dir: Path | None,
    act: "Callable[[Office], Awaitable[Answer]]",
) -> Answer:
    """Act in the database of the settings, as an operator or, where it only reads, as the command itself."""
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
    lines += [f"release  {r.id}  {r.name}  {r.state}{_waiting(r)}" for r in status.releases]
    return lines + [_live_line(live) for live in status.live]


def _live_line(live: "LivePlace") -> str:
    if live.version is None:
        line = f"off      {live.code}  {live.place}"
    else:
        line = f"live     {live.code}/{live.version}  {live.place}"
    if live.since is not None:
        line += f"  since {live.since:%Y-%m-%d %H:%M}"
    if live.until is not None:
        then = f"{live.code}/{live.next_version}" if live.next_version else "nothing"
        line += f"  until {live.until:%Y-%m-%d %H:%M}, then {then}"
    return line


def _waiting(release: "Release") -> str:
    from regulars.releases.domain import reminded_at, waiting_since

    since, reminded = waiting_since(release), reminded_at(release)
    if since is None:
        return ""
    told = f", waiting for approval since {since:%Y-%m-%d %H:%M} UTC"
    return told if reminded is None else f"{told}, reminded {reminded:%Y-%m-%d %H:%M}"
