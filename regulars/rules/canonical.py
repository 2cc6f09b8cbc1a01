"""One text for one pack: what is stored, hashed and kept in git."""

import hashlib
import json
from collections.abc import Sequence

WIDTH = 100
_INDENT = "  "
_SEPARATOR = ", "
_LEAST = 3
"""What a member takes at least: one character, and what parts it from the next."""
_KEY_ORDER = (
    "code",
    "kind",
    "priority",
    "id",
    "order",
    "rank",
    "name",
    "type",
    "value",
    "minimum",
    "maximum",
    "unit",
    "title",
    "help",
    "words",
    "zh",
    "en",
    "description",
    "scope",
    "places",
    "channels",
    "from",
    "until",
    "weekdays",
    "days_of_month",
    "hours",
    "except",
    "parameters",
    "tiers",
    "lifecycle",
    "exclusions",
    "stacking",
    "limits",
    "rules",
    "when",
    "then",
    "amount",
    "of",
    "per",
    "lines",
    "amount_minor",
    "price_minor",
    "free",
    "every",
    "every_minor",
    "off_minor",
    "times",
    "at_most",
    "when_reached",
    "rate_bps",
    "base",
    "rounding",
    "cap_minor",
    "group",
    "pick",
    "members",
    "pending_days",
    "valid_days",
    "expires",
    "cases",
    "given",
    "at",
    "member",
    "purchase",
    "store",
    "calendar",
    "line",
    "sku",
    "department",
    "expect",
)
_RANK = {key: rank for rank, key in enumerate(_KEY_ORDER)}


def canonical(value: object) -> str:
    """The one text of a pack's values, whatever order and spacing they were written in.

    Args:
        value: what a checked text holds.
    Returns: JSON text, keys in a fixed order, what fits on a line on one, ending in a line break.
    """
    return laid_out(value, "") + "\n"


def content_hash(text: str) -> str:
    """SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def laid_out(value: object, margin: str = "", key: str = "") -> str:
    """A value as it stands in a pack under `key`; lines after the first begin with `margin`."""
    if not isinstance(value, (dict, list)) or not value:
        return _scalar(value)
    flat = _on_a_line(value, key, WIDTH - len(margin))
    if flat is not None:
        return flat
    inner = margin + _INDENT
    if isinstance(value, dict):
        members = [f"{_scalar(k)}: {laid_out(child, inner, k)}" for k, child in _ordered(value, key)]
    else:
        members = [laid_out(child, inner) for child in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(inner + member for member in members)
    return f"{opening}\n{body}\n{margin}{closing}"


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _on_a_line(value: object, key: str, room: int) -> str | None:
    """The value on one line; None where that takes more than `room`, told without writing all of it."""
    if not isinstance(value, (dict, list)) or not value:
        scalar = _scalar(value)
        return scalar if len(scalar) <= room else None
    if len(value) * _LEAST > room:
        return None
    named: Sequence[tuple[str | None, object]] = (
        _ordered(value, key) if isinstance(value, dict) else [(None, child) for child in value]
    )
    members: list[str] = []
    for name, child in named:
        before = "" if name is None else f"{_scalar(name)}: "
        text = _on_a_line(child, name or "", room - len(before) - len(_SEPARATOR))
        if text is None:
            return None
        members.append(before + text)
        room -= len(before) + len(text) + len(_SEPARATOR)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}{_SEPARATOR.join(members)}{closing}"


def _ordered(value: dict[str, object], key: str) -> list[tuple[str, object]]:
    if key == "parameters" and all(isinstance(each, dict) for each in value.values()):
        return list(value.items())  # the form shows them in the author's order; a case's are plain values
    return sorted(value.items(), key=lambda item: (_rank(item[0], key), item[0]))


def _rank(name: str, parent: str) -> int:
    # A case gives its calendar among its facts; a pack or a rule has its calendar beside its scope.
    return _RANK.get("scope" if name == "calendar" and parent != "given" else name, len(_RANK))
