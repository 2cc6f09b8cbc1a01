"""Says all that is wrong with a pack, before it can do harm: shape, types, bounds, parameters, cases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from regulars.rules.action_checks import check_action
from regulars.rules.action_model import DISCOUNT_FORMS, Action
from regulars.rules.analysis import analyse
from regulars.rules.case_model import Case
from regulars.rules.cases import MOST_SETTINGS, CaseResult, run_cases, settings_of
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.compiler import rule_text
from regulars.rules.cost import MOST_CASE_STEPS, MOST_STEPS, USUAL_LINES, case_steps, cost_of
from regulars.rules.custom_checks import check_custom
from regulars.rules.edges import check_edges
from regulars.rules.engine import RefusedByEngine, compile_rule
from regulars.rules.expressions import Expressions
from regulars.rules.findings import MOST_FINDINGS, Finding, at, finding, first, is_green
from regulars.rules.model import (
    EXPECTED_OF,
    TYPE_BOUNDS,
    Pack,
    Rule,
    conditions_of,
)
from regulars.rules.part_checks import check_parts
from regulars.rules.reading import JsonValue, read
from regulars.rules.tier_checks import check_tiers

ALWAYS_EXPECTED = ("applied", "failed", "notes")


@dataclass(frozen=True, slots=True)
class Report:
    """What the checker says of a text.

    Attributes:
        pack: the pack, where the text has the shape of one.
        document: the values of the text.
        cases: the cases as they ran; empty where something else is wrong.
    """

    findings: tuple[Finding, ...]
    pack: Pack | None = None
    document: Mapping[str, object] | None = None
    cases: tuple[CaseResult, ...] = ()

    @property
    def green(self) -> bool:
        """Whether it may be published."""
        return is_green(self.findings)


def check(text: str | bytes, catalogue: Catalogue = BUILT_IN) -> Report:
    """Check a pack's text: everything but its cases.

    Args:
        text: anything at all.
        catalogue: what rules of the chain can read.
    Returns: the findings, and the pack where there is one. Takes about 0.1 s at worst.
    Raises: nothing.
    Source: rule packs, "checker".
    """
    value, findings = read(text)
    if findings:
        return Report(first(findings))
    try:
        pack = Pack.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[: MOST_FINDINGS + 1]
        return Report(first([_shape_finding(detail, value) for detail in details]))
    assert isinstance(value, dict)
    found = list(_meaning(pack, catalogue))
    if is_green(found):
        found += analyse(pack, catalogue)
        found += _engine(pack)
    return Report(first(found), pack, value)


def examine(text: str | bytes, catalogue: Catalogue = BUILT_IN) -> Report:
    """Check a pack's text and run its cases.

    Args:
        text: anything at all.
        catalogue: what rules of the chain can read.
    Returns: as `check`, with the cases' results and what they bring to light.
    Raises: nothing.
    """
    report = check(text, catalogue)
    if report.pack is None or report.document is None or not report.green:
        return report
    cases = run_cases(report.pack, report.document, catalogue)
    findings = (*report.findings, *_case_findings(report.pack, cases, catalogue))
    return Report(first(findings), report.pack, report.document, tuple(cases))


_TYPE_FINDINGS = {
    "int_type": "integer_expected",
    "string_type": "text_expected",
    "bool_type": "boolean_expected",
    "model_type": "object_expected",
    "dict_type": "object_expected",
    "list_type": "list_expected",
    "string_pattern_mismatch": "code_expected",
    "number_or_parameter_expected": "number_or_parameter_expected",
    "wall_time_expected": "wall_time_expected",
    "date_expected": "date_expected",
    "clock_expected": "clock_expected",
    "part_empty": "part_empty",
    "one_earning_expected": "one_earning_expected",
    "one_expiry_expected": "one_expiry_expected",
    "one_tag_expected": "one_tag_expected",
}


_EMPTY = {"string_too_short": "text_empty", "too_short": "list_empty"}
_CHOICES = {"one_action_expected": tuple(Action.model_fields), "one_form_expected": DISCOUNT_FORMS}


def _shape_finding(detail: ErrorDetails, root: JsonValue) -> Finding:
    kind, context = detail["type"], detail.get("ctx", {})
    pointer, name = _pointer(detail["loc"], root)
    if kind == "missing":
        return finding("field_missing", pointer, field=name)
    if kind == "extra_forbidden":
        return finding("field_unknown", pointer, field=name)
    if kind in _TYPE_FINDINGS:
        return finding(_TYPE_FINDINGS[kind], pointer)
    if kind in _CHOICES:
        return finding(kind, pointer, choices=", ".join(_CHOICES[kind]))
    if kind == "literal_error":
        return finding("choice_expected", pointer, choices=_choices(context.get("expected", "")))
    return _limit_finding(kind, context, pointer, detail["msg"])


def _choices(expected: object) -> str:
    """The choices as every other finding lists them, without the "or" that pydantic writes in English."""
    return str(expected).replace(" or ", ", ").replace("'", "")


def _limit_finding(kind: str, context: Mapping[str, object], pointer: str, message: str) -> Finding:
    if kind == "greater_than_equal":
        return finding("value_too_small", pointer, limit=context["ge"])
    if kind == "less_than_equal":
        return finding("value_too_large", pointer, limit=context["le"])
    if kind in _EMPTY and context.get("min_length") == 1:
        return finding(_EMPTY[kind], pointer)
    if kind in ("string_too_short", "string_too_long"):
        return finding("text_length", pointer, low=1, high=context.get("max_length", "…"))
    if kind in ("too_short", "too_long"):
        low, high = context.get("min_length", 0), context.get("max_length", "…")
        return finding("list_length", pointer, low=low, high=high)
    return finding("value_wrong", pointer, problem=("请对照规则包的格式说明（JSON Schema）检查", message))


def _pointer(steps: Sequence[str | int], root: JsonValue) -> tuple[str, str]:
    """Where it is in the text, without the steps that only pydantic knows; and the last step's name."""
    here: JsonValue = root
    pointer = ""
    for step in steps:
        child = _child(here, step)
        if child is not None:
            here, pointer = child[0], at(pointer, step)
    return pointer, str(steps[-1]) if steps else ""


