"""Runs a pack's cases through the evaluator that the till uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from regulars.rules.case_model import Case, Expect, Given
from regulars.rules.catalogue import BUILT_IN, Catalogue, Field
from regulars.rules.consequences import Consequence, MessageAsked, TagOrder, move_of
from regulars.rules.domain import (
    RECENT_FACTS,
    CalendarFacts,
    Evaluation,
    LifecyclePlan,
    MemberFacts,
    PackVersion,
    PurchaseFacts,
    StoreFacts,
)
from regulars.rules.evaluator import PackSet
from regulars.rules.facts import safe_code
from regulars.rules.model import Pack
from regulars.rules.parts import Part

USUAL_AT = "2026-11-18T12:00"  # a Wednesday
NO_ID = UUID(int=0)
_DRAFT_HASH = "draft"
Setting = tuple[tuple[str, int], ...]
"""Parameter values by name, sorted."""
MOST_SETTINGS = 10
"""Different settings of a pack's cases: each is a pack of its own to compile."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a case expected and did not get."""

    what: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case run."""

    name_zh: str
    name_en: str
    differences: tuple[Difference, ...]
    applied: frozenset[str]
    failed: frozenset[str]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_cases(
    pack: Pack, document: Mapping[str, object], catalogue: Catalogue = BUILT_IN
) -> list[CaseResult]:
    """Run all cases of a pack on the pack alone.

    Args:
        pack: checked.
        document: the values it was made of.
        catalogue: the chain's; gives what a case leaves out of the chain's own facts.
    Returns: one result a case, in the pack's order.
    """
    live = {setting: _live(pack, _with_setting(document, setting)) for setting in settings_of(pack)}
    return [_run(case, live[setting_of(case)], catalogue) for case in pack.cases]


def setting_of(case: Case) -> Setting:
    """The parameter values that a case is decided with; empty for those of the pack."""
    return tuple(sorted((case.parameters or {}).items()))


def settings_of(pack: Pack) -> Sequence[Setting]:
    """The different settings of a pack's cases, in their order."""
    return tuple(dict.fromkeys(setting_of(case) for case in pack.cases))


def _with_setting(document: Mapping[str, object], setting: Setting) -> Mapping[str, object]:
    """A pack's values with other parameter values; the document itself where there are none."""
    if not setting:
        return document
    parameters = document["parameters"]
    assert isinstance(parameters, Mapping)
    changed = {name: {**parameters[name], "value": value} for name, value in setting}
    return {**document, "parameters": {**parameters, **changed}}


def facts_of(
    given: Given, catalogue: Catalogue = BUILT_IN
) -> tuple[MemberFacts, PurchaseFacts, StoreFacts, CalendarFacts, datetime]:
    """The facts that a case stands for; what it leaves out has its usual value."""
    lines = _lines(given, catalogue)
    bought = _set(given.purchase)
    sales = bought.get("sales_minor", sum(line["sales_minor"] for line in lines))
    purchase = PurchaseFacts(
        sales_minor=sales,
        list_minor=bought.get("list_minor", sum(line["list_minor"] for line in lines)),
        channel=bought.get("channel", "store"),
        lines_json=orjson.dumps([_safe(line) for line in lines]),
    )
    wall = datetime.fromisoformat(given.at or USUAL_AT).replace(tzinfo=UTC)
    member, store = _member(given, sales, catalogue), _store(given, catalogue)
    return member, purchase, store, _calendar(given, wall), wall


def calendar_at(wall: datetime) -> CalendarFacts:
    """The calendar facts of an instant on the clock it is given in."""
    date = wall.year * 10_000 + wall.month * 100 + wall.day
    return CalendarFacts(date, wall.isoweekday(), wall.hour, wall.minute, wall.month, wall.day)


def _live(pack: Pack, document: Mapping[str, object]) -> PackSet:
    return PackSet([PackVersion(NO_ID, pack.code, 1, pack.kind, _DRAFT_HASH, document)])


def results_of(
    pack: Pack, document: Mapping[str, object], given: Given, catalogue: Catalogue = BUILT_IN
) -> Mapping[str, object]:
    """All that a case with these facts could expect of a pack alone, by the names of `Expect`.

    Args:
        pack, document, catalogue: as for `run_cases`.
        given: the facts.
    """
    live = _live(pack, document)
    return _results(live, live.evaluate(*facts_of(given, catalogue)), given)


def _results(live: PackSet, evaluation: Evaluation, given: Given) -> dict[str, object]:
    applied = {o.rule_id for o in evaluation.outcomes if o.applied}
    refused = {scope for pack in live.packs for r in pack.rules if r.id in applied for scope in r.scopes}
    got = _got(evaluation) | {"refused": sorted(refused), "applied": sorted(applied)}
    return got | _timed(live.plan, given)


def _run(case: Case, live: PackSet, catalogue: Catalogue) -> CaseResult:
    evaluation = live.evaluate(*facts_of(case.given, catalogue))
    applied = frozenset(o.rule_id for o in evaluation.outcomes if o.applied)
    failed = frozenset(o.rule_id for o in evaluation.outcomes if not o.applied)
    got = _results(live, evaluation, case.given)
    return CaseResult(case.name.zh, case.name.en, tuple(_differences(case.expect, got)), applied, failed)


