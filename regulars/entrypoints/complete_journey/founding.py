"""What stands before the first basket is rung up: places, members and rules, made from the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.analytics.imported import referenced_members
from regulars.db.session import Database
from regulars.entrypoints.complete_journey.source import (
    CURRENCY,
    KEY_PREFIX,
    TIME_ZONE,
    ZONE,
    CompleteJourney,
    Household,
    Slice,
    Till,
    largest_shift_weeks,
    member_reference,
    store_code,
)
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.ids import new_id
from regulars.lifecycle.enrolment import enrol_members
from regulars.members.domain import NewMember
from regulars.members.phones import PhoneKeys
from regulars.members.service import MemberRules
from regulars.organisation import service as organisation
from regulars.organisation.domain import NewPlace
from regulars.organisation.places import Places
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.security.actor import Actor

COMMAND: Final = Actor.command("import complete-journey")
SHIFT_SETTING: Final = "complete_journey_shift_weeks"
PACKS_OF_HISTORY: Final = ("classic-tiers", "grocery-classic")
BRANCHES: Final = (("cj-north", "North"), ("cj-east", "East"), ("cj-south", "South"), ("cj-west", "West"))
"""The files know no regions: a store belongs to the branch at its number's remainder by four."""


class OtherCurrency(StackProblem):
    """The chain has begun in a currency that is not the data's."""

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"This chain counts in {currency}, and Complete Journey is in {CURRENCY}; "
            "name another folder with --data-dir."
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the baskets go.

    Attributes:
        members: household number → member; everybody who buys within the days asked for.
        tills: store number → till.
    """

    shift_weeks: int
    members: Mapping[int, UUID]
    tills: Mapping[int, Till]


async def lay_ground(
    database: Database, source: CompleteJourney, households_of: Slice, keys: PhoneKeys, at: datetime
) -> Ground:
    """Make what is missing of places, rules and members; what stands is left as it is.

    Args:
        database: with a chain; one that has opened nothing takes over the data's currency and clock.
        source: the files.
        households_of: whose households become members; its shift is replaced by the one that is kept.
        keys: the installation's phone keys.
        at: aware UTC, now.
    Raises: OtherCurrency.
    """
    shift_weeks = await _shift(database, source, at)
    wanted = Slice(
        shift_weeks, households_of.from_day, households_of.to_day, households_of.part, households_of.parts
    )
    places = await _open_stores(database, source.stores(), at)
    tills = {
        number: Till(places.by_code(store_code(number)).id, places.by_code(_terminal_code(number)).id)
        for number in source.stores()
    }
    await _publish_packs(database, places, source, wanted, at)
    households = source.households(wanted)
    members = await _enrol(database, households, tills, places, keys, at)
    return Ground(shift_weeks, members, tills)


async def _shift(database: Database, source: CompleteJourney, at: datetime) -> int:
    """The shift of this chain: chosen by whoever asks first, the same ever after."""
    async with database.begin() as session:
        if not await organisation.begin_in(session, CURRENCY, TIME_ZONE, COMMAND, at):
            raise OtherCurrency((await organisation.get_chain(session)).currency)
        kept = (await organisation.get_chain(session)).settings.get(SHIFT_SETTING)
        if isinstance(kept, int):
            return kept
        weeks = largest_shift_weeks(source.last_local_day(), at.astimezone(ZONE).date())
        await organisation.change_settings(session, {SHIFT_SETTING: weeks}, COMMAND, at)
        return weeks


async def _open_stores(database: Database, stores: Sequence[int], at: datetime) -> Places:
    places = Places()
    async with database.begin() as session:
        await places.refresh(session)
    known = {store.code for store in places.stores()}
    missing = [number for number in stores if store_code(number) not in known]
    if not missing:
        return places
    branches = [] if known else [NewPlace(new_id(), "HQ", "branch", code, name) for code, name in BRANCHES]
    async with database.begin() as session:
        opened = [place for number in missing for place in _store(number)]
        await organisation.open_places(session, branches + opened, COMMAND, at)
    async with database.begin() as session:
        await places.refresh(session)
    return places


def _store(number: int) -> tuple[NewPlace, NewPlace]:
    branch, _ = BRANCHES[number % len(BRANCHES)]
    code = store_code(number)
    return (
        NewPlace(new_id(), branch, "store", code, f"Store {number}", TIME_ZONE),
        NewPlace(new_id(), code, "terminal", _terminal_code(number), "Till 1"),
    )


def _terminal_code(number: int) -> str:
    return f"{store_code(number)}-1"


async def _publish_packs(
    database: Database, places: Places, source: CompleteJourney, wanted: Slice, at: datetime
) -> None:
    """Put the rules of history into force from the day before its first basket."""
    first = source.households(Slice(wanted.shift_weeks, to_day=1))[0]
    live_from = first.first_at - timedelta(days=1)
    hq = places.by_code(organisation.HQ_CODE)
    packs = LivePacks()
    async with database.begin() as session:
        await packs.refresh(session)
        live = {version.code for version in packs.at(hq.id, first.first_at).versions}
        for code in PACKS_OF_HISTORY:
            if code not in live:
                await rules.publish(
                    session,
                    starter_text(code),
                    place_id=hq.id,
                    live_from=live_from,
                    actor=COMMAND,
                    at=at,
                    reason="history begins",
                )


async def _enrol(
    database: Database,
    households: Sequence[Household],
    tills: Mapping[int, Till],
    places: Places,
    keys: PhoneKeys,
    at: datetime,
) -> dict[int, UUID]:
    async with database.begin() as session:
        known = {
            int(rest): member_id
            for rest, member_id in (await referenced_members(session, KEY_PREFIX)).items()
            if rest.isdecimal()
        }
        new = [_member(household, tills) for household in households if household.number not in known]
        await enrol_members(session, new, MemberRules.of(places.chain, keys), places, COMMAND, at)
        made = {int(one.references[0].removeprefix(KEY_PREFIX)): one.id for one in new}
    return known | made


def _member(household: Household, tills: Mapping[int, Till]) -> NewMember:
    return NewMember(
        id=new_id(),
        name=f"Household {household.number}",
        home_store_id=tills[household.first_store].store_id,
        enrolled_at=household.first_at,
        locale="en",
        references=(member_reference(household.number),),
        attributes=household.traits,
    )
