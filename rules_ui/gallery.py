"""What a new pack can begin with, as the gallery shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from regulars.rules.blanks import blank_text
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.domain import PackKind
from regulars.rules.model import Pack
from regulars.rules.sentences import pack_of
from regulars.rules.starters import GALLERY, starter_text
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.gallery import Beginning, BeginPage, Shelf
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.rule_words import pack_words, rule_sentence

TRADES: Final[Mapping[str, str]] = {
    "grocery": N_("Supermarket"),
    "print-shop": N_("Print shop"),
    "auto-repair": N_("Auto repair"),
}
_BLANK: Final[Mapping[PackKind, str]] = {
    "earning": N_("Points: earning and multiplying"),
    "discount": N_("Money off: by rate, amount, threshold or piece"),
    "eligibility": N_("Who does not take part"),
    "tier": N_("Tiers, and when a member moves"),
    "lifecycle": N_("Silence, revisits, tags and messages"),
}
STARTER, BLANK, OWN, DRAFT = "starter", "blank", "own", "draft"


@dataclass(frozen=True, slots=True)
class OwnPack:
    """A pack of the chain that can be copied.

    Attributes:
        version: None of a draft that has no version.
    """

    code: str
    version: int | None
    text: str


def shelves(own: Sequence[OwnPack], say: Speech) -> tuple[Shelf, ...]:
    """The gallery: by trade, blank ones, and the chain's own."""
    made = [
        Shelf(
            f"trade-{trade}",
            say.text(title),
            "",
            tuple(_starter(code, say) for code in GALLERY[trade]),
        )
        for trade, title in TRADES.items()
    ]
    blanks = tuple(
        Beginning(f"/packs/new?begin={BLANK}:{kind}", say.text(_BLANK[kind]), "", kind, "", 0, 0)
        for kind in get_args(PackKind)
    )
    hint = say.text(N_("One rule and a few cases, to be changed into what you need."))
    made.append(Shelf("blank", say.text(N_("Blank")), hint, blanks))
    copies = tuple(each for each in (_own(pack, say) for pack in own) if each is not None)
    if copies:
        hint = say.text(N_("The copy is a pack of its own; the one it was made from stays as it is."))
        made.append(Shelf("own", say.text(N_("Copy one of your own")), hint, copies))
    return tuple(made)


def source_text(source: str) -> str | None:
    """The text that a source from our own files stands for; None where it is none of these."""
    kind, _, name = source.partition(":")
    if kind == STARTER and any(name in codes for codes in GALLERY.values()):
        return starter_text(name)
    if kind == BLANK and name in _BLANK:
        return blank_text(name)  # type: ignore[arg-type]  # one of the kinds
    return None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a new pack to be called."""

    code: str
    title_zh: str
    title_en: str


def begin_page(
    source: str,
    pack: Pack,
    wish: Wish,
    say: Speech,
    catalogue: Catalogue = BUILT_IN,
    problems: Sequence[FieldTrouble] = (),
) -> BeginPage:
    """What is asked before the draft is made."""
    words = pack_words(pack, say, catalogue)
    said = [rule_sentence(rule, say.language) for rule in words.rules.values()]
    return BeginPage(
        source=source,
        from_title=words.title,
        kind=pack.kind,
        description=words.description,
        sentences=(*said, *(each for each in (words.stacking, *words.limits) if each)),
        cases=len(pack.cases),
        code=wish.code,
        title_zh=wish.title_zh,
        title_en=wish.title_en,
        problems=tuple(problems),
    )


def _starter(code: str, say: Speech) -> Beginning:
    pack = pack_of(starter_text(code))
    locale = LANGUAGES[say.language]
    return Beginning(
        f"/packs/new?begin={STARTER}:{code}",
        pack.title.of(locale),
        pack.description.of(locale),
        pack.kind,
        "",
        len(pack.rules),
        len(pack.cases),
    )


def _own(own: OwnPack, say: Speech) -> Beginning | None:
    """A draft that cannot be read cannot be copied."""
    try:
        pack = pack_of(own.text)
    except ValueError:
        return None
    locale = LANGUAGES[say.language]
    if own.version is None:
        source, note = f"{DRAFT}:{own.code}", say.text(N_("draft"))
    else:
        source = f"{OWN}:{own.code}/{own.version}"
        note = say.text(N_("version %(version)s"), version=own.version)
    title, description = pack.title.of(locale), pack.description.of(locale)
    return Beginning(
        f"/packs/new?begin={source}", title, description, pack.kind, note, len(pack.rules), len(pack.cases)
    )
