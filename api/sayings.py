"""In Chinese, what errors say in English: sentences inside a row of the error table, and states."""

import re
from collections.abc import Mapping
from typing import Final

UNSAID: Final = "请对照接口说明更正"
"""For a sentence that is not here; a test finds those of our own."""

STATES: Final[Mapping[str, str]] = {
    # releases
    "in_review": "待审批",
    "rejected": "已退回",
    "withdrawn": "已撤回",
    "approved": "已批准",
    "cancelled": "已取消",
    "scheduled": "已排期",
    "live": "生效中",
    "retired": "已结束",
    "rolled_back": "已回退",
    "waiting": "未开始",
    "halted": "已暂停",
    # adjustments and bulk actions
    "posted": "已入账",
    "draft": "草稿",
    # rehearsals and undo orders
    "queued": "待运行",
    "preparing": "准备中",
    "empty": "无可撤销",
    "running": "进行中",
    "paused": "已暂停",
    "finished": "已完成",
    "failed": "已失败",
}

_SENTENCES: Final = frozenset({"problem", "wanted", "message"})
"""Details that are sentences."""

# {} stands for what an English sentence fills in; the same places, in the same order, in the Chinese.
SAYINGS: Final[Mapping[str, str]] = {
    # times of a release
    "the start": "开始时间",
    "the end": "结束时间",
    # places of a release
    "a place has not begun yet; halt its step instead": "有机构尚未开始，请改为暂停那一步",
    "a place has not begun yet; halt its step, or name an end": "有机构尚未开始，请暂停那一步，或写明结束",
    "nothing of it is live or waits there": "那里没有生效或待生效的内容，请换一个机构",
    "name places of the release's plan": "请选择发布计划里的机构",
    "the release has no step {}": "发布计划里没有第 {} 步，请查看计划",
    "name 1 to {} places in all steps": "各步合计请选 1 至 {} 个机构",
    "name 1 to {} places": "请选 1 至 {} 个机构",
    "a place stands in the plan twice; name each once": "同一机构在计划里出现了两次，请只保留一次",
    "{} is no open store, branch or headquarters": "{} 不是营业中的门店、分公司或总部，请换一个",
    "{} lies outside of what was approved": "{} 不在已批准的范围内，请换一个，或另行提交审批",
    "there is no place {}; see the list of places": "没有机构 {}，请查看机构列表",
    # baskets
    "line number {} is used twice; number each line once": "行号 {} 用了两次，每行请用不同的行号",
    "the chain's discounts of {} exceed list_minor {}": "连锁承担的优惠 {} 超过了原价 {}，请更正其中一个",
    "sales_minor {} is not list_minor {} less the discounts the chain funds {}; correct one of them": (
        "实售价 {} 不等于原价 {} 减去连锁承担的优惠 {}，请更正其中一个"
    ),
    # members' attributes
    "at most {} bytes in all": "全部属性合计不超过 {} 字节",
    "a name of letters, digits, - or _": "属性名用字母、数字、- 或 _",
    "text up to {} characters, a whole number, or true or false": "{} 个字符以内的文字、整数、true 或 false",
    "one of {}": "以下之一：{}",
    "a value of type {}": "类型为 {} 的值",
    # the chain's own fields
    "member, store or product": "member、store 或 product",
    "one of choice, integer, money_minor, date, boolean": "choice、integer、money_minor、date、boolean 之一",
    "1 to {} small letters, digits or _, beginning with a letter": "1 至 {} 个小写字母、数字或 _，以字母开头",
    "{} to {} printable characters": "{} 至 {} 个可显示的字符",
    "keep {}: packs and values may name it": "保留 {}：规则包或取值可能正在使用",
    "a field of the chain: {}": "已有的自定义字段：{}",
    "there is none yet": "目前还没有",
    "the product's code as tills send it: 1 to {} printable characters": (
        "收银机上送的商品编码：1 至 {} 个可显示的字符"
    ),
    "each product once": "每个商品只写一次",
    "true or false": "true 或 false",
    "a whole number from {} to {}": "{} 至 {} 的整数",
    "a date as eight digits such as 20261122, or 0 for none": "八位数字的日期，如 20261122；没有日期写 0",
    "bounds from {} to {}, the lower one first": "{} 至 {} 之间的上下限，下限在前",
    "only a choice has choices": "只有选项类字段才有选项",
    "1 to {} choices": "1 至 {} 个选项",
    "small letters, digits and hyphens, beginning with a letter": "小写字母、数字和连字符，以字母开头",
    "each value once": "每个取值只写一次",
    "words in both languages": "中英文名称",
    "the id of a store": "门店的编号",
    # files of products
    "at most {} MB; split it": "不超过 {} MB 的文件，请拆分后再上传",
    "a file saved as UTF-8 (in a spreadsheet: “CSV UTF-8”)": "以 UTF-8 保存的文件（表格软件里选“CSV UTF-8”）",
    "CSV; {}": "格式正确的 CSV，请检查引号是否成对",
    "a first line such as {}": "首行列名，例如 {}",
    "each column once": "不重复的列，每列只写一次",
    "a field of products: {}": "已有的商品字段：{}",
    "{} cells as the first row has, not {}": "与首行相同的 {} 个单元格，现在是 {} 个",
    "true or false, 是 or 否": "true 或 false，也可写 是 或 否",
    "a whole number in plain digits": "纯数字的整数",
    "an amount in minor units, in plain digits": "以最小货币单位（如分）计的纯数字金额",
    "a date such as 2026-11-22": "日期，如 2026-11-22",
}


def in_chinese(sentence: str) -> str | None:
    """The Chinese of an English sentence of ours; None where it has none.

    Args:
        sentence: with its values filled in.
    Returns: the same values in the Chinese sentence, one that is a saying itself in Chinese too.
    """
    exact = SAYINGS.get(sentence)
    if exact is not None:
        return exact
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(sentence)
        if found is not None:
            return chinese.format(*(SAYINGS.get(value, value) for value in found.groups()))
    return None


def detail_in_chinese(name: str, value: object) -> object:
    """A detail of an error as it may stand in a Chinese sentence.

    Args:
        name: the detail's: states and English sentences of ours are known by it.
        value: as the error has it.
    """
    if isinstance(value, list | tuple):
        return "、".join(str(detail_in_chinese("state", each)) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if not isinstance(value, str):
        return value
    if name == "state":
        return STATES.get(value, value)
    return (in_chinese(value) or UNSAID) if name in _SENTENCES else value


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.*)".join(re.escape(part) for part in english.split("{}")), re.DOTALL)


# The longest first: of two that fit, it says more.
_PATTERNS: Final = tuple(
    (_pattern(english), chinese)
    for english, chinese in sorted(SAYINGS.items(), key=lambda item: -len(item[0]))
    if "{}" in english
)
