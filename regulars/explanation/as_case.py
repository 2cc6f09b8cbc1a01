"""A case for a pack from facts that were read: what is given, and what the pack gives for it now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from regulars.explanation.recomputing import FactsRead
from regulars.explanation.trying import Trial
from regulars.rules import cases
from regulars.rules.case_model import Given
from regulars.rules.catalogue import BUILT_IN, Catalogue, Field, fields_of
from regulars.rules.domain import RECENT_FACTS, MemberFacts, PackKind
from regulars.rules.facts import plain_code
from regulars.rules.model import Pack
from regulars.rules.recent_reading import reads_recent

MOST_LINES: Final = 100
_USUAL_LINE: Final[Mapping[str, object]] = {
    "sku": "",
    "department": "",
    "kind": "goods",
    "quantity_milli": 1_000,
    "discount_minor": 0,
    "promotional": False,
    "tax_minor": None,
    "tax_included": True,
}
_ALWAYS: Final[Mapping[PackKind, tuple[str, ...]]] = {
    "earning": ("points", "awards"),
    "discount": ("discount_minor", "lines"),
    "eligibility": ("refused",),
    "tier": ("tier",),
    "lifecycle": (),
}
_WHERE_SAID: Final = ("applied", "failed", "notes", "tagged", "untagged", "messages", "moved_to")


def given_of(trial: Trial, pack: Pack, catalogue: Catalogue = BUILT_IN) -> dict[str, Any] | None:
    """The facts of a trial as a case gives them: what has its usual value is left out.

    Args:
        trial: on what; for an earning pack with the discounts that others gave, see `Came.facts`.
        pack: whose case it becomes; where the sale was is told only if the pack asks it.
        catalogue: what the chain's own facts read where nothing is set.
    Returns: None where there are more lines than a case can have.
    """
    facts = trial.facts
    if len(orjson.loads(facts.purchase.lines_json)) > MOST_LINES:
        return None
    local = trial.at.astimezone(facts.store.zone) if facts.store.zone else trial.at
    lines = _lines(facts, catalogue.product)
    purchase: dict[str, Any] = {"lines": lines}
    for name, usual in (
        ("sales_minor", sum(line["sales_minor"] for line in lines)),
        ("list_minor", sum(line.get("list_minor", _list(line)) for line in lines)),
        ("channel", "store"),
    ):
        value = getattr(facts.purchase, name)
        if value != usual:
            purchase[name] = value
    given: dict[str, Any] = {"at": local.strftime("%Y-%m-%dT%H:%M"), "purchase": purchase}
    given["member"] = _member(_as_asked(facts.member, pack), purchase, catalogue)
    if _asks_where(pack):
        given["store"] = {
            "code": plain_code(facts.store.code),
            "branch": plain_code(facts.store.branch),
            "above": list(facts.store.above),
        }
    own = _own(facts.store.custom, catalogue.store)
    if own:
        given["store"] = given.get("store", {}) | {"custom": own}
    return given


def expected_of(
    pack: Pack, document: Mapping[str, object], given: Mapping[str, Any], catalogue: Catalogue = BUILT_IN
) -> dict[str, Any]:
    """What a pack gives for a case's facts, of which it says anything.

    Args:
        pack, document: checked.
        given: of the case.
        catalogue: the chain's.
    """
    got = cases.results_of(pack, document, Given.model_validate(given), catalogue)
    expected = {name: got[name] for name in _ALWAYS[pack.kind]}
    expected |= {name: got[name] for name in _WHERE_SAID if got[name]}
    if not expected.get("awards", True):
        del expected["awards"]
    return expected or {"applied": []}


def _lines(facts: FactsRead, own: Mapping[str, Field]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = orjson.loads(facts.purchase.lines_json)
    return [_line(line, number, facts, own) for number, line in enumerate(kept, 1)]


def _line(kept: Mapping[str, Any], number: int, facts: FactsRead, own: Mapping[str, Field]) -> dict[str, Any]:
    line: dict[str, Any] = {} if kept["line"] == number else {"line": kept["line"]}
    for name, usual in _USUAL_LINE.items():
        value = kept.get(name, usual)
        value = plain_code(value) if isinstance(value, str) else value
        if value != usual:
            line[name] = value
    line["sales_minor"] = kept["sales_minor"]
    if kept["list_minor"] != _list(line):
        line["list_minor"] = kept["list_minor"]
    products = facts.purchase.products
    custom = kept.get("custom") or (products.of_product(plain_code(kept["sku"])) if products else {})
    set_here = {code: value for code, value in custom.items() if _is_set(code, value, own)}
    return line | ({"custom": set_here} if set_here else {})


def _list(line: Mapping[str, Any]) -> int:
    return int(line["sales_minor"]) + int(line.get("discount_minor", 0))


def _member(member: MemberFacts, purchase: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The member's facts; the tier is told even where it is the usual one, for it is what people ask."""
    if not member.known:
        return {"known": False, "tier": ""}
    spend = {"spend_365d_minor": member.spend_365d_minor}
    usual = cases.facts_of(Given.model_validate({"member": spend, "purchase": purchase}))[0]
    usual = replace(usual, spend_365d_minor=0)
    told: dict[str, Any] = {"tier": plain_code(member.tier)}
    for name in fields_of("member"):
        value = getattr(member, name)
        if name != "tier" and value is not None and value != getattr(usual, name):
            told[name] = [plain_code(each) for each in value] if isinstance(value, tuple) else value
    own = _own(member.custom, catalogue.member)
    return told | ({"custom": own} if own else {})


def _as_asked(member: MemberFacts, pack: Pack) -> MemberFacts:
    """The member; without what was done lately where the pack asks for none of it."""
    if reads_recent([pack.model_dump(exclude={"cases"}, exclude_none=True)]):
        return member
    return replace(member, **dict.fromkeys(RECENT_FACTS))  # type: ignore[arg-type]


def _own(custom: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    held: dict[str, Any] = orjson.loads(custom) if custom else {}
    return {code: value for code, value in held.items() if _is_set(code, value, fields)}


def _is_set(code: str, value: object, fields: Mapping[str, Field]) -> bool:
    return code in fields and value != fields[code].default


def _asks_where(pack: Pack) -> bool:
    text = pack.model_dump_json(exclude={"cases", "description", "title"}, exclude_none=True)
    return '"store.' in text or '"places"' in text
