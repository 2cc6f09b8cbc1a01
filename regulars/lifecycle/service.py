"""Moving members through time: opening their standings, and deciding what falls due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.together import Write, write_together
from regulars.ledger import service as ledger
from regulars.ledger.domain import Consumption, LedgerEntry, expire_entry
from regulars.lifecycle import repository
from regulars.lifecycle.advance import Expiry, MemberTime, OpenLot
from regulars.lifecycle.domain import Newcomer, Standing, changed, opened
from regulars.lifecycle.recent import LONGEST, RecentVisits
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember, event_id
from regulars.lifecycle.window import WINDOW, SpendWindow
from regulars.members.tagging import Tagging, of_kept
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.rules.live import LivePacks


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where a member stands after its time was advanced.

    Attributes:
        events: how many events were written now.
        next_due_at: when time will next decide something; None for never.
    """

    member_id: UUID
    tier: str
    stage: str
    home_store_code: str
    next_due_at: datetime | None
    last_seq: int
    events: int
    frozen: bool


async def open_standings(
    session: AsyncSession, newcomers: Sequence[Newcomer], at: datetime, *, bulk: bool = False
) -> None:
    """Begin the lifecycle of members who have just been enrolled.

    Args:
        session: in the transaction that writes the members.
        newcomers: each a member without a standing.
        at: aware UTC, the time of recording.
        bulk: part of an import; their workflows start when it ends.
    Raises: IntegrityError: one has a standing already.
    """
    if not newcomers:
        return
    pairs = [opened(newcomer) for newcomer in newcomers]
    await repository.insert(session, [standing for standing, _ in pairs])
    await write_together(session, repository.events_told([event for _, event in pairs], at, {}))
    await ledger.open_accounts(session, [newcomer.member_id for newcomer in newcomers])
    changes = [
        Change(newcomer.member_id, seq=0, events=1, next_due_at=None, bulk=bulk) for newcomer in newcomers
    ]
    await outbox.announce(session, changes, at)


async def advance(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    member_ids: Sequence[UUID],
    to: datetime,
    at: datetime,
) -> list[Advanced]:
    """Write every event that time decides and that fell due up to `to`, for each member.

    Args:
        session: in a transaction.
        member_ids: any order; unknown ids are left out of the answer.
        to: aware instant up to which time is decided; earlier than before does nothing.
        at: aware UTC, the time of recording.
    Returns: where each known member stands now.
    Source: docs/semantics.md, "Time-decided events".
    """
    locked = await repository.lock(session, member_ids)
    book = ReignBook(await packs.refresh(session), places)
    times = await load_times(session, locked, dict.fromkeys(locked, to), book, places)
    for time in times.values():
        time.advance(to)
    await write_times(session, locked, times.values(), at, {})
    return [_advanced(time, places) for time in times.values()]


async def load_times(
    session: AsyncSession,
    locked: Mapping[UUID, LockedMember],
    until: Mapping[UUID, datetime],
    book: ReignBook,
    places: Places,
    asking_since: Mapping[UUID, datetime] = MappingProxyType({}),
) -> dict[UUID, MemberTime]:
    """Members ready to be advanced, with what may leave their windows and expire up to then.

    Args:
        session: holds the locks on `locked`.
        until: how far each will be advanced at most.
        asking_since: the first instant at which a pack will ask what a member has done lately; those of whom
            none will are left out. Reviews of tiers ask by themselves.
    """
    leaving = await repository.purchases_between(
        session,
        [
            (member_id, member.standing.window_oldest_at, until[member_id] - WINDOW)
            for member_id, member in locked.items()
            if member.standing.window_oldest_at is not None
            and member.standing.window_oldest_at < until[member_id] - WINDOW
        ],
    )
    expiring = {
        member_id: (soonest, until[member_id])
        for member_id, member in locked.items()
        if (soonest := member.standing.next_expiry_at) is not None and soonest <= until[member_id]
    }
    lots: dict[UUID, list[OpenLot]] = {}
    for account_id, lot_id, remaining, expires_at in await ledger.lots_expiring(session, expiring):
        lots.setdefault(account_id, []).append(OpenLot(lot_id, remaining, expires_at))
    recent = await _recent(session, locked, book, asking_since)
    return {
        member_id: MemberTime(
            standing=member.standing,
            window=SpendWindow(
                member.standing.window_as_of,
                member.standing.spend_365d_minor,
                member.standing.visits_365d,
                member.standing.window_oldest_at,
                leaving.get(member_id, []),
            ),
            reigns=book.of(member.standing.home_store_id),
            zone=places.store(member.standing.home_store_id).zone,
            lots=lots.get(member_id, []),
            others_expire_at=None if member_id in expiring else member.standing.next_expiry_at,
            tags=Tagging(member.tags, of_kept(member.rule_tags)),
            recent=recent.get(member_id),
        )
        for member_id, member in locked.items()
    }


