"""A chain's own fields, their values, and the field catalogue on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from api.schemas.base import In, Out
from regulars.custom_fields.domain import (
    MOST_CHOICES,
    MOST_FIELDS,
    Choice,
    CustomField,
    CustomType,
    ProductRow,
    Subject,
    Value,
    usual_bounds,
    usual_default,
)
from regulars.custom_fields.products import MOST_AT_ONCE, ProductValues
from regulars.custom_fields.service import Change, Values
from regulars.rules import catalogue
from regulars.rules.custom_catalogue import path_of

Plain = StrictBool | StrictInt | StrictStr


class ChoiceIn(In):
    """One value of a choice, with its words."""

    value: str
    zh: str
    en: str


Choices = Annotated[tuple[ChoiceIn, ...], Field(max_length=MOST_CHOICES)]


class CustomFieldIn(In):
    """A field of the chain's own, for members, stores or products."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "member",
                    "code": "wedding_on",
                    "type": "date",
                    "title_zh": "结婚纪念日",
                    "title_en": "wedding day",
                },
                {
                    "subject": "store",
                    "code": "format",
                    "type": "choice",
                    "title_zh": "店型",
                    "title_en": "format",
                    "choices": [
                        {"value": "flagship", "zh": "旗舰店", "en": "flagship"},
                        {"value": "corner", "zh": "社区店", "en": "corner shop"},
                    ],
                },
                {
                    "subject": "product",
                    "code": "own_brand",
                    "type": "boolean",
                    "title_zh": "自有品牌",
                    "title_en": "own brand",
                },
            ]
        }
    )

    subject: Subject
    code: Annotated[str, Field(description="What rules name it by; never changes.")]
    type: CustomType
    title_zh: str
    title_en: str
    help_zh: str = ""
    help_en: str = ""
    low: Annotated[StrictInt | None, Field(description="Of a number or date; never changes.")] = None
    high: StrictInt | None = None
    choices: Choices = ()
    default: Annotated[Plain | None, Field(description="What rules read where nothing is set.")] = None

    def field(self, field_id: UUID) -> CustomField:
        """The field as somebody wants it."""
        lowest, highest = usual_bounds(self.type)
        low = lowest if self.low is None else self.low
        return CustomField(
            id=field_id,
            subject=self.subject,
            code=self.code,
            type=self.type,
            title_zh=self.title_zh,
            title_en=self.title_en,
            help_zh=self.help_zh,
            help_en=self.help_en,
            low=low,
            high=highest if self.high is None else self.high,
            choices=tuple(Choice(each.value, each.zh, each.en) for each in self.choices),
            default=usual_default(self.type, low) if self.default is None else self.default,
        )


class CustomFieldChangeIn(In):
    """New words of a field, or all its choices with new ones among them; what is left out stays."""

    title_zh: str | None = None
    title_en: str | None = None
    help_zh: str | None = None
    help_en: str | None = None
    choices: Choices | None = None

    def change(self) -> Change:
        words = {name: getattr(self, name) for name in ("title_zh", "title_en", "help_zh", "help_en")}
        choices = None if self.choices is None else [Choice(c.value, c.zh, c.en) for c in self.choices]
        return Change(**words, choices=choices)


class ChoiceOut(Out):
    """One value that a field can have, with its words."""

    value: str | int
    zh: str
    en: str


class CustomFieldOut(Out):
    """A field of the chain's own."""

    id: UUID
    subject: Subject
    code: str
    type: CustomType
    title_zh: str
    title_en: str
    help_zh: str
    help_en: str
    low: int
    high: int
    choices: list[ChoiceOut]
    default: Value
    retired_at: datetime | None
    path: Annotated[str, Field(description="What rules read it by.")]

    @classmethod
    def of(cls, field: CustomField) -> Self:
        names = [name for name in cls.model_fields if name not in ("choices", "path")]
        choices = [ChoiceOut(value=c.value, zh=c.zh, en=c.en) for c in field.choices]
        return cls(**{name: getattr(field, name) for name in names}, choices=choices, path=path_of(field))


class CustomFieldPageOut(Out):
    """Fields by subject and code."""

    items: list[CustomFieldOut]
    next_after: Annotated[str | None, Field(description="Give this as `after` for the next page.")] = None


class CustomValuesIn(In):
    """Some values by the codes of their fields; null takes one away, what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": {"wedding_on": 20180520}}]})

    values: Annotated[dict[str, Plain | None], Field(min_length=1, max_length=50)]


class CustomValuesOut(Out):
    """What somebody set, and what rules read: a value for every field."""

    values: dict[str, Value]
    facts: dict[str, Value]

    @classmethod
    def of(cls, values: Values) -> Self:
        return cls(values=dict(values.set), facts=dict(values.facts))


class ProductValuesIn(In):
    """Some values of one product by their fields' codes; null takes one away, what is left out stays."""

    product_code: Annotated[str, Field(description="As tills send it as `sku`.")]
    values: Annotated[dict[str, Plain | None], Field(min_length=1, max_length=MOST_FIELDS)]


class ProductsValuesIn(In):
    """Values of many products: all of them are set, or none where one is wrong."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"products": [{"product_code": "1082185", "values": {"own_brand": True}}]}]
        }
    )

    products: Annotated[tuple[ProductValuesIn, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]

    def rows(self) -> list[ProductRow]:
        return [(each.product_code, each.values) for each in self.products]


class ProductsChangedOut(Out):
    """What became of them."""

    changed: Annotated[list[str], Field(description="Codes of the products that are not as they were.")]


class ProductValuesOut(Out):
    """What somebody set for a product, and what rules read: a value for every field."""

    product_code: str
    values: dict[str, Value]
    facts: dict[str, Value]
    set_at: datetime
    set_by: str

    @classmethod
    def of(cls, found: ProductValues) -> Self:
        return cls(
            product_code=found.product_code,
            values=dict(found.set),
            facts=dict(found.facts),
            set_at=found.set_at,
            set_by=found.set_by,
        )


class ProductValuesPageOut(Out):
    """Products by code, those for which something is set."""

    items: list[ProductValuesOut]
    next_after: Annotated[str | None, Field(description="Give this as `after` for the next page.")] = None


class FactOut(Out):
    """One fact that rules can read: everything that a form needs to offer it."""

    path: str
    in_line: Annotated[bool, Field(description="Seen from inside a line of the purchase.")]
    type: str
    unit: str | None
    zh: str
    en: str
    help_zh: str
    help_en: str
    low: int | None
    high: int | None
    options: list[ChoiceOut]
    example: Value
    source: str
    kinds: list[str]
    custom: bool
    retired: bool

    @classmethod
    def of(cls, field: catalogue.Field, *, in_line: bool) -> Self:
        whole = field.type == "integer"
        return cls(
            path=field.path,
            in_line=in_line,
            type=field.type,
            unit=field.unit,
            zh=field.zh,
            en=field.en,
            help_zh=field.help_zh,
            help_en=field.help_en,
            low=field.low if whole else None,
            high=field.high if whole else None,
            options=[ChoiceOut(value=o.value, zh=o.zh, en=o.en) for o in field.options],
            example=field.example,
            source=field.source,
            kinds=sorted(field.kinds),
            custom=field.custom,
            retired=field.retired,
        )


class CatalogueOut(Out):
    """The field catalogue of this chain."""

    facts: list[FactOut]
