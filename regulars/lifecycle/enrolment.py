"""Joining: the member is written, the account opened, the lifecycle begun, the workflow told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.domain import Newcomer
from regulars.lifecycle.service import open_standings
from regulars.members import newcomers
from regulars.members.domain import NewMember
from regulars.members.newcomers import Written
from regulars.members.service import MemberRules
from regulars.organisation.places import Places
from regulars.security import audit
from regulars.security.actor import Actor


async def enrol(
    session: AsyncSession, new: NewMember, rules: MemberRules, places: Places, actor: Actor, at: datetime
) -> Written:
    """Enrol one person.

    Args:
        session: an open transaction.
        new: the person's details.
        rules: the chain's settings and the phone keys.
        places: fresh; the home store is looked up there.
        actor: who enrols; the home store must lie inside its scope.
        at: aware instant of recording; revisits that fell due earlier are not worked.
    Returns: the member's id and number.
    Raises: InvalidInput: one problem a wrong field, PhoneTaken and ReferenceTaken among them.
    Source: docs/semantics.md, "Stage".
    """
    (written,) = await newcomers.write_members(session, [new], rules, places, actor.scope, at, indexed=False)
    await _begin(session, [written], at, bulk=False)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="member.enrol",
        subject_kind="member",
        subject_id=str(written.id),
        place_id=written.home_store_id,
        at=at,
    )
    return written


async def enrol_members(
    session: AsyncSession,
    new: Sequence[NewMember],
    rules: MemberRules,
    places: Places,
    actor: Actor,
    at: datetime,
) -> list[Written]:
    """Enrol many people at once, as an import does; their workflows start when it ends.

    Args: as for `enrol`.
    Returns: one a person, in order.
    Raises: InvalidInput: all problems, fields as `members[i].phone`; keep nothing of the transaction.
    Source: docs/semantics.md, "Complete Journey".
    """
    if not new:
        return []
    written = await newcomers.write_members(session, new, rules, places, actor.scope, at)
    await _begin(session, written, at, bulk=True)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="member.enrol_many",
        subject_kind="chain",
        subject_id="1",
        after={"count": len(written)},
        at=at,
    )
    return written


async def _begin(session: AsyncSession, written: Sequence[Written], at: datetime, *, bulk: bool) -> None:
    joining = [Newcomer(one.id, one.home_store_id, one.enrolled_at, care_from=at) for one in written]
    await open_standings(session, joining, at, bulk=bulk)
