"""Presents the cases of a pack: what is given, what is expected, what came out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from babel.dates import format_date

from regulars.rules import catalogue
from regulars.rules.case_model import Case, Given
from regulars.rules.cases import CaseResult
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import Report
from regulars.rules.findings import Finding
from regulars.rules.model import Pack
from regulars.rules.parts import Part
from rules_ui.contexts.packs import CaseLine
from rules_ui.i18n import N_, Speech
from rules_ui.rule_words import PackWords, titles_alone
from rules_ui.words import word_for

CASE_FAILED: Final = "case_failed"
CASE_FAILS: Final = N_("The case “%(name)s” fails. Expected: %(expected)s. Result: %(got)s")
LINES_NAMED = 3
_REFUSED = {"earning": N_("no points"), "discount": N_("no discounts")}


def case_lines(
    pack: Pack, report: Report, words: PackWords, say: Speech, own: Catalogue = BUILT_IN
) -> tuple[CaseLine, ...]:
    """Each case of a pack, and how it went; failing ones first.

    Args:
        own: what rules of the chain can read; names its own facts.
    """
    lines = [
        _line(number, case, result, _given_in_words(pack, case, own, say), words, say)
        for number, (case, result) in enumerate(zip(pack.cases, report.cases, strict=False), start=1)
    ]
    return tuple(sorted(lines, key=lambda line: (line.green, line.number)))


def _given_in_words(pack: Pack, case: Case, own: Catalogue, say: Speech) -> str:
    return " · ".join(filter(None, (*_parameters(pack, case, say), _given(case.given, own, say))))


def _line(number: int, case: Case, result: CaseResult, given: str, words: PackWords, say: Speech) -> CaseLine:
    wanted = {name: getattr(case.expect, name) for name in case.expect.model_fields_set}
    differing = {each.what: orjson.loads(each.got) for each in result.differences}
    got = wanted | differing
    return CaseLine(
        number=number,
        name=case.name.of(say.language),
        green=result.passed,
        given=given,
        expected=outcome_words(wanted, words, say),
        got=outcome_words(got, words, say),
    )


def findings_told(report: Report, say: Speech) -> Sequence[Finding]:
    """What the checker found; of cases that fail in the words of the table of cases."""
    if report.pack is None:
        return report.findings
    words = titles_alone(report.pack, say)
    return [
        _told(each, report.pack, report, words, say) if each.code == CASE_FAILED else each
        for each in report.findings
    ]


def _told(found: Finding, pack: Pack, report: Report, words: PackWords, say: Speech) -> Finding:
    _, _, number, _, what = found.pointer.split("/")
    case, result = pack.cases[int(number)], report.cases[int(number)]
    got = next(orjson.loads(each.got) for each in result.differences if each.what == what)
    wanted = {what: getattr(case.expect, what)} if what in case.expect.model_fields_set else {}
    told = say.text(
        CASE_FAILS,
        name=case.name.of(say.language),
        expected=outcome_words(wanted, words, say) or "–",
        got=outcome_words({what: got}, words, say) or "–",
    )
    return replace(found, zh=told, en=told)


def outcome_words(values: Mapping[str, Any], words: PackWords, say: Speech) -> str:
    """What a case expects, or what came out, in the reader's words."""
    told = [tell(values[what], words, say) for what, tell in _TELLERS.items() if what in values]
    return say.text(N_("; ")).join(each for each in told if each)


def _points(value: int, words: PackWords, say: Speech) -> str:  # noqa: ARG001 — one shape for all
    return say.ngettext("%(num)s pt", "%(num)s pts", value)


