"""Languages are chosen as people expect, and money, numbers and times are said in them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from rules_ui.i18n import LANGUAGES, NN_, LanguageTag, Money, Speech, choose_language, seamed

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def speech(
    language: LanguageTag, currency: str = "CNY", exponent: int = 2, zone: str = "Asia/Shanghai"
) -> Speech:
    return Speech(language, ZoneInfo(zone), Money(currency, exponent), NOW)


@pytest.mark.parametrize(
    ("cookie", "own", "accepted", "chosen"),
    [
        ("en", "zh", "zh-CN", "en"),
        ("xx", "en", "zh-CN", "en"),
        (None, None, "fr, en;q=0.4, zh-TW;q=0.8", "zh"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "", "zh"),
        (None, "zh_CN", "en", "zh"),
        (None, None, "en;q=nonsense, de", "zh"),
    ],
)
def test_the_readers_own_choice_wins_then_the_account_then_the_browser(
    cookie: str | None, own: str | None, accepted: str, chosen: str
) -> None:
    assert choose_language(cookie=cookie, own=own, accepted=accepted) == chosen


def test_money_is_shown_in_the_chains_currency() -> None:
    assert speech("zh").amount(123_456) == "¥1,234.56"
    assert speech("en", "USD").amount(-5) == "-$0.05"
    assert speech("en", "JPY", 0).amount(1_234) == "¥1,234"


def test_times_are_told_on_the_stores_wall_clock() -> None:
    at = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)
    assert speech("zh").moment(at) == "11月22日 04:05"
    assert speech("en", zone="America/New_York").moment(at) == "21 Nov 15:05"
    assert speech("en").day(datetime(2025, 2, 3, tzinfo=UTC)) == "3 Feb 2025"


def test_spans_are_told_in_words() -> None:
    assert speech("zh").ago(NOW - timedelta(minutes=5)) == "5 分钟前"
    assert speech("zh").span(timedelta(0)) == "0 秒"
    assert speech("en").ago(NOW + timedelta(days=3)) == "in 3 days"


def test_what_has_just_been_or_soon_will_be_is_not_told_in_seconds() -> None:
    seconds = (-63, -59, 0, 59, 63, -90_000)
    zh, en = ([speech(tag).ago(NOW + timedelta(seconds=each)) for each in seconds] for tag in ("zh", "en"))
    assert zh == ["1 分钟前", "刚刚", "刚刚", "1 分钟内", "1 分钟后", "1 天前"]
    assert en == ["1 minute ago", "just now", "just now", "within a minute", "in 1 minute", "1 day ago"]


def test_scaled_numbers_lose_nothing() -> None:
    assert speech("en").quantity(1_500) == "1.5"
    assert speech("en").decimal(12_500, 2) == "125"
    assert speech("en").share(0, 0) == "0%"


def test_an_exact_time_names_how_far_its_clock_is_from_utc_in_either_language() -> None:
    for language in LANGUAGES:
        assert speech(language, zone="America/New_York").exact(NOW) == "2026-11-21 21:30:00 UTC−05:00"
        assert speech(language).exact(NOW) == "2026-11-22 10:30:00 UTC+08:00"


def test_a_value_meets_the_words_around_it_with_a_space_only_where_it_is_not_chinese() -> None:
    chinese = speech("zh")
    assert chinese.text("Moved down to %(tier)s", tier="Gold") == "降级为 Gold"
    assert chinese.text("Moved down to %(tier)s", tier="金卡") == "降级为金卡"
    assert seamed("%(who)s的卡", {"who": Markup("<b>Li</b>")}) == "%(who)s 的卡"


def test_a_share_is_nothing_or_all_only_where_it_is_exactly_that() -> None:
    assert speech("en").share(2_458, 2_467) == "99.6%"
    assert speech("en").share(1, 1_000_000) == "0.1%"
    assert speech("en").share(999_999, 1_000_000) == "99.9%"
    assert (speech("en").share(7, 7), speech("en").share(0, 7)) == ("100%", "0%")
    assert speech("en").share(887, 2_467) == "36%"


def test_a_language_is_looked_up_once_whatever_is_said_in_it() -> None:
    """Looking one up takes longer than a hundred numbers."""
    assert all(speech(language).locale is speech(language).locale for language in LANGUAGES)


def test_one_is_counted_as_one_and_more_as_many() -> None:
    members = NN_("%(num)s member", "%(num)s members")
    said = [speech("en").counted(members, count) for count in (0, 1, 1_234)]
    assert said == ["0 members", "1 member", "1,234 members"]
    assert speech("zh").counted(members, 1) == "1 位会员"
