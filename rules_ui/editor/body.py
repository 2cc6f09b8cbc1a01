"""The whole form of one draft, from its text and what the checker says of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from regulars.rules.catalogue import Catalogue
from regulars.rules.checker import Report
from regulars.rules.findings import is_green
from regulars.rules.reading import JsonValue, read
from rules_ui.case_table import Tabled, table_of
from rules_ui.case_view import CASE_FAILED, CASE_FAILS, findings_told
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.case_table import CaseTable
from rules_ui.contexts.editor import EditorBody, EditorNotice, Remark, Section, Summary
from rules_ui.editor.code_places import places_of_text
from rules_ui.editor.parts_view import parameters, sections
from rules_ui.editor.rules_view import blocks, rule_additions
from rules_ui.editor.sheet import Offers, Sheet
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.rule_words import PackWords, pack_words, rule_sentence
from rules_ui.ui import LANGS

MOST_DRAWN: Final = 4_000
"""Values beside the cases that the form has room for: more than a pack of 200 plain rules, and a page that a
browser still bears."""
MOST_HELD: Final = {"rules": 200, "parameters": 100, "cases": 200}
"""How much of each a pack may hold (`regulars/rules/model.py`)."""

_NOTHING = Section("parameters", "", "", (), ())


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as it is read.

    Attributes:
        based_on: its revision; 0 where nothing was saved yet.
        where_saved: a sentence on whose save it is.
        at: JSON Pointer of what was changed or asked for last.
    """

    code: str
    text: str
    based_on: int
    report: Report
    where_saved: str
    at: str = ""


def body_of(
    shown: Shown,
    catalogue: Catalogue,
    offers: Offers,
    say: Speech,
    *,
    notices: Sequence[EditorNotice] = (),
    troubles: Sequence[FieldTrouble] = (),
) -> EditorBody:
    """The form.

    Args:
        shown: the draft.
        catalogue: what rules of the chain can read.
        offers: places and tiers of the chain.
        say: the reader's language.
        notices: what has just happened.
        troubles: what was typed and could not be read, by the id of its field.
    """
    sheet = _sheet(shown, catalogue, offers, say)
    document, readable = sheet.document, bool(sheet.document)
    words = _words(shown.report, say, catalogue)
    # Who shows a finding is settled while the parts are made; the list of all comes after them.
    shown_blocks = blocks(sheet, words) if readable else ()
    shown_parameters = parameters(sheet) if readable else _NOTHING
    shown_sections = sections(sheet) if readable else ()
    tabled = Tabled(shown.code, document, shown.report, shown.at, troubles)
    cases = table_of(tabled, words, catalogue, offers, say)
    remarks = (*_remarks(sheet, cases), *_failing(cases, say))
    return EditorBody(
        code=shown.code,
        based_on=shown.based_on,
        readable=readable,
        title=sheet.titled(document.get("title")) or shown.code,
        kind=str(document.get("kind", "")),
        where_saved=shown.where_saved,
        notices=tuple(notices),
        troubles=tuple(troubles),
        green=shown.report.green,
        verdict=_verdict(remarks, say),
        remarks=remarks,
        homeless=tuple(each for each in remarks if not each.href),
        code_marks=_code_marks(sheet),
        parameters=shown_parameters,
        blocks=shown_blocks,
        rule_adds=rule_additions(sheet) if readable else (),
        sections=shown_sections,
        case_table=cases,
        summaries=_summaries(shown.report, say, catalogue),
        text=shown.text,
    )


def _sheet(shown: Shown, catalogue: Catalogue, offers: Offers, say: Speech) -> Sheet:
    """The values of a text, whatever shape they have; of one that cannot be read, or drawn, none."""
    value, unreadable = read(shown.text)
    document = value if isinstance(value, dict) and not unreadable and can_be_drawn(value) else {}
    code = places_of_text(shown.text, readable=bool(document))
    return Sheet(document, shown.report, catalogue, offers, say, code)


def can_be_drawn(document: Mapping[str, JsonValue]) -> bool:
    """Whether the form has room for a draft: what no pack may hold need not be drawn to be mended."""
    for name, most in MOST_HELD.items():
        held = document.get(name)
        if isinstance(held, (dict, list)) and len(held) > most:
            return False
    waiting: list[JsonValue] = [value for name, value in document.items() if name != "cases"]
    seen = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):
            seen += len(value)
            waiting.extend(value.values() if isinstance(value, dict) else value)
        if seen > MOST_DRAWN:
            return False
    return True


def _remarks(sheet: Sheet, cases: CaseTable) -> tuple[Remark, ...]:
    """All that the checker says but of cases that ran, each with the way to where the form shows it."""
    found = []
    for number, each in enumerate(sheet.report.findings):
        if each.code == CASE_FAILED and cases.told:
            continue
        beside = sheet.placed.get(number) or ("cases" if each.pointer.startswith("/cases/") else "")
        found.append(sheet.remark(each, f"#{beside}" if beside else ""))
    return tuple(found)


def _failing(cases: CaseTable, say: Speech) -> tuple[Remark, ...]:
    """Each case that fails once, in the words of the table of cases."""
    return tuple(
        Remark(
            "bad",
            say.text(CASE_FAILS, name=case.name, expected=case.expected, got=case.got or "–"),
            f"#{case.id}",
        )
        for case in cases.cases
        if not case.green
    )


def _code_marks(sheet: Sheet) -> str:
    """The findings as the code editor marks them; safe inside of HTML."""
    marks = []
    for found in findings_told(sheet.report, sheet.say):
        first, last = sheet.code.lines_of(found.pointer)
        if first:
            said = found.zh if sheet.say.language == "zh" else found.en
            mark = {"line": first, "last_line": last, "severity": found.severity, "message": said}
            marks.append(mark)
    written = json.dumps(marks, ensure_ascii=False)
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _verdict(remarks: Sequence[Remark], say: Speech) -> str:
    wrong = sum(each.tone == "bad" for each in remarks)
    if wrong:
        return say.text(N_("%(count)s to mend"), count=wrong)
    hints = len(remarks)
    return (
        say.ngettext("Ready; %(num)s hint", "Ready; %(num)s hints", hints) if hints else say.text(N_("Ready"))
    )


def _can_be_said(report: Report) -> bool:
    """Whether the pack means something; a red case does not change what it means."""
    return report.pack is not None and is_green([f for f in report.findings if f.code != CASE_FAILED])


def _words(report: Report, say: Speech, catalogue: Catalogue) -> PackWords | None:
    return pack_words(report.pack, say, catalogue) if report.pack and _can_be_said(report) else None


def _summaries(report: Report, say: Speech, catalogue: Catalogue) -> tuple[Summary, ...]:
    if report.pack is None or not _can_be_said(report):
        return ()
    made = []
    for language in (say.language, *(each for each in LANGUAGES if each != say.language)):
        words = pack_words(report.pack, replace(say, language=language), catalogue)
        said = [rule_sentence(rule, language) for rule in words.rules.values()]
        said += [each for each in (words.stacking, *words.limits) if each]
        made.append(Summary(LANGS[language], words.title, tuple(said)))
    return tuple(made)
