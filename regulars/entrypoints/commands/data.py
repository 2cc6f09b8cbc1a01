"""Commands about what a chain holds: import it, play it, add it up, look at one member."""

from datetime import datetime
from typing import Annotated

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    imports = typer.Typer(help="Load purchases from outside sources.", no_args_is_help=True)
    imports.command("complete-journey")(import_complete_journey)
    app.add_typer(imports, name="import")
    app.command()(demo)
    app.command()(totals)
    member = typer.Typer(help="Look at members.", no_args_is_help=True)
    member.command("show")(show_member)
    app.add_typer(member, name="member")


def import_complete_journey(
    data_dir: DataDirOption = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many local days; default: the whole year.")
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Wait until the members' workflows have caught up with the purchases.")
    ] = True,
) -> None:
    """Load a year of a grocery chain's purchases; run again, it goes on where it stopped.

    The data is simulated and made for education. What of the stack is not running is started, and ended
    again.
    """
    from regulars.entrypoints.complete_journey.command import run_import
    from regulars.entrypoints.complete_journey.interrupts import run_until_interrupted
    from regulars.settings import load_settings

    run_until_interrupted(run_import(load_settings(data_dir), days=days, wait=wait))


def demo(
    data_dir: DataDirOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the web pages and the API.")] = None,
    host: Annotated[str | None, typer.Option(help="Address that the web part listens on.")] = None,
    speed: Annotated[
        float, typer.Option(min=0.1, max=6_000, help="Purchases a minute of the live play.")
    ] = 60,
) -> None:
    """Run everything on a year of real-looking purchases: import all but 14 days, play those live."""
    import asyncio

    from regulars.entrypoints.complete_journey.command import run_demo
    from regulars.settings import load_settings

    asyncio.run(run_demo(load_settings(data_dir, port=port, host=host), purchases_a_minute=speed))


def totals(
    data_dir: DataDirOption = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Leave out what took effect later, e.g. 2026-11-16T04:01:20Z."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Add up purchases, members by tier and stage, sales and points."""
    import asyncio

    from regulars.entrypoints.totalling import chain_totals, show
    from regulars.settings import load_settings

    found = asyncio.run(chain_totals(load_settings(data_dir), _instant(as_of)))
    show(found, as_json=json)


def show_member(
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="Member number, outside reference, phone or id.")
    ],
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show one member's tier, stage, balances and sums."""
    import asyncio

    from regulars.entrypoints.totalling import member_totals, show
    from regulars.settings import load_settings

    found = asyncio.run(member_totals(load_settings(data_dir), reference))
    show(found, as_json=json)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is not an instant with its offset; write it like 2026-11-16T04:01:20Z",
            param_hint="--as-of",
        )
    return at
