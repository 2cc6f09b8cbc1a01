"""Telephone numbers: one spelling of each, kept as cipher, found by a blind index."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from phonenumbers import NumberParseException, PhoneNumberType

from regulars.kernel.ids import random_bytes
from regulars.members.errors import PhoneInvalid, PhoneUnreadable

DEFAULT_REGION: Final = "CN"
REGION_SETTING: Final = "phone_region"

_TEXT_LENGTH_MAX: Final = 40
_NONCE_BYTES: Final = 12
_CALLABLE: Final = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)


def normalise(text: str, region: str, *, field: str = "phone") -> str:
    """The one spelling of a telephone number.

    Args:
        text: as typed, in any usual grouping, full-width digits included.
        region: ISO 3166 code of the country for numbers written without one.
        field: named in the error.
    Returns: E.164, e.g. "+8613800138000".
    Raises: PhoneInvalid.
    """
    if len(text) > _TEXT_LENGTH_MAX:
        raise PhoneInvalid(region, field=field)
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise PhoneInvalid(region, field=field) from None
    usable = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _CALLABLE
    if not usable or number.extension:
        raise PhoneInvalid(region, field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class PhoneKeys:
    """The secrets that protect telephone numbers.

    Attributes:
        cipher: AES key of 32 bytes, for new ciphers.
        index: HMAC key of the blind index; changing it means indexing every member anew.
        cipher_id: which key `cipher` is, 0 to 255; stored with each cipher.
        retired: former cipher keys by id, for reading.
    """

    cipher: bytes = field(repr=False)
    index: bytes = field(repr=False)
    cipher_id: int = 1
    retired: dict[int, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SealedPhone:
    """A number as it is stored."""

    cipher: bytes
    index: bytes
    last4: str


def seal(keys: PhoneKeys, member_id: UUID, e164: str) -> SealedPhone:
    """The stored form of a number; the cipher opens for this member only."""
    nonce = random_bytes(_NONCE_BYTES)
    body = AESGCM(keys.cipher).encrypt(nonce, e164.encode(), member_id.bytes)
    return SealedPhone(bytes([keys.cipher_id]) + nonce + body, blind_index(keys, e164), e164[-4:])


def unseal(keys: PhoneKeys, member_id: UUID, cipher: bytes) -> str:
    """The number of a stored cipher.

    Raises: PhoneUnreadable: another member's cipher, another installation's, or a lost key.
    """
    key = keys.cipher if cipher[0] == keys.cipher_id else keys.retired.get(cipher[0])
    if key is None:
        raise PhoneUnreadable
    nonce, body = cipher[1 : 1 + _NONCE_BYTES], cipher[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, member_id.bytes).decode()
    except InvalidTag:
        raise PhoneUnreadable from None


def blind_index(keys: PhoneKeys, e164: str) -> bytes:
    """What a number is found by without being readable."""
    return hmac.new(keys.index, e164.encode(), hashlib.sha256).digest()
