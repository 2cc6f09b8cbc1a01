"""Presents packs: which version is live where, what it says, how its cases went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from regulars.rules.adopting import can_adopt
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import Report
from regulars.rules.model import Pack
from regulars.rules.stored import Activation, StoredVersion, VersionLine
from rules_ui.case_view import CASE_FAILED, case_lines
from rules_ui.contexts.base import FieldTrouble, PlacePick
from rules_ui.contexts.pack_home import PackLive
from rules_ui.contexts.packs import Draft, PackPage, RuleInWords
from rules_ui.contexts.packs import VersionLine as VersionShown
from rules_ui.i18n import N_, Speech
from rules_ui.parameter_form import parameters_of
from rules_ui.rule_words import PackWords, pack_words
from rules_ui.version_marks import Aftermath, Names, marks_of

RUNS_BY = "command:"
Problems = Sequence[FieldTrouble]


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of one pack.

    Attributes:
        shown: the version on the page.
        lines: some of its versions, newest first.
        more: there are older ones.
        activations: where and when, oldest first.
        live: the version live at headquarters now, or None.
        at_the_tills: where it is live, and how full its limits are.
        has_draft: there is a draft of it.
        catalogue: what its rules can read.
        aftermath: what was done about its versions.
    """

    shown: StoredVersion
    lines: Sequence[VersionLine]
    activations: Sequence[Activation]
    live: StoredVersion | None
    at_the_tills: PackLive
    has_draft: bool = False
    catalogue: Catalogue = BUILT_IN
    aftermath: Aftermath = field(default_factory=Aftermath)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with packs, and at which places."""

    may_edit: bool
    may_publish: bool
    places: PlacePick


@dataclass(frozen=True, slots=True)
class Publishing:
    """The form that puts a version live, as it was sent and refused."""

    place: str = ""
    reason: str = ""
    problems: tuple[FieldTrouble, ...] = ()


NOTHING_TYPED: Final = Publishing()


@dataclass(frozen=True, slots=True)
class Form:
    """What the page shows of the reader's own doing.

    Attributes:
        report: of the text that the cases ran on.
        typed: parameter values as typed; empty where the version's own are shown.
    """

    report: Report
    typed: Mapping[str, str]
    problems: Sequence[FieldTrouble]
    publishing: Publishing = NOTHING_TYPED


def page_of(
    known: Known,
    form: Form,
    rights: Rights,
    names: Mapping[str, str],
    places: Mapping[UUID, str],
    say: Speech,
) -> PackPage:
    """The pack page.

    Args:
        known: the pack's versions.
        form: what the reader typed, and what the cases said of it.
        rights: what the reader may do.
        names: of operators, by id.
        places: names by id.
        say: the reader's language.
    """
    version = known.shown.version
    own = Pack.model_validate(version.document)
    shown = form.report.pack or own
    words = pack_words(shown, say, known.catalogue)
    live_pack = Pack.model_validate(known.live.version.document) if known.live else None
    return PackPage(
        code=version.code,
        title=words.title,
        description=words.description,
        kind=version.kind,
        version=version.version,
        live_version=known.live.version.version if known.live else None,
        parameters=parameters_of(own, live_pack, form.typed, say),
        problems=tuple(form.problems),
        rules=tuple(
            RuleInWords(r.title, r.effect, r.conditions, r.scope, r.calendar) for r in words.rules.values()
        ),
        stacking=words.stacking,
        limits=words.limits,
        versions=tuple(_version(line, known, names, places, say) for line in known.lines),
        older_href=_older(known) if known.more else "",
        may_edit=rights.may_edit,
        may_release=known.has_draft,
        at_the_tills=known.at_the_tills,
        draft=_draft(known, form, shown, words, rights, say),
    )


def _older(known: Known) -> str:
    version = known.shown.version
    before = known.lines[-1].version
    return f"/packs/{version.code}/versions/{version.version}?before={before}#versions-title"


def _draft(known: Known, form: Form, shown: Pack, words: PackWords, rights: Rights, say: Speech) -> Draft:
    report, version = form.report, known.shown.version
    cases = case_lines(shown, report, words, say, known.catalogue)
    failing = sum(not case.green for case in cases)
    findings = [
        (found.zh if say.language == "zh" else found.en)
        for found in report.findings
        if found.severity == "error" and found.code != CASE_FAILED
    ]
    return Draft(
        code=version.code,
        findings=tuple(findings),
        cases=cases,
        green=report.green,
        failing=failing,
        saved_version=None if form.typed else version.version,
        live_version=known.live.version.version if known.live else None,
        may_publish=rights.may_publish,
        may_edit=rights.may_edit,
        places=rights.places,
        reason=form.publishing.reason,
        problems=form.publishing.problems,
        adoptable=bool(form.typed) and can_adopt(report),
    )


def _version(
    line: VersionLine, known: Known, names: Mapping[str, str], places: Mapping[UUID, str], say: Speech
) -> VersionShown:
    latest = next((a for a in reversed(known.activations) if a.version_id == line.id), None)
    return VersionShown(
        version=line.version,
        created_at=line.created_at,
        created_by=_maker(line.created_by, names, say),
        live_since=latest.live_from if latest else None,
        where=places.get(latest.place_id, "?") if latest else "",
        reason=(latest.reason or "") if latest else "",
        live=bool(known.live and known.live.version.id == line.id),
        shown=line.id == known.shown.version.id,
        href=f"/packs/{line.code}/versions/{line.version}",
        marks=marks_of(line.version, known.aftermath, Names(names, places), say),
    )


def _maker(created_by: str, names: Mapping[str, str], say: Speech) -> str:
    if created_by.startswith(RUNS_BY):
        return say.text(N_("command line"))
    maker_id = created_by.partition(":")[2]
    return names.get(maker_id, maker_id)
