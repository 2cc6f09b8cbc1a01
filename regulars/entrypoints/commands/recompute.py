"""`regulars recompute`: purchases in which a rule failed, and giving members what it kept from them."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.entrypoints.commands.releases import OperatorOption, ReasonOption, with_office, with_person
from regulars.kernel.words import counted, difference

if TYPE_CHECKING:
    from regulars.bulk_actions.domain import BulkAction
    from regulars.entrypoints.recomputing import Meant, RecomputeDesk
    from regulars.recompute.domain import Flagged
    from regulars.recompute.service import Previewed

Answer = TypeVar("Answer")

PlaceOption = Annotated[str, typer.Option("--place", metavar="CODE", help="What was bought there and below.")]
PackOption = Annotated[
    str | None, typer.Option("--pack", metavar="CODE", help="Where a rule of this pack failed; default: any.")
]
PurchaseOption = Annotated[
    list[UUID] | None, typer.Option("--purchase", metavar="ID", help="This one; may be given several times.")
]
VersionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--version",
        metavar="CODE/VERSION",
        help="A mended version, read in the place of the one that was live; may be given several times. "
        "Default: the versions that were live then.",
    ),
]
OrderArgument = Annotated[UUID, typer.Argument(metavar="ORDER", help="The order's id; see `order`.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=1000)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    recompute = typer.Typer(
        no_args_is_help=True, help="See purchases in which a rule failed, and give what it kept from members."
    )
    for name, command in (
        ("list", list_flagged),
        ("preview", preview),
        ("run", run),
        ("order", order),
        ("show", show),
        ("approve", approve),
    ):
        recompute.command(name)(command)
    app.add_typer(recompute, name="recompute")


def list_flagged(
    place: PlaceOption = "HQ",
    pack: PackOption = None,
    purchase: PurchaseOption = None,
    done: Annotated[bool, typer.Option("--done", help="Those that were dealt with.")] = False,
    limit: LimitOption = 50,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """List purchases in which a rule failed, the earliest first."""
    meant = _meant(place, pack, purchase)

    async def act(desk: "RecomputeDesk") -> list[tuple["Flagged", str]]:
        return [(one, desk.store(one)) for one in await desk.flagged(meant, limit, resolved=done)]

    found = _at_desk("recompute list", data_dir, act)
    if json:
        _print_json([{**_fields(one), "store": store} for one, store in found])
        return
    for one, store in found:
        print(_line(one, store) + "  " + ", ".join(f"{f.pack}#{f.rule} {f.error}" for f in one.failed))
        if one.resolved is not None:
            got = one.resolved
            by = ", ".join(got.versions)
            also = f", {got.redated:,} of other dates" if got.redated else ""
            also += f", moved up to {got.tier_to}" if got.tier_to else ""
            print(
                f"    {got.at:%Y-%m-%d %H:%M}  {difference(got.points, 'point')}{also} by {by}: {got.reason}"
            )
    if not found:
        print("There is none.")


def preview(
    version: VersionsOption = None,
    place: PlaceOption = "HQ",
    pack: PackOption = None,
    purchase: PurchaseOption = None,
    limit: LimitOption = 50,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show what each of the earliest would get; nothing is changed."""
    meant = _meant(place, pack, purchase)

    async def act(desk: "RecomputeDesk") -> list[tuple["Previewed", str]]:
        return [(one, desk.store(one.flagged)) for one in await desk.preview(meant, version or (), limit)]

    _show(_at_desk("recompute preview", data_dir, act), json)


