"""What a chain demands before a version goes live."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.rehearsal import service as rehearsal
from regulars.releases.domain import Release
from regulars.releases.errors import ApprovalRequired, RehearsalRequired
from regulars.security.actor import Actor

Approval = Literal["required", "direct"]
Rehearsal = Literal["required", "optional"]
APPROVAL: Final = "approval"
REHEARSAL: Final = "rehearsal"


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """The chain's choice.

    Attributes:
        approval: direct: who may publish may do so at once, as well as through a release.
        rehearsal: required: nobody can approve what has no finished rehearsal of exactly this content at or
            above all its places.
    """

    approval: Approval = "direct"
    rehearsal: Rehearsal = "optional"


async def get_policy(session: AsyncSession) -> ReleasePolicy:
    """What the chain demands. Raises: NoChain."""
    return _of((await organisation.get_chain(session)).settings)


async def set_policy(
    session: AsyncSession, policy: ReleasePolicy, actor: Actor, at: datetime, reason: str | None = None
) -> ReleasePolicy:
    """Demand something else from now on; what is live stays.

    Args:
        session: an open transaction.
        policy: all of it.
        actor: who decides.
        at: aware instant, now.
        reason: the actor's own words.
    Returns: the policy.
    Raises: NoChain.
    """
    changes = {APPROVAL: policy.approval, REHEARSAL: policy.rehearsal}
    await organisation.change_settings(session, changes, actor, at, reason)
    return policy


async def require_direct(session: AsyncSession) -> None:
    """Refuse to publish without a release where the chain has everything approved.

    Raises: ApprovalRequired.
    """
    if (await get_policy(session)).approval == "required":
        raise ApprovalRequired


async def require_rehearsal(session: AsyncSession, release: Release) -> None:
    """Refuse what was not rehearsed where the chain demands it. Raises: RehearsalRequired."""
    if (await get_policy(session)).rehearsal != "required":
        return
    if await rehearsal.finished_for(session, release.hash, release.place_ids) is None:
        raise RehearsalRequired(release.name)


def _of(settings: Mapping[str, object]) -> ReleasePolicy:
    return ReleasePolicy(
        "required" if settings.get(APPROVAL) == "required" else "direct",
        "required" if settings.get(REHEARSAL) == "required" else "optional",
    )
