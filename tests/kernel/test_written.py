"""Amounts and dates are written one way in each language."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from regulars.kernel.written import filled, spaced, written_amount, written_clock, written_day, written_digits


def test_an_amount_names_its_currency_as_the_language_does() -> None:
    assert written_amount(123_456, "CNY", 2, "zh") == "¥1,234.56"
    assert written_amount(123_456, "USD", 2, "zh") == "US$1,234.56"
    assert written_amount(-5, "USD", 2, "en") == "-$0.05"
    assert written_amount(1_500, "JPY", 0, "en") == "¥1,500"


def test_parts_of_a_minor_unit_are_written_out() -> None:
    assert written_amount(Decimal("1444.3"), "USD", 2, "en") == "$14.443"
    assert written_amount(Decimal(1_400), "USD", 2, "en") == "$14.00"


def test_a_day_leaves_out_the_year_only_where_it_is_this_one() -> None:
    day = date(2026, 3, 2)
    assert [written_day(day, "zh"), written_day(day, "en")] == ["2026年3月2日", "2 Mar 2026"]
    assert written_day(day, "zh", this_year=2026) == "3月2日"
    assert written_clock(datetime(2026, 3, 2, 10, tzinfo=UTC), ZoneInfo("Asia/Shanghai"), "zh") == "18:00"


def test_eight_digits_that_are_no_day_stay_digits() -> None:
    assert written_digits(20_261_122, "en") == "22 Nov 2026"
    assert [written_digits(0, "en"), written_digits(20_260_231, "zh")] == ["0", "20,260,231"]


def test_a_space_stands_where_chinese_meets_a_number_or_a_latin_word() -> None:
    assert filled("{a}的明细，满{b}。", a="高于 US$0.00", b="¥5") == "高于 US$0.00 的明细，满 ¥5。"
    assert filled("升为{tier}", tier="银卡") == "升为银卡"
    assert filled("升为{tier}", tier="Silver") == "升为 Silver"
    assert spaced("打", "50%", "的", "", "VIP会员", "，3 件") == "打 50% 的 VIP会员，3 件"
