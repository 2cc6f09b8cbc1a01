"""In which language an answer speaks."""

from typing import Final, Literal

Language = Literal["zh", "en"]
DEFAULT: Final[Language] = "en"
_READ_MAX: Final = 200


def choose_language(accepted: str | None) -> Language:
    """The first of our languages that an Accept-Language header asks for, by its weights.

    Args:
        accepted: the header, or None.
    Returns: zh or en; en where neither is asked for.
    """
    best: tuple[float, Language] = (0.0, DEFAULT)
    for part in (accepted or "")[:_READ_MAX].split(","):
        tag, _, weight = part.partition(";q=")
        language = _ours(tag.strip().lower())
        if language is not None and _weight(weight) > best[0]:
            best = (_weight(weight), language)
    return best[1]


def _ours(tag: str) -> Language | None:
    if tag == "zh" or tag.startswith("zh-"):
        return "zh"
    return "en" if tag == "en" or tag.startswith("en-") else None


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
