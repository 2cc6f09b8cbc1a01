"""A segment's condition as a form: the rule editor's own conditions, over the facts of members."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from regulars.kernel.written import Language
from regulars.rules.action_model import LongWords
from regulars.rules.canonical import laid_out
from regulars.rules.catalogue import Catalogue
from regulars.rules.checker import Report
from regulars.rules.errors import PointerUnknown
from regulars.rules.findings import Finding, finding
from regulars.rules.model import Pack, conditions_of
from regulars.rules.parts import Words
from regulars.rules.reading import read
from regulars.rules.wording import Wording
from regulars.segments.checking import check_condition
from regulars.segments.errors import SegmentNotGreen
from regulars.segments.features import features_of
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.editor import EditorNotice
from rules_ui.contexts.segments import SaidCondition, SegmentForm
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.code_places import places_of_text
from rules_ui.editor.condition_changes import CONDITION_CHANGES
from rules_ui.editor.conditions_view import top_conditions
from rules_ui.editor.sheet import Offers, Sheet
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.ui import LANGS

NEW: Final = '{"and": [{"===": [{"var": "member.tier"}, "silver"]}]}'
"""What a new segment begins with."""
EVERYBODY: Final = '{"var": "member.known"}'
"""What is left when the last condition is taken away: a segment asks something of members."""
SET_CODE: Final = "set-code"
LONGEST: Final = 60_000
LONGEST_AS_FORM: Final = 6_000
"""Every control carries the condition; a longer one is changed in its code."""
_ROOT: Final = "/when"
_HEAD, _TAIL = '{"when": ', "}"
_CHANGES: Final = frozenset(
    {
        *("set-field", "set-relation", "set-value", "set-among", "set-join"),
        *("add-condition", "remove-condition"),
    }
)
_WORDS: Final = Words(zh="-", en="-")
_NO_PACK: Final = Pack(
    code="none",
    kind="eligibility",
    priority=1,
    title=_WORDS,
    description=LongWords(zh="-", en="-"),
    parameters={},
    rules=[],
    cases=[],
)
"""What conditions are said with that belong to no pack: it has no parameters."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A condition's text and what is wrong with it.

    Attributes:
        text: with what the form's places are named by: the condition stands at /when.
        tree: None where the text cannot be read.
        findings: point into `text`.
    """

    condition: str
    text: str
    tree: object
    findings: tuple[Finding, ...]

    @property
    def green(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Builder:
    """What forms of one reader are made with.

    Attributes:
        catalogue: the chain's, narrowed to facts of members by `members_only`.
        tier_names: by code, in each language.
    """

    catalogue: Catalogue
    offers: Offers
    say: Speech
    tier_names: Mapping[Language, Mapping[str, str]]


def members_only(catalogue: Catalogue) -> Catalogue:
    """The facts that segments can be about."""
    known = features_of(catalogue)
    facts = {path: field for path, field in catalogue.document.items() if path in known}
    return replace(catalogue, document=facts, lines={})


def examine(condition: str, catalogue: Catalogue) -> Examined:
    """Read and check a condition.

    Args:
        condition: JSON text, whatever it is.
        catalogue: the chain's.
    """
    text = f"{_HEAD}{condition}{_TAIL}"
    value, unreadable = read(text)
    if unreadable:
        return Examined(condition, text, None, tuple(unreadable))
    if not isinstance(value, dict) or list(value) != ["when"]:
        # The text closed the frame that it was put in.
        wrong = finding("not_json", "", line=1, column=1)
        return Examined(condition, text, None, (wrong,))
    try:
        check_condition(value["when"], catalogue)
    except SegmentNotGreen as error:
        found = tuple(replace(each, pointer=f"{_ROOT}{each.pointer}") for each in error.findings)
        return Examined(condition, text, value["when"], found)
    return Examined(condition, text, value["when"], ())


def changed(condition: str, change: Change, builder: Builder) -> str:
    """The condition after a change of the form; all outside of what was touched keeps its characters.

    Args:
        condition: what the form showed.
        change: what was sent.
        builder: what the chain knows.
    Raises: Unreadable: what was typed is no value; PointerUnknown, ChangeUnknown: no form of ours sends this.
    """
    if change.do == SET_CODE:
        return change.value.replace("\r\n", "\n").strip()
    text = f"{_HEAD}{condition}{_TAIL}"
    if change.do not in _CHANGES or not (change.at == _ROOT or change.at.startswith(f"{_ROOT}/")):
        raise ChangeUnknown(change.do)
    value, unreadable = read(text)
    if unreadable or not isinstance(value, dict) or list(value) != ["when"]:
        raise PointerUnknown(change.at)
    tiers = tuple(tier.value for tier in builder.offers.tiers)
    bench = Bench(text, builder.catalogue, builder.say.money.exponent, tiers)
    try:
        made = CONDITION_CHANGES[change.do](bench, change)
    except KeyError as unknown:  # facts of lines, which no member has
        raise ChangeUnknown(str(unknown)) from None
    left = made.removeprefix(_HEAD).removesuffix(_TAIL)
    return EVERYBODY if left == "true" else left


def form_of(
    examined: Examined,
    builder: Builder,
    action: str,
    *,
    notices: Sequence[EditorNotice] = (),
    troubles: Sequence[FieldTrouble] = (),
) -> SegmentForm:
    """The form of a condition.

    Args:
        examined: the condition.
        builder: what forms are made with.
        action: where its changes go.
        notices: what has just happened.
        troubles: what was typed and could not be read.
    """
    say = builder.say
    long = len(examined.condition) > LONGEST_AS_FORM
    shown = examined.tree is not None and not long
    sheet = _sheet(examined, builder)
    join, conditions, adds = top_conditions(sheet, examined.tree, _ROOT) if shown else (None, (), ())
    if long:
        said = say.text(N_("The condition is too long for the form. It is changed in the code."))
        notices = [*notices, EditorNotice("plain", said)]
    rest = [each for number, each in enumerate(examined.findings) if number not in sheet.placed]
    answer = (examined.condition, *troubles, *notices)
    return SegmentForm(
        action=action,
        condition=examined.condition,
        count_id=f"count-{sha256(repr(answer).encode()).hexdigest()[:12]}",
        notices=tuple(notices),
        troubles=tuple(troubles),
        join=join,
        conditions=conditions,
        adds=adds,
        remarks=tuple(sheet.remark(each) for each in rest),
        said=said_in_both(examined, builder),
        green=examined.green,
    )


def remarks_of(examined: Examined, builder: Builder) -> Sequence[str]:
    """What is wrong with a condition, in the reader's words."""
    sheet = _sheet(examined, builder)
    return [sheet.remark(each).message for each in examined.findings]


