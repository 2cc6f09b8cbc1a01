"""Presents members at the desk: masked, at a glance, and in words that can be read aloud."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from regulars.analytics.member_list import MemberRow
from regulars.analytics.member_story import StoryItem
from regulars.analytics.purchase_record import PurchaseRecord
from regulars.explanation.domain import OfferExplanation, PackSaid, PurchaseExplanation, RuleSaid
from regulars.explanation.limits_left import left_of
from regulars.purchases.receipt import told_reasons
from rules_ui.contexts.base import Choice, Tier
from rules_ui.contexts.desk import (
    DeskReceiptPage,
    FoundMember,
    Offer,
    Offers,
    ReceiptLine,
    ReceiptReason,
    Receipts,
)
from rules_ui.explain import READING_ORDER
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import tier_of
from rules_ui.member_view import as_text, masked
from rules_ui.words import WORDS, word_for

OFFERED_KINDS: Final = ("discount", "earning")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_HIDDEN: Final = "*"


def masked_name(name: str) -> str:
    """A name of which so much may be seen that its owner knows it: 陈*, 欧*娜, "Chen J."."""
    words = name.split()
    if not words:
        return ""
    if _HAN.search(name):
        whole = "".join(words)
        return whole[0] + _HIDDEN + (whole[-1] if len(whole) > 2 else "")
    first = words[0] if len(words) > 1 else words[0][0] + _HIDDEN * 3
    return " ".join([first, *(f"{word[0]}." for word in words[1:])])


def shown_text(text: str) -> str:
    """What somebody typed or a scanner read: of an address in a QR code its last part that says something."""
    clean = unicodedata.normalize("NFKC", text).strip()
    if "://" not in clean:
        return clean
    try:
        parts = urlsplit(clean)
    except ValueError:
        return clean
    said = [value for _, value in parse_qsl(parts.query)] or [each for each in parts.path.split("/") if each]
    return said[-1] if said else clean


def found_of(rows: Iterable[MemberRow], ladder: Sequence[Tier], say: Speech) -> tuple[FoundMember, ...]:
    """Members who may be meant."""
    return tuple(
        FoundMember(
            href=f"/desk/members/{row.id}",
            name=masked_name(row.name),
            phone=masked(row.phone_last4),
            number=row.number,
            store=row.home_store,
            tier=tier_of(row.tier, ladder, say),
        )
        for row in rows
    )


def consent_choices(given: frozenset[str], say: Speech) -> tuple[Choice, ...]:
    """What a new member is asked to agree to; nothing is agreed to by itself."""
    return tuple(Choice(code, say.text(words), code in given) for code, words in WORDS["consent"].items())


def offers_of(found: OfferExplanation, say: Speech) -> Offers:
    """What the live packs give the member today, and what not, and why."""
    given: list[Offer] = []
    depending: list[Offer] = []
    withheld: list[Offer] = []
    for pack, rule in _with_packs(found.packs, OFFERED_KINDS):
        title, what = rule.title.of(say.language), rule.effect.of(say.language)
        left = tuple(one.words.of(say.language) for one in left_of(rule.rule, pack, found.limits))
        remarks = tuple(each.of(say.language) for each in rule.remarks)
        if rule.state not in ("applied", "idle", "open"):
            withheld.append(Offer(title, what, rule.why.of(say.language)))
        elif asked := [each.words.of(say.language) for each in rule.conditions if each.holds is None]:
            on = say.text(
                N_("On a purchase where: %(conditions)s"), conditions=say.text(N_("; ")).join(asked)
            )
            depending.append(Offer(title, what, on, left, remarks))
        else:
            given.append(Offer(title, what, "", left, remarks))
    excluded = [rule for rule in _rules(found.packs, ("eligibility",)) if rule.state == "applied"]
    notes = tuple(rule.effect.of(say.language) for rule in excluded)
    return Offers(notes, tuple(given), tuple(depending), tuple(withheld))


def receipts_of(member_id: UUID, items: Sequence[StoryItem], *, more: bool, say: Speech) -> Receipts:
    """Some purchases of a member."""
    older = f"/desk/members/{member_id}?before={as_text(items[-1].key)}" if more and items else None
    return Receipts(
        tuple(
            ReceiptLine(
                href=f"/desk/members/{member_id}/receipts/{item.id}",
                at=item.key.at,
                store=item.store or "",
                sales=say.amount(item.sales_minor or 0),
                points=item.points or 0,
                taken_back=item.taken_back,
            )
            for item in items
        ),
        older,
    )


def receipt_of(
    member_id: UUID,
    record: PurchaseRecord,
    found: PurchaseExplanation,
    moved_to: Tier | None,
    say: Speech,
) -> DeskReceiptPage:
    """A receipt in sentences: what it gave and how, and what was missing for more.

    Args:
        member_id: whose it is.
        record: the purchase as stored.
        found: its explanation.
        moved_to: the tier that it moved its member up to, or None.
        say: the reader's language and clock.
    """
    codes = told_reasons(
        record.evaluation.get("reasons", ()),
        list_minor=record.list_minor,
        sales_minor=record.sales_minor,
        points=record.points,
    )
    notes = [say.text(word_for("reason", code)) for code in codes]
    if found.attributed:
        notes.append(say.text(N_("The member was named only after the purchase.")))
    notes += [
        say.ngettext(
            "%(num)s point was taken back on %(date)s.",
            "%(num)s points were taken back on %(date)s.",
            one.points,
            date=say.day(one.at),
        )
        for one in found.taken_back
        if one.points
    ]
    rules = list(_rules(found.packs, OFFERED_KINDS))
    if moved_to is not None:
        notes.append(say.text(N_("This purchase brought the tier %(tier)s."), tier=moved_to.title))
    return DeskReceiptPage(
        back=f"/desk/members/{member_id}",
        at=record.occurred_at,
        store=record.store,
        sales=say.amount(record.sales_minor),
        points=record.points,
        notes=tuple(notes),
        given=tuple(_given(rule, kind, say) for kind, rule in _kinds(found.packs) if rule.gave),
        withheld=tuple(
            ReceiptReason(rule.title.of(say.language), "", (rule.why.of(say.language),))
            for rule in rules
            if not rule.gave and rule.state != "error"
        ),
    )


def _given(rule: RuleSaid, kind: str, say: Speech) -> ReceiptReason:
    gave = (
        say.text(N_("%(amount)s off"), amount=say.amount(rule.gave))
        if kind == "discount"
        else say.ngettext("+%(num)s pt", "+%(num)s pts", rule.gave)
    )
    steps = tuple(step.of(say.language) for step in rule.steps)
    return ReceiptReason(rule.title.of(say.language), gave, (rule.effect.of(say.language), *steps))


def _kinds(packs: Iterable[PackSaid]) -> list[tuple[str, RuleSaid]]:
    order = {kind: number for number, kind in enumerate(READING_ORDER)}
    sorted_packs = sorted(packs, key=lambda pack: (order.get(pack.kind, len(order)), pack.pack))
    return [(pack.kind, rule) for pack in sorted_packs for rule in pack.rules if pack.kind in OFFERED_KINDS]


def _rules(packs: Iterable[PackSaid], kinds: Sequence[str]) -> list[RuleSaid]:
    return [rule for _, rule in _with_packs(packs, kinds)]


def _with_packs(packs: Iterable[PackSaid], kinds: Sequence[str]) -> list[tuple[str, RuleSaid]]:
    ranked = sorted(
        (pack for pack in packs if pack.kind in kinds), key=lambda p: (kinds.index(p.kind), p.pack)
    )
    return [(pack.pack, rule) for pack in ranked for rule in pack.rules]
