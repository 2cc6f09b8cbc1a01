"""What a chain's own field is: type and bounds, which never change, words, and the values that fit it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

from regulars.custom_fields.errors import CustomFieldInvalid, CustomValueInvalid

Subject = Literal["member", "store", "product"]
CustomType = Literal["choice", "integer", "money_minor", "date", "boolean"]
Value = str | int | bool

ProductRow = tuple[str, Mapping[str, Value | None]]
"""A product's code, and its values by the fields' codes; None takes a value away."""

MOST_FIELDS: Final = 50
MOST_PROBLEMS: Final = 100
MOST_CHOICES: Final = 50
LONGEST_CODE: Final = 40
LONGEST_PRODUCT_CODE: Final = 64
"""As tills send it."""
LONGEST_TITLE: Final = 200
LONGEST_HELP: Final = 2_000
LARGEST: Final = 1_000_000_000_000
"""As of the built-in amounts: whatever a rule does with it stays exact."""
LATEST_DATE: Final = 99_991_231
NO_DATE: Final = 0
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")
_CHOICE: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_RESERVED: Final = frozenset({"custom"})


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """The chain's own facts of products, as the lines of a basket are read with them.

    Attributes:
        usual: of a product for which nothing is set: by the fields' codes.
        of: by product code, all facts of those for which something is set.
        since: gives the fields that these know nothing of, for they came later.
    """

    usual: Mapping[str, Value]
    of: Mapping[str, Mapping[str, Value]]
    since: "ProductFacts | None" = None

    def of_product(self, code: str) -> Mapping[str, Value]:
        """All facts of one product."""
        own = self.of.get(code, self.usual)
        return own if self.since is None else {**self.since.of_product(code), **own}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice; a plain word, so that no rule takes it for a number or a time."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field of a chain's own.

    Attributes:
        code: what rules name it by, e.g. `member.custom.wedding_on`; of a product `custom.season`, seen
            from inside a line; never changes.
        low, high: inclusive bounds of a number or a date as eight digits; never change, for packs were
            checked by them.
        choices: of a choice; more can be added, none taken away.
        default: what rules read where no value is set.
        retired_at: no new pack may read it from then on; those that do go on.
    """

    id: UUID
    subject: Subject
    code: str
    type: CustomType
    title_zh: str
    title_en: str
    help_zh: str = ""
    help_en: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[Choice, ...] = ()
    default: Value = ""
    retired_at: datetime | None = None


def usual_default(kind: CustomType, low: int) -> Value:
    """What rules read where nothing is set and the chain did not say otherwise."""
    if kind == "choice":
        return ""
    return False if kind == "boolean" else max(0, low)


def usual_bounds(kind: CustomType) -> tuple[int, int]:
    """The widest bounds of a type."""
    match kind:
        case "integer":
            return -LARGEST, LARGEST
        case "money_minor":
            return 0, LARGEST
        case "date":
            return NO_DATE, LATEST_DATE
        case _:
            return 0, 0


def check_field(field: CustomField) -> list[CustomFieldInvalid]:
    """What is wrong with a new field.

    Args:
        field: as somebody wants it.
    Returns: one problem a wrong part; none where it can be made.
    """
    problems: list[CustomFieldInvalid] = []

    def need(name: str, wanted: str, *, holds: bool) -> None:
        if not holds:
            problems.append(CustomFieldInvalid(wanted, field=name))

    need("subject", "member, store or product", holds=field.subject in get_args(Subject))
    kinds = "one of choice, integer, money_minor, date, boolean"
    need("type", kinds, holds=field.type in get_args(CustomType))
    plain = len(field.code) <= LONGEST_CODE and _CODE.fullmatch(field.code) is not None
    wanted = f"1 to {LONGEST_CODE} small letters, digits or _, beginning with a letter"
    need("code", wanted, holds=plain and field.code not in _RESERVED)
    problems += check_words(field)
    if not problems:
        problems += _bounds(field) + _choices(field)
    if not problems and fault_of(field, field.default) is not None:
        problems.append(CustomFieldInvalid(fault_of(field, field.default) or "", field="default"))
    return problems


def check_words(field: CustomField) -> list[CustomFieldInvalid]:
    """What is wrong with a field's words, which may change later."""
    longest = {"title_zh": LONGEST_TITLE, "title_en": LONGEST_TITLE}
    longest |= {"help_zh": LONGEST_HELP, "help_en": LONGEST_HELP}
    found = []
    for name, most in longest.items():
        text = getattr(field, name)
        least = 1 if name.startswith("title") else 0
        if not least <= len(text.strip()) <= most or not text.isprintable():
            found.append(CustomFieldInvalid(f"{least} to {most} printable characters", field=name))
    return found


def check_more_choices(old: CustomField, new: CustomField) -> list[CustomFieldInvalid]:
    """Whether all the choices that packs and values may know are still there."""
    kept = {choice.value for choice in new.choices}
    gone = [choice.value for choice in old.choices if choice.value not in kept]
    if gone:
        wanted = f"keep {', '.join(gone[:5])}: packs and values may name it"
        return [CustomFieldInvalid(wanted, field="choices")]
    return _choices(new)


