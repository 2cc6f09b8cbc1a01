"""What is put into a pack when somebody adds a condition, a rule, a parameter, a limit or an exclusion."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from regulars.rules.catalogue import Catalogue, Field
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    EachLine,
    Group,
    Literally,
    Operand,
    Relation,
    Scope,
    Total,
)
from rules_ui.editor.sheet import RELATIONS

_USUAL_FACT: Final[Mapping[Scope, tuple[str, ...]]] = {
    "purchase": ("member.tier", "member.qualifying_spend_minor"),
    "line": ("department",),
}
_USUAL_SUM: Final = ("member.spend_30d_minor", "purchase.sales_minor")
_NEW: Final = {"zh": "新规则", "en": "New rule"}
DISCOUNTS: Final[Mapping[str, Any]] = {
    "rate_bps": 1_000,
    "amount_minor": 500,
    "threshold": {"every_minor": 10_000, "off_minor": 1_000},
    "price_minor": 990,
    "free_items": {"free": 1, "every": 3, "pick": "cheapest"},
    "nth_item": {"every": 2, "rate_bps": 5_000, "pick": "cheapest"},
}
EARNINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "lines": {"per": 100},
    "points": {"points": 10},
}
EXPIRIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "never": {},
    "days": {"valid_days": 365},
    "period": {"expires": {"at": "year_end", "later": 1}},
}
EXTRAS: Final[Mapping[str, Any]] = {
    "lines": {"===": [{"var": "department"}, "PRODUCE"]},
    "base": {"price": "list"},
    "rounding": {"mode": "floor", "to_minor": 10},
}
HOURS: Final[Mapping[str, str]] = {"from": "08:00", "until": "20:00"}
ACTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "earn": {"earn": {"unit": "points", "per": 100}},
    "points": {"earn": {"unit": "points", "points": 10}},
    "multiply": {"multiply": {"rate_bps": 20_000}},
    **{f"discount-{form}": {"discount": {form: usual}} for form, usual in DISCOUNTS.items()},
    "refuse": {
        "refuse": {
            "scopes": ["earning"],
            "reason": {
                "code": "not-eligible",
                "words": {"zh": "该会员不参加本活动", "en": "This member does not take part"},
            },
        }
    },
    "set_tier": {"set_tier": {"tier": "base"}},
    "tag": {"tag": {"give": "new-tag", "for_days": 90}},
    "untag": {"tag": {"end": "new-tag"}},
    "message": {"message": {"template": "new-message"}},
    "move_stage": {"move_stage": {"to": "at_risk"}},
}
PARAMETERS: Final[Mapping[str, tuple[int, int, int]]] = {
    "money_minor": (10_000, 0, 10_000_000),
    "count": (1, 0, 100),
    "days": (30, 1, 3_650),
    "percent": (10, 0, 100),
    "rate_bps": (1_000, 0, 10_000),
    "integer": (1, 0, 1_000),
}
LIMITS: Final[Mapping[str, Mapping[str, str]]] = {
    "member-month": {"per": "member", "every": "month", "zh": "每位会员每月", "en": "A member, a month"},
    "pack-month": {"per": "pack", "every": "month", "zh": "整个规则包每月", "en": "The pack, a month"},
}


def comparison(field: Field, pointer: str = "", relation: Relation | None = None) -> Comparison:
    """A comparison of a fact with a usual value.

    Args:
        field: the fact.
        pointer: where it is to stand.
        relation: kept where a fact of this type can be asked it.
    """
    allowed = [code for code, _ in RELATIONS[field.type]]
    first: Relation = "ge" if field.type == "integer" and not field.options else allowed[0]
    chosen = relation if relation in allowed else first
    return Comparison(pointer, field, chosen, usual_values(field, chosen))


def usual_values(field: Field, relation: Relation, kept: tuple[Operand, ...] = ()) -> tuple[Operand, ...]:
    """As many values as a relation takes: those that are kept, then usual ones."""
    if relation in ("yes", "no"):
        return ()
    if relation in ("one_of", "none_of"):
        return kept or (_usual(field),)
    wanted = 2 if relation == "between" else 1
    return (*kept, *[kept[-1] if kept else _usual(field)] * wanted)[:wanted]


def condition(what: str, catalogue: Catalogue, kind: str, scope: Scope) -> Condition:
    """A new condition of a sort."""
    field = _usual_fact(catalogue, kind, scope)
    plain = comparison(field)
    match what:
        case "group":
            return Group("", "or", (plain, plain))
        case "sum":
            first, second = (catalogue.document[path] for path in _USUAL_SUM)
            return Comparison("", first, "ge", (Literally(50_000),), second)
        case "lines":
            return EachLine("", "some", comparison(catalogue.lines["department"]))
        case "total":
            sales = catalogue.lines["sales_minor"]
            return Total("", sales, comparison(catalogue.lines["department"]), "ge", (Literally(10_000),))
        case _:
            return plain


def rule(
    what: str, taken: Collection[str], orders: Collection[int], tiers: Collection[str]
) -> dict[str, Any]:
    """A new rule that always acts, after all others."""
    then: Mapping[str, Any] = ACTIONS[what]
    if what == "set_tier":
        then = {"set_tier": {"tier": next(reversed([*tiers]), "base")}}
    return {
        "id": free_name("new-rule", taken, "-"),
        "order": next_order(orders),
        "title": dict(_NEW),
        "when": True,
        "then": dict(then),
    }


def next_order(orders: Collection[int]) -> int:
    """The order of a rule after all others."""
    return min(9_999, max(orders, default=0) // 10 * 10 + 10)


def parameter(type_: str) -> dict[str, Any]:
    """A new parameter of a type."""
    value, low, high = PARAMETERS[type_]
    title = {"zh": "新参数", "en": "New parameter"}
    return {"type": type_, "value": value, "minimum": low, "maximum": high, "title": title}


def limit(what: str, kind: str, taken: Collection[str]) -> dict[str, Any]:
    """A new limit: of points in a pack that earns, of money in one that discounts."""
    usual = LIMITS[what]
    money = kind == "discount"
    return {
        "code": free_name(what, taken, "-"),
        "title": {"zh": usual["zh"], "en": usual["en"]},
        "of": "money_minor" if money else "points",
        "per": usual["per"],
        "every": usual["every"],
        "at_most": 10_000 if money else 500,
        "when_reached": "partial",
    }


def exclusion() -> dict[str, Any]:
    """A new exclusion: promotional items."""
    return {"title": {"zh": "促销品", "en": "promotional goods"}, "lines": {"var": "promotional"}}


def free_name(stem: str, taken: Collection[str], joint: str) -> str:
    """The stem, or the stem with the first number that makes it another than those taken."""
    return next(
        name
        for name in (stem, *(f"{stem}{joint}{number}" for number in range(2, len(taken) + 3)))
        if name not in taken
    )


def _usual_fact(catalogue: Catalogue, kind: str, scope: Scope) -> Field:
    known = catalogue.lines if scope == "line" else catalogue.document
    usual = _USUAL_FACT[scope]
    return next((known[path] for path in usual if kind in known[path].kinds), known[usual[0]])


def _usual(field: Field) -> Operand:
    if field.options:
        return Literally(field.options[0].value)
    if field.type == "integer":
        return Literally(int(field.example))
    return Literally(str(field.example))
