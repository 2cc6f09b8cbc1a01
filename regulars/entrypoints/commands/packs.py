"""The commands for rule packs in files: check them, run their cases, publish them."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.entrypoints.commands import releases, undo
from regulars.entrypoints.commands.files import pack_bytes, report_on
from regulars.entrypoints.commands.limits import show_limits
from regulars.entrypoints.commands.options import DataDirOption, JsonOption, LanguageOption
from regulars.entrypoints.commands.rehearse import rehearse_packs
from regulars.entrypoints.commands.releases import with_office
from regulars.entrypoints.commands.showing import Spoken, finding_lines, spoken
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.rules.checker import Report
    from regulars.rules.findings import Finding

FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True, help="Packs as JSON files."),
]
FileArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A pack as JSON file."),
]
StarterArgument = Annotated[str | None, typer.Argument(metavar="[CODE]", help="The pack to print.")]
PlaceOption = Annotated[
    str,
    typer.Option(
        "--place", metavar="CODE", help="Where it goes live, with all below; default: headquarters."
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="INSTANT",
        help="From when on it counts, such as 2026-11-22T00:00:00+08:00; default: now.",
    ),
]
CheckedPlaceOption = Annotated[
    str | None,
    typer.Option(
        "--place",
        metavar="CODE",
        help="Check in the chain, not the file alone: by its own fields, beside what is live there.",
    ),
]
AcceptOption = Annotated[
    bool,
    typer.Option(
        "--accept",
        help="Show what failing cases got, and write it into the file as what they expect; nothing else of "
        "the file changes.",
    ),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why, for the audit trail.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    packs = typer.Typer(no_args_is_help=True, help="Rule packs: check, test, publish, release.")
    packs.command("check")(check_packs)
    packs.command("test")(run_cases_of_packs)
    packs.command("starters")(show_starters)
    packs.command("rehearse")(rehearse_packs)
    packs.command("publish")(publish_pack)
    releases.add_to(packs)
    packs.command("limits")(show_limits)
    undo.add_to(packs)
    app.add_typer(packs, name="packs")


def check_packs(
    files: FilesArgument,
    place: CheckedPlaceOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Say all that is wrong with packs; end with 1 if anything stands in the way of publishing."""
    from regulars.rules.checker import check

    _show(_reports(files, check, place, data_dir), json=json, language=language)


def run_cases_of_packs(
    files: FilesArgument,
    accept: AcceptOption = False,
    place: CheckedPlaceOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Check packs and run their cases; end with 1 if one is red."""
    from regulars.rules.checker import examine

    reports = _reports(files, examine, place, data_dir)
    if accept:
        for file, report in reports:
            _accept(file, report, json=json, language=language)
        reports = _reports(files, examine, place, data_dir)
    _show(reports, json=json, language=language)


def show_starters(code: StarterArgument = None, language: LanguageOption = None) -> None:
    """List the packs to begin with, by trade; or print one of them, to be changed and published."""
    from regulars.rules.sentences import pack_of
    from regulars.rules.starters import GALLERY, gallery_codes, starter_text

    if code is None:
        for trade, codes in GALLERY.items():
            for each in codes:
                pack = pack_of(starter_text(each))
                print(f"{trade:12} {each:20} {pack.kind:12} {pack.title.of(spoken(language))}")
        return
    if code not in gallery_codes():
        raise typer.BadParameter(
            f"there is no pack {code} to begin with; choose one of {', '.join(gallery_codes())}"
        )
    sys.stdout.write(starter_text(code))


def publish_pack(
    file: FileArgument,
    place: PlaceOption = "HQ",
    live_from: FromOption = None,
    reason: ReasonOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a version of a pack and put it live at a place; a red pack is refused."""
    import orjson

    from regulars.entrypoints.publishing import Publication, instant, publish
    from regulars.rules.checker import Report, examine
    from regulars.rules.errors import PackNotGreen
    from regulars.settings import load_settings

    report = report_on(file, examine)
    if not report.green and not _may_read_own_fields(file):
        _show([(file, report)], json=json, language=language)
    wanted = Publication(pack_bytes(file), place, instant(live_from), reason)
    try:
        made = asyncio.run(publish(load_settings(data_dir), wanted))
    except PackNotGreen as refused:
        _show([(file, Report(refused.findings))], json=json, language=language)
        raise
    if json:
        print(orjson.dumps({"version": made.name, "hash": made.hash, "place": place}).decode())
    else:
        print(f"{made.name} is live at {place} from {wanted.live_from.isoformat()}.")


def _reports(
    files: Sequence[Path], look: "Callable[[bytes], Report]", place: str | None, data_dir: Path | None
) -> list[tuple[Path, "Report"]]:
    """What the checker says of each file: by itself, or in the chain where a place is named."""
    if place is None:
        return [(file, report_on(file, look)) for file in files]
    from regulars.entrypoints.checking import reports_at
    from regulars.rules.reading import MOST_BYTES

    texts = {file: pack_bytes(file) for file in files if file.stat().st_size <= MOST_BYTES}
    read = tuple(texts.values())
    found = with_office("packs check", None, data_dir, lambda office: reports_at(office, read, place))
    told = dict(zip(texts, found, strict=True))
    return [(file, told[file] if file in told else report_on(file, look)) for file in files]


def _may_read_own_fields(file: Path) -> bool:
    """Whether only the chain can say if a file is right."""
    from regulars.rules.reading import MOST_BYTES

    return file.stat().st_size <= MOST_BYTES and b"custom" in pack_bytes(file)


def _accept(file: Path, report: "Report", *, json: bool, language: Spoken | None) -> None:
    """Show what failing cases got, and write it into the file as what they expect."""
    from regulars.rules.adopting import can_adopt, with_new_results

    if not can_adopt(report):
        return
    if not json:
        print("\n".join(_as_text(file, report, language)))
    if sys.stdin.isatty() and not typer.confirm(f"Write these results into {file}?", err=True):
        return
    text = with_new_results(pack_bytes(file).decode(), report)
    file.write_bytes(text.encode())


def _show(reports: Sequence[tuple[Path, "Report"]], *, json: bool, language: Spoken | None) -> None:
    import orjson

    if json:
        shown = [_as_json(file, report) for file, report in reports]
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        for file, report in reports:
            print("\n".join(_as_text(file, report, language)))
    raise typer.Exit(0 if all(report.green for _, report in reports) else 1)


def _as_text(file: Path, report: "Report", language: Spoken | None) -> list[str]:
    passed = sum(case.passed for case in report.cases)
    cases = f", {passed} of {counted(len(report.cases), 'case')} passed" if report.cases else ""
    return [
        f"{'ok  ' if report.green else 'FAIL'}  {file}{cases}",
        *finding_lines(_findings(report, language), language),
    ]


def _findings(report: "Report", language: Spoken | None) -> "Sequence[Finding]":
    """What was found; of failing cases in the words of the editor's page."""
    if report.pack is None or all(case.passed for case in report.cases):
        return report.findings
    from zoneinfo import ZoneInfo

    from regulars.kernel import clock
    from rules_ui.case_view import findings_told
    from rules_ui.i18n import Money, Speech

    # A file says no currency: amounts are told bare, with the two decimals that most have.
    say = Speech(spoken(language), ZoneInfo("UTC"), Money("", 2), clock.now())
    return findings_told(report, say)


def _as_json(file: Path, report: "Report") -> dict[str, object]:
    return {
        "file": str(file),
        "green": report.green,
        "findings": report.findings,
        "cases": [
            {"name_zh": c.name_zh, "name_en": c.name_en, "passed": c.passed, "differences": c.differences}
            for c in report.cases
        ],
    }
