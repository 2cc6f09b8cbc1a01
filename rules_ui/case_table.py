"""Presents the cases of a draft as a table, and the open one as a form of its facts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regulars.rules.adopting import ERRORS, can_adopt
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.checker import Report
from rules_ui.case_changes import NOBODY, field_of
from rules_ui.case_view import case_lines, outcome_words
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.case_table import CaseEntry, CaseFact, CaseLineForm, CaseTable, FactKind, OpenCase
from rules_ui.editor.sheet import Offers, element_id
from rules_ui.editor.values import shown, unit_of
from rules_ui.i18n import N_, Speech
from rules_ui.rule_words import PackWords
from rules_ui.words import WORDS

_OPEN: Final = re.compile(r"/cases/([0-9]{1,3})(/|$)")
_EXPECTED: Final[Mapping[str, str]] = {
    "points": N_("Points"),
    "discount_minor": N_("Off in all"),
    "tier": N_("Moves up to"),
    "stage": N_("Stage"),
    "moved_to": N_("Stage"),
    "revisit_after_days": N_("Revisit after (days)"),
}
_LINE_ALWAYS: Final = ("department", "sales_minor")
_OFFERED: Final = (
    "member.spend_365d_minor",
    "member.qualifying_spend_minor",
    "member.visits_365d",
    "member.visits",
    "member.enrolled_days",
    "member.spend_30d_minor",
    "member.visits_30d",
    "member.spend_90d_minor",
    "member.visits_90d",
    "member.days_since_visit",
    "member.stage",
    "member.tags",
    "member.frozen",
    "purchase.channel",
    "store.code",
    "store.branch",
)


@dataclass(frozen=True, slots=True)
class Tabled:
    """A draft whose cases are shown.

    Attributes:
        document: its values; of a draft that cannot be read, none.
        opened: JSON Pointer of what was changed or asked for last: the case that it lies in is open.
        troubles: what was typed and could not be read, by the id of its field.
    """

    code: str
    document: Mapping[str, Any]
    report: Report
    opened: str
    troubles: Sequence[FieldTrouble]


def table_of(
    tabled: Tabled, words: PackWords | None, catalogue: Catalogue, offers: Offers, say: Speech
) -> CaseTable:
    """The table.

    Args:
        tabled: the draft.
        words: what its rules are called; None where the pack cannot be said.
        catalogue: what rules of the chain can read.
        offers: tiers of the chain.
        say: the reader's language.
    """
    report = tabled.report
    if report.pack is None or words is None:
        return CaseTable(tabled.code, told=False, failing=0, cases=(), adoptable=False)
    found = _OPEN.match(tabled.opened)
    opened = int(found[1]) if found else -1
    entries = []
    for line in case_lines(report.pack, report, words, say, catalogue):
        number = line.number - 1
        form = None
        if number == opened:
            form = _Form(tabled, words, catalogue, offers, say, number).made()
        at = f"/cases/{number}"
        entries.append(
            CaseEntry(
                at, f"case-{number}", number, line.name, line.given, line.expected, line.got, line.green, form
            )
        )
    failing = sum(not each.green for each in entries)
    return CaseTable(
        tabled.code,
        told=True,
        failing=failing,
        cases=tuple(entries),
        adoptable=can_adopt(report),
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """Makes the form of one case."""

    tabled: Tabled
    words: PackWords
    catalogue: Catalogue
    offers: Offers
    say: Speech
    number: int

    @property
    def at(self) -> str:
        return f"/cases/{self.number}"

    @property
    def case(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.tabled.document["cases"][self.number]
        return found

    def made(self) -> OpenCase:
        result = self.tabled.report.cases[self.number]
        given: Mapping[str, Any] = self.case.get("given", {})
        return OpenCase(
            names=tuple(self._names()),
            facts=tuple(self._facts(given)),
            lines=tuple(self._lines(given)),
            expects=tuple(self._expects()),
            locked=tuple(self._locked(given)),
            more=tuple(self._more(given)),
            adoptable=bool(result.differences) and all(d.what != ERRORS for d in result.differences),
        )

    def _names(self) -> Iterator[CaseFact]:
        titles = {"zh": N_("Name in Chinese"), "en": N_("Name in English")}
        for language, title in titles.items():
            said = str(self.case["name"][language])
            yield self._fact(f"{self.at}/name/{language}", "set-text", title, "text", said)

    def _facts(self, given: Mapping[str, Any]) -> Iterator[CaseFact]:
        base = f"{self.at}/given"
        yield self._fact(f"{base}/at", "set-given", N_("When"), "moment", str(given.get("at", "")))
        member = given.get("member") or {}
        tier = NOBODY if member.get("known") is False else str(member.get("tier", "base"))
        options = [*self.offers.tiers, Choice(NOBODY, self.say.text(N_("Without a member")))]
        yield self._fact(
            f"{base}/member/tier", "set-given", N_("Member"), "choice", tier, _chosen(options, tier)
        )
        if "silent_days" in given:
            said = str(given["silent_days"])
            yield self._fact(f"{base}/silent_days", "set-given", N_("Days of silence"), "number", said)
        for path, value in _flat(given):
            field = field_of(path, self.catalogue)
            if field is not None and path not in ("member/tier", "member/known"):
                yield self._of_field(f"{base}/{path}", field, value)

    def _lines(self, given: Mapping[str, Any]) -> Iterator[CaseLineForm]:
        for number, line in enumerate((given.get("purchase") or {}).get("lines") or ()):
            at = f"{self.at}/given/purchase/lines/{number}"
            names = [*_LINE_ALWAYS, *(name for name in line if name not in (*_LINE_ALWAYS, "custom"))]
            facts = []
            for name in names:
                field = self.catalogue.lines.get(name)
                if field is not None:
                    facts.append(self._of_field(f"{at}/{name}", field, line.get(name, "")))
            yield CaseLineForm(at, number + 1, tuple(facts))

    def _of_field(self, at: str, field: Field, value: object) -> CaseFact:
        label = field.zh if self.say.language == "zh" else field.en
        kind: FactKind = "number" if field.type == "integer" else "text"
        options: tuple[Choice, ...] = ()
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        before = ""
        if field.type == "boolean":
            kind, said = "choice", "true" if value else "false"
            yes, no = self.say.text(N_("yes")), self.say.text(N_("no"))
            options = _chosen([Choice("true", yes), Choice("false", no)], said)
        elif field.options:
            kind = "choice"
            zh = self.say.language == "zh"
            named = [Choice(str(each.value), each.zh if zh else each.en) for each in field.options]
            options = _chosen(named, said)
        elif field.type == "integer" and type(value) is int:
            said = shown(value, unit_of(field), self.say.money.exponent)
            before = self.say.currency_sign if field.unit == "minor" else ""
        return self._fact(at, "set-given", label, kind, said, options, before)

    def _expects(self) -> Iterator[CaseFact]:
        base, expect = f"{self.at}/expect", self.case.get("expect") or {}
        for key, title in _EXPECTED.items():
            if key in expect:
                yield self._expected(f"{base}/{key}", key, title, expect[key])
        for rule, points in (expect.get("awards") or {}).items():
            yield self._fact(f"{base}/awards/{rule}", "set-expect", self._title(rule), "number", str(points))
        for line, minor in (expect.get("lines") or {}).items():
            label = self.say.text(N_("Off line %(number)s"), number=line)
            said = shown(minor, "minor", self.say.money.exponent)
            yield self._fact(
                f"{base}/lines/{line}", "set-expect", label, "number", said, (), self.say.currency_sign
            )

    def _expected(self, at: str, key: str, title: str, value: Any) -> CaseFact:  # noqa: ANN401 — JSON
        if key == "discount_minor":
            said = shown(value, "minor", self.say.money.exponent)
            return self._fact(at, "set-expect", title, "number", said, (), self.say.currency_sign)
        if key == "tier":
            none = Choice("", self.say.text(N_("no move up")))
            options = _chosen([none, *self.offers.tiers], value or "")
            return self._fact(at, "set-expect", title, "choice", value or "", options)
        if key in ("stage", "moved_to"):
            named = [Choice(code, self.say.text(word)) for code, word in WORDS["stage"].items()]
            options = _chosen([each for each in named if each.value != "joined"], str(value))
            return self._fact(at, "set-expect", title, "choice", str(value), options)
        return self._fact(at, "set-expect", title, "number", "" if value is None else str(value))

    def _locked(self, given: Mapping[str, Any]) -> Iterator[str]:
        expect = self.case.get("expect") or {}
        plain = {*_EXPECTED, "awards", "lines"}
        others = {key: value for key, value in expect.items() if key not in plain}
        said = outcome_words(others, self.words, self.say)
        if said:
            yield said
        if self.case.get("parameters"):
            yield self.say.text(N_("Parameters of its own"))
        if "calendar" in given or any("custom" in part for part in given.values() if isinstance(part, dict)):
            yield self.say.text(N_("Facts that are given in the code"))

    def _more(self, given: Mapping[str, Any]) -> Iterator[Choice]:
        there = {path.replace("/", ".") for path, _ in _flat(given)}
        for path in _OFFERED:
            if path not in there:
                field = self.catalogue.document[path]
                yield Choice(path, field.zh if self.say.language == "zh" else field.en)
        if "silent_days" not in given:
            yield Choice("silent_days", self.say.text(N_("Days of silence")))

    def _title(self, rule: str) -> str:
        known = self.words.rules.get(rule)
        return self.say.text(N_("Points by “%(rule)s”"), rule=known.title if known else rule)

    def _fact(
        self,
        at: str,
        do: str,
        label: str,
        kind: FactKind,
        value: str,
        options: tuple[Choice, ...] = (),
        before: str = "",
    ) -> CaseFact:
        id_ = element_id(at, f"{do}-value")
        trouble = next((each for each in self.tabled.troubles if each.field == id_), None)
        if trouble is not None and trouble.typed is not None:
            value = trouble.typed
        told = trouble.message if trouble else ""
        return CaseFact(at, do, id_, self.say.text(label), kind, value, options, before, "", told)


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The plain facts of the groups, by their places below `given`."""
    for group in ("member", "purchase", "store"):
        for name, value in (given.get(group) or {}).items():
            if name not in ("lines", "custom", "above"):
                yield f"{group}/{name}", value


def _chosen(options: Sequence[Choice], value: str) -> tuple[Choice, ...]:
    """The options with one chosen; a value that is none of them is offered too."""
    known = [Choice(each.value, each.label, each.value == value) for each in options]
    if not any(each.chosen for each in known):
        known.append(Choice(value, value or "–", chosen=True))
    return tuple(known)
