"""`regulars packs undo`: what a pack version did, and taking it back."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from uuid import UUID

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption, RenamedNote
from regulars.entrypoints.commands.rehearse import instant
from regulars.entrypoints.commands.releases import (
    ForApproversOption,
    OperatorOption,
    ReasonOption,
    RememberedOption,
    with_office,
    with_person,
)
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.entrypoints.undoing import UndoDesk
    from regulars.undoing.domain import Undo

Answer = TypeVar("Answer")
_AS_DECIDED = ("tiers", "tags", "tags_back", "tags_given", "tags_redated", "stages")

VersionArgument = Annotated[
    str, typer.Argument(metavar="CODE/VERSION", help="The version, such as grocery-classic/2.")
]
UndoArgument = Annotated[UUID, typer.Argument(metavar="ORDER", help="The undo order's id; see `show`.")]
PlaceOption = Annotated[str, typer.Option("--place", metavar="CODE", help="What was bought there and below.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="INSTANT", help="Bought then or later; default: always.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="INSTANT", help="Bought before then; default: now.")
]


def add_to(packs: typer.Typer) -> None:
    """Add the commands."""
    undo = typer.Typer(no_args_is_help=True, help="See what a pack version did, and take it back.")
    for name, command in (
        ("effects", show_effects),
        ("order", order_undo),
        ("show", show_undos),
        ("approve", approve_undo),
        ("reject", reject_undo),
        ("run", run_undo),
        ("pause", pause_undo),
        ("resume", resume_undo),
        ("cancel", cancel_undo),
    ):
        undo.command(name)(command)
    packs.add_typer(undo, name="undo")


def show_effects(
    version: VersionArgument,
    kind: Annotated[
        Literal["award", "discount", "move", "refusal", "tag", "message"], typer.Option("--kind")
    ] = "award",
    place: PlaceOption = "HQ",
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """List what a version did, the latest first."""
    from regulars.entrypoints.undoing import Meant

    meant = Meant(version, place, instant(since, "since"), instant(until, "until"))
    found = _at_desk("packs undo effects", data_dir, lambda d: d.effects(meant, kind, limit))
    if json:
        _print_json([{**_fields(one), "store": store} for one, store in found])
        return
    for one, store in found:
        amount = f"{one.amount:>12,}" if one.amount else f"{one.what:>12}"
        print(f"{one.at:%Y-%m-%d %H:%M}  {store:<12}  {one.rule_id:<20}  {amount}  {one.id}")
    if not found:
        print("There is nothing of this kind.")


def order_undo(
    version: VersionArgument,
    policy: Annotated[
        Literal["let_be", "within_balance", "debt"],
        typer.Option(
            "--policy",
            help="Points that are spent: let be, taken from the member's others, or owed where those too "
            "are not enough.",
        ),
    ] = "let_be",
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            min=1,
            metavar="VERSION",
            help="The version that should have decided instead: the difference is taken or given.",
        ),
    ] = None,
    place: PlaceOption = "HQ",
    since: SinceOption = None,
    until: UntilOption = None,
    reason: ForApproversOption = None,
    note: RenamedNote = None,  # noqa: ARG001 — refused by its callback
    operator: OperatorOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Find out what taking a version's points back would do, and ask for its approval."""
    from regulars.entrypoints.undoing import Meant

    meant = Meant(version, place, instant(since, "since"), instant(until, "until"), to)
    _tell(_in_name("packs undo order", operator, data_dir, lambda d: d.order(meant, policy, reason)), json)


