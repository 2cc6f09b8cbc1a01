"""The facts that the rules read, by the names of the field catalogue."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

import orjson

from regulars.custom_fields.domain import ProductFacts
from regulars.explanation.domain import Fact, Said, Value
from regulars.explanation.recomputing import FactsRead
from regulars.explanation.speech import NO, NONE, YES, Speech
from regulars.kernel.written import written_digits
from regulars.rules.catalogue import LINES_PATH, Field
from regulars.rules.product_reading import PREFIX

_NOT_SHOWN: Final = frozenset({LINES_PATH})
MOST_PRODUCTS: Final = 100


def told_facts(facts: FactsRead, speech: Speech, *, basket: bool = True) -> tuple[Fact, ...]:
    """Every fact with its name and its value in words, in the catalogue's order.

    Args:
        facts: as they were read; the lines are told with the conditions.
        speech: the chain's.
        basket: leave out what a basket says where none is known.
    """
    return tuple(_facts(facts, speech, basket=basket))


def _facts(facts: FactsRead, speech: Speech, *, basket: bool) -> Iterator[Fact]:
    values: dict[str, Any] = {
        "member": _with_own(asdict(facts.member), facts.member.custom),
        "purchase": {
            "sales_minor": facts.purchase.sales_minor,
            "list_minor": facts.purchase.list_minor,
            "channel": facts.purchase.channel,
        },
        "store": _with_own(asdict(facts.store), facts.store.custom),
        "calendar": asdict(facts.calendar),
    }
    for path, field in speech.catalogue.document.items():
        group, _, name = path.partition(".")
        if path in _NOT_SHOWN or name not in values[group]:
            continue
        if (group == "member" and not facts.member.known and name != "known") or (
            group == "purchase" and not basket
        ):
            continue
        value = values[group][name]
        if value is None:  # no pack asked for it
            continue
        kept: Value = list(value) if isinstance(value, tuple) else value
        yield Fact(path, Said(field.zh, field.en), kept, _text(field, kept, speech))
    if basket and facts.purchase.products is not None:
        yield from _of_products(facts.purchase.products, speech)


def _of_products(products: ProductFacts, speech: Speech) -> Iterator[Fact]:
    """What lines were read with by the chain's own fields, product by product, where something was set."""
    for code, values in islice(products.of.items(), MOST_PRODUCTS):
        for name, value in values.items():
            field = speech.catalogue.lines.get(PREFIX + name)
            if field is not None:
                named = Said(f"{field.zh}（商品 {code}）", f"{field.en} (product {code})")
                yield Fact(field.path, named, value, _text(field, value, speech))


def _with_own(facts: dict[str, Any], custom: str) -> dict[str, Any]:
    """Facts with the chain's own by their names in the catalogue."""
    own: dict[str, Any] = orjson.loads(custom) if custom else {}
    return facts | {f"custom.{code}": value for code, value in own.items()}


def _text(field: Field, value: Value, speech: Speech) -> Said:
    option = next((option for option in field.options if option.value == value), None)
    if option is not None:
        return Said(option.zh, option.en)
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return Said("、".join(map(str, value)), ", ".join(map(str, value))) if value else NONE
    if isinstance(value, int):
        return _number(field, value, speech)
    return speech.tier(str(value)) if field.path == "member.tier" else Said(str(value), str(value))


def _number(field: Field, value: int, speech: Speech) -> Said:
    match field.unit:
        case "minor":
            return speech.money(value)
        case "days":
            return Said(f"{value:,} 天", f"{value:,} day{'' if value == 1 else 's'}")
        case "yyyymmdd":
            return Said(written_digits(value, "zh"), written_digits(value, "en"))
        case _:
            return Said(f"{value:,}", f"{value:,}")
