"""The field catalogue of one chain: the built-in facts, and the fields that the chain added itself."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from regulars.custom_fields.domain import CustomField, Subject
from regulars.rules.catalogue import (
    DOCUMENT_FIELDS,
    LINE_FIELDS,
    PURCHASE_KINDS,
    Catalogue,
    Field,
    FieldType,
    Option,
    Source,
    Unit,
)
from regulars.rules.product_reading import PREFIX

_SOURCES: Mapping[Subject, Source] = {"member": "member", "store": "place", "product": "chain"}
_NOT_SET = Option("", "未填写", "not given")


def with_custom(fields: Iterable[CustomField]) -> Catalogue:
    """The catalogue of a chain.

    Args:
        fields: all of its own, retired ones too.
    Returns: the built-in facts and these: `member.custom.x`, `store.custom.x`, and of a line's product
        `custom.x`, seen from inside the line.
        Tier rules read none of them: time judges tiers when no purchase is at hand.
    """
    groups: dict[Subject, dict[str, Field]] = {"member": {}, "store": {}, "product": {}}
    for custom in fields:
        groups[custom.subject][custom.code] = _field(custom)
    document = {field.path: field for name in ("member", "store") for field in groups[name].values()}
    return Catalogue(
        MappingProxyType(dict(DOCUMENT_FIELDS) | document),
        MappingProxyType(dict(LINE_FIELDS) | {field.path: field for field in groups["product"].values()}),
        MappingProxyType(groups["member"]),
        MappingProxyType(groups["store"]),
        MappingProxyType(groups["product"]),
    )


def path_of(custom: CustomField) -> str:
    """What rules read a field by."""
    in_line = custom.subject == "product"
    return f"{PREFIX}{custom.code}" if in_line else f"{custom.subject}.{PREFIX}{custom.code}"


def _field(custom: CustomField) -> Field:
    kind, unit = _type(custom)
    options = tuple(Option(c.value, c.zh, c.en) for c in custom.choices)
    return Field(
        path=path_of(custom),
        type=kind,
        unit=unit,
        zh=custom.title_zh,
        en=custom.title_en,
        help_zh=custom.help_zh,
        help_en=custom.help_en,
        example=options[0].value if options else custom.default,
        source=_SOURCES[custom.subject],
        kinds=PURCHASE_KINDS,
        low=custom.low,
        high=custom.high,
        options=(*options, _NOT_SET) if options else (),
        custom=True,
        default=custom.default,
        retired=custom.retired_at is not None,
    )


def _type(custom: CustomField) -> tuple[FieldType, Unit | None]:
    match custom.type:
        case "choice":
            return "text", None
        case "boolean":
            return "boolean", None
        case "money_minor":
            return "integer", "minor"
        case "date":
            return "integer", "yyyymmdd"
        case "integer":
            return "integer", None
