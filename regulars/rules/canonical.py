"""One text for one pack: what is stored, hashed and kept in git. And changing one number of it."""

import hashlib
import json
from collections.abc import Mapping

from regulars.rules.errors import ParameterInvalid

WIDTH = 100
_INDENT = "  "
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
    return _laid_out(value, "") + "\n"


def content_hash(text: str) -> str:
    """SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def with_parameters(text: str, values: Mapping[str, int]) -> str:
    """A pack's text with other parameter values and nothing else changed, byte for byte.

    Args:
        text: a pack that was checked.
        values: new value by parameter name; the bounds are the checker's to see to.
    Returns: the new text.
    Raises: ParameterInvalid: no such parameter.
    """
    spans = {name: _span(text, ("parameters", name, "value"), name) for name in values}
    for name, (start, end) in sorted(spans.items(), key=lambda item: -item[1][0]):
        text = text[:start] + str(int(values[name])) + text[end:]
    return text


def _span(text: str, path: tuple[str, ...], name: str) -> tuple[int, int]:
    decoder = json.JSONDecoder()
    here = _skip(text, 0)
    for step in path:
        if text[here : here + 1] != "{":
            raise ParameterInvalid(name)
        here = _value_of(text, here, step, decoder)
        if here < 0:
            raise ParameterInvalid(name)
    return here, decoder.raw_decode(text, here)[1]


def _value_of(text: str, start: int, wanted: str, decoder: json.JSONDecoder) -> int:
    """Where a key's value begins in the object that begins at `start`; -1 without the key."""
    here = _skip(text, start + 1)
    while text[here] != "}":
        key, here = decoder.raw_decode(text, here)
        here = _skip(text, _skip(text, here) + 1)
        if key == wanted:
            return here
        here = _skip(text, decoder.raw_decode(text, here)[1])
        if text[here] == ",":
            here = _skip(text, here + 1)
    return -1


def _skip(text: str, here: int) -> int:
    while here < len(text) and text[here] in " \t\r\n":
        here += 1
    return here


def _laid_out(value: object, margin: str, key: str = "") -> str:
    flat = _flat(value, key)
    if len(margin) + len(flat) <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = margin + _INDENT
    if isinstance(value, dict):
        members = [f"{_flat(k)}: {_laid_out(child, inner, k)}" for k, child in _ordered(value, key)]
    else:
        members = [_laid_out(child, inner) for child in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(inner + member for member in members)
    return f"{opening}\n{body}\n{margin}{closing}"


def _flat(value: object, key: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(child, k)}" for k, child in _ordered(value, key)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(child) for child in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _ordered(value: dict[str, object], key: str) -> list[tuple[str, object]]:
    if key == "parameters":
        return list(value.items())  # the form shows them in the author's order
    return sorted(value.items(), key=lambda item: (_rank(item[0], key), item[0]))


def _rank(name: str, parent: str) -> int:
    # A case gives its calendar among its facts; a pack or a rule has its calendar beside its scope.
    return _RANK.get("scope" if name == "calendar" and parent != "given" else name, len(_RANK))