def _child(here: JsonValue, step: str | int) -> tuple[JsonValue] | None:
    if isinstance(here, dict):
        return (here[step],) if isinstance(step, str) and step in here else None
    if isinstance(here, list):
        return (here[step],) if isinstance(step, int) and step < len(here) else None
    return None


def _meaning(pack: Pack, catalogue: Catalogue) -> Iterator[Finding]:
    yield from _parameters(pack)
    yield from _identities(pack)
    bounds = {name: (p.minimum, p.maximum) for name, p in pack.parameters.items()}
    expressions = Expressions(pack.kind, bounds, catalogue)
    for index, rule in enumerate(pack.rules):
        _check_rule(expressions, pack, rule, at("", "rules", index))
    check_tiers(expressions, pack)
    check_parts(expressions, pack)
    yield from expressions.findings
    for name in pack.parameters.keys() - expressions.used:
        yield finding("parameter_unused", at("", "parameters", name), name=name)
    yield from _costs(pack)
    yield from _case_shapes(pack)
    yield from check_custom(pack, catalogue)


def _costs(pack: Pack) -> Iterator[Finding]:
    cost = cost_of(pack)
    steps, case_work = cost.on(USUAL_LINES), case_steps(pack, cost)
    if steps > MOST_STEPS:
        yield finding("pack_too_costly", "/rules", steps=steps, limit=MOST_STEPS)
    if case_work > MOST_CASE_STEPS:
        yield finding("cases_too_costly", "/cases", steps=case_work, limit=MOST_CASE_STEPS)


