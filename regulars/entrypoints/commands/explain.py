"""The command that explains an award, a discount, a refusal or a move, and proves that all can be."""

import asyncio
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.entrypoints.explaining import Explained, Proof
    from regulars.explanation.domain import Condition, PackSaid, RuleSaid

SubjectArgument = Annotated[
    UUID | None, typer.Argument(metavar="PURCHASE_ID|EVENT_ID", help="What is to be explained.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Recompute everything instead; end with 1 if the books say otherwise.")
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="INSTANT",
        help="With --all: only what was recorded from then on, such as 2026-11-22T00:00:00+08:00.",
    ),
]
LanguageOption = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--language", help="Language of the explanation; default: as LANG says."),
]
_SIGNS = {True: "yes ", False: "NO  ", None: "open"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    subject: SubjectArgument = None,
    every: AllOption = False,
    since: SinceOption = None,
    language: LanguageOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Say why a purchase or a lifecycle event gave what it gave, recomputed and compared with the books."""
    from regulars.settings import load_settings

    if (subject is None) != every:
        raise typer.BadParameter("name a purchase or an event, or say --all")
    if since is not None and not every:
        raise typer.BadParameter("--since goes with --all")
    speaks: Literal["zh", "en"] = language or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")
    if subject is None:
        from regulars.entrypoints.explaining import prove

        proof = asyncio.run(prove(load_settings(data_dir), _instant(since), _notice if not json else _silent))
        _show_proof(proof, speaks, json=json)
        raise typer.Exit(0 if proof.ok else 1)
    from regulars.entrypoints.explaining import explain as explain_one

    found = asyncio.run(explain_one(load_settings(data_dir), subject))
    _show(found, speaks, json=json)
    raise typer.Exit(0 if found.agrees else 1)


def _instant(text: str | None) -> datetime | None:
    from regulars.entrypoints.publishing import instant

    return None if text is None else instant(text)


def _notice(purchases: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{purchases:,} recomputed", end="", file=sys.stderr, flush=True)


def _silent(purchases: int) -> None:
    del purchases


def _show_proof(proof: "Proof", speaks: Literal["zh", "en"], *, json: bool) -> None:
    if json:
        _print_json({"ok": proof.ok, **_plain(proof)})
        return
    for one in proof.shown:
        print(f"FAIL  {one.subject}")
        for difference in one.differences:
            print(f"      {difference.words.of(speaks)}")
    print(
        f"{counted(proof.purchases, 'purchase')} with {counted(proof.awards, 'award')}, "
        f"and {counted(proof.events, 'event')} recomputed."
    )
    if proof.other_engine:
        print(f"{counted(proof.other_engine, 'purchase')} evaluated by another engine then.")
    if proof.entries:
        entries = counted(proof.entries, "later entry", "later entries")
        print(f"{entries} (taken back, given later, paid of debts) compared with lots and orders.")
    if proof.no_longer_failing:
        print(
            f"{counted(proof.no_longer_failing, 'purchase')} in which a rule failed then and can be read "
            "today: compared as it was; see regulars recompute list."
        )
    if proof.ok:
        print("All of it is what the books say.")
    else:
        print(f"{proof.disagreeing:,} disagree with the books.")


def _print_json(found: dict[str, object]) -> None:
    import orjson

    # `default`: the driver has a UUID type of its own
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode())


def _plain(found: object) -> dict[str, object]:
    from dataclasses import asdict, is_dataclass

    assert is_dataclass(found)
    assert not isinstance(found, type)
    return asdict(found)


def _show(found: "Explained", speaks: Literal["zh", "en"], *, json: bool) -> None:
    if json:
        _print_json({"agrees": found.agrees, **_plain(found)})
        return
    print(_header(found, speaks))
    for sentence in found.summary:
        print(sentence.of(speaks))
    for difference in found.differences:
        print(f"  !! {difference.words.of(speaks)}")
    for pack in found.packs:
        _show_pack(pack, speaks)


def _header(found: "Explained", speaks: Literal["zh", "en"]) -> str:
    from regulars.explanation.domain import PurchaseExplanation

    if not isinstance(found, PurchaseExplanation):
        return found.local_time
    receipt = f"小票 {found.receipt_no}" if speaks == "zh" else f"receipt {found.receipt_no}"
    return f"{found.local_time}  {found.store}  {receipt}"


def _show_pack(pack: "PackSaid", speaks: Literal["zh", "en"]) -> None:
    print(f"\n{pack.title.of(speaks)}  [{pack.pack}, {pack.hash[:16]}]")
    for rule in pack.rules:
        _show_rule(rule, pack.kind, speaks)


def _show_rule(rule: "RuleSaid", kind: str, speaks: Literal["zh", "en"]) -> None:
    # Of a discount the arithmetic says how much, in money; its minor units would be read as points.
    gave = f"  +{rule.gave:,}" if rule.gave and kind == "earning" else ""
    print(f"  {rule.state:<8} {rule.title.of(speaks)}{gave}")
    print(f"           {rule.why.of(speaks)}")
    for condition in rule.conditions:
        _show_condition(condition, speaks, 11)
    for step in rule.steps:
        print(f"           = {step.of(speaks)}")


def _show_condition(condition: "Condition", speaks: Literal["zh", "en"], indent: int) -> None:
    print(f"{' ' * indent}{_SIGNS[condition.holds]} {condition.words.of(speaks)}")
    for value in condition.values:
        print(f"{' ' * indent}     {value.what.of(speaks)}: {value.text.of(speaks)}")
    if condition.needed is not None:
        print(f"{' ' * indent}     → {condition.needed.of(speaks)}")
    for part in condition.parts:
        _show_condition(part, speaks, indent + 5)
