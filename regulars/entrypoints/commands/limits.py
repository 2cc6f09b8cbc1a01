"""`regulars packs limits`: how full the limits of a live pack are."""

from typing import TYPE_CHECKING, Annotated

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.entrypoints.commands.releases import CodeArgument, with_office

if TYPE_CHECKING:
    from regulars.budgets.usage import Use


def show_limits(
    code: CodeArgument,
    place: Annotated[
        str,
        typer.Option("--place", metavar="CODE", help="Where; limits by store are summed there and below."),
    ] = "HQ",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Say how full each limit of a live pack is now: used, held by quotes, left."""
    from regulars.entrypoints.limits_now import limits_now

    uses = with_office("packs limits", None, data_dir, lambda office: limits_now(office, code, place))
    if json:
        import orjson

        print(orjson.dumps(uses, option=orjson.OPT_INDENT_2).decode())
        return
    print(
        "\n".join(map(_line, uses)) or f"Nothing with limits by pack or store is live of {code} at {place}."
    )


def _line(use: "Use") -> str:
    limit = use.limit
    left = f"{use.used_up} of {use.counters} used up" if use.left is None else f"{use.left:,} left"
    held = f", {use.reserved:,} held" if use.reserved else ""
    return (
        f"{limit.code:<20} {use.period:<12} {limit.of} per {limit.per}: "
        f"{use.used:,} of {limit.at_most:,} used{held}, {left}"
    )
