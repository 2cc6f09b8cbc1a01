"""What a member's details may look like: numbers, phones, names, references, attributes."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.members.attributes import check_attributes
from regulars.members.domain import (
    ProfileChange,
    check_digit,
    check_profile,
    check_references,
    free_digits,
    is_member_number,
    member_number,
    read_reference,
)
from regulars.members.errors import PhoneInvalid, PhoneUnreadable
from regulars.members.phones import PhoneKeys, blind_index, normalise, seal, unseal

KEYS = PhoneKeys(bytes(32), bytes(range(32)))
ONE, OTHER = UUID(int=1), UUID(int=2)


@given(st.integers(0, 10**11 - 1))
def test_a_member_number_checks_itself(draw: int) -> None:
    number = member_number("66", draw)
    assert is_member_number(number)
    assert len(number) == 14


@given(st.integers(0, 10**11 - 1), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_in_a_member_number_is_noticed(draw: int, position: int, shift: int) -> None:
    number = member_number("66", draw)
    wrong = str((int(number[position]) + shift) % 10)
    assert not is_member_number(number[:position] + wrong + number[position + 1 :])


def test_the_known_luhn_number_is_valid() -> None:
    assert check_digit("7992739871") == "3"
    assert free_digits("7992") == 9
    assert member_number("7992", 739871) == "79920007398717"


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("138 0013 8000", "CN", "+8613800138000"),
        ("138-0013-8000", "CN", "+8613800138000"),
        ("+86 138 0013 8000", "US", "+8613800138000"),
        ("0086 13800138000", "CN", "+8613800138000"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("010-6552 9988", "CN", "+861065529988"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "CN", "+12125550123"),
    ],
)
def test_every_usual_spelling_of_a_phone_is_one_phone(text: str, region: str, e164: str) -> None:
    assert normalise(text, region) == e164


@pytest.mark.parametrize(
    "text",
    ["", "12345", "110", "138001380001", "abc", "+86", "400-810-0000 ext 5", "9" * 300, "13800138000;x"],
)
def test_what_cannot_be_called_is_no_phone(text: str) -> None:
    with pytest.raises(PhoneInvalid) as refusal:
        normalise(text, "CN", field="members[3].phone")
    assert refusal.value.field == "members[3].phone"


def test_a_sealed_phone_opens_for_its_member_only_and_looks_different_each_time() -> None:
    sealed = seal(KEYS, ONE, "+8613800138000")
    assert unseal(KEYS, ONE, sealed.cipher) == "+8613800138000"
    assert sealed.last4 == "8000"
    assert sealed.cipher != seal(KEYS, ONE, "+8613800138000").cipher
    assert sealed.index == seal(KEYS, OTHER, "+8613800138000").index == blind_index(KEYS, "+8613800138000")
    with pytest.raises(PhoneUnreadable):
        unseal(KEYS, OTHER, sealed.cipher)


def test_a_retired_key_still_reads_what_it_wrote() -> None:
    sealed = seal(KEYS, ONE, "+8613800138000")
    rotated = PhoneKeys(b"n" * 32, KEYS.index, cipher_id=2, retired={1: KEYS.cipher})
    assert unseal(rotated, ONE, sealed.cipher) == "+8613800138000"
    assert b"8000" not in repr(rotated).encode()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("  cj-1007 ", "reference", "cj-1007"),
        ("7992 0007 3987 17", "number", "79920007398717"),
        ("79920007398716", "phone", "79920007398716"),
        ("13800138000", "phone", "13800138000"),
        (str(ONE), "id", str(ONE)),
        ("", "phone", ""),
    ],
)
def test_what_names_a_member_is_told_apart(text: str, kind: str, value: str) -> None:
    assert (read_reference(text).kind, read_reference(text).value) == (kind, value)


def test_a_profile_is_checked_field_by_field() -> None:
    change = ProfileChange(
        name=" ", birthday=date(2027, 1, 1), gender="x", locale="fr", tags=("ok", "1d", "has blank")
    )
    problems = check_profile(change, date(2026, 11, 22), "members[0].")
    assert [(problem.field, problem.code) for problem in problems] == [
        ("members[0].name", "name_invalid"),
        ("members[0].birthday", "birthday_invalid"),
        ("members[0].gender", "choice_invalid"),
        ("members[0].locale", "choice_invalid"),
        ("members[0].tags[1]", "tag_invalid"),
        ("members[0].tags[2]", "tag_invalid"),
    ]


@pytest.mark.parametrize("reference", ["1007", "", "has blank", str(UUID(int=0xA << 124)), "x" * 65])
def test_references_cannot_be_mistaken_for_something_else(reference: str) -> None:
    assert [problem.code for problem in check_references([reference], "")] == ["reference_invalid"]


DECLARED = {
    "member_attributes": {
        "size": {"type": "integer"},
        "pet": {"type": "choice", "choices": ["cat", "dog"]},
        "wed": {"type": "date"},
        "vip": {"type": "boolean"},
    }
}


def test_attributes_of_the_right_type_are_taken() -> None:
    values = {"size": 3, "pet": "cat", "wed": "2020-02-29", "vip": True, "note": "free text"}
    assert check_attributes(values, DECLARED, "") == []


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("size", "3"),
        ("size", True),
        ("pet", "cow"),
        ("wed", "2021-02-29"),
        ("vip", 1),
        ("note", 1.5),
        ("note", "x" * 501),
        ("note", {"deep": 1}),
        ("note", 2**60),
        ("no blank", "x"),
    ],
)
def test_attributes_of_another_type_are_refused_by_name(code: str, value: object) -> None:
    problems = check_attributes({code: value}, DECLARED, "")
    assert [(problem.field, problem.code) for problem in problems] == [
        (f"attributes.{code}", "attribute_invalid")
    ]


def test_attributes_are_small_in_all() -> None:
    assert check_attributes({f"a{i}": "x" for i in range(51)}, {}, "")[0].code == "too_many"
    assert check_attributes({f"a{i}": "x" * 500 for i in range(20)}, {}, "")[0].field == "attributes"
