"""What differs between two texts of a pack: in sentences, part by part, and line by line in the code."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

import orjson

from regulars.rules.catalogue import Catalogue
from regulars.rules.limit_wording import limit_sentences
from regulars.rules.model import Pack
from regulars.rules.reading import read
from rules_ui.contexts.compare import ChangeGroup, CodeLine, DiffView, SaidChange
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.parameter_form import shown_value
from rules_ui.rule_words import pack_words

CONTEXT_LINES: Final = 3
MOST_LINES: Final = 20_000
"""Beyond so many lines nobody reads the comparison, and making it would keep tills waiting."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two texts.

    Attributes:
        name: what it is called: "Version 3", "Draft, revision 5".
        text: "" where there is none.
        pack: None where the text is no pack.
    """

    name: str
    text: str
    pack: Pack | None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pack: its name, its sentences, and its code to tell whether it changed."""

    title: str
    said: tuple[str, ...]
    code: object


def diff_of(before: Side | None, after: Side, catalogue: Catalogue, say: Speech) -> DiffView:
    """Compare two texts of a pack.

    Args:
        before: what is live; None where nothing is.
        after: what is to come.
        catalogue: what rules of the chain can read.
        say: the reader's language.
    """
    old = before or Side("", "", None)
    groups: list[ChangeGroup] = []
    if after.pack is not None and (before is None or old.pack is not None):
        for title, parts in _GROUPS:
            was = parts(old.pack, catalogue, say) if old.pack else {}
            is_now = parts(after.pack, catalogue, say)
            changes = tuple(_changes(was, is_now))
            if changes:
                groups.append(ChangeGroup(say.text(title), changes))
    return DiffView(
        before=old.name,
        after=after.name,
        groups=tuple(groups),
        cases=_cases(old.pack, after.pack, say),
        code=tuple(code_lines(old.text, after.text)),
        unreadable=after.pack is None or (before is not None and old.pack is None),
    )


def code_lines(before: str, after: str) -> Iterator[CodeLine]:
    """The lines of two texts that differ, with some around them.

    Args:
        before, after: JSON; laid out alike, so that blanks and line ends do not count.
    """
    old, new = _laid_out(before), _laid_out(after)
    if len(old) + len(new) > MOST_LINES:
        return
    matcher = SequenceMatcher(None, old, new, autojunk=True)
    reached = 0
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        if group[0][1] > reached:
            yield CodeLine("skipped", "⋯")
        for tag, old_from, old_to, new_from, new_to in group:
            reached = old_to
            if tag == "equal":
                yield from (CodeLine("same", line) for line in old[old_from:old_to])
                continue
            yield from (CodeLine("removed", line) for line in old[old_from:old_to])
            yield from (CodeLine("added", line) for line in new[new_from:new_to])
    if 0 < reached < len(old):
        yield CodeLine("skipped", "⋯")


def _laid_out(text: str) -> list[str]:
    if not text:
        return []
    value, findings = read(text)
    if findings:
        return text.splitlines()
    return json.dumps(value, ensure_ascii=False, indent=2).splitlines()


def _changes(was: Mapping[str, _Part], is_now: Mapping[str, _Part]) -> Iterator[SaidChange]:
    for key in [*was, *(key for key in is_now if key not in was)]:
        old, new = was.get(key), is_now.get(key)
        if old is None and new is not None:
            yield SaidChange("added", new.title, (), new.said)
        elif new is None and old is not None:
            yield SaidChange("removed", old.title, old.said, ())
        elif old is not None and new is not None and old != new:
            yield SaidChange("changed", new.title, old.said, new.said, only_code=old.said == new.said)


def _heads(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    words = pack_words(pack, say, catalogue)
    found = {
        "title": _Part(say.text(N_("Title")), (words.title,), pack.title),
        "description": _Part(say.text(N_("Description")), (words.description,), pack.description),
        "priority": _Part(say.text(N_("Order among packs")), (say.number(pack.priority),), pack.priority),
    }
    if pack.stacking is not None:
        found["stacking"] = _Part(
            say.text(N_("Which rules count together")),
            _said(words.stacking),
            pack.stacking.model_dump(mode="json"),
        )
    return found


def _rules(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    words, found = pack_words(pack, say, catalogue), {}
    for rule in pack.rules:
        told = words.rules[rule.id]
        scope = _said(told.scope, say.text(N_("Meant for: %(scope)s"), scope=told.scope))
        calendar = _said(told.calendar, say.text(N_("When: %(calendar)s"), calendar=told.calendar))
        said = (told.effect, *told.conditions, *scope, *calendar)
        found[rule.id] = _Part(told.title, said, rule.model_dump(mode="json"))
    return found


def _parameters(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    del catalogue
    return {
        name: _Part(
            one.title.of(say.language), (shown_value(one.value, one, say),), one.model_dump(mode="json")
        )
        for name, one in pack.parameters.items()
    }


def _limits(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    del catalogue
    codes = {limit.code: limit.model_dump(mode="json") for limit in pack.limits or ()}
    money = say.money
    said = limit_sentences(pack, LANGUAGES[say.language], exponent=money.exponent, currency=money.currency)
    return {one.code: _Part(one.title, (one.words,), codes[one.code]) for one in said}


def _tiers(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    del catalogue
    return {
        tier.code: _Part(
            tier.title.of(say.language),
            (say.text(N_("from a spend of %(amount)s"), amount=say.amount(pack.value_of(tier.threshold))),),
            tier.model_dump(mode="json"),
        )
        for tier in pack.tiers or ()
    }


_LIFECYCLE: Final[Mapping[str, str]] = {
    "tier_year_days": N_("Length of a tier year"),
    "at_risk_after_days": N_("Silence until a member is at risk"),
    "lapse_after_days": N_("Silence until a member has lapsed"),
    "first_revisit_after_days": N_("Days to the first revisit"),
    "revisit_every_days": N_("Days between revisits"),
}


def _lifecycle(pack: Pack, catalogue: Catalogue, say: Speech) -> dict[str, _Part]:
    del catalogue
    found = {}
    for name, title in _LIFECYCLE.items():
        number = getattr(pack.lifecycle, name, None) if pack.lifecycle else None
        if number is not None:
            days = pack.value_of(number)
            found[name] = _Part(say.text(title), (say.ngettext("%(num)s day", "%(num)s days", days),), days)
    return found


_GROUPS: Final[Iterable[tuple[str, Callable[[Pack, Catalogue, Speech], dict[str, _Part]]]]] = (
    (N_("Rules"), _rules),
    (N_("Parameters"), _parameters),
    (N_("Limits"), _limits),
    (N_("Tiers"), _tiers),
    (N_("Lifecycle"), _lifecycle),
    (N_("The pack itself"), _heads),
)


def _cases(before: Pack | None, after: Pack | None, say: Speech) -> str:
    if before is None or after is None:
        return ""
    was, is_now = (
        {case.name.en: orjson.dumps(case.model_dump(mode="json")) for case in p.cases}
        for p in (before, after)
    )
    added, removed = len(is_now.keys() - was.keys()), len(was.keys() - is_now.keys())
    changed = sum(was[name] != is_now[name] for name in was.keys() & is_now.keys())
    if not added + removed + changed:
        return ""
    return say.text(
        N_("Cases: %(added)s added, %(changed)s changed, %(removed)s removed"),
        added=added,
        changed=changed,
        removed=removed,
    )


def _said(words: str, told: str | None = None) -> tuple[str, ...]:
    return (told or words,) if words else ()
