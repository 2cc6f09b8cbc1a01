"""Every fact a rule can read: its path, type, unit, words, bounds, source. The only list of built-in ones."""
# ruff: noqa: E501, FBT003 — a table of words, one row a line, reads best as it is

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from regulars.rules.domain import PackKind

FieldType = Literal["integer", "boolean", "text", "text_list", "lines"]
Unit = Literal["minor", "milli", "days", "count", "yyyymmdd", "weekday", "hour", "minute", "month", "day"]
Source = Literal["member", "history", "till", "place", "calendar", "chain"]

LINES_PATH = "purchase.lines"
MAX_LINES = 2_000
MAX_LINE_MINOR = 1_000_000_000
MAX_PURCHASE_MINOR = MAX_LINES * MAX_LINE_MINOR
MAX_DISCOUNTS = 50
"""Discounts of one line: each is at most the most that a line can cost."""

MAX_SPEND_MINOR = 1_000_000_000_000
MAX_COUNT = 1_000_000
EXACT_BELOW = 1 << 52
"""The engine's integer arithmetic is exact below this; the checker proves that no rule goes beyond."""

ALL_KINDS: frozenset[PackKind] = frozenset(("eligibility", "discount", "earning", "tier", "lifecycle"))
PURCHASE_KINDS: frozenset[PackKind] = ALL_KINDS - {"tier"}


@dataclass(frozen=True, slots=True)
class Option:
    """One value that a field can have, with its words."""

    value: str | int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Field:
    """One fact.

    Attributes:
        path: dotted from the document's root; a line's field is named alone, seen from inside the line.
        low, high: inclusive bounds of an integer; the till's door refuses what lies outside.
        options: the only values it can have; empty where any value may occur.
        kinds: pack kinds whose rules may read it.
        custom: the chain added it; `default` is then what it reads where nothing is set.
        retired: packs that read it go on; no new rule should.
    """

    path: str
    type: FieldType
    unit: Unit | None
    zh: str
    en: str
    help_zh: str
    help_en: str
    example: str | int | bool
    source: Source
    kinds: frozenset[PackKind]
    low: int = 0
    high: int = 0
    options: tuple[Option, ...] = ()
    custom: bool = False
    default: str | int | bool = ""
    retired: bool = False


_STAGES = (
    Option("joined", "已入会未消费", "joined, no purchase yet"),
    Option("active", "活跃", "active"),
    Option("at_risk", "有流失风险", "at risk"),
    Option("lapsed", "已流失", "lapsed"),
)
_LINE_KINDS = (
    Option("goods", "商品", "goods"),
    Option("labour", "工时", "labour"),
    Option("material", "材料", "material"),
    Option("service", "服务项目", "service"),
)
_WEEKDAYS = tuple(
    Option(number, zh, en)
    for number, zh, en in (
        (1, "周一", "Monday"),
        (2, "周二", "Tuesday"),
        (3, "周三", "Wednesday"),
        (4, "周四", "Thursday"),
        (5, "周五", "Friday"),
        (6, "周六", "Saturday"),
        (7, "周日", "Sunday"),
    )
)

