"""Bodies that hold little but brackets are refused before anything is made of them."""

import pytest

from api import strict_json
from api.strict_json import CONTAINERS_MAX, DEPTH_MAX, BodyRefused, read_json


def nested(levels: int, inner: bytes = b"") -> bytes:
    return b"[" * levels + inner + b"]" * levels


@pytest.mark.parametrize(
    "body",
    [
        nested(DEPTH_MAX),
        b"[" + b",".join([nested(DEPTH_MAX - 1)] * 100) + b"]",
        b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX,
        b'["' + b"[{" * 5_000 + b'"]',
        b'["\\"' + b"[" * 5_000 + b'"]',
        b"[" + b"[]," * (CONTAINERS_MAX - 2) + b"1]",
    ],
)
def test_what_is_wide_or_within_texts_is_read(body: bytes) -> None:
    assert read_json(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (nested(DEPTH_MAX + 1), "json_too_deep"),
        (b"[" + b",".join([nested(3), nested(DEPTH_MAX)]) + b"]", "json_too_deep"),
        (b"[[]," * 40 + b"1" + b"]" * 40, "json_too_deep"),
        (b"[" * 1_000_000, "json_too_deep"),
        (b"[{" * 500_000, "json_too_deep"),
        (b"[" + b"[]," * CONTAINERS_MAX + b"1]", "body_too_large"),
        (b"{}," * 300_000, "body_too_large"),
        (b"]" * 100_000, "json_malformed"),
        (b"[}" * 100 + b"[" * 3, "json_malformed"),
        (b"[" + b"[]," * 100, "json_malformed"),
    ],
)
def test_bombs_are_refused_by_name(body: bytes, code: str) -> None:
    with pytest.raises(BodyRefused) as refused:
        read_json(body)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"[" * 1_000_000, nested(DEPTH_MAX + 1, b"1"), b"[]," * 100_000])
def test_a_bomb_never_comes_to_the_parser(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(strict_json.json, "loads", lambda text, **_: parsed.append(text))
    with pytest.raises(BodyRefused):
        read_json(body)
    assert parsed == []