async def _recent(
    session: AsyncSession,
    locked: Mapping[UUID, LockedMember],
    book: ReignBook,
    asking_since: Mapping[UUID, datetime],
) -> Mapping[UUID, RecentVisits]:
    """What members have bought lately, where a live pack asks for it: else no statement."""
    since = dict(asking_since)
    if book.packs.tiers_read_recent:
        for member_id, member in locked.items():
            decided = member.standing.advanced_to
            since[member_id] = min(decided, since.get(member_id, decided))
    if not since:
        return {}
    known_from = {member_id: at - LONGEST for member_id, at in since.items()}
    bought = await repository.purchases_lately(session, known_from)
    return {
        member_id: RecentVisits(bought.get(member_id, ()), locked[member_id].standing.enrolled_at)
        for member_id in since
    }


async def write_times(
    session: AsyncSession,
    locked: Mapping[UUID, LockedMember],
    times: Iterable[MemberTime],
    at: datetime,
    purchase_of: Mapping[tuple[UUID, int], UUID],
) -> None:
    """Write back what advancing and purchases made of members: standings, events and expiries."""
    writes, expiries = times_written(locked, times, at, purchase_of)
    await write_together(session, writes)
    await ledger.post(session, expiries, at)


def times_written(
    locked: Mapping[UUID, LockedMember],
    times: Iterable[MemberTime],
    at: datetime,
    purchase_of: Mapping[tuple[UUID, int], UUID],
) -> tuple[list[Write], list[LedgerEntry]]:
    """The same, so that it may be sent with other writes: these, and the expiries to post after them."""
    moved = []
    for time in times:
        time.standing = _with_window(time)
        if time.standing != locked[time.standing.member_id].standing:
            moved.append(time)
    writes = [
        *repository.standings_moved([time.standing for time in moved]),
        *repository.events_told([e for time in moved for e in time.events], at, purchase_of),
    ]
    return writes, [_booked(expiry) for time in moved for expiry in time.expiries]


def _with_window(time: MemberTime) -> Standing:
    return changed(
        time.standing,
        spend_365d_minor=time.window.spend_minor,
        visits_365d=time.window.visits,
        window_as_of=time.window.as_of,
        window_oldest_at=time.window.oldest_at,
    )


def _booked(expiry: Expiry) -> LedgerEntry:
    cause = event_id(expiry.member_id, expiry.event_no)
    used = [Consumption(lot.lot_id, lot.remaining) for lot in expiry.lots]
    return expire_entry(uuid5(cause, "expire"), cause, expiry.member_id, expiry.at, used)


def _advanced(time: MemberTime, places: Places) -> Advanced:
    standing = time.standing
    return Advanced(
        member_id=standing.member_id,
        tier=standing.tier,
        stage=standing.stage,
        home_store_code=places.store(standing.home_store_id).code,
        next_due_at=standing.next_due_at,
        last_seq=standing.last_seq,
        events=len(time.events),
        frozen=standing.frozen_at is not None,
    )
