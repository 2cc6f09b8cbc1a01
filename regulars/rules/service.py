"""Use-cases of packs: make a version, put it live somewhere, switch it off, look it up."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules import repository
from regulars.rules.canonical import canonical, content_hash
from regulars.rules.chain_catalogue import examine_here
from regulars.rules.domain import PackKind, PackVersion
from regulars.rules.errors import (
    LiveFromInvalid,
    PackNotGreen,
    PackPlaceUnknown,
    UnknownPack,
    VersionRolledBack,
)
from regulars.rules.stored import Activation, Making, NewActivation, StoredVersion, VersionLine, in_force
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import Scope


async def create_version(
    session: AsyncSession, text: str | bytes, actor: Actor, at: datetime, *, based_on: int = 0
) -> PackVersion:
    """Keep a pack as a version that never changes.

    Args:
        session: an open transaction.
        text: the pack as JSON text.
        actor: who makes it.
        at: aware instant, now.
        based_on: number of the version that was changed; 0: none is known.
    Returns: the version; the existing one where the pack has one of the same content.
    Raises: PackNotGreen: it has errors or failing cases; nothing is kept.
    Source: docs/semantics.md, "Which pack version".
    """
    report = await examine_here(session, text)
    if report.pack is None or report.document is None or not report.green:
        raise PackNotGreen(report.findings)
    pack, content = report.pack, canonical(report.document)
    digest = content_hash(content)
    await repository.lock_packs(session)
    same = await repository.version_with_hash(session, pack.code, digest)
    if same is not None:
        making = Making(same.version.version, _name(actor), based_on)
        await repository.insert_making(session, same.version.id, making, at)
        return same.version
    newest = await repository.newest_version(session, pack.code)
    number = newest.version.version + 1 if newest else 1
    version_id = uuid5(NAMESPACE_URL, f"regulars:pack:{pack.code}:{digest}")
    version = PackVersion(version_id, pack.code, number, pack.kind, digest, report.document)
    await repository.insert_version(session, StoredVersion(version, content, at, _name(actor)))
    await repository.insert_making(session, version_id, Making(number, _name(actor), based_on), at)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="pack.create_version",
        subject_kind="pack",
        subject_id=version.name,
        at=at,
        after={"hash": digest},
    )
    return version


async def activate(
    session: AsyncSession,
    code: str,
    version: int | None,
    *,
    place_id: UUID,
    live_from: datetime,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Put a version live at a place and all below it, or switch the pack off there.

    Args:
        session: an open transaction.
        code: the pack's.
        version: its number, or None to switch the pack off.
        place_id: where; a place below can have another version.
        live_from: aware instant from which on it counts, by when purchases happen; it may be past.
        actor: who does it.
        at: aware instant, now.
        reason: the actor's own words.
    Returns: nothing; nothing is written where that version is live there by then already.
    Raises: UnknownPack, PackPlaceUnknown, LiveFromInvalid; VersionRolledBack: it was, there.
    Source: docs/semantics.md, "Which pack version".
    """
    if live_from.tzinfo is None:
        raise LiveFromInvalid(live_from)
    await repository.lock_packs(session)
    if not await repository.has_place(session, place_id):
        raise PackPlaceUnknown(place_id)
    wanted = await _wanted(session, code, version)
    rows = await repository.activations_of(session, code)
    before = _reigning(in_force(rows), place_id, live_from)
    if before is not None and before.version_id == (wanted.id if wanted else None) and not before.live_until:
        return
    if wanted is not None:
        await refuse_rolled_back(session, wanted, [place_id])
    await repository.insert_activations(
        session,
        [NewActivation(place_id, wanted.id if wanted else None, live_from)],
        pack_code=code,
        release_id=None,
        recorded_at=at,
        recorded_by=_name(actor),
        reason=reason,
    )
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="pack.activate" if wanted else "pack.switch_off",
        subject_kind="pack",
        subject_id=wanted.name if wanted else code,
        at=at,
        place_id=place_id,
        before={"version": before.version if before else None},
        after={"version": version, "live_from": live_from.isoformat()},
        reason=reason,
    )


