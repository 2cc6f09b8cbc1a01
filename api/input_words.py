"""What is wrong with a value of a request, and what to write instead, in both languages."""
# ruff: noqa: E501 — a table of words, one row a line, reads best as it is

from collections.abc import Mapping
from typing import Final

from api.language import Language

Words = tuple[str, str]
_TIME: Final = "2026-11-20T18:04:11+08:00"

_WHOLE: Final[Words] = ("请填写整数", "write a whole number")
_NUMBER: Final[Words] = ("请填写数字", "write a number")
_TEXT: Final[Words] = ("请填写文字（加引号）", "write a text, in quotes")
_TRUTH: Final[Words] = ("请填写 true 或 false", "write true or false")
_LIST: Final[Words] = ("请填写列表（[…]）", "write a list: […]")
_OBJECT: Final[Words] = ("请填写对象（{{…}}）", "write an object: {{…}}")
_DAY: Final[Words] = ("日期请写成 2026-11-20", "write a date such as 2026-11-20")
_CLOCK: Final[Words] = ("时刻请写成 18:04", "write a time of day such as 18:04")
_INSTANT: Final[Words] = (f"时间请写成 {_TIME}", f"write a time such as {_TIME}")
_ID: Final[Words] = (
    "请填写编号（UUID），如 0192d3a0-0000-7000-8000-000000000001",
    "write an id (UUID) such as 0192d3a0-0000-7000-8000-000000000001",
)
_CHOICE: Final[Words] = ("请从以下选项中选择：{expected}", "choose one of: {expected}")
_JSON: Final[Words] = ("请填写有效的 JSON", "write valid JSON")
_LINK: Final[Words] = (
    "请填写完整的网址，如 https://example.com/",
    "write a whole address such as https://example.com/",
)
_OTHER: Final[Words] = (
    "内容不符合要求，请对照接口说明更正",
    "it is not as the API describes it; compare and correct it",
)

# fmt: off
_WORDS: Final[Mapping[str, Words]] = {
    # ours
    "field_renamed": ("“{old}”已改名为“{new}”，请改用“{new}”", "“{old}” is called “{new}”; send “{new}” instead"),
    "written_out": (f"请完整写出，如 2026-11-20 或 {_TIME}", f"write it out, such as 2026-11-20 or {_TIME}"),
    "revision_or_version": ("revision 和 version 只填其中一个", "give revision or version, not both"),
    # numbers
    "greater_than": ("须大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than": ("须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "multiple_of": ("须为 {multiple_of} 的倍数", "must be a multiple of {multiple_of}"),
    "finite_number": _NUMBER,
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE, "int_parsing_size": _WHOLE,
    "float_type": _NUMBER, "float_parsing": _NUMBER,
    "decimal_type": _NUMBER, "decimal_parsing": _NUMBER, "decimal_max_digits": _NUMBER,
    "decimal_max_places": _NUMBER, "decimal_whole_digits": _NUMBER,
    "bool_type": _TRUTH, "bool_parsing": _TRUTH,
    # texts
    "string_type": _TEXT, "string_sub_type": _TEXT, "bytes_type": _TEXT,
    "string_unicode": ("含有无法识别的字符，请删除", "has characters that cannot be read; remove them"),
    "string_not_ascii": ("只能用英文字母、数字和符号", "use plain letters, digits and signs"),
    "string_too_short": ("至少填写 {min_length} 个字符", "write at least {min_length} characters"),
    "string_too_long": ("最多填写 {max_length} 个字符", "write at most {max_length} characters"),
    "string_pattern_mismatch": ("格式不对，须符合 {pattern}", "has another form than {pattern}"),
    # lists, objects, choices
    "list_type": _LIST, "tuple_type": _LIST, "set_type": _LIST, "frozen_set_type": _LIST, "iterable_type": _LIST,
    "dict_type": _OBJECT, "mapping_type": _OBJECT, "model_type": _OBJECT, "model_attributes_type": _OBJECT,
    "too_short": ("至少填写 {min_length} 项", "give at least {min_length}"),
    "too_long": ("最多填写 {max_length} 项", "give at most {max_length}"),
    "literal_error": _CHOICE, "enum": _CHOICE,
    "none_required": ("这里只能留空（null）", "leave it out, or send null"),
    "json_invalid": _JSON, "json_type": _JSON,
    # days, times, ids
    "date_type": _DAY, "date_parsing": _DAY, "date_from_datetime_parsing": _DAY, "date_from_datetime_inexact": _DAY,
    "date_past": ("须为过去的日期", "must lie in the past"),
    "date_future": ("须为将来的日期", "must lie in the future"),
    "time_type": _CLOCK, "time_parsing": _CLOCK,
    "datetime_type": _INSTANT, "datetime_parsing": _INSTANT, "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_past": ("须为过去的时间", "must lie in the past"),
    "datetime_future": ("须为将来的时间", "must lie in the future"),
    "timezone_naive": ("不要带时区", "leave the time zone out"),
    "timezone_aware": (f"时间要带时区，如 {_TIME}", f"add the time zone, as in {_TIME}"),
    "timezone_offset": (f"时间要带时区，如 {_TIME}", f"add the time zone, as in {_TIME}"),
    "uuid_type": _ID, "uuid_parsing": _ID, "uuid_version": _ID,
    "url_type": _LINK, "url_parsing": _LINK, "url_syntax_violation": _LINK, "url_scheme": _LINK,
    "url_too_long": ("网址最多 {max_length} 个字符", "an address has at most {max_length} characters"),
}
# fmt: on


def input_words(kind: str, context: Mapping[str, object], language: Language) -> str:
    """What is wrong, and what to do.

    Args:
        kind: pydantic's error type, or one of ours.
        context: its values; bounds and choices are said as they are.
        language: zh or en.
    Returns: a sentence; a general one for a kind without words of its own.
    """
    zh, en = _WORDS.get(kind, _OTHER)
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        zh, en = "不能留空，请填写", "is empty; write something"
    shown = {name: _shown(value, language) for name, value in context.items()}
    return f"{zh}。".format_map(shown) if language == "zh" else en.format_map(shown)


def has_words(kind: str) -> bool:
    """Whether a kind has words of its own."""
    return kind in _WORDS


def _shown(value: object, language: Language) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = str(value)
    return text.replace(" or ", "、").replace(", ", "、").replace("'", "") if language == "zh" else text
