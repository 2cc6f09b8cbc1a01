"""Each template reads exactly what its context gives, and each context has its template."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields

import pytest
from jinja2 import Environment, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables

from rules_ui import contexts
from rules_ui.contexts.base import View
from rules_ui.i18n import LANGUAGES
from rules_ui.render import FRAME, TEMPLATE_DIR, compile_all, environment

MODULES = [
    importlib.import_module(f"rules_ui.contexts.{module.name}")
    for module in pkgutil.iter_modules(contexts.__path__)
]
VIEWS: list[type[View]] = sorted(
    {
        each
        for module in MODULES
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, View) and each is not View
    },
    key=lambda view: view.template,
)
SHARED = {
    "base.html",
    "components/adjustment.html",
    "components/budget.html",
    "components/chart.html",
    "components/clash.html",
    "components/editor.html",
    "components/field_form.html",
    "components/macros.html",
    "components/operations.html",
    "components/own_values.html",
    "components/rehearsal.html",
    "components/release.html",
    "components/rule_tags.html",
}


def parsed(env: Environment, name: str) -> nodes.Template:
    assert env.loader is not None
    return env.parse(env.loader.get_source(env, name)[0])


def whole(env: Environment, name: str) -> Iterator[nodes.Template]:
    """A template and all that it extends, includes or imports."""
    tree = parsed(env, name)
    yield tree
    for other in find_referenced_templates(tree):
        assert other is not None, f"{name} names a template by a variable"
        yield from whole(env, other)


def undeclared(tree: nodes.Template) -> set[str]:
    """What a template reads without having imported it."""
    imported = {
        name if isinstance(name, str) else name[1]
        for node in tree.find_all(nodes.FromImport)
        for name in node.names
    }
    return find_undeclared_variables(tree) - imported


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_a_template_reads_what_its_context_gives_and_nothing_else(view: type[View]) -> None:
    env = environment("en")
    read = set[str]().union(*(undeclared(tree) for tree in whole(env, view.template)))
    read -= set(env.globals) | set(FRAME)
    assert read == {field.name for field in fields(view)}  # type: ignore[arg-type]


def test_every_template_belongs_to_one_context() -> None:
    files = {path.relative_to(TEMPLATE_DIR).as_posix() for path in TEMPLATE_DIR.rglob("*.html")}
    assert sorted(files - SHARED) == [view.template for view in VIEWS]


def test_every_context_is_frozen() -> None:
    assert all(view.__dataclass_params__.frozen for view in VIEWS)  # type: ignore[attr-defined]


def test_a_template_that_is_compiled_for_one_language_speaks_the_other_as_well() -> None:
    source = '{{ "store" | words("place") }} {{ _("Places") }}'
    code = {environment(language).compile(source, raw=True) for language in LANGUAGES}
    assert len(code) == 1
    said = [environment(language).from_string(source).render() for language in ("zh", "en")]
    assert said == ["门店 门店", "Store Places"]


async def test_every_template_is_compiled_before_it_is_asked_for() -> None:
    await compile_all()
    made = environment("en")
    assert made.cache is not None
    assert {name for _, name in made.cache} >= set(made.list_templates())
