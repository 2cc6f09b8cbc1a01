"""Which versions may speak for a purchase afterwards: released for its store, and not rolled back there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.recompute.domain import RecomputeState, pack_code
from regulars.recompute.errors import RecomputeVersionUnfit
from regulars.rules import service as rules
from regulars.rules.errors import UnknownPack, VersionRolledBack
from regulars.rules.stored import in_force


@dataclass(slots=True)
class Releases:
    """Mended versions by their pack, and what is known of versions at stores so far.

    Attributes:
        live_at: mended version → paths of the places for which it was released.
    """

    by_pack: dict[str, str] = field(default_factory=dict)
    live_at: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _rolled_back: dict[tuple[str, UUID], bool] = field(default_factory=dict)

    async def refusal(
        self, session: AsyncSession, names: Iterable[str], store_id: UUID, path: str
    ) -> RecomputeState | None:
        """Why versions that give may not be used for a store; None where they may.

        Args:
            session: any.
            names: of versions that give something.
            store_id, path: the store's.
        """
        for name in sorted(names):
            if name in self.live_at and not _covered(path, self.live_at[name]):
                return "not_released"
            if await self._was_rolled_back(session, name, store_id):
                return "rolled_back"
        return None

    async def _was_rolled_back(self, session: AsyncSession, name: str, store_id: UUID) -> bool:
        known = self._rolled_back.get((name, store_id))
        if known is None:
            code, _, number = name.partition("/")
            version = (await rules.get_version(session, code, int(number))).version
            try:
                await rules.refuse_rolled_back(session, version, [store_id])
                known = False
            except VersionRolledBack:
                known = True
            self._rolled_back[name, store_id] = known
        return known


async def released(session: AsyncSession, versions: Sequence[str]) -> Releases:
    """Versions that are named to stand in for those that failed.

    Args:
        session: any.
        versions: names, "grocery-classic/3".
    Raises: RecomputeVersionUnfit: there is no such version, it was released nowhere, or its pack is named
        twice.
    """
    found = Releases()
    for name in versions:
        code, number = pack_code(name), name.rpartition("/")[2]
        is_name = bool(code) and number.isascii() and number.isdigit() and len(number) <= 9
        if not is_name or code in found.by_pack:
            raise RecomputeVersionUnfit(name)
        try:
            version = (await rules.get_version(session, code, int(number))).version
        except UnknownPack:
            raise RecomputeVersionUnfit(name) from None
        log = await rules.activation_log(session, code)
        paths = {row.place_path for row in in_force(log) if row.version_id == version.id}
        if not paths:
            raise RecomputeVersionUnfit(name)
        found.by_pack[code] = version.name
        found.live_at[version.name] = tuple(sorted(paths))
    return found


def _covered(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root + ".") for root in roots)
