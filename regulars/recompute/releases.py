"""Which versions may speak for a purchase afterwards: released for its store, and not rolled back there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.explanation.stored import StoredPurchase
from regulars.recompute.domain import RecomputeState, pack_code
from regulars.recompute.errors import RecomputeVersionUnfit
from regulars.recompute.reckoning import Reckoning
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

    async def within_rights(
        self, session: AsyncSession, found: Reckoning, stored: StoredPurchase, path: str
    ) -> Reckoning:
        """What was reckoned, or nothing where a version that gives may not be used for that store.

        Args:
            session: any.
            found: from `reckon`.
            stored: the purchase.
            path: its store's.
        """
        for name in {award.pack_version for award in found.reckoned.awards}:
            if name in self.live_at and not _covered(path, self.live_at[name]):
                return _refused(found, "not_released")
            if await self._was_rolled_back(session, name, stored.store_id):
                return _refused(found, "rolled_back")
        return found

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


def _refused(found: Reckoning, state: RecomputeState) -> Reckoning:
    return Reckoning(replace(found.reckoned, state=state, awards=()), {})
