"""`regulars packs rehearse`: what packs in files would have done with what was bought."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.entrypoints.commands.files import pack_bytes
from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.rehearsal.domain import Rehearsal

LINES_SHOWN = 12

FilesArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE…",
        exists=True,
        dir_okay=False,
        readable=True,
        help="Packs as JSON files, live together; each takes the place of the pack with its code.",
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="INSTANT",
        help="From when on they would have been live, and purchases are compared, such as "
        "2026-11-01T00:00:00+08:00; default: from the first purchase on.",
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="INSTANT", help="Purchases from then on are not compared; default: now."),
]
PlaceOption = Annotated[
    str,
    typer.Option(
        "--place",
        metavar="CODE",
        help="Where they would have been live, with all below that has no version of its own; "
        "default: headquarters.",
    ),
]


def rehearse_packs(
    files: FilesArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    place: PlaceOption = "HQ",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Say what packs would have cost, and who would have won and lost, had they been live.

    The report is kept: where the chain requires a rehearsal for approval, this is one.
    """
    import orjson
    from rich.console import Console

    from regulars.entrypoints.complete_journey.interrupts import run_until_interrupted
    from regulars.entrypoints.complete_journey.progress import Meter
    from regulars.entrypoints.rehearsing import Wish, rehearse
    from regulars.settings import load_settings

    texts = tuple(pack_bytes(file) for file in files)
    wish = Wish(texts, place, instant(since, "from"), instant(until, "until"))
    found: list[Rehearsal] = []
    with Meter(Console(stderr=True), "Purchases", 0) as meter:

        def told(done: int, in_all: int) -> None:
            meter.total(in_all)
            meter.set(done)

        async def run() -> None:
            found.append(await rehearse(load_settings(data_dir), wish, told))

        run_until_interrupted(run())
    for done in found:
        if json:
            print(orjson.dumps({"id": str(done.id), "state": done.state, "report": done.report}).decode())
        elif done.report is not None:
            print("\n".join(_as_text(done.report)))
        else:
            print(f"The rehearsal was {done.state}; there is no report.")
            raise typer.Exit(1)


def instant(text: str | None, name: str) -> datetime | None:
    """An instant as typed; None where nothing was. Raises: FieldProblem."""
    from regulars.kernel.errors import FieldProblem

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise FieldProblem(
            f"--{name} {text}: write an instant with its offset, such as 2026-11-22T00:00:00+08:00",
            field=name,
        )
    return at


def _as_text(report: Mapping[str, Any]) -> list[str]:
    names = ", ".join(pack["name"] for pack in report["packs"])
    owed = report.get("owed_points", {})
    lines = [
        f"{names} at {report['place_code']}: {counted(report['purchases'], 'purchase')} compared, "
        f"{report['differing_purchases']:,} differing; {counted(report['members'], 'member')}",
        "",
        f"{'':<26}{'before':>16}{'after':>16}{'difference':>16}",
        _line("points", report["points"]),
        _line("points expired", report["expired_points"]),
        _line("points taken back", report["taken_back_points"]),
        _line("points open at the end", report["liability_points"]),
        *([_line("points owed at the end", owed)] if any(owed.values()) else ()),
        _line("discounts offered (minor)", report["discount_minor"]),
        *(_line(_name_of(move), move["members"]) for move in report["tier_moves"]),
        *(_line(f"message {one['code']}", one["times"]) for one in report.get("messages", ())),
        *(_line(f"tag {one['code']}", one["times"]) for one in report.get("tags", ())),
        "",
        f"members who win / lose points: {report['winners']['points']:,} / {report['losers']['points']:,}; "
        f"discounts: {report['winners']['discount_minor']:,} / {report['losers']['discount_minor']:,}",
    ]
    lines += [
        f"limit {cap['limit']}: used up first on {cap['first_used_up_on'] or 'no day'}"
        for cap in report.get("limits", ())
    ]
    for title, part in (("rule", "by_rule"), ("tier", "by_tier"), ("tenth of members", "by_decile")):
        rows = [row for row in report[part] if row["points"]["difference"] or part != "by_rule"]
        lines += ["", f"by {title}: points, difference"]
        lines += [_line(_key_of(row), row["points"]) for row in rows[:LINES_SHOWN]]
    return [*lines, "", report["assumptions"]["en"]]


def _line(name: str, change: Mapping[str, int]) -> str:
    return f"{name:<26}{change['before']:>16,}{change['after']:>16,}{change['difference']:>+16,}"


def _name_of(move: Mapping[str, Any]) -> str:
    return f"{move['kind']} {move['from_code']} → {move['to_code']}"


def _key_of(row: Mapping[str, Any]) -> str:
    return str(row["key"]) if "key" in row else f"{row['pack']}#{row['rule']}"
