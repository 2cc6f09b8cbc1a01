"""Turns facts into the one JSON text that all rules of an event read."""

import re
from functools import lru_cache

import orjson

from regulars.custom_fields.domain import ProductFacts
from regulars.rules.domain import CalendarFacts, MemberFacts, PurchaseFacts, StoreFacts

ESCAPE = "~"
# The engine compares texts such as "1d" and "24h", or two spellings of one instant, by their meaning.
# All that it so reads begin with a digit and go on with something else.
_READ_AS_TIME = re.compile(r"~|[0-9]+[^0-9]")


def safe_code(text: str) -> str:
    """A text that the engine compares letter by letter: `1d` becomes `~1d`.

    Args:
        text: any code or word that rules compare.
    Returns: the same text, marked where the engine would read a duration or an instant into it; different
        texts stay different.
    """
    return ESCAPE + text if _READ_AS_TIME.match(text) else text


def plain_code(text: str) -> str:
    """What `safe_code` was given."""
    return text.removeprefix(ESCAPE)


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    return orjson.dumps(safe_code(value)).decode()


@lru_cache(maxsize=1024)
def _texts(values: tuple[str, ...]) -> str:
    return orjson.dumps([safe_code(value) for value in values]).decode()


def member_document(member: MemberFacts) -> str:
    """What tier rules read when no purchase is at hand."""
    return f'{{"member":{_member(member)}}}'


def document(member: MemberFacts, purchase: PurchaseFacts, store: StoreFacts, calendar: CalendarFacts) -> str:
    """The event as JSON text, every fact of the catalogue present.

    Args:
        member, purchase, store, calendar: the facts; `purchase.lines_json` is spliced in as it is. What a
            member has done lately is left out where it is not known: no rule that runs asks for it.
    Returns: JSON text for the engine.
    """
    return (
        f'{{"member":{_member(member)},'
        f'"purchase":{{"sales_minor":{purchase.sales_minor},"list_minor":{purchase.list_minor},'
        f'"channel":{_text(purchase.channel)},"lines":{_lines(purchase.lines_json, purchase.products)}}},'
        f'"store":{{"code":{_text(store.code)},"branch":{_text(store.branch)}{_custom(store.custom)}}},'
        f'"calendar":{{"date":{calendar.date},"weekday":{calendar.weekday},"hour":{calendar.hour},'
        f'"minute":{calendar.minute},"month":{calendar.month},"day":{calendar.day}}}}}'
    )


def _member(member: MemberFacts) -> str:
    return (
        f'{{"known":{"true" if member.known else "false"},"tier":{_text(member.tier)},'
        f'"stage":{_text(member.stage)},"tags":{_texts(member.tags)},'
        f'"spend_365d_minor":{member.spend_365d_minor},"visits_365d":{member.visits_365d},'
        f'"qualifying_spend_minor":{member.qualifying_spend_minor},"visits":{member.visits},'
        f'"enrolled_days":{member.enrolled_days},"frozen":{"true" if member.frozen else "false"}'
        f"{'' if member.days_since_visit is None else _recent(member)}{_custom(member.custom)}}}"
    )


def _recent(member: MemberFacts) -> str:
    return (
        f',"spend_30d_minor":{member.spend_30d_minor},"visits_30d":{member.visits_30d},'
        f'"spend_90d_minor":{member.spend_90d_minor},"visits_90d":{member.visits_90d},'
        f'"days_since_visit":{member.days_since_visit}'
    )


def _lines(lines_json: bytes, products: ProductFacts | None) -> str:
    """The lines as they are stored; where rules read facts of products, each with those of its own."""
    if products is None:
        return lines_json.decode()
    lines = orjson.loads(lines_json)
    for line in lines:
        line["custom"] = products.of_product(plain_code(line["sku"]))
    return orjson.dumps(lines).decode()


def _custom(values: str) -> str:
    return f',"custom":{values}' if values else ""
