"""Keeps the catalogues in step with the pages: `python -m rules_ui.catalogues` after a text was changed."""

import sys
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from rules_ui.i18n import LANGUAGES, LOCALE_DIR

ROOT: Final = Path(__file__).parent
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS: Final = {**DEFAULT_KEYWORDS, "NN_": (1, 2)}
_OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "encoding": "utf-8"}}


def extracted() -> Catalog:
    """Every message that code and templates show."""
    found = Catalog()
    for filename, _, message, _, context in extract_from_dir(
        str(ROOT), _METHODS, _OPTIONS, _KEYWORDS, strip_comment_tags=False
    ):
        found.add(message, locations=[(filename, 0)], context=context)
    return found


def po_path(locale: str) -> Path:
    """Where a language's texts are written."""
    return LOCALE_DIR / locale / "LC_MESSAGES" / "messages.po"


def read_catalogue(locale: str) -> Catalog:
    """A language's texts as written."""
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def refresh() -> list[str]:
    """Bring every catalogue in step with the pages, and compile it.

    Returns: what has still to be translated, as "locale: message".
    """
    template, missing = extracted(), []
    for locale in LANGUAGES.values():
        catalogue = read_catalogue(locale)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        for message in catalogue:
            if locale == "en" and message.id:
                message.string = message.id
            if message.id and not all(_strings(message.string)):
                missing.append(f"{locale}: {message.id}")
        path = po_path(locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, sort_output=True, omit_header=False, no_location=True, width=0)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
    return missing


def _strings(text: object) -> tuple[object, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (text,)


if __name__ == "__main__":
    left = refresh()
    sys.stdout.writelines(f"{line}\n" for line in left)
    sys.exit(1 if left else 0)
