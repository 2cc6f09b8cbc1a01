"""The field catalogue: what rules can read, the chain's own fields, and their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.base import Choice, FieldTrouble, View


@dataclass(frozen=True, slots=True)
class Reader:
    """A version of a pack, or a segment, that reads a fact.

    Attributes:
        state: how far its release is where it is not live yet, else "".
    """

    href: str
    title: str
    name: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact of the catalogue.

    Attributes:
        path: what rules write.
        kind: of which type and unit its values are, in the reader's words.
        readers: the first live packs that read it; `more` others do too.
    """

    href: str
    name: str
    path: str
    kind: str
    help: str
    example: str
    retired: bool
    readers: tuple[Reader, ...]
    more: int


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts of one thing; `own`: the chain added them."""

    id: str
    title: str
    hint: str
    own: bool
    facts: tuple[FactLine, ...]


@dataclass(frozen=True, slots=True)
class FieldListPage(View):
    """The whole catalogue, or what matches some words."""

    template: ClassVar[str] = "field_list.html"
    words: str
    of: tuple[Choice, ...]
    groups: tuple[FactGroup, ...]
    narrowed: bool
    may_define: bool


@dataclass(frozen=True, slots=True)
class ChoiceTyped:
    """One value of a list as it was typed, and what names its place in the form."""

    value: str = ""
    zh: str = ""
    en: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class FieldTyped:
    """What a form about a field holds."""

    subject: str = "member"
    type: str = "choice"
    code: str = ""
    title_zh: str = ""
    title_en: str = ""
    help_zh: str = ""
    help_en: str = ""
    low: str = ""
    high: str = ""
    default: str = ""
    default_choice: str = ""
    flag: bool = False
    choices: tuple[ChoiceTyped, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldNewPage(View):
    """A new field of the chain's own."""

    template: ClassVar[str] = "field_new.html"
    subjects: tuple[Choice, ...]
    types: tuple[Choice, ...]
    typed: FieldTyped
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class StoreValue:
    """What a store is by one field; `value` is empty where nothing is set."""

    href: str
    name: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class FactPage(View):
    """One fact: what it means, who reads it, and of one of our own what may change.

    Attributes:
        other_name: its name in the other language, `other_lang`.
        code: how rules write it.
        options: values with their words.
        own: id of the chain's own field; None of a built-in one.
        seen: the readers as the form to retire it knew them.
        values_href: where values are loaded, of products.
        stores: of a store's field: what stores are by it.
    """

    template: ClassVar[str] = "field.html"
    name: str
    other_name: str
    other_lang: str
    path: str
    code: str
    kind: str
    help: str
    facts: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    readers: tuple[Reader, ...]
    coming: tuple[Reader, ...]
    segments: tuple[Reader, ...]
    own: UUID | None
    retired_at: datetime | None
    seen: str
    values_href: str | None
    stores: tuple[StoreValue, ...]
    more_stores: int
    history: str | None
    typed: FieldTyped
    may_change: bool
    unconfirmed: bool
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of products: what to write in it."""

    code: str
    title: str
    wanted: str


@dataclass(frozen=True, slots=True)
class ProductLine:
    """What is set for one product, a value a field."""

    code: str
    values: tuple[tuple[str, str], ...]
    set_at: datetime


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One wrong cell of a file."""

    row: str
    column: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file; `title` says it, and nothing was set where there are faults."""

    tone: str
    title: str
    faults: Sequence[FaultLine] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class ProductValuesPage(View):
    """Products' values: what is set, and a file that sets more."""

    template: ClassVar[str] = "product_values.html"
    words: str
    products: tuple[ProductLine, ...]
    next: str | None
    first: str | None
    columns: tuple[Column, ...]
    outcome: Outcome | None
    most: str
    may_load: bool


@dataclass(frozen=True, slots=True)
class ValueField:
    """One field of a store or member to be filled in.

    Attributes:
        input: "choice", "number" or "date".
        options: of a choice; the first one is none.
        usual: what rules read where nothing is set; "" where that is nothing.
    """

    code: str
    title: str
    help: str
    input: str
    value: str
    before: str
    options: tuple[Choice, ...]
    usual: str
    href: str


@dataclass(frozen=True, slots=True)
class StoreValuesPage(View):
    """What one store is by the chain's own fields."""

    template: ClassVar[str] = "store_values.html"
    store_id: UUID
    name: str
    fields: tuple[ValueField, ...]
    may_set: bool
    may_define: bool
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class MemberValuesPage(View):
    """What one member is by the chain's own fields.

    Attributes:
        back: the member's page that it was opened from.
        action: where the form is sent.
    """

    template: ClassVar[str] = "member_values.html"
    back: str
    action: str
    number: str
    fields: tuple[ValueField, ...]
    may_set: bool
    may_define: bool
    problems: tuple[FieldTrouble, ...]