def _parameters(pack: Pack) -> Iterator[Finding]:
    for name, parameter in pack.parameters.items():
        pointer = at("", "parameters", name)
        low, high = parameter.minimum, parameter.maximum
        widest_low, widest_high = TYPE_BOUNDS[parameter.type]
        if low > high:
            yield finding("parameter_bounds_reversed", pointer, low=low, high=high)
        elif low < widest_low or high > widest_high:
            yield finding(
                "parameter_bounds_too_wide", pointer, type=parameter.type, low=widest_low, high=widest_high
            )
        if low <= high and not low <= parameter.value <= high:
            yield finding(
                "parameter_out_of_bounds", at(pointer, "value"), value=parameter.value, low=low, high=high
            )


def _identities(pack: Pack) -> Iterator[Finding]:
    ids: set[str] = set()
    orders: set[int] = set()
    for index, rule in enumerate(pack.rules):
        if rule.id in ids:
            yield finding("id_repeated", at("", "rules", index, "id"), value=rule.id)
        if rule.order in orders:
            yield finding("order_repeated", at("", "rules", index, "order"), value=rule.order)
        ids.add(rule.id)
        orders.add(rule.order)


def _check_rule(expressions: Expressions, pack: Pack, rule: Rule, pointer: str) -> None:
    conditions = conditions_of(rule.when)
    for index, condition in enumerate(conditions):
        alone = condition is rule.when
        expressions.condition(condition, at(pointer, "when", *(() if alone else ("and", index))))
    check_action(expressions, pack, rule, pointer)


def _engine(pack: Pack) -> Iterator[Finding]:
    for index, rule in enumerate(pack.rules):
        try:
            compile_rule(rule_text(pack, rule))
        except RefusedByEngine as refused:
            yield finding("engine_refuses", at("", "rules", index), message=str(refused))


def _case_shapes(pack: Pack) -> Iterator[Finding]:
    if not pack.cases:
        yield finding("no_cases", "/cases")
    settings = len(settings_of(pack))
    if settings > MOST_SETTINGS:
        yield finding("case_settings_many", "/cases", settings=settings, limit=MOST_SETTINGS)
    known = {rule.id for rule in pack.rules}
    allowed = {*EXPECTED_OF[pack.kind], *ALWAYS_EXPECTED}
    for index, case in enumerate(pack.cases):
        pointer = at("", "cases", index, "expect")
        if not case.expect.model_fields_set:
            yield finding("case_expects_nothing", pointer)
        yield from _setting(pack, case, at("", "cases", index, "parameters"))
        for name in sorted(case.expect.model_fields_set - allowed):
            yield finding("case_expects_other_kind", at(pointer, name), kind=pack.kind, field=name)
        for name in ("awards", "applied", "failed", "notes", "available_at", "expires_at", "messages"):
            for rule in getattr(case.expect, name) or ():
                if rule not in known:
                    yield finding("case_rule_unknown", at(pointer, name), rule=rule)


def _setting(pack: Pack, case: Case, pointer: str) -> Iterator[Finding]:
    for name, value in (case.parameters or {}).items():
        parameter = pack.parameters.get(name)
        if parameter is None:
            yield finding("parameter_unknown", at(pointer, name), name=name)
        elif not parameter.minimum <= value <= parameter.maximum:
            low, high = parameter.minimum, parameter.maximum
            yield finding("parameter_out_of_bounds", at(pointer, name), value=value, low=low, high=high)


def _case_findings(pack: Pack, results: Sequence[CaseResult], catalogue: Catalogue) -> Iterator[Finding]:
    for index, result in enumerate(results):
        for difference in result.differences:
            yield finding(
                "case_failed",
                at("", "cases", index, "expect", difference.what),
                name=(result.name_zh, result.name_en),
                what=difference.what,
                expected=difference.expected,
                got=difference.got,
            )
    uncovered: set[str] = set()
    applied = {rule for result in results for rule in result.applied}
    failed = {rule for result in results for rule in result.failed}
    for index, rule in enumerate(pack.rules):
        if rule.id not in applied:
            code = "rule_without_case"
        elif conditions_of(rule.when) and rule.id not in failed:
            code = "rule_never_fails"
        else:
            continue
        uncovered.add(rule.id)
        yield finding(code, at("", "rules", index), rule=rule.id)
    yield from check_edges(pack, catalogue, uncovered)