def show_undos(
    undo: Annotated[UUID | None, typer.Argument(metavar="[ORDER]", help="One order; default: all.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show undo orders, the latest first, one a line; one that is named with its preview."""
    found = _at_desk("packs undo show", data_dir, lambda d: d.show(undo))
    if json:
        _print_json([_fields(one) for one in found])
        return
    if undo is not None:
        _tell(found[0], as_json=False)
        return
    for one in found:
        print(_line_of(one))
    if not found:
        print("There is no undo order.")


def approve_undo(
    undo: UndoArgument,
    operator: Annotated[
        str, typer.Option("--operator", metavar="LOGIN", help="Who approves: not who ordered it.")
    ],
    content_hash: Annotated[
        str, typer.Option("--content-hash", metavar="HASH", help="Of the preview, as `show` has it.")
    ],
    reason: RememberedOption = None,
    note: RenamedNote = None,  # noqa: ARG001 — refused by its callback
    data_dir: DataDirOption = None,
) -> None:
    """Let an order be carried out that somebody else gave; a worker begins, or `run`."""
    _tell(
        _in_name("packs undo approve", operator, data_dir, lambda d: d.approve(undo, content_hash, reason)),
        as_json=False,
    )


def reject_undo(
    undo: UndoArgument, reason: ReasonOption, operator: OperatorOption = None, data_dir: DataDirOption = None
) -> None:
    """Refuse an order."""
    _tell(_in_name("packs undo reject", operator, data_dir, lambda d: d.reject(undo, reason)), as_json=False)


def run_undo(undo: UndoArgument, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Carry an approved order out here and now; stopped half way, it goes on where it was."""

    def told(one: "Undo") -> None:
        typer.echo(f"{one.members_done:,} of {counted(one.members_in_all, 'member')}", err=True)

    _tell(_at_desk("packs undo run", data_dir, lambda d: d.run(undo, told)), json)


def pause_undo(undo: UndoArgument, operator: OperatorOption = None, data_dir: DataDirOption = None) -> None:
    """Let an order rest between two batches."""
    _tell(_in_name("packs undo pause", operator, data_dir, lambda d: d.pause(undo)), as_json=False)


def resume_undo(undo: UndoArgument, operator: OperatorOption = None, data_dir: DataDirOption = None) -> None:
    """Go on with an order that rests."""
    _tell(_in_name("packs undo resume", operator, data_dir, lambda d: d.resume(undo)), as_json=False)


def cancel_undo(
    undo: UndoArgument, reason: ReasonOption, operator: OperatorOption = None, data_dir: DataDirOption = None
) -> None:
    """Give an order up; what was taken back by then stays taken back."""
    _tell(_in_name("packs undo cancel", operator, data_dir, lambda d: d.cancel(undo, reason)), as_json=False)


def _in_name(
    command: str,
    operator: str | None,
    data_dir: Path | None,
    act: "Callable[[UndoDesk], Awaitable[Answer]]",
) -> Answer:
    from regulars.entrypoints.undoing import UndoDesk

    return with_person(command, operator, data_dir, lambda office: UndoDesk.open_and(office, act))


def _at_desk(
    command: str,
    data_dir: Path | None,
    act: "Callable[[UndoDesk], Awaitable[Answer]]",
) -> Answer:
    from regulars.entrypoints.undoing import UndoDesk

    return with_office(command, None, data_dir, lambda office: UndoDesk.open_and(office, act))


def _fields(one: Any) -> dict[str, Any]:  # noqa: ANN401 — any of our dataclasses
    from dataclasses import asdict

    return asdict(one)


def _print_json(value: object) -> None:
    import orjson

    print(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def _line_of(undo: "Undo") -> str:
    takes = "" if undo.preview is None else f"  takes back {counted(undo.preview['takes'], 'point')}"
    return f"{undo.id}  {undo.version_name}  {undo.policy}  {undo.state}{takes}"


def _tell(undo: "Undo", as_json: bool) -> None:
    if as_json:
        _print_json(_fields(undo))
        return
    print(f"{undo.id}  {undo.version_name}  {undo.policy}  {undo.state}")
    preview = undo.preview
    if preview is None:
        return
    print(
        f"  {'gave' if undo.to_name is None else 'too much:'} {counted(preview['points'], 'point')} to "
        f"{counted(preview['members'], 'member')} in "
        f"{counted(preview['entries'], 'entry', 'entries')}; takes back {preview['takes']:,}, "
        f"{preview['spent']:,} "
        f"{'owed' if undo.policy == 'debt' else 'spent'}, "
        f"{preview['taken_before']:,} taken back before"
    )
    if undo.to_name is not None and "withheld" in preview:
        print(
            f"  as {undo.to_name} decides: gives {preview['gives']:,} that are missing; withheld "
            f"{preview['withheld']:,} in {counted(preview['limited'], 'purchase')} under limits; "
            f"{counted(preview['failing'], 'purchase')} with a failing rule left out"
        )
    for move, members in preview.get("tiers", {}).items():
        print(f"  {move}: {counted(members, 'member')}")
    if preview.get("moved_since"):
        members = counted(preview["moved_since"], "member")
        print(f"  the tier of {members} rests on a later decision and stays")
    _tell_asides(preview)
    for store in preview["by_store"]:
        print(f"  {store['store']:<12} {store['takes']:>12,} of {counted(store['points'], 'point')}")
    print(
        f"  not undone: {counted(preview['discount_minor'], 'minor unit')} of discounts, "
        f"{counted(sum(preview['moves'].values()), 'move')}, {counted(preview['refusals'], 'refusal')}"
    )
    if undo.state not in ("in_review", "empty"):
        owed = f" and {undo.points_owed:,} owed" if undo.policy == "debt" else ""
        owed += f" and {undo.points_given:,} given" if undo.to_name is not None else ""
        for count, what, done in (
            (undo.tiers_moved, "tier", "moved"),
            (undo.tags_changed, "tag", "changed"),
            (undo.stages_moved, "stage", "put right"),
            (undo.messages_withdrawn, "message", "withdrawn"),
        ):
            owed += f", {counted(count, what)} {done}" if count else ""
        print(
            f"  {undo.members_done:,} of {counted(undo.members_in_all, 'member')} done, "
            f"{counted(undo.points_taken, 'point')} taken back{owed}, "
            f"{counted(undo.differences, 'difference')}"
        )
    if undo.came_after:
        print(
            f"  {counted(undo.came_after, 'purchase')} came after the list was made, left as is; "
            "order again for the rest"
        )
    print(f"  content hash {undo.content_hash}")


def _tell_asides(preview: Mapping[str, Any]) -> None:
    """What an order does about tags, stages and messages."""
    for name, what in (
        ("tags", "tag {0} ends: {1}"),
        ("tags_back", "tag {0} is held as others gave it: {1}"),
        ("tags_given", "tag {0} is given: {1}"),
        ("tags_redated", "tag {0} ends at another time: {1}"),
        ("stages", "stage {0}: {1}"),
        ("messages", "message {0} is withdrawn: {1}"),
    ):
        noun = "time" if name == "messages" else "member"
        for code, count in preview.get(name, {}).items():
            print(f"  {what.format(code, counted(count, noun))}")
    for name, noun, what in (
        ("stages_since", "move", "of stage left: something later decided it"),
        (
            "silences_live",
            "stage",
            "left: the version's days of silence still count there; roll it back first",
        ),
        ("messages_sent", "message", "handed over, which cannot be undone"),
        ("messages_missed", "message", "that only the other version asks for: nothing is sent late"),
    ):
        if preview.get(name):
            print(f"  {counted(preview[name], noun)} {what}")
    if any(preview.get(name) for name in _AS_DECIDED):
        print(
            "  as far as members' time was decided: what has fallen due since is decided first when it is run"
        )
