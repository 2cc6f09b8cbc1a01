"""Which packs are live where and when, over a real database."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.organisation.domain import NewPlace
from regulars.rules import service
from regulars.rules.canonical import canonical, content_hash
from regulars.rules.errors import LiveFromInvalid, PackNotGreen, PackPlaceUnknown, UnknownPack
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.stored import NewActivation
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor
from regulars.security.tables import audit_entry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ACTOR = Actor.command("tests")


@dataclass(frozen=True, slots=True)
class Chain:
    """A small chain: headquarters over a branch over a store."""

    database: Database
    hq: UUID
    branch: UUID
    store: UUID

    async def publish(self, document: str, place_id: UUID, live_from: datetime = NOW) -> str:
        async with self.database.begin() as session:
            version = await service.publish(
                session, document, place_id=place_id, live_from=live_from, actor=ACTOR, at=NOW
            )
        return version.name

    async def switch_off(self, code: str, place_id: UUID, live_from: datetime = NOW) -> None:
        async with self.database.begin() as session:
            await service.activate(
                session,
                code,
                None,
                place_id=place_id,
                live_from=live_from,
                actor=ACTOR,
                at=NOW,
                reason="stop",
            )

    async def live(self) -> LivePacks:
        packs = LivePacks()
        async with self.database.read() as session:
            await packs.refresh(session)
        return packs


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(database: Database) -> Chain:
    hq, branch, store = new_id(), new_id(), new_id()
    async with database.begin() as session:
        await organisation.found_chain(
            session, place_id=hq, name="熟客", currency="CNY", time_zone="Asia/Shanghai", actor=ACTOR, at=NOW
        )
        places = [
            NewPlace(branch, "HQ", "branch", "east", "East"),
            NewPlace(store, "east", "store", "s-1", "One"),
        ]
        await organisation.open_places(session, places, ACTOR, NOW)
    return Chain(database, hq, branch, store)


def tuned(**values: int) -> str:
    """The grocery pack with other parameters; its cases expect nothing of them."""
    document = json.loads(with_parameters(starter_text("grocery-classic"), values))
    document["cases"] = [
        {"name": {"zh": "空", "en": "nothing"}, "given": {}, "expect": {"points": 0}},
        {
            "name": {"zh": "全部", "en": "all"},
            "given": {"at": "2026-11-20T18:30", "member": {"spend_365d_minor": 100_000}},
            "expect": {"applied": ["base", "produce", "spend-regular"]},
        },
        {
            "name": {"zh": "最高", "en": "highest"},
            "given": {"member": {"spend_365d_minor": 300_000}},
            "expect": {"failed": {}},
        },
    ]
    return json.dumps(document)


async def test_the_same_content_is_the_same_version_however_it_is_written(chain: Chain) -> None:
    text_ = starter_text("staff-excluded")
    reordered = json.dumps(dict(reversed(json.loads(text_).items())), indent=7)
    assert await chain.publish(text_, chain.hq) == "staff-excluded/1"
    assert await chain.publish(reordered, chain.hq) == "staff-excluded/1"
    async with chain.database.read() as session:
        stored = await service.get_version(session, "staff-excluded")
        assert stored.text == canonical(json.loads(text_)) == text_
        assert stored.version.hash == content_hash(text_)
        assert len(await service.list_versions(session)) == 1
        assert len(await service.list_activations(session, "staff-excluded")) == 1


async def test_versions_made_at_once_are_numbered_one_after_another(chain: Chain) -> None:
    documents = [tuned(valid_days=days) for days in (10, 20, 30, 10)]
    names = await asyncio.gather(*(chain.publish(document, chain.hq) for document in documents))
    assert sorted(set(names)) == ["grocery-classic/1", "grocery-classic/2", "grocery-classic/3"]
    assert names[0] == names[3]


async def test_a_red_pack_becomes_no_version(chain: Chain) -> None:
    red = with_parameters(starter_text("grocery-classic"), {"minor_per_point": 200})
    with pytest.raises(PackNotGreen) as refused:
        await chain.publish(red, chain.hq)
    assert {found.code for found in refused.value.findings} == {"case_failed"}
    with pytest.raises(PackNotGreen):
        await chain.publish("[" * 100_000, chain.hq)
    async with chain.database.read() as session:
        assert await service.list_versions(session) == []


async def test_a_pack_is_live_from_its_instant_on_at_its_place_and_below(chain: Chain) -> None:
    name = await chain.publish(starter_text("grocery-classic"), chain.branch, NOW)
    live = await chain.live()
    assert live.at(chain.store, NOW).hashes.keys() == {name}
    assert live.at(chain.store, NOW - timedelta(microseconds=1)).versions == ()
    assert live.at(chain.hq, NOW).versions == ()
    assert list(live.boundaries(chain.store)) == [NOW]


async def test_the_nearest_place_wins_over_a_later_activation_above(chain: Chain) -> None:
    here = await chain.publish(tuned(valid_days=10), chain.store, NOW)
    above = await chain.publish(tuned(valid_days=20), chain.hq, NOW + timedelta(days=1))
    live = await chain.live()
    later = NOW + timedelta(days=2)
    assert live.at(chain.store, later).hashes.keys() == {here}
    assert live.at(chain.branch, later).hashes.keys() == {above}


async def test_the_latest_activation_wins_and_of_one_instant_the_last_written(
    chain: Chain,
) -> None:
    first = await chain.publish(tuned(valid_days=10), chain.hq, NOW)
    second = await chain.publish(tuned(valid_days=20), chain.hq, NOW + timedelta(days=1))
    third = await chain.publish(tuned(valid_days=30), chain.hq, NOW)
    live = await chain.live()
    assert live.at(chain.store, NOW).hashes.keys() == {third}
    assert live.at(chain.store, NOW + timedelta(days=1)).hashes.keys() == {second}
    assert first == "grocery-classic/1"


async def test_a_pack_is_switched_off_at_one_place_only(chain: Chain) -> None:
    await chain.publish(starter_text("grocery-classic"), chain.hq, NOW)
    await chain.publish(starter_text("classic-tiers"), chain.hq, NOW)
    await chain.switch_off("grocery-classic", chain.store, NOW + timedelta(hours=1))
    live = await chain.live()
    assert len(live.at(chain.store, NOW).versions) == 2
    assert live.at(chain.store, NOW + timedelta(hours=1)).hashes.keys() == {"classic-tiers/1"}
    assert len(live.at(chain.branch, NOW + timedelta(hours=1)).versions) == 2


async def test_what_is_live_stays_the_same_object_until_something_changes(chain: Chain) -> None:
    await chain.publish(starter_text("grocery-classic"), chain.hq, NOW)
    live = await chain.live()
    before, view = live.at(chain.store, NOW), live.view
    assert live.at(chain.branch, NOW + timedelta(days=1)) is before
    async with chain.database.read() as session:
        await live.refresh(session)
    assert (live.at(chain.store, NOW), live.view) == (before, view)
    await chain.publish(starter_text("staff-excluded"), chain.hq, NOW)
    async with chain.database.read() as session:
        await live.refresh(session)
    assert live.view is not view
    assert len(live.at(chain.store, NOW).versions) == 2


async def test_a_refresh_notices_a_place_opened_since(chain: Chain) -> None:
    await chain.publish(starter_text("grocery-classic"), chain.hq, NOW)
    live, late = await chain.live(), new_id()
    with pytest.raises(PackPlaceUnknown):
        live.at(late, NOW)
    async with chain.database.begin() as session:
        await organisation.open_places(session, [NewPlace(late, "HQ", "store", "s-2", "Two")], ACTOR, NOW)
    async with chain.database.read() as session:
        await live.refresh(session)
    assert len(live.at(late, NOW).versions) == 1


async def test_what_is_not_committed_is_not_live(chain: Chain) -> None:
    live = LivePacks()

    async def publish_in_vain() -> None:
        async with chain.database.begin() as session:
            order = {"place_id": chain.hq, "live_from": NOW, "actor": ACTOR, "at": NOW}
            await service.publish(session, starter_text("grocery-classic"), **order)
            async with chain.database.read() as another:
                await live.refresh(another)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await publish_in_vain()
    async with chain.database.read() as session:
        await live.refresh(session)
    assert live.at(chain.store, NOW).versions == ()


async def test_wrong_orders_are_refused_by_name(chain: Chain) -> None:
    await chain.publish(starter_text("staff-excluded"), chain.hq)

    async def activate(session: AsyncSession, code: str, version: int | None, **changed: Any) -> None:
        usual = {"place_id": chain.hq, "live_from": NOW, "actor": ACTOR, "at": NOW}
        await service.activate(session, code, version, **usual | changed)

    async with chain.database.begin() as session:
        with pytest.raises(UnknownPack, match="staff-excluded/7"):
            await activate(session, "staff-excluded", 7)
        with pytest.raises(UnknownPack):
            await activate(session, "nobody", None)
        with pytest.raises(PackPlaceUnknown):
            await activate(session, "staff-excluded", 1, place_id=new_id())
        with pytest.raises(LiveFromInvalid):
            await activate(session, "staff-excluded", 1, live_from=NOW.replace(tzinfo=None))


async def test_every_change_is_in_the_audit_log_once(chain: Chain) -> None:
    for _ in range(2):
        await chain.publish(starter_text("staff-excluded"), chain.hq)
        await chain.switch_off("staff-excluded", chain.hq, NOW + timedelta(days=1))
    async with chain.database.read() as session:
        statement = select(audit_entry.c.action).where(audit_entry.c.subject_kind == "pack")
        actions = [row[0] for row in await session.execute(statement.order_by(audit_entry.c.id))]
    assert actions == ["pack.create_version", "pack.activate", "pack.switch_off"]


async def test_a_version_cannot_be_changed_in_the_database(chain: Chain) -> None:
    await chain.publish(starter_text("staff-excluded"), chain.hq)
    for statement in ("update pack_version set hash = 'x'", "delete from pack_activation"):
        with pytest.raises(DBAPIError):
            async with chain.database.begin() as session:
                await session.execute(text(statement))


async def test_after_its_end_a_row_says_nothing_and_what_stood_before_counts_again(chain: Chain) -> None:
    await chain.publish(starter_text("staff-excluded"), chain.hq)
    rows = [NewActivation(chain.store, None, NOW, NOW + timedelta(hours=1))]
    await record(chain, rows)
    packs = await chain.live()
    names = [
        [version.name for version in packs.at(chain.store, NOW + timedelta(minutes=m)).versions]
        for m in (-1, 0, 59, 60)
    ]
    assert names == [[], [], [], ["staff-excluded/1"]]
    assert packs.boundaries(chain.store) == (NOW, NOW + timedelta(hours=1))


async def test_a_row_that_was_taken_back_never_was(chain: Chain) -> None:
    await chain.publish(starter_text("staff-excluded"), chain.hq)
    await record(chain, [NewActivation(chain.store, None, NOW)])
    async with chain.database.begin() as session:
        off = (await service.list_activations(session, "staff-excluded"))[-1]
    assert (await chain.live()).at(chain.store, NOW).versions == ()
    await record(chain, [NewActivation(chain.store, None, NOW, voids_id=off.id)])
    packs = await chain.live()
    assert [version.name for version in packs.at(chain.store, NOW).versions] == ["staff-excluded/1"]
    async with chain.database.begin() as session:
        assert len(await service.list_activations(session, "staff-excluded")) == 1
        assert len(await service.activation_log(session, "staff-excluded")) == 3


async def record(chain: Chain, rows: list[NewActivation]) -> None:
    async with chain.database.begin() as session:
        await service.record_release(session, "staff-excluded", new_id(), rows, actor=ACTOR, at=NOW)