def said_in_both(examined: Examined, builder: Builder) -> tuple[SaidCondition, ...]:
    """The condition in plain words, the reader's language first; nothing where it is wrong."""
    if not examined.green:
        return ()
    own = builder.say.language
    languages = (own, *(each for each in LANGUAGES if each != own))
    return tuple(_said(examined.tree, builder, language) for language in languages)


def _said(tree: object, builder: Builder, language: Language) -> SaidCondition:
    say = replace(builder.say, language=language)
    tiers = builder.tier_names[language]
    money = say.money
    wording = Wording(
        language, _NO_PACK, money.exponent, tiers, catalogue=builder.catalogue, currency=money.currency
    )
    any_of = isinstance(tree, dict) and list(tree) == ["or"] and isinstance(tree["or"], list)
    asked = tree["or"] if isinstance(tree, dict) and any_of else conditions_of(tree)
    joined = N_("Members of whom any of these holds:") if any_of else N_("Members of whom all of these hold:")
    sentences = tuple(_capital(wording.words(each)) for each in asked)
    return SaidCondition(LANGS[language], say.text(N_("In words")), say.text(joined), sentences)


def text_of(tree: object) -> str:
    """A saved condition as the form begins with it."""
    return laid_out(tree)


def readable(condition: str) -> str:
    """A condition laid out for people, as it stands where it cannot be read."""
    try:
        return json.dumps(json.loads(condition), ensure_ascii=False, indent=2)
    except ValueError:
        return condition


def _sheet(examined: Examined, builder: Builder) -> Sheet:
    report = Report(examined.findings, _NO_PACK)
    code = places_of_text(examined.text, readable=examined.tree is not None)
    document = {"kind": "eligibility"}
    return Sheet(document, report, builder.catalogue, builder.offers, builder.say, code)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