def _off(value: int, words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return say.text(N_("%(amount)s off"), amount=say.amount(value))


def _awards(value: Mapping[str, int], words: PackWords, say: Speech) -> str:
    named = [f"{_title(rule, words)} {say.number(points)}" for rule, points in value.items()]
    return say.text(N_(", ")).join(named)


def _lines(value: Mapping[str, int], words: PackWords, say: Speech) -> str:  # noqa: ARG001
    told = [
        say.text(N_("line %(line)s: %(amount)s"), line=line, amount=say.amount(amount))
        for line, amount in value.items()
    ]
    return say.text(N_(", ")).join(told)


def _refused(value: Sequence[str], words: PackWords, say: Speech) -> str:  # noqa: ARG001
    if not value:
        return say.text(N_("nothing is refused"))
    return say.text(N_(", ")).join(say.text(_REFUSED.get(scope, scope)) for scope in value)


def _tier(value: str | None, words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return say.text(word_for("tier", value)) if value else say.text(N_("no move up"))


def _applied(value: Sequence[str], words: PackWords, say: Speech) -> str:
    titles = say.text(N_(", ")).join(_title(rule, words) for rule in value)
    return say.text(N_("applied: %(rules)s"), rules=titles or "–")


def _failed(value: Mapping[str, int], words: PackWords, say: Speech) -> str:
    titles = say.text(N_(", ")).join(_title(rule, words) for rule in value)
    return say.text(N_("not applied: %(rules)s"), rules=titles or "–")


def _errors(value: Mapping[str, str], words: PackWords, say: Speech) -> str:
    titles = say.text(N_(", ")).join(_title(rule, words) for rule in value)
    return say.text(N_("cannot be read: %(rules)s"), rules=titles)


def _notes(value: Mapping[str, str], words: PackWords, say: Speech) -> str:
    told = [f"{_title(rule, words)}: {_note(note, words, say)}" for rule, note in value.items()]
    return say.text(N_(", ")).join(told)


def _note(note: str, words: PackWords, say: Speech) -> str:
    if note == "out_of_season":
        return say.text(N_("not at this time"))
    if note == "out_of_scope":
        return say.text(N_("not here or not for this member"))
    kind, _, subject = note.partition(":")
    if kind == "outranked":
        return say.text(N_("gives way to %(rule)s"), rule=_title(subject, words))
    return say.text(word_for("reason", note))


def _usable(value: Mapping[str, str], words: PackWords, say: Speech) -> str:
    told = [
        say.text(N_("%(rule)s: can be used from %(date)s"), rule=_title(rule, words), date=_wall(at, say))
        for rule, at in value.items()
    ]
    return say.text(N_(", ")).join(told)


def _expiring(value: Mapping[str, str], words: PackWords, say: Speech) -> str:
    told = [
        say.text(N_("%(rule)s: expires %(date)s"), rule=_title(rule, words), date=_wall(at, say))
        for rule, at in value.items()
    ]
    return say.text(N_(", ")).join(told)


def _wall(at: str, say: Speech) -> str:
    when = datetime.fromisoformat(at)
    return f"{say.day(when.date())} {when:%H:%M}"


def _stage(value: str | None, words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return say.text(word_for("stage", value)) if value else ""


def _revisit(value: int | None, words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return (
        say.ngettext("revisit after %(num)s day", "revisit after %(num)s days", value)
        if value is not None
        else ""
    )


def _tagged(value: Mapping[str, int | None], words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return say.text(N_("tagged %(tags)s"), tags=say.text(N_(", ")).join(value)) if value else ""


def _untagged(value: Sequence[str], words: PackWords, say: Speech) -> str:  # noqa: ARG001
    return say.text(N_("loses the tag %(tags)s"), tags=say.text(N_(", ")).join(value)) if value else ""


def _messages(value: Mapping[str, Any], words: PackWords, say: Speech) -> str:
    titles = say.text(N_(", ")).join(_title(rule, words) for rule in value)
    return say.text(N_("message: %(rules)s"), rules=titles) if value else ""


_TELLERS: Mapping[str, Callable[[Any, PackWords, Speech], str]] = {
    "points": _points,
    "awards": _awards,
    "discount_minor": _off,
    "lines": _lines,
    "refused": _refused,
    "tier": _tier,
    "applied": _applied,
    "failed": _failed,
    "notes": _notes,
    "available_at": _usable,
    "expires_at": _expiring,
    "stage": _stage,
    "moved_to": _stage,
    "revisit_after_days": _revisit,
    "tagged": _tagged,
    "untagged": _untagged,
    "messages": _messages,
    "errors": _errors,
}


def _title(rule: str, words: PackWords) -> str:
    found = words.rules.get(rule)
    return found.title if found else rule


def _parameters(pack: Pack, case: Case, say: Speech) -> list[str]:
    told = []
    for name, value in (case.parameters or {}).items():
        parameter = pack.parameters[name]
        shown = say.amount(value) if parameter.type == "money_minor" else say.number(value)
        told.append(say.text(N_("%(name)s: %(value)s"), name=parameter.title.of(say.language), value=shown))
    return told


def _given(given: Given, own: Catalogue, say: Speech) -> str:
    told = []
    if given.at:
        at = datetime.fromisoformat(given.at)
        told.append(f"{format_date(at.date(), 'EEE', locale=say.locale)} {at:%H:%M}")
    told += _facts("member", given.member, say) + _own_facts(given.member, own.member, say)
    told += _facts("store", given.store, say) + _own_facts(given.store, own.store, say)
    told += _facts("calendar", given.calendar, say)
    told += _basket(given, own, say)
    return " · ".join(told)


def _facts(group: str, part: Part | None, say: Speech) -> list[str]:
    if part is None:
        return []
    fields = catalogue.fields_of(group)
    return [
        _fact(fields[name], getattr(part, name), say)
        for name in fields
        if name in part.model_fields_set and getattr(part, name) is not None
    ]


def _own_facts(part: Part | None, fields: Mapping[str, catalogue.Field], say: Speech) -> list[str]:
    """The chain's own facts as the case gives them."""
    given = getattr(part, "custom", None) or {}
    return [_fact(fields[code], value, say) for code, value in given.items() if code in fields]


def _fact(field: catalogue.Field, value: Any, say: Speech) -> str:  # noqa: ANN401 — any fact
    zh = say.language == "zh"
    name = field.zh if zh else field.en
    named = {option.value: (option.zh if zh else option.en) for option in field.options}
    if isinstance(value, bool):
        shown = say.text(N_("yes")) if value else say.text(N_("no"))
    elif isinstance(value, list):
        shown = say.text(N_(", ")).join(value) or "–"
    elif field.unit == "minor":
        shown = say.amount(value)
    elif field.path == "member.tier":
        shown = say.text(word_for("tier", value)) if value else "–"
    else:
        shown = str(named.get(value, value))
    return say.text(N_("%(name)s: %(value)s"), name=name, value=shown)


def _basket(given: Given, own: Catalogue, say: Speech) -> list[str]:
    lines = getattr(given.purchase, "lines", None) or []
    told = []
    for line in lines[:LINES_NAMED]:
        department = getattr(line, "department", None) or say.text(N_("no department"))
        sales = say.amount(getattr(line, "sales_minor", None) or 0)
        off = getattr(line, "discount_minor", None)
        reduced = say.text(N_(" (after %(amount)s off)"), amount=say.amount(off)) if off else ""
        facts = say.text(N_(", ")).join(_own_facts(line, own.product, say))
        told.append(f"{department} {sales}{reduced}" + (f" [{facts}]" if facts else ""))
    if len(lines) > LINES_NAMED:
        told.append("…")
    return [" + ".join(told)] if told else []
