"""What rules are called that are known by version and id alone, e.g. because they failed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules import service as rules
from regulars.rules.errors import UnknownPack
from regulars.rules.model import Pack
from regulars.rules.parts import Words
from rules_ui.i18n import N_, Speech


@dataclass(frozen=True, slots=True)
class RuleName:
    """A rule of one version of a pack."""

    rule: Words
    pack: Words
    version: str

    def said(self, say: Speech) -> str:
        """With its pack, in the reader's language."""
        words = N_("%(rule)s (%(pack)s, version %(version)s)")
        rule, pack = self.rule.of(say.language), self.pack.of(say.language)
        return say.text(words, rule=rule, pack=pack, version=self.version)


async def rule_names(session: AsyncSession, names: Iterable[str]) -> Mapping[str, RuleName]:
    """Rules by "pack/2#rule", as far as they are known."""
    found: dict[str, RuleName] = {}
    for name in sorted(set(names)):
        version, _, rule_id = name.partition("#")
        code, _, number = version.rpartition("/")
        with suppress(UnknownPack, ValueError):
            stored = await rules.get_version(session, code, int(number))
            pack = Pack.model_validate(stored.version.document)
            for rule in pack.rules:
                if rule.id == rule_id:
                    found[name] = RuleName(rule.title, pack.title, number)
    return found


def said(names: Iterable[str], known: Mapping[str, RuleName], say: Speech) -> str:
    """Some rules in words; one that is not known by its code."""
    return say.text(N_(", ")).join(known[name].said(say) if name in known else name for name in names)