def run(
    reason: ReasonOption,
    version: VersionsOption = None,
    place: PlaceOption = "HQ",
    pack: PackOption = None,
    purchase: PurchaseOption = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Give members what is missing, each purchase once; stopped half way, run it again.

    Ends with 1 where a rule fails again, a version may not be used there, or a second person is needed.
    """
    meant = _meant(place, pack, purchase)

    async def act(desk: "RecomputeDesk") -> list[tuple["Previewed", str]]:
        done: list[tuple[Previewed, str]] = []
        await desk.run(meant, version or (), reason, lambda one: done.append((one, desk.store(one.flagged))))
        return done

    done = _in_name("recompute run", operator, data_dir, act)
    _show(done, json)
    from regulars.recompute.domain import SETTLED

    raise typer.Exit(0 if all(one.reckoned.state in SETTLED for one, _ in done) else 1)


def order(
    reason: ReasonOption,
    version: VersionsOption = None,
    place: PlaceOption = "HQ",
    pack: PackOption = None,
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Order what takes a second person: freeze the list, and ask for its approval."""
    meant = _meant(place, pack, None)
    _tell(
        _in_name("recompute order", operator, data_dir, lambda d: d.order(meant, version or (), reason)), json
    )


def show(order: OrderArgument, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Show an order, and how far it is."""
    _tell(_at_desk("recompute show", data_dir, lambda d: d.ordered(order)), json)


def approve(
    order: OrderArgument,
    operator: Annotated[
        str, typer.Option("--operator", metavar="LOGIN", help="Who approves: not who ordered it.")
    ],
    content_hash: Annotated[
        str, typer.Option("--content-hash", metavar="HASH", help="Of the list, as `show` has it.")
    ],
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Let an order be carried out that somebody else gave; a worker begins within seconds."""
    _tell(_in_name("recompute approve", operator, data_dir, lambda d: d.approve(order, content_hash)), json)


def _tell(one: "BulkAction", as_json: bool) -> None:
    if as_json:
        _print_json(_fields(one))
        return
    print(f"{one.id}  {one.state}")
    print(
        f"    {counted(one.items, 'purchase')}, {difference(one.points, 'point')}, "
        f"{counted(one.tiers, 'move')} up, {counted(one.redated, 'point')} of other dates"
        + (f", {one.dropped:,} closed though the rule that failed is gone" if one.dropped else "")
    )
    print(f"    {one.changed:,} put right, {one.unchanged:,} with nothing to do, {one.refused:,} refused")
    print(f"    content hash {one.content_hash}")


def _meant(place: str, pack: str | None, purchase: list[UUID] | None) -> "Meant":
    from regulars.entrypoints.recomputing import Meant

    return Meant(place, pack, tuple(purchase or ()))


def _in_name(
    command: str,
    operator: str | None,
    data_dir: Path | None,
    act: "Callable[[RecomputeDesk], Awaitable[Answer]]",
) -> Answer:
    from regulars.entrypoints.recomputing import RecomputeDesk

    return with_person(command, operator, data_dir, lambda office: RecomputeDesk.open_and(office, act))


def _at_desk(
    command: str,
    data_dir: Path | None,
    act: "Callable[[RecomputeDesk], Awaitable[Answer]]",
) -> Answer:
    from regulars.entrypoints.recomputing import RecomputeDesk

    return with_office(command, None, data_dir, lambda office: RecomputeDesk.open_and(office, act))


def _line(one: "Flagged", store: str) -> str:
    return f"{one.occurred_at:%Y-%m-%d %H:%M}  {store:<12}  {one.receipt_no:<14}  {one.purchase_id}"


def _show(found: "list[tuple[Previewed, str]]", as_json: bool) -> None:
    if as_json:
        _print_json([{**_fields(one), "store": store} for one, store in found])
        return
    for one, store in found:
        told = one.reckoned
        what: str = told.state
        if told.state in ("due", "needs_second"):
            tier = f", {told.tier_from} to {told.tier_to}" if told.tier_to else ""
            dates = f", {told.redated:,} of other dates" if told.redated else ""
            waits = "  needs a second person: order it" if told.state == "needs_second" else ""
            what = f"{difference(told.points, 'point')}{dates}{tier}{waits}"
        if told.dropped:
            gone = ", ".join(f"{one.pack}#{one.rule}" for one in told.dropped)
            what += f"  (nobody reads {gone} again; closing it takes a second person)"
        if told.missed_minor:
            what += f"  (discounts missed: {counted(told.missed_minor, 'minor unit')}, let be)"
        print(f"{_line(one.flagged, store)}  {what}")
        for failed in told.failed:
            print(f"    {failed.pack}#{failed.rule} fails: {failed.error}")
    counts = Counter(one.reckoned.state for one, _ in found)
    points = sum(one.reckoned.points for one, _ in found)
    states = "".join(f", {count:,} {state}" for state, count in sorted(counts.items()))
    print(f"{counted(len(found), 'purchase')}, {difference(points, 'point')}{states}")


def _fields(one: Any) -> dict[str, Any]:  # noqa: ANN401 — any of our dataclasses
    from dataclasses import asdict

    return asdict(one)


def _print_json(value: object) -> None:
    import orjson

    print(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())