async def publish(
    session: AsyncSession,
    text: str | bytes,
    *,
    place_id: UUID,
    live_from: datetime,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> PackVersion:
    """Make a version of a pack and put it live.

    Args: as `create_version` and `activate`.
    Returns: the version.
    Raises: PackNotGreen, PackPlaceUnknown, LiveFromInvalid.
    """
    version = await create_version(session, text, actor, at)
    await activate(
        session,
        version.code,
        version.version,
        place_id=place_id,
        live_from=live_from,
        actor=actor,
        at=at,
        reason=reason,
    )
    return version


async def get_version(session: AsyncSession, code: str, number: int | None = None) -> StoredVersion:
    """A version with its text; without a number the newest.

    Raises: UnknownPack.
    """
    found = (
        await repository.newest_version(session, code)
        if number is None
        else await repository.version_numbered(session, code, number)
    )
    if found is None:
        raise UnknownPack(code, number)
    return found


async def titles(
    session: AsyncSession, names: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Mapping[str, str]]:
    """What versions are called.

    Args:
        session: any.
        names: (code, version); those that do not exist are left out of the answer.
    Returns: (code, version) → language → title.
    """
    return await repository.titles(session, names) if names else {}


async def list_versions(session: AsyncSession) -> Sequence[VersionLine]:
    """All versions of all packs, by code, newest first, without their texts."""
    return await repository.version_lines(session)


async def list_packs(
    session: AsyncSession, *, after: str = "", limit: int = 100, kind: PackKind | None = None
) -> Sequence[VersionLine]:
    """The newest version of each pack, or of those of one kind, by code, from the one after `after`."""
    return await repository.page_of_packs(session, after, limit, kind)


async def newest_versions(
    session: AsyncSession, *, after: str = "", limit: int = 100
) -> Sequence[StoredVersion]:
    """As `list_packs`, with their texts."""
    return await repository.page_of_newest(session, after, limit)


async def list_versions_of(
    session: AsyncSession, code: str, *, before: int | None = None, limit: int = 100
) -> Sequence[VersionLine]:
    """The versions of a pack, newest first, from the one before `before`."""
    return await repository.page_of_versions(session, code, before, limit)


async def list_makings(session: AsyncSession, code: str) -> Sequence[Making]:
    """Who made each version of a pack, and of which version."""
    return await repository.makings_of(session, code)


async def list_activations(session: AsyncSession, code: str) -> Sequence[Activation]:
    """Where and when versions of a pack are live or switched off, oldest first; not what was taken back."""
    return in_force(await repository.activations_of(session, code))


async def page_of_activations(
    session: AsyncSession, code: str, scope: Scope, *, after: int = 0, limit: int = 100
) -> Sequence[Activation]:
    """As `list_activations`, of places that concern the scope, after the one with the id `after`."""
    return await repository.page_in_force(session, code, scope, after, limit)


async def activation_log(session: AsyncSession, code: str) -> Sequence[Activation]:
    """Every row that was written about where a pack is live, oldest first, with what was taken back."""
    return await repository.activations_of(session, code)


async def lock_packs(session: AsyncSession) -> None:
    """Let no other transaction change what is live where, until this one ends."""
    await repository.lock_packs(session)


async def record_release(
    session: AsyncSession,
    code: str,
    release_id: UUID,
    rows: Sequence[NewActivation],
    *,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Write where and when a release makes versions of a pack live.

    Args:
        session: an open transaction that holds `lock_packs`.
        code: the pack's.
        release_id: whose rows these are.
        rows: in the order in which they count.
        actor: who does it; the release itself writes the audit.
        at: aware instant, now.
        reason: the actor's own words.
    """
    await repository.insert_activations(
        session,
        rows,
        pack_code=code,
        release_id=release_id,
        recorded_at=at,
        recorded_by=_name(actor),
        reason=reason,
    )


async def refuse_rolled_back(session: AsyncSession, version: PackVersion, place_ids: Sequence[UUID]) -> None:
    """Refuse to use a version again where it was rolled back.

    Args:
        session: an open transaction.
        version: what is to go live.
        place_ids: where; what lies above or below one of them counts too.
    Raises: VersionRolledBack.
    Source: docs/semantics.md, "Which pack version".
    """
    rows = await repository.activations_of(session, version.code)
    there = {row.place_path for row in rows if row.rolled_back_id == version.id}
    if not there:
        return
    paths = await repository.place_paths(session)
    wanted = [paths[place_id] for place_id in place_ids if place_id in paths]
    if any(_is_at_or_below(one, other) or _is_at_or_below(other, one) for one in wanted for other in there):
        raise VersionRolledBack(version.name)


def _is_at_or_below(path: str, above: str) -> bool:
    return path == above or path.startswith(above + ".")


async def _wanted(session: AsyncSession, code: str, version: int | None) -> PackVersion | None:
    if version is not None:
        return (await get_version(session, code, version)).version
    await get_version(session, code)
    return None


def _reigning(activations: Sequence[Activation], place_id: UUID, at: datetime) -> Activation | None:
    saying = [a for a in activations if a.place_id == place_id and a.says_at(at)]
    return max(saying, key=lambda a: a.order, default=None)


def _name(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"
