"""Presents undo orders: the preview in figures and sentences, the frozen list, progress and result."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from regulars.undoing.asides import Aside
from regulars.undoing.domain import AT_WORK, Effect, EffectKind, Item, Result, Undo, UndoState
from rules_ui import telling
from rules_ui.contexts.base import Choice, Tone
from rules_ui.contexts.undoing import (
    EffectLine,
    Fact,
    ItemLine,
    StoreLine,
    UndoLine,
    UndoProgress,
)
from rules_ui.i18n import N_, Speech
from rules_ui.version_marks import Names
from rules_ui.words import word_for

TONES: Final[Mapping[UndoState, Tone]] = {
    "preparing": "plain",
    "empty": "plain",
    "in_review": "warn",
    "rejected": "bad",
    "approved": "plain",
    "running": "warn",
    "paused": "warn",
    "cancelled": "plain",
    "finished": "good",
}
KINDS: Final[Mapping[EffectKind, str]] = {
    "award": N_("Points"),
    "discount": N_("Discounts"),
    "move": N_("Tier and stage moves"),
    "refusal": N_("Refusals"),
    "tag": N_("Tags"),
    "message": N_("Messages"),
}
STORES_SHOWN: Final = 50
_TAGGED: Final = N_("Tag “%(tag)s” given · %(rule)s")
_UNTAGGED: Final = N_("Tag “%(tag)s” ended · %(rule)s")


def line_of(undo: Undo, pack: str, names: Names, say: Speech) -> UndoLine:
    """An order in a list.

    Args:
        pack: what it is called.
    """
    return UndoLine(
        href=f"/undos/{undo.id}",
        title=title_of(undo, pack, say),
        state=undo.state,
        tone=TONES[undo.state],
        note=" · ".join(
            (
                undo.version_name,
                names.places.get(undo.place_id, "?"),
                say.text(
                    N_("ordered by %(name)s, %(date)s"),
                    name=names.of(undo.ordered_by, say),
                    date=say.moment(undo.ordered_at),
                ),
            )
        ),
    )


def title_of(undo: Undo, pack: str, say: Speech) -> str:
    """What an order is called, of a pack that is called so."""
    if undo.to_version is None:
        return say.text(N_("Undo “%(pack)s”, version %(version)s"), pack=pack, version=undo.version)
    return say.text(
        N_("“%(pack)s”: version %(other)s instead of %(version)s"),
        pack=pack,
        version=undo.version,
        other=undo.to_version,
    )


def span_of(undo: Undo, say: Speech) -> str:
    """Of which time."""
    until = say.moment(undo.until)
    if undo.since is None:
        return say.text(N_("all up to %(until)s"), until=until)
    return say.text(N_("%(since)s to %(until)s"), since=say.moment(undo.since), until=until)


def facts_of(preview: Mapping[str, Any], say: Speech) -> tuple[Fact, ...]:
    """What an order will do as things stood when its list was made."""
    found = [
        Fact(say.text(N_("Members")), say.number(preview["members"])),
        Fact(say.text(N_("Purchases and entries")), say.number(preview["entries"])),
        Fact(say.text(N_("Points that the version gave")), say.number(preview["points"])),
        Fact(say.text(N_("Of these taken back before")), say.number(preview["taken_before"])),
        Fact(say.text(N_("Points that are taken back now")), say.number(preview["takes"]), strong=True),
    ]
    optional = (
        ("owes", N_("Points that members will owe")),
        ("gives", N_("Points that the other version gives more")),
    )
    found += [
        Fact(say.text(title), say.number(preview[key]), strong=True)
        for key, title in optional
        if preview.get(key)
    ]
    found += [
        Fact(move, say.ngettext("%(num)s member", "%(num)s members", count), strong=True)
        for move, count in preview.get("tiers", {}).items()
    ]
    return (*found, *_asides_of(preview, say))


_ASIDES: Final = (
    ("tags", N_("Tag “%(code)s” ends")),
    ("tags_back", N_("Tag “%(code)s” is held as others gave it")),
    ("tags_given", N_("Tag “%(code)s” is given")),
    ("tags_redated", N_("Tag “%(code)s” ends at another time")),
    ("stages", N_("Stage put right: %(code)s")),
    ("messages", N_("Message “%(code)s” is withdrawn")),
)


def _asides_of(preview: Mapping[str, Any], say: Speech) -> list[Fact]:
    """Tags, stages and messages on the list of an order."""
    return [
        Fact(
            say.text(title, code=stages_in(code, say) if key == "stages" else code),
            say.ngettext("%(num)s message", "%(num)s messages", count)
            if key == "messages"
            else say.ngettext("%(num)s member", "%(num)s members", count),
            strong=True,
        )
        for key, title in _ASIDES
        for code, count in preview.get(key, {}).items()
    ]


def stages_in(move: str, say: Speech) -> str:
    """A move from stage to stage, in words."""
    before, _, after = move.partition(" → ")
    return f"{say.text(word_for('stage', before))} → {say.text(word_for('stage', after))}"


def stores_of(preview: Mapping[str, Any], called: Mapping[str, str], say: Speech) -> tuple[StoreLine, ...]:
    """What an order means for each store, the most points first."""
    rows = sorted(preview["by_store"], key=lambda row: (-row["points"], row["store"]))
    return tuple(
        StoreLine(
            called.get(row["store"], row["store"]),
            *(say.number(row[name]) for name in ("members", "entries", "points", "takes", "spent")),
        )
        for row in rows[:STORES_SHOWN]
    )


def item_of(
    item: Item, result: Result | None, names: Names, tiers: Mapping[str, str], say: Speech
) -> ItemLine:
    """One entry of the frozen list."""
    no_points = item.tier_to is not None or item.aside is not None
    no_link = item.tier_to is not None or item.purchase_id is None
    takes = -item.takes + item.to_give
    tier_from, tier_to = item.tier_from or "", item.tier_to or ""
    move = f"{tiers.get(tier_from, tier_from)} → {tiers.get(tier_to, tier_to)}"
    if item.aside is not None:
        move = aside_of(item.aside, say)
    return ItemLine(
        member_href=f"/members/{item.member_id}",
        member=say.text(N_("Member …%(id)s"), id=str(item.member_id)[-6:]),
        purchase_href="" if no_link else f"/purchases/{item.purchase_id}",
        at=item.occurred_at,
        store=names.places.get(item.store_id, "?"),
        points="–" if no_points else say.number(item.points),
        takes=move if no_points else signed(takes, say),
        result=_result(item, result, say),
    )


def aside_of(aside: Aside, say: Speech) -> str:
    """What becomes of a tag, a stage or a message."""
    if aside.kind == "stage":
        return stages_in(f"{aside.before} → {aside.after}", say)
    if aside.kind == "message":
        return say.text(N_("message “%(code)s” withdrawn"), code=aside.what)
    if aside.after is None and aside.changes:
        return say.text(N_("tag “%(tag)s” ends"), tag=aside.what)
    if not aside.changes:
        return say.text(N_("tag “%(tag)s” stays as it is"), tag=aside.what)
    if not aside.after:
        return say.text(N_("tag “%(tag)s” without an end"), tag=aside.what)
    until = say.day(datetime.fromisoformat(aside.after))
    return say.text(N_("tag “%(tag)s” until %(date)s"), tag=aside.what, date=until)


def _result(item: Item, result: Result | None, say: Speech) -> str:
    if result is None:
        return "–"
    if item.aside is not None:
        return say.text(N_("done") if result.moved else N_("left as it is"))
    if result.moved:
        return say.text(N_("moved"))
    said = signed(result.given - result.taken, say)
    return f"{said}, {say.text(N_('%(count)s owed'), count=say.number(result.owed))}" if result.owed else said


def signed(value: int, say: Speech) -> str:
    """A number of points with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{say.number(abs(value))}"