def _got(evaluation: Evaluation) -> dict[str, object]:
    discounts: dict[str, int] = {}
    for discount in evaluation.discounts:
        key = str(discount.line)
        discounts[key] = discounts.get(key, 0) + discount.amount_minor
    outcomes = evaluation.outcomes
    return {
        "points": evaluation.points,
        "awards": {award.rule_id: award.points for award in evaluation.awards},
        "available_at": {a.rule_id: _wall(a.available_at) for a in evaluation.awards},
        "expires_at": {a.rule_id: _wall(a.expires_at) for a in evaluation.awards if a.expires_at},
        "discount_minor": sum(discounts.values()),
        "lines": discounts,
        "tier": evaluation.tier.tier if evaluation.tier else None,
        **_told(evaluation.asked),
        "failed": {o.rule_id: o.failed for o in outcomes if o.failed is not None},
        "notes": {o.rule_id: o.note for o in outcomes if o.note is not None and not o.applied},
        "errors": {o.rule_id: o.error for o in outcomes if o.error is not None},
    }


def _told(asked: Sequence[Consequence]) -> dict[str, object]:
    """What rules want done to the member."""
    tags = [one for one in asked if isinstance(one, TagOrder)]
    move = move_of(asked)
    return {
        "tagged": {tag.tag: tag.days for tag in tags if tag.gives},
        "untagged": sorted(tag.tag for tag in tags if not tag.gives),
        "messages": {one.rule_id: dict(one.values) for one in asked if isinstance(one, MessageAsked)},
        "moved_to": move.stage if move is not None else None,
    }


def _timed(plan: LifecyclePlan | None, given: Given) -> dict[str, object]:
    """What time does to the member, as `lifecycle` decides it at the due dates."""
    if plan is None:
        return {"stage": None, "revisit_after_days": None}
    silent_days = given.silent_days or 0
    lapsed, at_risk = silent_days >= plan.lapse_after_days, silent_days >= plan.at_risk_after_days
    first = not _set(given.member).get("visits")
    return {
        "stage": "lapsed" if lapsed else "at_risk" if at_risk else "active",
        "revisit_after_days": plan.first_revisit_after_days if first else plan.revisit_every_days,
    }


def _wall(at: datetime) -> str:
    return at.isoformat(timespec="minutes")[: len(USUAL_AT)]


def _differences(expect: Expect, got: Mapping[str, object]) -> list[Difference]:
    found = [
        Difference(what, _shown(wanted), _shown(got[what]))
        for what, wanted in _set(expect).items()
        if _comparable(wanted) != got[what]
    ]
    if got["errors"]:
        found.append(Difference("errors", "{}", _shown(got["errors"])))
    return found


def _comparable(wanted: object) -> object:
    return sorted(wanted) if isinstance(wanted, list) else wanted


def _shown(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _set(part: Part | None) -> dict[str, Any]:
    return {} if part is None else {name: getattr(part, name) for name in part.model_fields_set}


def _lines(given: Given, catalogue: Catalogue) -> list[dict[str, Any]]:
    bought = _set(given.purchase).get("lines") or ()
    lines = [_line(_set(line), index + 1) for index, line in enumerate(bought)]
    for line in lines:
        own = _custom(line.pop("custom", None), catalogue.product)
        line |= {"custom": own} if own else {}
    return lines


def _line(own: dict[str, Any], number: int) -> dict[str, Any]:
    sales, discount = own.get("sales_minor", 0), own.get("discount_minor", 0)
    usual = {
        "line": number,
        "sku": "",
        "department": "",
        "kind": "goods",
        "quantity_milli": 1_000,
        "list_minor": sales + discount,
        "sales_minor": sales,
        "discount_minor": discount,
        "promotional": False,
        "tax_minor": None,
        "tax_included": True,
    }
    return usual | own


def _custom(given: Mapping[str, object] | None, fields: Mapping[str, Field]) -> dict[str, object]:
    """The chain's own facts: what is given, and of the others what they read where nothing is set."""
    return {code: field.default for code, field in fields.items()} | dict(given or {})


def _custom_text(own: dict[str, Any], fields: Mapping[str, Field]) -> str:
    custom = _custom(own.pop("custom", None), fields)
    return orjson.dumps(custom).decode() if custom else ""


def _store(given: Given, catalogue: Catalogue) -> StoreFacts:
    own = {"code": "store-001", "branch": "branch-01"} | _set(given.store)
    above = tuple(own.get("above") or (own["branch"], "HQ"))
    return StoreFacts(own["code"], own["branch"], above, custom=_custom_text(own, catalogue.store))


def _safe(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: safe_code(value) if isinstance(value, str) else value for name, value in line.items()}


def _member(given: Given, sales_minor: int, catalogue: Catalogue) -> MemberFacts:
    own = _set(given.member)
    spend = own.get("spend_365d_minor", 0)
    usual: dict[str, Any] = {
        "known": True,
        "tier": "base",
        "stage": "active",
        "tags": (),
        "spend_365d_minor": spend,
        "visits_365d": 0,
        "qualifying_spend_minor": spend + sales_minor,
        "visits": 0,
        "enrolled_days": 0,
        "frozen": False,
        **dict.fromkeys(RECENT_FACTS, 0),
    }
    custom = _custom_text(own, catalogue.member)
    merged = usual | own
    return MemberFacts(**merged | {"tags": tuple(merged["tags"]), "custom": custom})


def _calendar(given: Given, wall: datetime) -> CalendarFacts:
    return replace(calendar_at(wall), **_set(given.calendar))