# fmt: off
_MEMBER = (
    Field("member.known", "boolean", None, "是会员", "the buyer is a member",
          "收银时是否出示了会员身份。", "Whether the purchase was made by a member.",
          True, "till", PURCHASE_KINDS),
    Field("member.tier", "text", None, "会员等级", "member's tier",
          "消费前的等级代码；非会员为空。", "Code of the tier before this purchase; empty without a member.",
          "silver", "history", ALL_KINDS),
    Field("member.stage", "text", None, "会员阶段", "member's stage",
          "消费前所处的生命周期阶段。", "Stage of the life cycle before this purchase.",
          "active", "history", ALL_KINDS, options=_STAGES),
    Field("member.tags", "text_list", None, "会员标签", "member's tags",
          "门店或总部给会员打的标签，例如 staff 表示员工。", "Tags given to the member, such as staff.",
          "staff", "member", ALL_KINDS),
    Field("member.spend_365d_minor", "integer", "minor", "近 365 天消费额（不含本单）",
          "spend in the last 365 days before this purchase",
          "本单之前 365 天内全部明细的销售金额。", "Sales value of all lines in the 365 days before this purchase.",
          100_000, "history", ALL_KINDS, 0, MAX_SPEND_MINOR),
    Field("member.visits_365d", "integer", "count", "近 365 天到店次数（不含本单）",
          "number of visits in the last 365 days before this purchase",
          "本单之前 365 天内的消费单数。", "Number of purchases in the 365 days before this one.",
          12, "history", ALL_KINDS, 0, MAX_COUNT),
    Field("member.spend_30d_minor", "integer", "minor", "近 30 天消费额（不含本单）",
          "spend in the last 30 days before this purchase",
          "本单之前 30 天内全部明细的销售金额。", "Sales value of all lines in the 30 days before this purchase.",
          20_000, "history", ALL_KINDS, 0, MAX_SPEND_MINOR),
    Field("member.visits_30d", "integer", "count", "近 30 天到店次数（不含本单）",
          "number of visits in the last 30 days before this purchase",
          "本单之前 30 天内的消费单数。", "Number of purchases in the 30 days before this one.",
          2, "history", ALL_KINDS, 0, MAX_COUNT),
    Field("member.spend_90d_minor", "integer", "minor", "近 90 天消费额（不含本单）",
          "spend in the last 90 days before this purchase",
          "本单之前 90 天内全部明细的销售金额。", "Sales value of all lines in the 90 days before this purchase.",
          50_000, "history", ALL_KINDS, 0, MAX_SPEND_MINOR),
    Field("member.visits_90d", "integer", "count", "近 90 天到店次数（不含本单）",
          "number of visits in the last 90 days before this purchase",
          "本单之前 90 天内的消费单数。", "Number of purchases in the 90 days before this one.",
          5, "history", ALL_KINDS, 0, MAX_COUNT),
    Field("member.days_since_visit", "integer", "days", "距上次到店天数", "number of days since the last visit",
          "上一张消费单至本单的整天数（每 24 小时为一天）；从未消费的，从入会算起。",
          "Whole days of 24 hours from the purchase before to this one; without any, from enrolment.",
          14, "history", ALL_KINDS, 0, 100_000),
    Field("member.qualifying_spend_minor", "integer", "minor", "近 365 天有效消费（含本单）",
          "qualifying spend in 365 days with this purchase",
          "用于评定等级的消费额，含本单。", "The spend that tiers count, this purchase included.",
          120_000, "history", ALL_KINDS, 0, MAX_SPEND_MINOR),
    Field("member.visits", "integer", "count", "累计到店次数（不含本单）", "number of visits ever before this purchase",
          "本单之前的全部消费单数；首单为 0。", "All purchases before this one; 0 on the first.",
          3, "history", ALL_KINDS, 0, MAX_COUNT),
    Field("member.enrolled_days", "integer", "days", "入会天数", "number of days since enrolment",
          "入会至今的整天数。", "Whole days since the member enrolled.",
          400, "member", ALL_KINDS, 0, 100_000),
    Field("member.frozen", "boolean", None, "会员已冻结", "member is frozen",
          "冻结期间消费照常入账，但不累积积分。", "A frozen member's purchases post but earn nothing.",
          False, "member", ALL_KINDS),
)

_PURCHASE = (
    Field("purchase.sales_minor", "integer", "minor", "整单销售金额", "sales value of the purchase",
          "全部明细的销售金额之和，折后。", "Sum of the sales values of all lines, after discounts.",
          5_000, "till", PURCHASE_KINDS, 0, MAX_PURCHASE_MINOR),
    Field("purchase.list_minor", "integer", "minor", "整单原价金额", "list value of the purchase",
          "全部明细的原价之和，折前。", "Sum of the list values of all lines, before discounts.",
          5_500, "till", PURCHASE_KINDS, 0, MAX_PURCHASE_MINOR),
    Field("purchase.channel", "text", None, "消费渠道", "channel",
          "收银台、小程序、App 等渠道的代码。", "Code of the channel: till, mini-program, app and so on.",
          "till", "till", PURCHASE_KINDS),
    Field(LINES_PATH, "lines", None, "消费明细", "lines of the purchase",
          "逐行筛选或求和的对象。", "What filters and sums walk through, line by line.",
          "[…]", "till", PURCHASE_KINDS, 0, MAX_LINES),
)

