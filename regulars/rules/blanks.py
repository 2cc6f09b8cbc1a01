"""The smallest pack of each kind: green, and meant to be changed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from regulars.rules.canonical import canonical
from regulars.rules.domain import PackKind

_LINES: Final = {"lines": [{"department": "GROCERY", "sales_minor": 10_000}]}
_NOBODY: Final = {"known": False, "tier": ""}


def blank_text(kind: PackKind) -> str:
    """A pack of a kind with one rule and the cases that hold it, in its canonical text."""
    return canonical(_BLANKS[kind])


def _pack(kind: str, title: tuple[str, str], description: tuple[str, str], **parts: object) -> dict[str, Any]:
    return {
        "code": f"new-{kind}",
        "kind": kind,
        "priority": 500,
        "title": _words(*title),
        "description": _words(*description),
        "parameters": {},
        "rules": [],
        **parts,
    }


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _rule(title: tuple[str, str], when: object, then: Mapping[str, object]) -> list[dict[str, object]]:
    return [{"id": "first", "order": 10, "title": _words(*title), "when": when, "then": then}]


def _case(
    name: tuple[str, str], given: Mapping[str, object], expect: Mapping[str, object]
) -> dict[str, object]:
    return {"name": _words(*name), "given": given, "expect": expect}


def _parameter(type_: str, value: int, bounds: tuple[int, int], title: tuple[str, str]) -> dict[str, object]:
    return {
        "type": type_,
        "value": value,
        "minimum": bounds[0],
        "maximum": bounds[1],
        "title": _words(*title),
    }


_EARNING: Final = _pack(
    "earning",
    ("新积分规则", "New points"),
    ("会员每消费 1.00 得 1 分。", "Members earn 1 point for each 1.00."),
    parameters={
        "minor_per_point": _parameter(
            "money_minor", 100, (1, 1_000_000), ("每积 1 分所需金额", "Amount for one point")
        )
    },
    rules=_rule(
        ("消费积分", "Points for spending"),
        True,  # noqa: FBT003 — the JSON value
        {
            "earn": {
                "unit": "points",
                "amount": {"var": "purchase.sales_minor"},
                "per": {"param": "minor_per_point"},
            }
        },
    ),
    cases=[
        _case(("会员消费得积分", "A member earns"), {"purchase": _LINES}, {"points": 100}),
        _case(
            ("非会员不得积分", "Nobody earns without a member"),
            {"member": _NOBODY, "purchase": _LINES},
            {"points": 0},
        ),
    ],
)
_DISCOUNT: Final = _pack(
    "discount",
    ("新优惠", "New discount"),
    ("会员整单 10% 折扣。", "10 % off everything for members."),
    parameters={"rate_bps": _parameter("rate_bps", 1_000, (0, 10_000), ("折扣比例", "Discount"))},
    rules=_rule(
        ("会员折扣", "Members' discount"),
        {"and": [{"var": "member.known"}]},
        {"discount": {"rate_bps": {"param": "rate_bps"}}},
    ),
    cases=[
        _case(("会员享受折扣", "A member gets it"), {"purchase": _LINES}, {"discount_minor": 1_000}),
        _case(
            ("非会员没有", "Not without a member"),
            {"member": _NOBODY, "purchase": _LINES},
            {"discount_minor": 0},
        ),
    ],
)
_ELIGIBILITY: Final = _pack(
    "eligibility",
    ("新参与条件", "New eligibility"),
    ("带 not-eligible 标签的会员不累积积分。", "Members tagged not-eligible earn nothing."),
    rules=_rule(
        ("不参加积分", "Earns nothing"),
        {"and": [{"in": ["not-eligible", {"var": "member.tags"}]}]},
        {
            "refuse": {
                "scopes": ["earning"],
                "reason": {
                    "code": "not-eligible",
                    "words": _words("该会员不参加积分", "This member earns no points"),
                },
            }
        },
    ),
    cases=[
        _case(
            ("带标签的不参加", "Refused with the tag"),
            {"member": {"tags": ["not-eligible"]}, "purchase": _LINES},
            {"refused": ["earning"]},
        ),
        _case(
            ("没有标签的参加", "Takes part without it"),
            {"member": {"tags": []}, "purchase": _LINES},
            {"refused": []},
        ),
    ],
)
_TIME: Final = {
    "at_risk_after_days": _parameter("days", 60, (1, 3_650), ("沉默多少天预警", "At risk after silence of")),
    "lapse_after_days": _parameter("days", 90, (2, 3_650), ("沉默多少天流失", "Lapsed after silence of")),
    "first_revisit_after_days": _parameter(
        "days", 3, (1, 3_650), ("首单后多少天回访", "First revisit after")
    ),
    "revisit_every_days": _parameter("days", 90, (1, 3_650), ("回访间隔", "Revisits every")),
}
_SILENCES: Final = [
    _case(("沉默 59 天仍活跃", "Active after 59 days"), {"silent_days": 59}, {"stage": "active"}),
    _case(("沉默 60 天预警", "At risk after 60 days"), {"silent_days": 60}, {"stage": "at_risk"}),
    _case(("沉默 90 天流失", "Lapsed after 90 days"), {"silent_days": 90}, {"stage": "lapsed"}),
    _case(
        ("首单 3 天后回访", "First revisit after 3 days"),
        {"member": {"visits": 0}},
        {"revisit_after_days": 3},
    ),
]
_LIFECYCLE: Final = _pack(
    "lifecycle",
    ("新会员关怀", "New care"),
    (
        "沉默 60 天预警、90 天流失；首单 3 天后回访，之后每 90 天回访。",
        "At risk after 60 days of silence, lapsed after 90; a revisit 3 days after the first purchase, then "
        "every 90 days.",
    ),
    parameters=_TIME,
    lifecycle={name: {"param": name} for name in _TIME},
    cases=_SILENCES,
)
_TIER: Final = _pack(
    "tier",
    ("新等级", "New tiers"),
    (
        "近 365 天消费满 1000.00 升银卡；沉默 60 天预警、90 天流失。",
        "Silver from 1,000.00 of spend in 365 days; at risk after 60 days of silence, lapsed after 90.",
    ),
    parameters={
        "silver_spend_minor": _parameter(
            "money_minor", 100_000, (1, 100_000_000), ("银卡门槛", "Threshold of silver")
        ),
        "tier_year_days": _parameter("days", 365, (1, 3_650), ("等级有效期", "Tier year")),
        **_TIME,
    },
    tiers=[
        {"code": "base", "rank": 0, "title": _words("普通会员", "Member"), "threshold": 0},
        {
            "code": "silver",
            "rank": 1,
            "title": _words("银卡", "Silver"),
            "threshold": {"param": "silver_spend_minor"},
        },
    ],
    lifecycle={name: {"param": name} for name in ("tier_year_days", *_TIME)},
    rules=_rule(
        ("升银卡", "Silver"),
        {"and": [{">=": [{"var": "member.qualifying_spend_minor"}, {"param": "silver_spend_minor"}]}]},
        {"set_tier": {"tier": "silver"}},
    ),
    cases=[
        _case(
            ("刚好达标", "Just enough"), {"member": {"qualifying_spend_minor": 100_000}}, {"tier": "silver"}
        ),
        _case(("差一分", "One cent short"), {"member": {"qualifying_spend_minor": 99_999}}, {"tier": None}),
        *_SILENCES,
    ],
)
_BLANKS: Final[Mapping[PackKind, Mapping[str, Any]]] = MappingProxyType(
    {
        "earning": _EARNING,
        "discount": _DISCOUNT,
        "eligibility": _ELIGIBILITY,
        "tier": _TIER,
        "lifecycle": _LIFECYCLE,
    }
)
