"""What a code looks like: the short names that people type, rules compare and files carry."""

import re
from typing import Final

CODE_LENGTH_MAX: Final = 40
_CODE: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_LENGTH_MAX - 1}}}")
_DURATION: Final = re.compile(r"[+-]?(\d+(\.\d+)?(ms|us|ns|[smhdwy]))+", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}-\d{1,2}(-\d{1,2}.*)?")


def is_code(text: str) -> bool:
    """Whether the text is 1 to 40 ASCII letters, digits, `-` and `_`, with a letter or digit first."""
    return _CODE.fullmatch(text) is not None


def reads_as_time(text: str) -> bool:
    """Whether the rule engine may take the text for a duration or a date.

    `1d` and `24h` are equal to the engine, so two places with these codes would be one to a rule.
    """
    return _DURATION.fullmatch(text) is not None or _DATE.match(text) is not None