_LINE = (
    Field("line", "integer", "count", "行号", "line number",
          "明细在消费单中的稳定编号。", "The line's stable number within the purchase.",
          1, "till", PURCHASE_KINDS, 0, MAX_COUNT),
    Field("sku", "text", None, "商品编码", "SKU",
          "收银系统的商品编码。", "The till's code of the product.",
          "1082185", "till", PURCHASE_KINDS),
    Field("department", "text", None, "品类", "department",
          "商品所属品类；未知商品为空。", "The product's department; empty for an unknown product.",
          "PRODUCE", "chain", PURCHASE_KINDS),
    Field("kind", "text", None, "明细类型", "kind of line",
          "商品、工时、材料或服务项目。", "Goods, labour, material or service.",
          "goods", "till", PURCHASE_KINDS, options=_LINE_KINDS),
    Field("quantity_milli", "integer", "milli", "数量（千分之一）", "quantity in thousandths",
          "1000 表示一件或一个计量单位。", "1000 is one piece or one unit of measure.",
          1_000, "till", PURCHASE_KINDS, 0, 1_000_000_000),
    Field("list_minor", "integer", "minor", "原价金额", "list value",
          "本行折前金额。", "The line's value before discounts.",
          299, "till", PURCHASE_KINDS, 0, MAX_LINE_MINOR),
    Field("sales_minor", "integer", "minor", "销售金额", "sales value",
          "本行折后金额。", "The line's value after discounts.",
          269, "till", PURCHASE_KINDS, 0, MAX_LINE_MINOR),
    Field("discount_minor", "integer", "minor", "折扣金额", "discount",
          "本行全部折扣之和，包括优惠券。", "All discounts on the line, coupons included.",
          30, "till", PURCHASE_KINDS, 0, MAX_DISCOUNTS * MAX_LINE_MINOR),
    Field("promotional", "boolean", None, "促销品", "promotional item",
          "收银系统标记为促销品的明细。", "The till marks the line as a promotional item.",
          False, "till", PURCHASE_KINDS),
)

_STORE = (
    Field("store.code", "text", None, "门店代码", "store code",
          "消费所在门店。", "The store where the purchase happens.",
          "store-001", "place", PURCHASE_KINDS),
    Field("store.branch", "text", None, "分公司代码", "branch code",
          "门店所属分公司或区域。", "The branch or region that the store belongs to.",
          "east", "place", PURCHASE_KINDS),
)

_CALENDAR = (
    Field("calendar.date", "integer", "yyyymmdd", "日期", "date",
          "门店当地日期，写成八位数字。", "Date at the store, as eight digits.",
          20261122, "calendar", PURCHASE_KINDS, 19700101, 99991231),
    Field("calendar.weekday", "integer", "weekday", "星期", "day of the week",
          "门店当地星期，周一为 1，周日为 7。", "Day of the week at the store: Monday is 1, Sunday is 7.",
          6, "calendar", PURCHASE_KINDS, 1, 7, _WEEKDAYS),
    Field("calendar.hour", "integer", "hour", "小时", "hour",
          "门店当地时间的小时，0 至 23。", "Hour at the store, 0 to 23.",
          18, "calendar", PURCHASE_KINDS, 0, 23),
    Field("calendar.minute", "integer", "minute", "分钟", "minute",
          "门店当地时间的分钟，0 至 59。", "Minute at the store, 0 to 59.",
          30, "calendar", PURCHASE_KINDS, 0, 59),
    Field("calendar.month", "integer", "month", "月份", "month",
          "门店当地月份，1 至 12。", "Month at the store, 1 to 12.",
          11, "calendar", PURCHASE_KINDS, 1, 12),
    Field("calendar.day", "integer", "day", "日", "day of the month",
          "门店当地日期中的日，1 至 31。", "Day of the month at the store, 1 to 31.",
          22, "calendar", PURCHASE_KINDS, 1, 31),
)
# fmt: on

DOCUMENT_FIELDS: Mapping[str, Field] = MappingProxyType(
    {field.path: field for field in (*_MEMBER, *_PURCHASE, *_STORE, *_CALENDAR)}
)
LINE_FIELDS: Mapping[str, Field] = MappingProxyType({field.path: field for field in _LINE})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All facts that the packs of one chain can read.

    Attributes:
        document: by path from the document's root.
        lines: by name seen from inside a line.
        member, store, product: the chain's own facts by their codes, as `custom` objects hold them.
    """

    document: Mapping[str, Field]
    lines: Mapping[str, Field]
    member: Mapping[str, Field] = field(default_factory=dict)
    store: Mapping[str, Field] = field(default_factory=dict)
    product: Mapping[str, Field] = field(default_factory=dict)


BUILT_IN = Catalogue(DOCUMENT_FIELDS, LINE_FIELDS)
"""The facts that every chain has."""


def fields_of(group: str) -> Mapping[str, Field]:
    """The facts of one group ("member", "purchase", "store", "calendar"), by their last name."""
    prefix = group + "."
    return {path.removeprefix(prefix): f for path, f in DOCUMENT_FIELDS.items() if path.startswith(prefix)}
