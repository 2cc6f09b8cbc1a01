"""What codes are called on the pages. Each message is translated where it is shown."""

from collections.abc import Mapping
from typing import Final

from rules_ui.i18n import N_

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "stage": {
        "joined": N_("New"),
        "active": N_("Active"),
        "at_risk": N_("At risk"),
        "lapsed": N_("Lapsed"),
    },
    "tier": {"base": N_("Regular"), "silver": N_("Silver"), "gold": N_("Gold")},
    "role": {
        "marketing": N_("Marketing"),
        "approver": N_("Approver"),
        "ops": N_("Operations"),
        "store": N_("Store"),
        "service_desk": N_("Service desk"),
        "finance": N_("Finance"),
        "admin": N_("Administrator"),
        "terminal": N_("Terminal"),
    },
    "place": {
        "hq": N_("Headquarters"),
        "branch": N_("Branch"),
        "store": N_("Store"),
        "terminal": N_("Terminal"),
    },
    "pack_kind": {
        "eligibility": N_("Eligibility"),
        "discount": N_("Discounts"),
        "earning": N_("Points"),
        "tier": N_("Tiers and lifecycle"),
        "lifecycle": N_("Lifecycle"),
    },
    "task": {"revisit": N_("Revisit call"), "revisit_due": N_("Revisit call")},
    "outcome": {
        "reached": N_("Reached"),
        "no_answer": N_("No answer"),
        "declined": N_("Does not want calls"),
        "wrong_number": N_("Wrong number"),
        "not_needed": N_("Not needed"),
    },
    "reason": {
        "frozen": N_("The account is frozen, so nothing is earned."),
        "no_member": N_("No member was named, so nothing is earned."),
        "excluded": N_("This member is excluded from earning."),
        "limited": N_("A limit left less than the rules give."),
        "nothing_left": N_("The discounts left nothing to pay, so there is nothing to earn points on."),
    },
    "flag": {
        "late": N_("Recorded late"),
        "discount_differs": N_("Discount differs from the rules"),
        "over_budget": N_("Discount beyond a limit"),
        "recompute": N_("A rule failed: to be recomputed"),
        "quote_invalid": N_("Quote not valid"),
        "quote_expired": N_("Quote expired"),
        "quote_used": N_("Quote used before"),
        "quote_for_another_basket": N_("Quote for another basket"),
    },
    "adjustment_reason": {
        "missed_points": N_("Points that were missed"),
        "goodwill": N_("Goodwill"),
        "goods_returned": N_("Goods returned"),
        "wrong_entry": N_("Entered wrongly"),
        "misuse": N_("Misuse"),
        "other": N_("Another reason"),
    },
    "adjustment": {
        "waiting": N_("Waiting for approval"),
        "posted": N_("Posted"),
        "rejected": N_("Not approved"),
        "withdrawn": N_("Withdrawn"),
    },
    "consent": {
        "sms": N_("Text messages with offers"),
        "phone_call": N_("Calls after a purchase"),
        "profiling": N_("Offers that suit what was bought"),
    },
    "release": {
        "in_review": N_("In review"),
        "rejected": N_("Sent back"),
        "withdrawn": N_("Withdrawn"),
        "approved": N_("Approved"),
        "cancelled": N_("Cancelled"),
        "scheduled": N_("Planned"),
        "live": N_("Live at the tills"),
        "retired": N_("Ended"),
        "rolled_back": N_("Rolled back"),
    },
    "release_stage": {
        "waiting": N_("waits"),
        "live": N_("live"),
        "retired": N_("ended"),
        "halted": N_("on hold"),
        "rolled_back": N_("rolled back"),
    },
    "rehearsal": {
        "queued": N_("Waiting for its turn"),
        "running": N_("At work"),
        "finished": N_("Finished"),
        "failed": N_("Broke off"),
        "cancelled": N_("Cancelled"),
    },
    "undo": {
        "preparing": N_("Being prepared"),
        "empty": N_("Nothing to take back"),
        "in_review": N_("Waiting for approval"),
        "rejected": N_("Refused"),
        "approved": N_("Approved"),
        "running": N_("Being carried out"),
        "paused": N_("Resting"),
        "cancelled": N_("Given up"),
        "finished": N_("Done"),
    },
    "undo_policy": {
        "let_be": N_("Only what is left: spent points are left alone"),
        "within_balance": N_("Also from other points of the member, never below zero"),
        "debt": N_("In full: what is missing is owed, and paid by what is earned next"),
    },
    "freeze": {
        "fraud_suspected": N_("Suspected fraud"),
        "member_request": N_("At the member's wish"),
        "data_dispute": N_("Data in dispute"),
        "other": N_("Another reason"),
    },
    "fact_kind": {
        "integer": N_("Whole number"),
        "boolean": N_("Yes or no"),
        "text": N_("Text"),
        "text_list": N_("Several words"),
        "lines": N_("Lines"),
        "choice": N_("One of a list"),
        "money_minor": N_("Amount"),
        "date": N_("Date"),
        "minor": N_("Amount"),
        "milli": N_("Quantity"),
        "days": N_("Days"),
        "count": N_("How many"),
        "yyyymmdd": N_("Date"),
        "weekday": N_("One of a list"),
        "hour": N_("Hour"),
        "minute": N_("Minute"),
        "month": N_("Month"),
        "day": N_("Day of the month"),
    },
    "fact_source": {
        "member": N_("what is kept with the member"),
        "history": N_("counted from the member's purchases"),
        "till": N_("sent by the till"),
        "place": N_("what is kept with the store"),
        "calendar": N_("the store's calendar and clock"),
        "chain": N_("what is kept with the product"),
    },
    "field_subject": {
        "member": N_("of members"),
        "product": N_("of products"),
        "store": N_("of stores"),
    },
}


def word_for(group: str, code: str) -> str:
    """The message of a code, untranslated; the code itself where it has none."""
    return WORDS[group].get(code, code)
