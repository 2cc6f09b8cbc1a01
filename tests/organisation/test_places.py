"""Opening, changing, closing and remembering places, on a real database."""

import asyncio
from datetime import UTC, datetime

import pytest

from regulars.db.session import Database
from regulars.kernel.codes import is_code, reads_as_time
from regulars.kernel.errors import InvalidInput
from regulars.kernel.ids import new_id
from regulars.kernel.reasons import ReasonMissing
from regulars.organisation import service
from regulars.organisation.domain import NewPlace, Place
from regulars.organisation.errors import (
    ChainExists,
    PlaceHasOpenPlaces,
    UnknownCurrency,
    UnknownPlace,
    UnknownTimeZone,
)
from regulars.organisation.places import Places
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Role
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
COMMAND = Actor.command("test")


async def found(database: Database) -> Place:
    async with database.begin() as session:
        return await service.found_chain(
            session,
            place_id=new_id(),
            name="熟客超市",
            currency="CNY",
            time_zone="Asia/Shanghai",
            actor=COMMAND,
            at=AT,
        )


def tree() -> list[NewPlace]:
    return [
        NewPlace(new_id(), "HQ", "branch", "EAST", "华东"),
        NewPlace(new_id(), "EAST", "store", "S1", "一店"),
        NewPlace(new_id(), "S1", "terminal", "S1-1", "一号收银台"),
        NewPlace(new_id(), "HQ", "store", "NY", "New York", "America/New_York", 240),
        NewPlace(new_id(), "NY", "terminal", "NY-1", "Till 1"),
    ]


async def open_tree(database: Database) -> list[Place]:
    await found(database)
    async with database.begin() as session:
        return await service.open_places(session, tree(), COMMAND, AT)


async def test_a_chain_is_founded_once(database: Database) -> None:
    hq = await found(database)
    assert (hq.kind, hq.path) == ("hq", hq.id.hex)
    with pytest.raises(ChainExists):
        await found(database)
    async with database.begin() as session:
        chain = await service.get_chain(session)
    assert (chain.currency, chain.currency_exponent) == ("CNY", 2)


