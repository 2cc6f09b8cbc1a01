"""Turns a typed context into HTML in the reader's language."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup, escape

from regulars.kernel.beside import beside
from rules_ui.assets import asset_url
from rules_ui.contexts.base import Shell, View
from rules_ui.i18n import LANGUAGES, LanguageTag, Speech, seamed, translations
from rules_ui.words import word_for

TEMPLATE_DIR = Path(__file__).parent / "templates"
FRAME = ("shell", "say")
"""What every template may read besides its own context."""


class Compiled(BytecodeCache):
    """What templates were compiled to, once for all languages: each says its words when it is rendered."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, where it is known and the template is as it was."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        if bucket.code is not None:
            self._kept[bucket.key] = (bucket.checksum, bucket.code)


_COMPILED: Final = Compiled()


@cache
def icon(name: str) -> Markup:
    """A picture that says nothing to a screen reader."""
    sprite = asset_url("vendor/icons.svg")
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>').format(
        sprite, name
    )


@pass_context
def _csrf(context: Context) -> Markup:
    token = context["shell"].csrf_token
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)


@pass_context
def _part(context: Context, view: View) -> Markup:
    return Markup(render(view, context["shell"], context["say"]))  # noqa: S704 — it is our own, escaped HTML


def _worder(language: LanguageTag) -> Callable[[Context, str, str], str]:
    @pass_context  # else a word of a constant would be looked up when it is compiled, for all languages
    def words(_: Context, code: str, group: str) -> str:
        return translations(language).gettext(word_for(group, code))

    return words


@pass_context
def _chinese(_: Context, message: str, /, **values: object) -> str:
    """As Jinja's own, with spaces where values and words meet."""
    said = translations("zh").gettext(message)
    return Markup(seamed(said, values)) % values  # noqa: S704 — our own text, its values escaped


@pass_context
def _counted_chinese(_: Context, one: str, many: str, num: int, /, **values: object) -> str:
    values.setdefault("num", num)
    said = translations("zh").ngettext(one, many, num)
    return Markup(seamed(said, values)) % values  # noqa: S704 — our own text, its values escaped


def build_environment(language: LanguageTag) -> Environment:
    """The templates of one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_COMPILED,
    )
    catalogue = translations(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext
    )
    if language == "zh":
        made.globals |= {"gettext": _chinese, "ngettext": _counted_chinese}
    made.globals |= {"asset": asset_url, "icon": icon, "csrf": _csrf, "part": _part}
    made.filters |= {"words": _worder(language), "lines": _lines}
    return made


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.splitlines())


environment = cache(build_environment)


async def compile_all() -> None:
    """Compile every template beside the loop, so that no reader waits for it."""
    for language in LANGUAGES:
        made = environment(language)
        for name in made.list_templates():
            await beside(made.get_template, name)


def render(view: View, shell: Shell, say: Speech) -> str:
    """The HTML of a view.

    Args:
        view: a frozen dataclass; its fields are the template's variables.
        shell: the frame.
        say: the reader's language and clock.
    """
    own = {field.name: getattr(view, field.name) for field in fields(view)}  # type: ignore[arg-type]
    return environment(say.language).get_template(view.template).render(shell=shell, say=say, **own)
