"""What the 48 rules of this folder say, written by hand: the peer that `bench rules` is held against.

Frozen with the packs: a change would change the meaning of every ratio. It is what a developer would write
who knows that these rules never change: plain Python over objects that are there already; no document, no
versions, no errors caught, and sums only where nothing has failed before.
"""
# ruff: noqa: FBT003, C901, PLR0912, PLR0915 — one long story on purpose: calls would only make it slower

from collections.abc import Sequence
from math import lcm
from typing import NamedTuple, Protocol


class Member(Protocol):
    """What is read of a member."""

    @property
    def known(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...
    @property
    def tier(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def visits(self) -> int: ...
    @property
    def spend_365d_minor(self) -> int: ...
    @property
    def qualifying_spend_minor(self) -> int: ...


class Line(Protocol):
    """What is read of a line."""

    @property
    def line(self) -> int: ...
    @property
    def department(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def quantity_milli(self) -> int: ...
    @property
    def sales_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def promotional(self) -> bool: ...


class Said(NamedTuple):
    """What became of one rule."""

    rule: str
    applied: bool
    failed: int | None = None
    gave: int = 0
    note: str | None = None


class Result(NamedTuple):
    """What all rules say."""

    points: list[tuple[str, int]]
    discounts: list[tuple[int, int, str]]
    tier: str | None
    said: list[Said]


DAYS = (
    ("day-1", "GROCERY", 1, ("silver", "gold"), 500),
    ("day-2", "PRODUCE", 2, ("silver", "gold"), 500),
    ("day-3", "MEAT", 3, ("gold",), 800),
    ("day-4", "DELI", 4, ("gold",), 800),
    ("day-5", "PASTRY", 5, ("base", "silver", "gold"), 300),
    ("day-6", "DRUG GM", 5, ("silver", "gold"), 400),
    ("day-7", "NUTRITION", 6, ("gold",), 700),
    ("day-8", "COSMETICS", 7, ("silver", "gold"), 600),
)
TIER_DISCOUNTS = (
    ("tier-silver", "silver", ("GROCERY", "PRODUCE"), 200, None),
    ("tier-gold", "gold", ("GROCERY", "PRODUCE", "MEAT"), 300, 500),
    ("tier-platinum", "platinum", ("GROCERY", "PRODUCE", "MEAT", "DELI"), 400, 800),
    ("tier-diamond", "diamond", ("GROCERY", "PRODUCE", "MEAT", "DELI", "PASTRY"), 500, 1_000),
)
EXTRAS = (
    ("extra-1", "PRODUCE", 500, ("base", "silver", "gold")),
    ("extra-2", "GROCERY", 1_500, ("silver", "gold")),
    ("extra-3", "MEAT", 300, ("silver", "gold")),
    ("extra-4", "DELI", 300, ("gold",)),
    ("extra-5", "PASTRY", 200, ("base", "silver", "gold")),
    ("extra-6", "DRUG GM", 500, ("gold",)),
    ("extra-7", "NUTRITION", 200, ("silver", "gold")),
    ("extra-8", "COSMETICS", 500, ("gold",)),
    ("extra-9", "FLORAL", 200, ("base", "silver", "gold")),
    ("extra-10", "SEAFOOD", 300, ("silver", "gold")),
    ("extra-11", "DAIRY", 100, ("base", "silver", "gold")),
    ("extra-12", "FROZEN", 200, ("gold",)),
)
HOURS = (("hours-7", 7, 9), ("hours-13", 13, 16), ("hours-19", 19, 22))
LARGE = (("large-5000", 5_000), ("large-10000", 10_000), ("large-20000", 20_000))
BRANCHES = (("branch-north", "north"), ("branch-east", "east"))
STEPS = (
    ("silver", 100_000),
    ("gold", 300_000),
    ("platinum", 800_000),
    ("diamond", 2_000_000),
    ("crown", 5_000_000),
    ("legend", 10_000_000),
)
BPS = 10_000


def outcome(
    member: Member,
    lines: Sequence[Line],
    sales_minor: int,
    channel: str,
    branch: str,
    weekday: int,
    hour: int,
) -> Result:
    """All rules on one purchase."""
    said, no_points, no_discounts = refusals(member, lines, channel)
    discounts = discounted(member, lines, weekday, no_discounts, said)
    if not member.known:
        no_points = "no_member"
    elif member.frozen:
        no_points = "frozen"
    points = earned(member, lines, sales_minor, branch, weekday, hour, no_points, said)
    return Result(points, discounts, tier_of(member, said), said)


def refusals(
    member: Member, lines: Sequence[Line], channel: str
) -> tuple[list[Said], str | None, str | None]:
    """Who gets nothing."""
    staff = "staff" in member.tags
    wholesale = channel == "wholesale"
    liquor = all(line.department == "SPIRITS" for line in lines)
    bulk = any(line.quantity_milli > 50_000 for line in lines)
    said = [
        Said("staff", True, note="staff") if staff else Said("staff", False, 0),
        Said("wholesale", True, note="wholesale") if wholesale else Said("wholesale", False, 0),
        Said("liquor-only", True, note="liquor") if liquor else Said("liquor-only", False, 0),
        Said("bulk", True, note="bulk") if bulk else Said("bulk", False, 0),
    ]
    excluded = "excluded"
    return said, excluded if staff or liquor or bulk else None, excluded if wholesale or bulk else None


def discounted(
    member: Member, lines: Sequence[Line], weekday: int, withheld: str | None, said: list[Said]
) -> list[tuple[int, int, str]]:
    """Money off lines: the best rule of the day, and the tier's own."""
    tier = member.tier
    days: list[tuple[int, str, int, int, list[Line]]] = []
    for rule, department, day, tiers, rate in DAYS:
        if tier not in tiers:
            said.append(Said(rule, False, 0))
        elif weekday != day:
            said.append(Said(rule, False, 1))
        else:
            chosen = [line for line in lines if line.department == department and not line.promotional]
            worth = sum(line.sales_minor for line in chosen) * rate // BPS
            days.append((worth, rule, len(said), worth, chosen))
            said.append(Said(rule, True))
    own: list[tuple[int, str, int, int, list[Line]]] = []
    for rule, needed, departments, rate, cap in TIER_DISCOUNTS:
        if tier != needed:
            said.append(Said(rule, False, 0))
        else:
            chosen = [line for line in lines if line.department in departments]
            worth = full = sum(line.sales_minor for line in chosen) * rate // BPS
            if cap is not None and worth > cap:
                worth = cap
            own.append((worth, rule, len(said), full, chosen))
            said.append(Said(rule, True))
    found: list[tuple[int, int, str]] = []
    left: dict[int, int] = {}
    for group in (days, own):
        if not group:
            continue
        if withheld is not None:
            for _, rule, place, _, _ in group:
                said[place] = Said(rule, False, note=withheld)
            continue
        best = max(group, key=lambda one: one[0])
        for _, rule, place, _, _ in group:
            if rule != best[1]:
                said[place] = Said(rule, False, note=f"outranked:{best[1]}")
        take_off(best, left, found, said)
    return found


def take_off(
    best: tuple[int, str, int, int, list[Line]],
    left: dict[int, int],
    found: list[tuple[int, int, str]],
    said: list[Said],
) -> None:
    """Spread a discount over its lines by their values."""
    worth, rule, place, full, chosen = best
    whole = sum(line.sales_minor for line in chosen) or 1
    shares = [worth * line.sales_minor // whole for line in chosen]
    over = worth - sum(shares)
    if over:
        remainders = [(-(worth * line.sales_minor % whole), i) for i, line in enumerate(chosen)]
        for _, i in sorted(remainders)[:over]:
            shares[i] += 1
    given = 0
    for line, share in zip(chosen, shares, strict=True):
        part = min(share, left.get(line.line, line.sales_minor))
        if part > 0:
            left[line.line] = left.get(line.line, line.sales_minor) - part
            found.append((line.line, part, rule))
            given += part
    if given:
        said[place] = Said(rule, True, gave=given, note="capped" if given < full else None)


def earned(
    member: Member,
    lines: Sequence[Line],
    sales_minor: int,
    branch: str,
    weekday: int,
    hour: int,
    withheld: str | None,
    said: list[Said],
) -> list[tuple[str, int]]:
    """Points by rule, rounded down once."""
    tier, spend = member.tier, member.spend_365d_minor
    earning: list[tuple[int, str, int, int]] = []

    def earns(rule: str, amount: int, per: int) -> None:
        earning.append((len(said), rule, amount, per))
        said.append(Said(rule, True))

    plain = [x.sales_minor for x in lines if x.discount_minor == 0 and x.department != "FUEL"]
    earns("base", sum(plain), 100)
    for rule, department, least, tiers in EXTRAS:
        bought = sum([line.sales_minor for line in lines if line.department == department])
        if bought < least:
            said.append(Said(rule, False, 0))
        elif tier not in tiers:
            said.append(Said(rule, False, 1))
        else:
            earns(rule, bought, 200)
    for rule, begin, end in HOURS:
        if hour < begin:
            said.append(Said(rule, False, 0))
        elif hour >= end:
            said.append(Said(rule, False, 1))
        else:
            earns(rule, sum(line.sales_minor for line in lines if line.kind == "goods"), 500)
    for rule, least in LARGE:
        if sales_minor < least:
            said.append(Said(rule, False, 0))
        else:
            earns(rule, sales_minor, 1_000)
    if not member.known:
        said.append(Said("first", False, 0))
    elif member.visits != 0:
        said.append(Said("first", False, 1))
    else:
        earns("first", sales_minor, 50)
    for rule, needed in BRANCHES:
        if branch != needed:
            said.append(Said(rule, False, 0))
        else:
            earns(rule, sum(line.sales_minor for line in lines if line.promotional), 400)
    multiplying: list[tuple[int, str, int]] = []
    if spend < 100_000:
        said.append(Said("spend-regular", False, 0))
    elif spend >= 300_000:
        said.append(Said("spend-regular", False, 1))
    else:
        multiplying.append((len(said), "spend-regular", 12_500))
        said.append(Said("spend-regular", True))
    if spend < 300_000:
        said.append(Said("spend-loyal", False, 0))
    else:
        multiplying.append((len(said), "spend-loyal", 15_000))
        said.append(Said("spend-loyal", True))
    gold = len(said)
    if tier != "gold":
        said.append(Said("gold-weekend", False, 0))
    elif weekday < 6:
        said.append(Said("gold-weekend", False, 1))
    else:
        multiplying.append((gold, "gold-weekend", 20_000))
        said.append(Said("gold-weekend", True))
    if tier not in ("silver", "gold"):
        said.append(Said("silver-weekend", False, 0))
    elif weekday < 6:
        said.append(Said("silver-weekend", False, 1))
    elif said[gold].applied and withheld is None:
        said.append(Said("silver-weekend", False, note="outranked:gold-weekend"))
    else:
        multiplying.append((len(said), "silver-weekend", 11_000))
        said.append(Said("silver-weekend", True))
    if withheld is not None:
        for place, rule in [(one[0], one[1]) for one in earning] + [(one[0], one[1]) for one in multiplying]:
            said[place] = Said(rule, False, note=withheld)
        return []
    return shared_out(earning, multiplying, said)


def shared_out(
    earning: list[tuple[int, str, int, int]], multiplying: list[tuple[int, str, int]], said: list[Said]
) -> list[tuple[str, int]]:
    """Each rule gets by how much it raises the whole, which is rounded down."""
    points: list[tuple[str, int]] = []
    numerator, denominator, given = 0, lcm(*(per for *_, per in earning)), 0

    def share(place: int, rule: str) -> int:
        whole = numerator // denominator
        if whole > given:
            points.append((rule, whole - given))
            said[place] = Said(rule, True, gave=whole - given)
        return whole

    for place, rule, amount, per in earning:
        numerator += amount * (denominator // per)
        given = share(place, rule)
    for place, rule, rate in multiplying:
        numerator, denominator = numerator * rate, denominator * BPS
        given = share(place, rule)
    return points


def tier_of(member: Member, said: list[Said]) -> str | None:
    """The highest tier reached."""
    reached = None
    for tier, least in STEPS:
        if member.qualifying_spend_minor >= least:
            said.append(Said(tier, True))
            reached = tier
        else:
            said.append(Said(tier, False, 0))
    return reached if member.known else None
