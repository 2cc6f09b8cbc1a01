"""Nothing is shown untranslated: every text of code and templates stands in both catalogues, whole."""

import re
from html.parser import HTMLParser
from io import BytesIO

import pytest
from babel.messages import Message
from babel.messages.mofile import read_mo

from regulars.care.domain import Outcome
from regulars.lifecycle.domain import EventKind, Stage
from regulars.lifecycle.freezing import FreezeReason
from regulars.rules.domain import PackKind
from regulars.security.domain import Role
from rules_ui.catalogues import extracted, po_path, read_catalogue
from rules_ui.i18n import LANGUAGES
from rules_ui.render import TEMPLATE_DIR
from rules_ui.telling import MANNERS, TITLES
from rules_ui.words import WORDS

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SHOWN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt", "data-copied"}


def texts(message: Message) -> list[str]:
    strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return [str(text) for text in strings]


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


@pytest.mark.parametrize("locale", LANGUAGES.values())
def test_every_text_is_translated_with_the_same_placeholders(locale: str) -> None:
    catalogue = read_catalogue(locale)
    for message in extracted():
        if not message.id:
            continue
        own = catalogue.get(message.id, message.context)
        assert own is not None, f"{message.id!r} is missing; run python -m rules_ui.catalogues"
        assert own.string, f"{message.id!r} is not translated to {locale}"
        ids = message.id if isinstance(message.id, (tuple, list)) else [message.id]
        wanted = set[str]().union(*(PLACEHOLDER.findall(text) for text in ids))
        for text in texts(own):
            assert text.strip(), f"{message.id!r} is empty in {locale}"
            assert set(PLACEHOLDER.findall(text)) <= wanted, f"{text!r} asks for more than {wanted}"
            assert "%" not in PLACEHOLDER.sub("", text).replace("%%", ""), f"a bare % in {text!r}"


@pytest.mark.parametrize("locale", LANGUAGES.values())
def test_the_compiled_catalogue_is_the_written_one(locale: str) -> None:
    written = {key(m): texts(m) for m in read_catalogue(locale) if m.id}
    compiled = read_mo(BytesIO(po_path(locale).with_suffix(".mo").read_bytes()))
    assert {key(m): texts(m) for m in compiled if m.id} == written


def test_no_text_of_the_catalogue_is_left_over() -> None:
    used = {key(message) for message in extracted() if message.id}
    for locale in LANGUAGES.values():
        assert {key(m) for m in read_catalogue(locale) if m.id} == used


def test_chinese_is_chinese() -> None:
    same = {"PostgreSQL", "Temporal"}
    for message in read_catalogue("zh_CN"):
        if message.id and re.search(r"[A-Za-z]{3}", PLACEHOLDER.sub("", str(message.id))):
            for text in texts(message):
                assert re.search(r"[\u4e00-\u9fff]", text) or text in same, f"{message.id!r} → {text!r}"


def test_every_code_that_pages_show_has_words() -> None:
    for group, codes in {
        "stage": Stage.__args__,  # type: ignore[attr-defined]
        "outcome": list(Outcome),
        "freeze": list(FreezeReason),
        "role": list(Role),
        "pack_kind": PackKind.__args__,  # type: ignore[attr-defined]
    }.items():
        assert set(map(str, codes)) <= set(WORDS[group]), group
    by_hand = {"points_taken_back", "points_adjusted", "tag_ended"}
    kinds = {*EventKind.__args__, *by_hand}  # type: ignore[attr-defined]
    assert kinds == set(MANNERS) == set(TITLES)


class _Literals(HTMLParser):
    """Collects what a reader would see of a template that did not come through gettext."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.untranslated = False  # a command, or a language's own name for itself

    def handle_data(self, data: str) -> None:
        if not self.untranslated:
            self.found += re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", data)

    def handle_endtag(self, tag: str) -> None:
        self.untranslated = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.untranslated = tag == "code" or "lang" in dict(attrs)
        for name, value in attrs:
            if name in SHOWN_ATTRIBUTES:
                self.found += re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", value or "")


@pytest.mark.parametrize("path", sorted(TEMPLATE_DIR.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_words_of_its_own(path: object) -> None:
    source = path.read_text()  # type: ignore[attr-defined]
    reader = _Literals()
    reader.feed(re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL))
    assert reader.found == []


HAN = r"[\u3400-\u9fff]"
TIGHT = re.compile(f"{HAN}[A-Za-z0-9¥$]|[A-Za-z0-9%]{HAN}")
"""A Chinese word and a number or a Latin word without a space: values get theirs when they are put in."""
HALF_WIDTH = re.compile(rf"{HAN} ?[,;:?!()]|[,;?!()] ?{HAN}")


def test_chinese_is_set_as_chinese_beside_numbers_and_latin_words() -> None:
    for message in read_catalogue("zh_CN"):
        for text in texts(message) if message.id else ():
            bare = re.sub(r"<[^>]+>", "", PLACEHOLDER.sub("\N{OBJECT REPLACEMENT CHARACTER}", text))
            assert not TIGHT.search(bare.replace("%%", "%")), f"a space is missing in {text!r}"
            assert not HALF_WIDTH.search(bare), f"half-width punctuation in {text!r}"
