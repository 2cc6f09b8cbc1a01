"""What a version did is told in words, not in codes."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from regulars.undoing.domain import Effect
from rules_ui.i18n import LanguageTag, Money, Speech
from rules_ui.undo_view import effect_line
from rules_ui.undo_words import not_taken_of
from rules_ui.version_marks import Names

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TIERS = {"zh": {"gold": "金卡"}, "en": {"gold": "Gold"}}


@pytest.mark.parametrize(
    ("language", "move", "told"),
    [
        ("zh", "upgraded gold", "升级为金卡"),
        ("en", "upgraded gold", "Moved up to Gold"),
        ("en", "at_risk at_risk", "At risk"),
        ("en", "stage_moved lapsed", "Stage moved by a rule · Lapsed"),
        ("en", "revisit_due", "Revisit fell due"),
        ("en", "kept retired-tier", "Kept retired-tier for another year"),
    ],
)
def test_a_move_says_to_which_tier_or_stage(language: LanguageTag, move: str, told: str) -> None:
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), NOW)
    effect = Effect("move", NOW, UUID(int=1), "rule", None, UUID(int=2), 0, move)
    assert effect_line(effect, Names({}, {}), {}, TIERS[language], say).what == told


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [
        ("en", 1, "1 purchase is left out: a rule failed in it."),
        ("en", 1_002, "1,002 purchases are left out: a rule failed in them."),
        ("zh", 1, "1 笔消费不处理：其中有规则出错。"),
    ],
)
def test_what_is_left_is_counted_in_the_readers_grammar(language: LanguageTag, count: int, told: str) -> None:
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), NOW)
    assert not_taken_of({"failing": count}, say) == (told,)
