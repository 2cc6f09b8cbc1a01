"""Where a new pack begins: the gallery, and what is asked before its draft is made."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import FieldTrouble, View


@dataclass(frozen=True, slots=True)
class Beginning:
    """One pack to begin with.

    Attributes:
        href: where its form is.
        note: which version it is, of an own one.
        rules, cases: how many; 0 where nobody needs to know.
    """

    href: str
    title: str
    description: str
    kind: str
    note: str
    rules: int
    cases: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """Packs to begin with that belong together."""

    id: str
    title: str
    hint: str
    beginnings: tuple[Beginning, ...]


@dataclass(frozen=True, slots=True)
class GalleryPage(View):
    """All that a new pack can begin with."""

    template: ClassVar[str] = "gallery.html"
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, slots=True)
class BeginPage(View):
    """What one pack to begin with does, and what the new one is to be called.

    Attributes:
        source: which; sent back by the form.
        sentences: what its rules do, one each.
        from_title: what it is called itself.
    """

    template: ClassVar[str] = "gallery_begin.html"
    source: str
    from_title: str
    kind: str
    description: str
    sentences: tuple[str, ...]
    cases: int
    code: str
    title_zh: str
    title_en: str
    problems: tuple[FieldTrouble, ...]
