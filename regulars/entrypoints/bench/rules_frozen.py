"""The frozen rules and purchases of `bench rules`, as the till, a developer and two peers each take them."""

import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import orjson
from datalogic_py import DataHandle, Rule

from regulars.entrypoints.stack.problems import StackProblem
from regulars.purchases.domain import Line, lines_json
from regulars.rules import facts
from regulars.rules.cases import calendar_at
from regulars.rules.compiler import rule_text
from regulars.rules.domain import (
    CalendarFacts,
    Evaluation,
    MemberFacts,
    PackVersion,
    PurchaseFacts,
    StoreFacts,
)
from regulars.rules.engine import compile_rule, compile_together, run_together
from regulars.rules.evaluator import PackSet
from regulars.rules.model import Pack

FOLDER: Final = Path(__file__).resolve().parents[3] / "benchmarks" / "rules"
PACKS: Final = ("eligibility", "discounts", "earning", "tiers")
RULES: Final = 48
LINES: Final = 20
_NO_ID: Final = UUID(int=0)
_TOTAL: Final = {"+": [{"var": "current"}, {"var": "accumulator"}]}


@dataclass(frozen=True, slots=True)
class Event:
    """One purchase in every form that somebody reads.

    Attributes:
        text: the whole document.
        values: the same as Python values, for those who take a dict.
    """

    member: MemberFacts
    lines: tuple[Line, ...]
    purchase: PurchaseFacts
    store: StoreFacts
    calendar: CalendarFacts
    at: datetime
    text: str
    values: Mapping[str, Any]


def events() -> list[Event]:
    """The frozen purchases.

    Raises: StackProblem: they are not there, since this is not a checkout.
    """
    return [_event(one) for one in orjson.loads(_frozen("purchases.json").read_bytes())]


def _event(one: Mapping[str, Any]) -> Event:
    lines = tuple(Line(**line) for line in one["lines"])
    member = MemberFacts(**one["member"] | {"tags": tuple(one["member"]["tags"])})
    store = StoreFacts(**one["store"])
    at = datetime.fromisoformat(one["at"]).replace(tzinfo=UTC)
    sales, listed = sum(line.sales_minor for line in lines), sum(line.list_minor for line in lines)
    purchase = PurchaseFacts(sales, listed, one["channel"], lines_json(lines))
    text = facts.document(member, purchase, store, calendar_at(at))
    return Event(member, lines, purchase, store, calendar_at(at), at, text, orjson.loads(text))


class Frozen:
    """The 48 rules, ready to be run by each contestant."""

    def __init__(self) -> None:
        documents = [orjson.loads(_frozen(f"{name}.json").read_bytes()) for name in PACKS]
        self.packs = PackSet([_version(document) for document in documents])
        texts = [_texts(Pack.model_validate(document)) for document in documents]
        self._texts = [text for pack in texts for text in pack]
        self.rules: list[Rule] = [compile_rule(text) for text in self._texts]
        certain = all(rule.certain for pack in self.packs.packs for rule in pack.rules)
        self._together = compile_together(self._texts, certain=certain)
        self.trees: list[object] = [_for_qubit(json.loads(text)) for text in self._texts]
        self._by_hand = _module("by_hand").outcome

    def ours(self, event: Event) -> Evaluation:
        """As a purchase does it: the document's text, every rule at once, and what they come to."""
        return self.packs.evaluate(event.member, event.purchase, event.store, event.calendar, event.at)

    def by_hand(self, event: Event) -> Any:  # noqa: ANN401 — of a module that is loaded from a file
        """A developer's own function, on objects that are there already."""
        return self._by_hand(
            event.member,
            event.lines,
            event.purchase.sales_minor,
            event.purchase.channel,
            event.store.branch,
            event.calendar.weekday,
            event.calendar.hour,
        )

    def engine(self, event: Event) -> Sequence[object]:
        """Only the engine: every rule on the text, together."""
        results = run_together(self._together, event.text) if self._together is not None else None
        assert results is not None
        return results

    def dict_each(self, event: Event) -> Sequence[object]:
        """The same engine, given Python values anew for each rule."""
        values = event.values
        return [rule.evaluate(values) for rule in self.rules]

    def document(self, event: Event) -> DataHandle:
        """From the lines as objects to the handle that rules read."""
        own = event.purchase
        purchase = PurchaseFacts(own.sales_minor, own.list_minor, own.channel, lines_json(event.lines))
        return DataHandle(facts.document(event.member, purchase, event.store, event.calendar))


def qubit(frozen: Frozen) -> Callable[[Event], Sequence[object]]:
    """json-logic-qubit on the same trees.

    Raises: StackProblem: it is not installed; only checks and benches need it.
    """
    if importlib.util.find_spec("json_logic") is None:
        raise StackProblem("json-logic-qubit is missing; install requirements/dev.txt, as `make check` does.")
    logic = importlib.import_module("json_logic").jsonLogic
    trees = frozen.trees

    def evaluate(event: Event) -> Sequence[object]:
        values = event.values
        return [logic(tree, values) for tree in trees]

    return evaluate


def _version(document: Mapping[str, Any]) -> PackVersion:
    code = document["code"]
    return PackVersion(uuid5(_NO_ID, code), code, 1, document["kind"], "frozen", document)


def _texts(pack: Pack) -> list[str]:
    return [rule_text(pack, rule) for rule in pack.rules_in_order()]


def _for_qubit(tree: object) -> object:
    """The same rule in its dialect: a sum over a list is a reduce there."""
    if isinstance(tree, list):
        return [_for_qubit(member) for member in tree]
    if not isinstance(tree, dict):
        return tree
    operator, operands = next(iter(tree.items()))
    if operator == "+" and len(operands) == 1:
        return {"reduce": [_for_qubit(operands[0]), _TOTAL, 0]}
    return {operator: _for_qubit(operands)}


def _module(name: str) -> Any:  # noqa: ANN401 — a module
    spec = importlib.util.spec_from_file_location(f"regulars_bench_{name}", _frozen(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _frozen(name: str) -> Path:
    path = FOLDER / name
    if not path.is_file():
        raise StackProblem("The frozen rules are missing; run this bench in a checkout.")
    return path
