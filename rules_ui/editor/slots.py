"""Which plain parts an action, a limit, a scope and a calendar have, and how each is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rules_ui.editor.values import Unit
from rules_ui.i18n import N_

SlotKind = Literal[
    "number",
    "whole",
    "choice",
    "flag",
    "words",
    "long",
    "code",
    "codes",
    "numbers",
    "date",
    "lines",
    "amount",
]
Offered = Literal["tiers", "places", "rules", "groups", "weekdays", ""]


@dataclass(frozen=True, slots=True)
class Slot:
    """One part.

    Attributes:
        path: from what holds it.
        label: a message.
        optional: may be left empty, which takes the part away.
        options: values and their messages, of a choice.
        offered: what the pack or the chain offers as options instead.
        only_with: shown only where this part is there, a path with dots.
        removes: the part that the button beside it takes away whole.
        more: how values that are not offered can be written, of codes and numbers.
    """

    path: tuple[str, ...]
    label: str
    kind: SlotKind
    unit: Unit = "plain"
    optional: bool = False
    options: tuple[tuple[str, str], ...] = ()
    offered: Offered = ""
    only_with: str = ""
    removes: str = ""
    more: Literal["", "text", "date", "number"] = ""


_PICK: Final = (("cheapest", N_("the cheapest")), ("dearest", N_("the dearest")))
_PRICE: Final = (("sales", N_("sales price")), ("list", N_("list price")))
_TAX: Final = (("included", N_("with tax")), ("excluded", N_("without tax")))
_ENDS: Final = (
    ("month_end", N_("end of the month")),
    ("quarter_end", N_("end of the quarter")),
    ("year_end", N_("end of the year")),
)
_ROUND: Final = (("floor", N_("down")), ("half_up", N_("to the nearest")), ("ceil", N_("up")))
_TO: Final = tuple((str(minor), str(minor)) for minor in (1, 5, 10, 50, 100))
WEEKDAYS: Final = tuple(
    (str(number), label)
    for number, label in enumerate(
        (
            N_("Monday"),
            N_("Tuesday"),
            N_("Wednesday"),
            N_("Thursday"),
            N_("Friday"),
            N_("Saturday"),
            N_("Sunday"),
        ),
        start=1,
    )
)

EARN: Final = (
    Slot(("points",), N_("Points"), "number", only_with="points"),
    Slot(("amount",), N_("Computed on"), "amount", only_with="amount"),
    Slot(("per",), N_("One point for each"), "number", "minor", only_with="per"),
    Slot(("lines",), N_("Only lines where"), "lines", only_with="lines", removes="lines"),
    Slot(
        ("base", "price"),
        N_("Counted at"),
        "choice",
        optional=True,
        options=_PRICE,
        only_with="base",
        removes="base",
    ),
    Slot(("base", "tax"), N_("Tax"), "choice", optional=True, options=_TAX, only_with="base"),
    Slot(("pending_days",), N_("Usable after"), "number", "days", optional=True),
    Slot(("valid_days",), N_("Valid for"), "number", "days", only_with="valid_days"),
    Slot(("expires", "after_days"), N_("Valid for"), "number", "days", only_with="expires.after_days"),
    Slot(("expires", "at"), N_("Expires at the"), "choice", options=_ENDS, only_with="expires.at"),
    Slot(("expires", "later"), N_("so many periods later"), "number", optional=True, only_with="expires.at"),
)
MULTIPLY: Final = (
    Slot(("rate_bps",), N_("Points times"), "number", "times"),
    Slot(("valid_days",), N_("Valid for"), "number", "days", optional=True),
    Slot(("group",), N_("Group: only the highest counts"), "code", optional=True, only_with="group"),
)
DISCOUNT: Final = (
    Slot(("rate_bps",), N_("Off"), "number", "bps", only_with="rate_bps"),
    Slot(("amount_minor",), N_("Off"), "number", "minor", only_with="amount_minor"),
    Slot(("price_minor",), N_("Price of each"), "number", "minor", only_with="price_minor"),
    Slot(("free_items", "every"), N_("Of every"), "number", only_with="free_items"),
    Slot(("free_items", "free"), N_("free are"), "number", only_with="free_items"),
    Slot(("free_items", "pick"), N_("namely"), "choice", options=_PICK, only_with="free_items"),
    Slot(("free_items", "times"), N_("At most times"), "number", optional=True, only_with="free_items"),
    Slot(("nth_item", "every"), N_("One of every"), "number", only_with="nth_item"),
    Slot(("nth_item", "rate_bps"), N_("gets off"), "number", "bps", only_with="nth_item"),
    Slot(("nth_item", "pick"), N_("namely"), "choice", options=_PICK, only_with="nth_item"),
    Slot(("nth_item", "times"), N_("At most times"), "number", optional=True, only_with="nth_item"),
    Slot(("threshold", "every_minor"), N_("For each"), "number", "minor", only_with="threshold"),
    Slot(("threshold", "off_minor"), N_("off"), "number", "minor", only_with="threshold"),
    Slot(("threshold", "times"), N_("At most times"), "number", optional=True, only_with="threshold"),
    Slot(("lines",), N_("Only lines where"), "lines", only_with="lines", removes="lines"),
    Slot(
        ("base", "price"),
        N_("Counted at"),
        "choice",
        optional=True,
        options=_PRICE,
        only_with="base",
        removes="base",
    ),
    Slot(("base", "tax"), N_("Tax"), "choice", optional=True, options=_TAX, only_with="base"),
    Slot(("base", "after_discounts"), N_("After earlier discounts"), "flag", optional=True, only_with="base"),
    Slot(
        ("rounding", "mode"),
        N_("Rounded"),
        "choice",
        options=_ROUND,
        only_with="rounding",
        removes="rounding",
    ),
    Slot(
        ("rounding", "to_minor"),
        N_("to a multiple of (minor units)"),
        "choice",
        options=_TO,
        only_with="rounding",
    ),
    Slot(("cap_minor",), N_("At most a purchase"), "number", "minor", optional=True),
    Slot(("group",), N_("Group: only the highest counts"), "code", optional=True, only_with="group"),
)
REFUSE: Final = (
    Slot(
        ("scopes",),
        N_("Gets no"),
        "codes",
        options=(("earning", N_("points")), ("discount", N_("discounts"))),
    ),
    Slot(("reason", "words"), N_("Reason told"), "words"),
)
SET_TIER: Final = (Slot(("tier",), N_("Tier"), "choice", offered="tiers"),)
TAG: Final = (
    Slot(("give",), N_("Tag given"), "code", only_with="give"),
    Slot(("for_days",), N_("Kept for"), "number", "days", optional=True, only_with="give"),
    Slot(("end",), N_("Tag taken away"), "code", only_with="end"),
)
MOVE_STAGE: Final = (
    Slot(
        ("to",),
        N_("Stage moved to"),
        "choice",
        options=(("at_risk", N_("at risk")), ("lapsed", N_("lapsed"))),
    ),
)
MESSAGE: Final = (Slot(("template",), N_("Code of the text"), "code"),)
ACTIONS: Final[Mapping[str, Sequence[Slot]]] = {
    "earn": EARN,
    "multiply": MULTIPLY,
    "discount": DISCOUNT,
    "refuse": REFUSE,
    "set_tier": SET_TIER,
    "tag": TAG,
    "move_stage": MOVE_STAGE,
    "message": MESSAGE,
}
SCOPE: Final = (
    Slot(("scope", "places"), N_("Places"), "codes", optional=True, offered="places"),
    Slot(("scope", "channels"), N_("Channels"), "codes", optional=True, more="text"),
    Slot(("scope", "tiers"), N_("Tiers"), "codes", optional=True, offered="tiers"),
)
CALENDAR: Final = (
    Slot(("calendar", "weekdays"), N_("Days of the week"), "numbers", optional=True, options=WEEKDAYS),
    Slot(("calendar", "days_of_month"), N_("Days of the month"), "numbers", optional=True, more="number"),
    Slot(("calendar", "from"), N_("First day"), "date", optional=True),
    Slot(("calendar", "until"), N_("Last day"), "date", optional=True),
    Slot(("calendar", "except"), N_("Not on"), "codes", optional=True, more="date"),
)
HOURS: Final = (
    Slot(("from",), N_("From (such as 08:00)"), "code"),
    Slot(("until",), N_("until just before"), "code"),
)
GROUP: Final = (Slot(("group",), N_("Stacking group"), "code", optional=True),)
STACK: Final = (
    Slot(("group",), N_("Group"), "code"),
    Slot(
        ("pick",),
        N_("Of it counts"),
        "choice",
        options=(
            ("all", N_("every rule")),
            ("first", N_("the first rule")),
            ("highest", N_("the rule that gives most")),
            ("lowest", N_("the rule that gives least")),
        ),
    ),
    Slot(("members",), N_("Groups in it"), "codes", optional=True, offered="groups", more="text"),
)
PACK: Final = (
    Slot(("title",), N_("Title"), "words"),
    Slot(("description",), N_("Description"), "long"),
    Slot(("priority",), N_("Priority among packs of its kind, the lowest first"), "whole"),
)
TIER: Final = (
    Slot(("title",), N_("Title"), "words"),
    Slot(("threshold",), N_("From a spend of"), "number", "minor"),
)
LIFECYCLE: Final = (
    Slot(("tier_year_days",), N_("Tier year"), "number", "days", optional=True, only_with="tier_year_days"),
    Slot(("at_risk_after_days",), N_("At risk after silence of"), "number", "days"),
    Slot(("lapse_after_days",), N_("Lapsed after silence of"), "number", "days"),
    Slot(("first_revisit_after_days",), N_("First revisit after"), "number", "days"),
    Slot(("revisit_every_days",), N_("Revisits every"), "number", "days"),
)
LIMIT: Final = (
    Slot(("title",), N_("Title"), "words"),
    Slot(
        ("of",),
        N_("Limits"),
        "choice",
        options=(("points", N_("points")), ("money_minor", N_("discount money")), ("uses", N_("uses"))),
    ),
    Slot(("at_most",), N_("At most"), "number"),
    Slot(
        ("per",),
        N_("for each"),
        "choice",
        options=(("member", N_("member")), ("store", N_("store")), ("pack", N_("whole pack"))),
    ),
    Slot(
        ("every",),
        N_("in a"),
        "choice",
        options=(
            ("day", N_("day")),
            ("week", N_("week")),
            ("month", N_("month")),
            ("year", N_("year")),
            ("ever", N_("whole life of the pack")),
        ),
    ),
    Slot(
        ("when_reached",),
        N_("When it is reached"),
        "choice",
        options=(("partial", N_("give what is left")), ("nothing", N_("give nothing"))),
    ),
)
EXCLUSION: Final = (
    Slot(("title",), N_("Title"), "words"),
    Slot(("lines",), N_("Lines where"), "lines"),
)
