"""A stored receipt or a quote as the API answers it: figures as kept, conditions in words.

Written as JSON at once: building the schema's objects first would cost more than posting the purchase.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson

from api.schemas.purchases import LineOut
from regulars.custom_fields.domain import CustomField
from regulars.explanation.domain import Said
from regulars.explanation.words import NOTES, REASONS, note_words
from regulars.organisation.domain import Chain
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.quoting import Quote
from regulars.purchases.receipt import told_reasons
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.custom_catalogue import with_custom
from regulars.rules.domain import PackVersion
from regulars.rules.live import LivePacks
from regulars.rules.sentences import RuleSentence, pack_of, sentences

Words = Mapping[str, tuple[RuleSentence, RuleSentence]]


def receipt_json(recorded: Recorded, desk: Desk) -> bytes:
    """A purchase as it stands, the same whenever it is asked for: a ReceiptOut."""
    outcome = _outcome(recorded.receipt, recorded.evaluation, desk)
    return orjson.dumps({**outcome, "purchase_id": str(recorded.purchase_id)})


def quote_json(quote: Quote, desk: Desk) -> bytes:
    """A quote with the lines to charge: a QuoteOut."""
    outcome = _outcome(quote.outcome, quote.evaluation, desk)
    return orjson.dumps(
        {
            **outcome,
            "quote_id": str(quote.id),
            "quote": quote.token,
            "expires_at": quote.expires_at,
            "lines": [{name: getattr(line, name) for name in _LINE_FIELDS} for line in quote.lines],
        }
    )


_LINE_FIELDS: Final = tuple(LineOut.model_fields)


def _outcome(receipt: Mapping[str, Any], evaluation: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
    chain = desk.places.chain
    reasons = told_reasons(
        evaluation["reasons"],
        list_minor=receipt["list_minor"],
        sales_minor=receipt["sales_minor"],
        points=receipt["points"],
    )
    return {
        **receipt,
        "awards": evaluation["awards"],
        "offered": evaluation["offered"],
        "charged": evaluation["charged"],
        "rules": [_rule(rule, desk, chain) for rule in evaluation["rules"]],
        "reasons": reasons,
        "reason_words": [_REASON_WORDS[code] for code in reasons if code in _REASON_WORDS],
    }


_REASON_WORDS: Final = {code: {"zh": said.zh, "en": said.en} for code, said in REASONS.items()}


def _rule(rule: Mapping[str, Any], desk: Desk, chain: Chain) -> dict[str, Any]:
    packs = desk.packs
    version = packs.named(rule["pack"])
    both = _WORDS.of(version, chain, desk.own.fields).get(rule["rule"]) if version else None
    index = rule.get("failed")
    return {
        "pack": rule["pack"],
        "rule": rule["rule"],
        "title_zh": both[0].title if both else rule["rule"],
        "title_en": both[1].title if both else rule["rule"],
        "applied": rule["applied"],
        "gave": rule.get("gave", 0),
        "failed_condition": _condition(index, both),
        "error": rule.get("error"),
        "note": rule.get("note"),
        "note_words": _note(rule.get("note"), version, packs),
    }


def _note(note: str | None, version: PackVersion | None, packs: LivePacks) -> dict[str, str] | None:
    """A note in words; None where it is the code of a reason, which the pack words itself."""
    if note is None or note.partition(":")[0] not in NOTES:
        return None
    said = note_words(note, _subject(note.partition(":")[2], version, packs))
    return {"zh": said.zh, "en": said.en}


def _subject(subject: str, version: PackVersion | None, packs: LivePacks) -> Mapping[str, Said]:
    """What is called so that a note may name: a part of the rule's own version, or a rule of another."""
    pack, elsewhere, rule = subject.rpartition("#")
    named = packs.named(pack) if elsewhere else version
    if not subject or named is None:
        return {}
    titles = _titles(named)
    return {subject: titles[rule]} if rule in titles else {}


def _condition(
    index: int | None, both: tuple[RuleSentence, RuleSentence] | None
) -> dict[str, int | str] | None:
    if index is None:
        return None
    if both is None or index >= len(both[0].conditions):
        return {"index": index, "zh": "", "en": ""}
    return {"index": index, "zh": both[0].conditions[index], "en": both[1].conditions[index]}


_TITLES: dict[UUID, Mapping[str, Said]] = {}


def _titles(version: PackVersion) -> Mapping[str, Said]:
    """What rules and limits of a version are called, which a note may name."""
    known = _TITLES.get(version.id)
    if known is None:
        pack = pack_of(version.document)
        known = _TITLES[version.id] = {
            part_code: Said(title.zh, title.en)
            for part_code, title in (
                *((rule.id, rule.title) for rule in pack.rules),
                *((limit.code, limit.title) for limit in pack.limits or ()),
            )
        }
    return known


class _VersionWords:
    """Each rule of a version in both languages; made once, until own fields are called otherwise."""

    def __init__(self) -> None:
        self._fields: Sequence[CustomField] = ()
        self._catalogue = BUILT_IN
        self._known: dict[tuple[UUID, str, int], Words] = {}

    def of(self, version: PackVersion, chain: Chain, fields: Sequence[CustomField]) -> Words:
        if fields is not self._fields:
            self._fields, self._known = fields, {}
            self._catalogue = with_custom(fields) if fields else BUILT_IN
        key = version.id, chain.currency, chain.currency_exponent
        known = self._known.get(key)
        if known is None:
            pack, facts = pack_of(version.document), self._catalogue
            said = partial(
                sentences, exponent=chain.currency_exponent, catalogue=facts, currency=chain.currency
            )
            zh, en = said(pack, "zh"), said(pack, "en")
            known = {one.rule_id: (one, other) for one, other in zip(zh, en, strict=True)}
            self._known[key] = known
        return known


_WORDS: Final = _VersionWords()