@pytest.mark.parametrize(
    ("currency", "zone", "error"),
    [
        ("XXXX", "UTC", UnknownCurrency),
        ("CNY", "Mars/Olympus", UnknownTimeZone),
        ("CNY", "../x", UnknownTimeZone),
    ],
)
async def test_a_chain_needs_a_real_currency_and_zone(
    database: Database, currency: str, zone: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with database.begin() as session:
            await service.found_chain(
                session, place_id=new_id(), name="x", currency=currency, time_zone=zone, actor=COMMAND, at=AT
            )


async def test_children_inherit_zone_and_cutoff_unless_they_have_their_own(database: Database) -> None:
    places = {place.code: place for place in await open_tree(database)}
    assert places["S1-1"].time_zone == "Asia/Shanghai"
    assert (places["NY-1"].time_zone, places["NY-1"].cutoff_minutes) == ("America/New_York", 240)
    assert places["S1-1"].path.startswith(places["S1"].path + ".")


async def test_all_problems_of_a_list_are_told_at_once_and_nothing_is_written(database: Database) -> None:
    await found(database)
    wrong = [
        NewPlace(new_id(), "HQ", "terminal", "T1", "till"),
        NewPlace(new_id(), "NOWHERE", "store", "S9", "store"),
        NewPlace(new_id(), "HQ", "store", "24h", " ", "Nowhere/Land", 1440),
        NewPlace(new_id(), "HQ", "store", "HQ", "again"),
    ]
    with pytest.raises(InvalidInput) as refusal:
        async with database.begin() as session:
            await service.open_places(session, wrong, COMMAND, AT)
    assert {(problem.field, problem.code) for problem in refusal.value.problems} == {
        ("places[0].kind", "wrong_parent"),
        ("places[1].parent_code", "parent_unknown"),
        ("places[2].code", "code_reads_as_time"),
        ("places[2].name", "place_name_invalid"),
        ("places[2].time_zone", "unknown_time_zone"),
        ("places[2].cutoff_minutes", "cutoff_invalid"),
        ("places[3].code", "place_code_taken"),
    }
    async with database.begin() as session:
        assert len(await service.places_below(session, EVERYWHERE)) == 1


async def test_two_processes_that_open_one_code_get_one_place(database: Database) -> None:
    await found(database)

    async def open_one() -> str:
        try:
            async with database.begin() as session:
                await service.open_place(
                    session, NewPlace(new_id(), "HQ", "store", "S1", "一店"), COMMAND, AT
                )
        except InvalidInput as refusal:
            return refusal.problems[0].code
        return "opened"

    outcomes = sorted(await asyncio.gather(*(open_one() for _ in range(5))))
    assert outcomes == ["opened"] + ["place_code_taken"] * 4


async def test_an_admin_of_a_branch_opens_stores_only_below_it(database: Database) -> None:
    places = {place.code: place for place in await open_tree(database)}
    east = places["EAST"]
    admin = Actor("operator", str(new_id()), "a", (Grant(Role.ADMIN, east.id, east.path),)).admitted(
        Permission.PLACE_MANAGE
    )
    async with database.begin() as session:
        await service.open_place(session, NewPlace(new_id(), "EAST", "store", "S2", "二店"), admin, AT)
    with pytest.raises(InvalidInput):
        async with database.begin() as session:
            await service.open_place(session, NewPlace(new_id(), "HQ", "store", "S3", "三店"), admin, AT)
    with pytest.raises(UnknownPlace):
        async with database.begin() as session:
            await service.change_place(session, places["NY"].id, admin, AT, name="mine")


async def test_a_scope_sees_its_places_and_what_lies_below(database: Database) -> None:
    places = {place.code: place for place in await open_tree(database)}
    async with database.begin() as session:
        below = await service.places_below(session, Scope((places["EAST"].path,)))
        assert [place.code for place in below] == ["EAST", "S1", "S1-1"]
        assert len(await service.places_below(session, EVERYWHERE)) == 6
        assert await service.places_below(session, NOWHERE) == []
        with pytest.raises(UnknownPlace):
            await service.place_by_code(session, "NY", Scope((places["EAST"].path,)))
        stores = await service.list_places(session, EVERYWHERE, "store", after="NY")
        assert [place.code for place in stores] == ["S1"]


async def test_a_place_is_renamed_without_moving_and_closed_from_below(database: Database) -> None:
    places = {place.code: place for place in await open_tree(database)}
    async with database.begin() as session:
        renamed = await service.change_place(session, places["S1"].id, COMMAND, AT, name="旗舰店")
    assert (renamed.name, renamed.path) == ("旗舰店", places["S1"].path)
    with pytest.raises(PlaceHasOpenPlaces):
        async with database.begin() as session:
            await service.close_place(session, places["S1"].id, COMMAND, AT, "moved")
    async with database.begin() as session:
        with pytest.raises(ReasonMissing):
            await service.close_place(session, places["S1-1"].id, COMMAND, AT, " ")
        await service.close_place(session, places["S1-1"].id, COMMAND, AT, "moved")
        closed = await service.close_place(session, places["S1"].id, COMMAND, AT, "moved")
    assert closed.closed_at == AT


async def test_a_process_remembers_places_and_notices_changes(database: Database) -> None:
    opened = {place.code: place for place in await open_tree(database)}
    places = Places()
    async with database.begin() as session:
        await places.refresh(session)
    till = places.till(opened["S1-1"].id)
    assert (till.store.code, till.store.branch_code, till.open) == ("S1", "EAST", True)
    assert till.store.above == ("EAST", places.headquarters.code)
    assert places.store(opened["NY"].id).branch_code == ""
    assert places.store(opened["NY"].id).above == (places.headquarters.code,)
    assert places.chain.currency == "CNY"
    async with database.begin() as session:
        await service.close_place(session, opened["S1-1"].id, COMMAND, AT, "moved")
    async with database.begin() as session:
        await service.change_settings(session, {"default_region": "US"}, COMMAND, AT)
    async with database.begin() as session:
        await places.refresh(session)
    assert places.till(opened["S1-1"].id).open is False
    assert places.chain.settings == {"default_region": "US"}
    with pytest.raises(UnknownPlace):
        places.till(new_id())


@pytest.mark.parametrize("code", ["1d", "24h", "60s", "1d12h", "2026-11-22", "2026-11", "100ms", "1D"])
def test_codes_that_rules_would_read_as_time_are_known(code: str) -> None:
    assert reads_as_time(code)


@pytest.mark.parametrize("code", ["S1", "367", "20261122", "sku-1d", "1-d", "HQ", "t1d"])
def test_plain_codes_are_no_times(code: str) -> None:
    assert is_code(code)
    assert not reads_as_time(code)
