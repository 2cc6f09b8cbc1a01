"""Says why a trial of a real receipt gives something else than the till gave."""

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.explanation import words
from regulars.explanation.trying import Came, Recorded
from regulars.rules.evaluator import PackSet
from rules_ui.i18n import N_, Speech
from rules_ui.words import word_for


@dataclass(frozen=True, slots=True)
class Beside:
    """A draft's trial beside the receipt.

    Attributes:
        code: of the pack that is drafted.
        draft: what came of it with the draft, `live` with what is live now.
        packs: with the draft, whose limits are named by their titles.
        now: versions that are live now, as "code/number".
    """

    code: str
    recorded: Recorded
    draft: Came
    live: Came
    packs: PackSet
    now: tuple[str, ...]


def told_beside(beside: Beside, say: Speech) -> tuple[str, ...]:
    """What the till gave, and why that is something else; in sentences."""
    recorded, draft = beside.recorded, beside.draft
    if _same(draft, recorded):
        return (say.text(N_("The till gave the same.")),)
    gave = say.ngettext(
        "The till gave %(num)s point and %(off)s off.",
        "The till gave %(num)s points and %(off)s off.",
        recorded.points,
        off=say.amount(recorded.discount_minor),
    )
    if _same(beside.live, recorded):
        own = N_("What is live now gives the same as the till: the difference is this draft's.")
        reasons = [say.text(own)]
    else:
        reasons = _reasons(beside, say) or [say.text(N_("Today's rules give something else for it."))]
    member = draft.facts.member
    if member.known:
        tier = say.text(word_for("tier", member.tier))
        reasons.append(say.text(N_("The member counts as of then: tier %(tier)s."), tier=tier))
    return (gave, *reasons)


def _same(came: Came, recorded: Recorded) -> bool:
    return (came.points, came.discount_minor) == (recorded.points, recorded.discount_minor)


def _reasons(beside: Beside, say: Speech) -> list[str]:
    recorded = beside.recorded
    then, now = _numbers(recorded.packs), _numbers(beside.now)
    found = [*_of_versions(beside.code, then, now, say)]
    changed = sorted(
        code for code in then.keys() | now.keys() if code != beside.code and then.get(code) != now.get(code)
    )
    if changed:
        titles = {one.version.code: one.pack.title.of(say.language) for one in beside.packs.packs}
        named = say.text(N_(", ")).join(titles.get(code, code) for code in changed)
        found.append(say.text(N_("Other packs are in other versions than then: %(packs)s."), packs=named))
    if recorded.limited:
        named = say.text(N_(", ")).join(_limits(beside, say))
        left = N_(
            "A limit had left less then: %(limits)s. A trial counts limits as if nothing had been given."
        )
        found.append(say.text(left, limits=named))
    told = (words.FLAGS[flag] for flag in recorded.flags if flag in words.FLAGS and flag != "late")
    return found + [said.of(say.language) for said in told]


def _of_versions(code: str, then: Mapping[str, str], now: Mapping[str, str], say: Speech) -> list[str]:
    if then.get(code) == now.get(code):
        return []
    if code not in then:
        return [say.text(N_("No version of this pack was in force then."))]
    if code not in now:
        said = N_("Version %(then)s of this pack was in force then; none is now.")
        return [say.text(said, then=then[code])]
    said = N_("Version %(then)s of this pack was in force then; now it is version %(now)s.")
    return [say.text(said, then=then[code], now=now[code])]


def _limits(beside: Beside, say: Speech) -> list[str]:
    titles = {
        (one.version.code, limit.code): limit.title.of(say.language)
        for one in beside.packs.packs
        for limit in one.pack.limits or ()
    }
    return [titles.get(each, each[1]) for each in beside.recorded.limited]


def _numbers(versions: tuple[str, ...]) -> dict[str, str]:
    return {code: number for code, _, number in (each.partition("/") for each in versions)}
