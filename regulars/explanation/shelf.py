"""Pack versions as they were stored, made ready to run once a process."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules.canonical import content_hash
from regulars.rules.domain import PackVersion
from regulars.rules.errors import UnknownPack
from regulars.rules.evaluator import PackSet
from regulars.rules.service import get_version


@dataclass(frozen=True, slots=True)
class Shelved:
    """Versions that were live together, as their stored texts have them.

    Attributes:
        hashes: of each text, computed from it.
        missing: versions that were named and are not stored.
    """

    packs: PackSet
    hashes: dict[str, str]
    missing: tuple[str, ...]


@dataclass(slots=True)
class Shelf:
    """All versions that were asked for so far; they never change, so that none is read twice."""

    _versions: dict[str, tuple[PackVersion, str] | None] = field(default_factory=dict)
    _sets: dict[tuple[str, ...], Shelved] = field(default_factory=dict)

    async def take(self, session: AsyncSession, names: Iterable[str]) -> Shelved:
        """The versions of these names, e.g. "grocery-classic/1", ready to run together.

        Args:
            session: any.
            names: in any order.
        Returns: what is stored of them, and which are not.
        """
        key = tuple(sorted(names))
        found = self._sets.get(key)
        if found is None:
            each = {name: await self._version(session, name) for name in key}
            known = {name: version for name, version in each.items() if version is not None}
            found = Shelved(
                PackSet([version for version, _ in known.values()]),
                {name: digest for name, (_, digest) in known.items()},
                tuple(name for name in key if name not in known),
            )
            if not found.missing:
                self._sets[key] = found
        return found

    async def _version(self, session: AsyncSession, name: str) -> tuple[PackVersion, str] | None:
        known = self._versions.get(name)
        if known is None:
            code, _, number = name.partition("/")
            try:
                stored = await get_version(session, code, int(number))
            except (UnknownPack, ValueError):
                return None
            known = self._versions[name] = stored.version, content_hash(stored.text)
        return known
