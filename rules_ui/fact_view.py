"""Facts of the field catalogue in the reader's words: what they mean, what their values look like."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from regulars.custom_fields.domain import Value
from regulars.rules.catalogue import LINES_PATH, Catalogue, Field
from regulars.rules.domain import PackVersion
from regulars.rules.parts import Words
from regulars.rules.product_reading import PREFIX
from rules_ui.contexts.base import Choice
from rules_ui.contexts.fields import FactGroup, FactLine, Reader
from rules_ui.i18n import N_, Speech
from rules_ui.words import word_for

LINES: Final = "lines."
"""How addresses of a line's facts begin: their paths are names seen from inside the line."""
READERS_SHOWN: Final = 3

GROUPS: Final[Mapping[str, tuple[str, str]]] = {
    "own-member": (N_("Our own fields of members"), N_("Filled in with each member.")),
    "own-product": (N_("Our own fields of products"), N_("Seen line by line, by the product's code.")),
    "own-store": (N_("Our own fields of stores"), N_("Filled in with each store.")),
    "member": (N_("Member"), N_("Who buys.")),
    "purchase": (N_("Purchase"), N_("What is bought, as a whole.")),
    "line": (N_("Lines and products"), N_("What is bought, line by line.")),
    "store": (N_("Store"), N_("Where it is bought.")),
    "calendar": (N_("Calendar"), N_("When it is bought, on the store's own clock.")),
}
"""In the order in which they are shown: a title and what the facts are about."""

Readers = Mapping[str, Sequence[PackVersion]]


def all_facts(catalogue: Catalogue) -> dict[str, Field]:
    """Every fact by what addresses name it."""
    return dict(catalogue.document) | {f"{LINES}{path}": field for path, field in catalogue.lines.items()}


def group_of(address: str, field: Field) -> str:
    """The group in which a fact is shown."""
    owner = "line" if address.startswith(LINES) else field.path.partition(".")[0]
    return f"own-{'product' if owner == 'line' else owner}" if field.custom else owner


def groups_of(
    catalogue: Catalogue, readers: Readers, say: Speech, *, words: str, of: str
) -> tuple[FactGroup, ...]:
    """The facts that match some words, by group.

    Args:
        catalogue: what rules of the chain can read.
        readers: by path, the live versions that read it.
        words: a part of the name or path in any language; "" for all.
        of: only this group; "" for all.
    """
    found: dict[str, list[FactLine]] = {}
    for address, field in all_facts(catalogue).items():
        group = group_of(address, field)
        if of in ("", group) and _matches(field, words):
            found.setdefault(group, []).append(_line(address, field, readers, say))
    return tuple(
        FactGroup(group, say.text(title), say.text(hint), group.startswith("own-"), tuple(found[group]))
        for group, (title, hint) in GROUPS.items()
        if group in found
    )


def group_choices(chosen: str, say: Speech) -> tuple[Choice, ...]:
    """The groups as options."""
    whole = Choice("", say.text(N_("Everything")), not chosen)
    return (
        whole,
        *(Choice(group, say.text(title), group == chosen) for group, (title, _) in GROUPS.items()),
    )


def readers_lines(versions: Iterable[PackVersion], say: Speech) -> tuple[Reader, ...]:
    """Versions with the way to them."""
    return tuple(
        Reader(
            f"/packs/{version.code}/versions/{version.version}",
            Words.model_validate(version.document["title"]).of(say.language),
            version.name,
        )
        for version in versions
    )


def address_of(subject: str, code: str) -> str:
    """What names one of the chain's own fields in addresses."""
    return f"{LINES}{PREFIX}{code}" if subject == "product" else f"{subject}.{PREFIX}{code}"


def name_of(field: Field, say: Speech) -> str:
    """A fact's name, as a title."""
    said = field.zh if say.language == "zh" else field.en
    return said[:1].upper() + said[1:]


def kind_of(field: Field, say: Speech) -> str:
    """Of which type and unit a fact's values are."""
    if field.options:
        return say.text(N_("One of a list"))
    return say.text(word_for("fact_kind", field.unit or field.type))


def source_of(field: Field, say: Speech) -> str:
    """Where a fact's values come from."""
    return say.text(word_for("fact_source", field.source))


def value_of(field: Field, value: Value, say: Speech) -> str:
    """A value of a fact as people write it."""
    option = next((each for each in field.options if each.value == value), None)
    if option is not None:
        return option.zh if say.language == "zh" else option.en
    if isinstance(value, bool):
        return say.text(N_("yes")) if value else say.text(N_("no"))
    return _number(field, value, say) if isinstance(value, int) else value or "—"


def _number(field: Field, value: int, say: Speech) -> str:
    match field.unit:
        case "minor":
            return say.amount(value)
        case "milli":
            return say.quantity(value)
        case "yyyymmdd":
            return _day(value, say)
        case "days":
            return say.ngettext("%(num)s day", "%(num)s days", value)
        case _:
            return say.number(value)


def example_of(field: Field, say: Speech) -> str:
    """An example of a fact's values; nothing for one that is no plain value."""
    return "" if field.path == LINES_PATH else value_of(field, field.example, say)


def _day(value: int, say: Speech) -> str:
    try:
        return say.day(date(value // 10_000, value // 100 % 100, value % 100))
    except ValueError:
        return "—"


def _line(address: str, field: Field, readers: Readers, say: Speech) -> FactLine:
    versions = readers.get(field.path, ())
    return FactLine(
        href=f"/fields/{address}",
        name=name_of(field, say),
        path=field.path,
        kind=kind_of(field, say),
        help=field.help_zh if say.language == "zh" else field.help_en,
        example=example_of(field, say),
        retired=field.retired,
        readers=readers_lines(versions[:READERS_SHOWN], say),
        more=max(0, len(versions) - READERS_SHOWN),
    )


def _matches(field: Field, words: str) -> bool:
    told = (field.path, field.zh, field.en, field.help_zh, field.help_en)
    return all(any(word in text.casefold() for text in told) for word in words.casefold().split())