def progress_of(undo: Undo, say: Speech, *, may_steer: bool) -> UndoProgress | None:
    """How far an order is; None where it waits for somebody or has ended."""
    if undo.state not in AT_WORK and undo.state != "paused":
        return None
    if undo.state == "preparing":
        said = say.text(N_("The list of all that the version gave is being made."))
    else:
        said = say.ngettext(
            "%(done)s of %(num)s member, points taken back so far: %(points)s",
            "%(done)s of %(num)s members, points taken back so far: %(points)s",
            undo.members_in_all,
            done=say.number(undo.members_done),
            points=say.number(undo.points_taken),
        )
    total = undo.members_in_all if undo.state != "preparing" else 0
    return UndoProgress(
        undo_id=str(undo.id),
        state=undo.state,
        percent=100 * undo.members_done // total if total else None,
        said=said,
        may_steer=may_steer and undo.state != "preparing",
    )


def effect_line(
    effect: Effect, names: Names, titles: Mapping[str, str], tiers: Mapping[str, str], say: Speech
) -> EffectLine:
    """One thing that a version did.

    Args:
        titles: what the pack's rules are called.
        tiers: what the chain's tiers are called.
    """
    rule = titles.get(effect.rule_id, effect.rule_id)
    match effect.kind:
        case "award":
            what = say.ngettext(
                "%(points)s point · %(rule)s",
                "%(points)s points · %(rule)s",
                effect.amount,
                points=signed(effect.amount, say),
                rule=rule,
            )
        case "discount":
            what = f"{say.amount(effect.amount)} · {rule}"
        case "move":
            what = _move(effect.what, tiers, say)
        case "refusal":
            what = say.text(word_for("reason", effect.what))
        case "tag":
            given, _, tag = effect.what.partition(" ")
            what = say.text(_TAGGED if given == "given" else _UNTAGGED, tag=tag, rule=rule)
        case "message":
            what = say.text(
                N_("Message “%(template)s” asked for · %(rule)s"), template=effect.what, rule=rule
            )
    href = f"/members/{effect.member_id}" if effect.member_id else ""
    return EffectLine(effect.at, names.places.get(effect.store_id, "?"), what, href)


def _move(what: str, tiers: Mapping[str, str], say: Speech) -> str:
    """A move as a heading: what it was, and to which tier or stage."""
    kind, _, to = what.partition(" ")
    told = telling.title(kind, to, tiers, say)
    return f"{told} · {say.text(word_for('stage', to))}" if kind == "stage_moved" and to else told


def choices(values: Mapping[str, str], chosen: str, say: Speech) -> tuple[Choice, ...]:
    """Codes as options in the reader's words."""
    return tuple(Choice(value, say.text(words), value == chosen) for value, words in values.items())


def numbers(versions: Sequence[int], shown: int, chosen: int | None, say: Speech) -> tuple[Choice, ...]:
    """The versions that could have decided instead; first none."""
    none = Choice("", say.text(N_("none: take back all that it gave")), chosen is None)
    return (
        none,
        *(
            Choice(str(each), say.text(N_("Version %(version)s"), version=each), each == chosen)
            for each in versions
            if each != shown
        ),
    )
