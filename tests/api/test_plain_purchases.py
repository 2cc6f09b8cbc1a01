"""A purchase read in one go is what the general way reads, or is left to it."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.plain_purchases import PlainPurchase, read_plain
from api.schemas.purchases import LineIn, PurchaseIn
from api.strict_json import BodyRefused, read_json

PLAIN: dict[str, Any] = {
    "receipt_no": "000231",
    "occurred_at": "2026-11-20T18:04:11-05:00",
    "business_day": "2026-11-20",
    "member": "cj-1007",
    "cashier": "c-12",
    "channel": "app",
    "quote": "eyJ",
    "tenders": {"cash": 1000, "wechat_pay": 699},
    "lines": [
        {"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1299},
        {
            "line": 2,
            "sku": "苹果",
            "kind": "material",
            "quantity_milli": 0,
            "list_minor": 450,
            "sales_minor": 400,
            "tax_minor": None,
            "tax_included": False,
            "promotional": True,
            "discounts": [{"source": "member_price", "funder": "chain", "amount_minor": 50}],
        },
    ],
}


def read_generally(body: bytes) -> PurchaseIn | None:
    try:
        return PurchaseIn.model_validate(read_json(body))
    except (BodyRefused, ValidationError):
        return None


def fields_of(purchase: PlainPurchase | PurchaseIn) -> dict[str, Any]:
    return {
        **{name: getattr(purchase, name) for name in PurchaseIn.model_fields},
        "lines": [
            {
                **{name: getattr(line, name) for name in LineIn.model_fields},
                "discounts": [(d.source, d.funder, d.amount_minor) for d in line.discounts],
            }
            for line in purchase.lines
        ],
    }


def assert_no_other_meaning(body: bytes) -> PlainPurchase | None:
    """Whatever is read in one go, the general way reads as well, and as the same."""
    plain = read_plain(body)
    if plain is not None:
        general = read_generally(body)
        assert general is not None
        assert fields_of(plain) == fields_of(general)
        assert plain.occurred_at.isoformat() == general.occurred_at.isoformat()
    return plain


def changed(path: tuple[str | int, ...], value: object) -> bytes:
    document = copy.deepcopy(PLAIN)
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return orjson.dumps(document)


def test_what_tills_send_is_read_in_one_go() -> None:
    assert assert_no_other_meaning(orjson.dumps(PLAIN)) is not None


def test_it_may_be_written_over_several_lines() -> None:
    assert assert_no_other_meaning(orjson.dumps(PLAIN, option=orjson.OPT_INDENT_2)) is not None


def test_what_may_be_left_out_is_what_the_schema_makes_of_it() -> None:
    least = {"receipt_no": "1", "occurred_at": "2026-11-20T18:04:11Z", "lines": [PLAIN["lines"][0]]}
    plain = assert_no_other_meaning(orjson.dumps(least))
    assert plain is not None
    assert plain.occurred_at == datetime(2026, 11, 20, 18, 4, 11, tzinfo=UTC)


TWICE: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: body.replace(b'"receipt_no":', b'"receipt_no":"1","receipt_no":'),
    lambda body: body.replace(b'"receipt_no":', b'"receipt_no" : "1" , "receipt_no" :'),
    lambda body: body.replace(b'"sku":"1033142"', b'"sku":"1033142","sku":"2"'),
    lambda body: body.replace(b'"funder":', b'"funder":"maker","funder":'),
    lambda body: body.replace(b'"cash":1000', b'"cash":1000,"cash":1'),
    lambda body: body.replace(b'"lines":', b'"lines":[{"line":1,"sku":"a:b","list_minor":5}],"lines":'),
    lambda body: body.replace(b'"occurred_at":', b'"occurred_at":"2026","occurred_at":'),
)


@pytest.mark.parametrize("spoil", TWICE)
def test_a_name_that_stands_twice_is_left_to_the_general_way(spoil: Callable[[bytes], bytes]) -> None:
    body = spoil(orjson.dumps(PLAIN))
    assert body != orjson.dumps(PLAIN)
    assert read_plain(body) is None
    assert read_generally(body) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lines", 0, "sku"), " 1033142"),
        (("lines", 0, "sku"), "1033142\u3000"),
        (("lines", 0, "sku"), ""),
        (("lines", 0, "sku"), "x" * 65),
        (("lines", 0, "line"), 1.0),
        (("lines", 0, "line"), True),
        (("lines", 0, "line"), "1"),
        (("lines", 0, "list_minor"), -1),
        (("lines", 0, "list_minor"), 1 << 62),
        (("lines", 0, "promotional"), 1),
        (("lines", 0, "kind"), "thing"),
        (("lines", 0, "unheard_of"), 1),
        (("lines", 0, "discounts"), None),
        (("lines",), []),
        (("tenders", "gift card"), 5),
        (("tenders", "a\u00a0b"), 5),
        (("tenders", ""), 5),
        (("channel",), " app"),
        (("cashier",), "c\t"),
        (("receipt_no",), "\u2028"),
        (("member",), "a:b"),
        (("member",), "a\\b"),
        (("occurred_at",), "2026-11-20T18:04:11"),
        (("occurred_at",), 1_790_000_000),
        (("occurred_at",), "20261120"),
        (("business_day",), "2026-11-31"),
        (("original_purchase_id",), "018f4e5e-0000-7000-8000-000000000000"),
        (("unheard_of",), None),
    ],
)
def test_what_is_not_plain_is_left_to_the_general_way(path: tuple[str | int, ...], value: object) -> None:
    assert read_plain(changed(path, value)) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff", b"{}{}", b"[" * 100_000, b'{"lines":NaN}', b"\xef\xbb\xbf{}"],
)
def test_what_is_no_purchase_is_left_to_the_general_way(body: bytes) -> None:
    assert read_plain(body) is None


INSTANTS = st.sampled_from(
    [
        "2026-11-20T18:04:11Z",
        "2026-11-20t18:04:11z",
        "2026-11-20 18:04:11+08:00",
        "2026-11-20T18:04:11.1234567-05:00",
        "2026-11-20T18:04:60Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T18:04Z",
        "2026-11-20T18:04:11+0800",
        "0001-01-01T00:00:00+23:59",
        "2026-W47-5T18:04:11Z",
        "2026-11-20",
    ]
)
WORDS = st.text(max_size=70) | st.sampled_from(["a", " a", "a ", "\x85a", "24h", "~1d", '"sku":', ":"])
NUMBERS = (
    st.integers(-(10**20), 10**20)
    | st.integers(-2, 5)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.just("1")
)
VALUES = (
    WORDS | NUMBERS | INSTANTS | st.dictionaries(WORDS, NUMBERS, max_size=3) | st.lists(NUMBERS, max_size=2)
)
PATHS = st.sampled_from(
    [
        *((name,) for name in (*PLAIN, "original_purchase_id", "else")),
        *(("lines", 1, name) for name in (*PLAIN["lines"][1], "else")),
        *(("lines", 1, "discounts", 0, name) for name in ("source", "funder", "amount_minor", "else")),
        *(("tenders", name) for name in ("cash", "gift card", "a\nb", "卡")),
    ]
)


@given(path=PATHS, value=VALUES, ascii_only=st.booleans())
@example(path=("occurred_at",), value="2026-11-20T18:04:11.1234567-05:00", ascii_only=False)
def test_what_is_read_in_one_go_never_means_anything_else(
    path: tuple[str | int, ...], value: object, ascii_only: bool
) -> None:
    document = copy.deepcopy(PLAIN)
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    try:
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        body = json.dumps(document).encode()
    assert_no_other_meaning(body)


@given(at=st.integers(0, 600), cut=st.integers(0, 3), new=st.binary(max_size=3))
def test_a_body_that_was_mangled_on_its_way_never_means_anything_else(at: int, cut: int, new: bytes) -> None:
    body = orjson.dumps(PLAIN)
    assert_no_other_meaning(body[:at] + new + body[at + cut :])