def check_values(
    fields: Mapping[str, CustomField], values: Mapping[str, Value | None], at: str = ""
) -> list[CustomValueInvalid]:
    """What is wrong with values for one member, store or product.

    Args:
        fields: of that subject, by code; retired ones take no more values.
        values: by code; None takes a value away.
        at: where in the request they stand, e.g. "products.7.".
    Returns: one problem a wrong value.
    """
    problems: list[CustomValueInvalid] = []
    for code, value in values.items():
        field = fields.get(code)
        name = f"{at}values.{code[:LONGEST_CODE]}"
        if field is None or field.retired_at is not None:
            known = ", ".join(sorted(c for c, f in fields.items() if f.retired_at is None)[:10])
            problems.append(CustomValueInvalid(f"a field of the chain: {known or 'there is none yet'}", name))
        elif value is not None and (fault := fault_of(field, value)) is not None:
            problems.append(CustomValueInvalid(fault, name))
    return problems


def check_products(
    fields: Mapping[str, CustomField], rows: Sequence[ProductRow], most: int = MOST_PROBLEMS
) -> list[CustomValueInvalid]:
    """What is wrong with values for products.

    Args:
        fields: of products, by code; retired ones take no more values.
        rows: in the order of the request.
        most: how many problems are enough.
    Returns: one problem a wrong part, named such as "products.7.values.season"; the first ones.
    """
    problems: list[CustomValueInvalid] = []
    seen: set[str] = set()
    for index, (code, values) in enumerate(rows):
        at = f"products.{index}."
        plain = 1 <= len(code) <= LONGEST_PRODUCT_CODE and code.isprintable() and code == code.strip()
        if not plain:
            wanted = f"the product's code as tills send it: 1 to {LONGEST_PRODUCT_CODE} printable characters"
            problems.append(CustomValueInvalid(wanted, f"{at}product_code"))
        elif code in seen:
            problems.append(CustomValueInvalid("each product once", f"{at}product_code"))
        seen.add(code)
        problems += check_values(fields, values, at)
        if len(problems) >= most:
            break
    return problems[:most]


def fault_of(field: CustomField, value: object) -> str | None:
    """What should have been given in place of a value; None where it fits."""
    match field.type:
        case "boolean":
            return None if isinstance(value, bool) else "true or false"
        case "choice":
            allowed = [choice.value for choice in field.choices]
            return None if value == "" or value in allowed else f"one of {', '.join(allowed)}"
        case _:
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not isinstance(value, int) or not field.low <= value <= field.high:
                return f"a whole number from {field.low} to {field.high}"
            if field.type == "date" and not _is_date(value):
                return "a date as eight digits such as 20261122, or 0 for none"
    return None


def facts_of(fields: Sequence[CustomField], values: Mapping[str, Value]) -> dict[str, Value]:
    """What rules read of one member, store or product: a value for every field, whatever is set.

    Args:
        fields: all of that subject, retired ones too: a live pack may read them.
        values: what is set, by code.
    Returns: by code, in the fields' order; a value that no longer fits is as if it were not set.
    """
    return {
        field.code: values[field.code]
        if field.code in values and fault_of(field, values[field.code]) is None
        else field.default
        for field in fields
    }


def _bounds(field: CustomField) -> list[CustomFieldInvalid]:
    lowest, highest = usual_bounds(field.type)
    if lowest <= field.low <= field.high <= highest:
        return []
    return [CustomFieldInvalid(f"bounds from {lowest} to {highest}, the lower one first", field="low")]


def _choices(field: CustomField) -> list[CustomFieldInvalid]:
    if field.type != "choice":
        return [CustomFieldInvalid("only a choice has choices", field="choices")] if field.choices else []
    if not 1 <= len(field.choices) <= MOST_CHOICES:
        return [CustomFieldInvalid(f"1 to {MOST_CHOICES} choices", field="choices")]
    problems = []
    values = [choice.value for choice in field.choices]
    for index, choice in enumerate(field.choices):
        at = f"choices.{index}"
        if len(choice.value) > LONGEST_CODE or _CHOICE.fullmatch(choice.value) is None:
            wanted = "small letters, digits and hyphens, beginning with a letter"
            problems.append(CustomFieldInvalid(wanted, field=f"{at}.value"))
        elif values.index(choice.value) != index:
            problems.append(CustomFieldInvalid("each value once", field=f"{at}.value"))
        for name in ("zh", "en"):
            text = getattr(choice, name)
            if not 1 <= len(text.strip()) <= LONGEST_TITLE or not text.isprintable():
                problems.append(CustomFieldInvalid("words in both languages", field=f"{at}.{name}"))
    return problems


def _is_date(value: int) -> bool:
    if value == NO_DATE:
        return True
    try:
        date(value // 10_000, value // 100 % 100, value % 100)
    except ValueError:
        return False
    return True
