"""The service desk: look somebody up, take somebody in, the member at a glance, a receipt read aloud."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.adjustments import AdjustmentLine
from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, Tier, View
from rules_ui.contexts.members import Progress, RuleTag


@dataclass(frozen=True, slots=True)
class FoundMember:
    """Somebody who may be meant, told so that nobody else learns who it is."""

    href: str
    name: str
    phone: str
    number: str
    store: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class DeskPage(View):
    """Who is it?

    Attributes:
        typed: what nobody was found by: it goes on standing in the field, to be put right or typed over.
        found: several who may be meant.
        missed: nobody was found.
        enrol_phone: what was typed, where it reads as a telephone number and nobody has it.
        waiting: adjustments that wait for approval, e.g. "3" or "99+"; "" for none.
    """

    template: ClassVar[str] = "desk.html"
    typed: str
    found: tuple[FoundMember, ...]
    missed: bool
    may_enrol: bool
    enrol_phone: str
    sees_adjustments: bool
    waiting: str


@dataclass(frozen=True, slots=True)
class Twin(View):
    """Whose the telephone number is already.

    Attributes:
        found: somebody has it.
        href: the member; None where somebody of another store has it.
    """

    template: ClassVar[str] = "desk_twin.html"
    found: bool
    href: str | None
    name: str
    phone: str
    store: str


@dataclass(frozen=True, slots=True)
class DeskEnrolPage(View):
    """Take somebody in, in half a minute.

    Attributes:
        member_id: the new member's: sent twice, it enrols once.
    """

    template: ClassVar[str] = "desk_enrol.html"
    member_id: UUID
    phone: str
    name: str
    stores: PlacePick
    consents: tuple[Choice, ...]
    problems: tuple[FieldTrouble, ...]
    twin: Twin


@dataclass(frozen=True, slots=True)
class Offer:
    """One rule that is live today, as it concerns the member.

    Attributes:
        what: what it gives.
        why: what is missing, where it gives nothing; what the purchase must be, where that decides; else "".
        left: what limits leave of it, a sentence each.
        remarks: what it excludes, and what used-up limits of that mean for it, a sentence each.
    """

    title: str
    what: str
    why: str
    left: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offers(View):
    """What the member gets today, and what not, and why.

    Attributes:
        notes: what stands above single offers, e.g. that nothing is earned.
        given: whatever is bought of what they are for.
        depending: on what else the purchase is; `why` says on what.
    """

    template: ClassVar[str] = "desk_offers.html"
    notes: tuple[str, ...]
    given: tuple[Offer, ...]
    depending: tuple[Offer, ...]
    withheld: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One purchase in a list."""

    href: str
    at: datetime
    store: str
    sales: str
    points: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Receipts(View):
    """Some receipts, and where older ones are."""

    template: ClassVar[str] = "desk_receipts.html"
    lines: tuple[ReceiptLine, ...]
    older_href: str | None


@dataclass(frozen=True, slots=True)
class DeskMemberPage(View):
    """One member at a glance.

    Attributes:
        points: all that is owned; `points_pending` of them cannot be used yet.
    """

    template: ClassVar[str] = "desk_member.html"
    member_id: UUID
    number: str
    name: str
    phone: str
    home_store: str
    tags: tuple[str, ...]
    rule_tags: tuple[RuleTag, ...]
    may_end_tags: bool
    tier: Tier
    tier_year_ends_at: datetime | None
    progress: Progress | None
    points: int
    points_pending: int
    points_owed: int
    expiring_points: int
    expiring_at: datetime | None
    frozen_at: datetime | None
    frozen_reason: str
    offers: Offers | None
    receipts: Receipts
    adjustments: tuple[AdjustmentLine, ...]
    sees_adjustments: bool
    may_adjust: bool
    has_own_fields: bool


@dataclass(frozen=True, slots=True)
class ReceiptReason:
    """One rule on a receipt: what it gave and how, or why nothing."""

    title: str
    gave: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeskReceiptPage(View):
    """One receipt, to be read to the customer: large, and nothing that another may not see."""

    template: ClassVar[str] = "desk_receipt.html"
    back: str
    at: datetime
    store: str
    sales: str
    points: int
    notes: tuple[str, ...]
    given: tuple[ReceiptReason, ...]
    withheld: tuple[ReceiptReason, ...]
