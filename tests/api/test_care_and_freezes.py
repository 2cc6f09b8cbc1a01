"""Operators see and close the follow-ups of their places, and freeze members, with Temporal up or down."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from conftest import free_port
from member_world import MemberWorld, open_member_world
from small_chain import SmallChain
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment
from web_world import WebWorld, client_of, make_app

from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.following_up import follow_up
from regulars.security.tables import audit_entry
from workflows.messages import TASK_QUEUE

REASON = {"reason": "fraud_suspected", "note": "twelve returns in a day"}


async def due_member(chain: SmallChain, name: str, store: str) -> UUID:
    bought_at = clock.now() - timedelta(days=4)
    member_id = await chain.join(name, store=store, at=bought_at - timedelta(days=1))
    await chain.buy(member_id, occurred_at=bought_at)
    async with chain.database.begin() as session:
        now = clock.now()
        await lifecycle.advance(session, chain.desk.packs, chain.desk.places, [member_id], now, now)
        await follow_up(session, [member_id], now)
    return member_id


async def test_a_store_sees_and_closes_the_follow_ups_of_its_members(world: WebWorld) -> None:
    east = await due_member(world.chain, "Chen", "east-1")
    west = await due_member(world.chain, "Wu", "west-1")
    async with await world.operator("store", world.chain.stores["east-1"]) as client:
        page = (await client.get("/v1/care-tasks")).json()
        assert [task["member_id"] for task in page["items"]] == [str(east)]
        assert (await client.get(f"/v1/members/{west}/care-tasks")).json() == []
        url = f"/v1/care-tasks/{page['items'][0]['id']}/close"
        closed = await client.post(url, json={"outcome": "reached", "note": "will come on Sunday"})
        assert (closed.status_code, closed.json()["status"]) == (200, "closed")
        again = await client.post(url, json={"outcome": "no_answer"})
        assert (again.status_code, again.json()["code"]) == (409, "task_closed")
        assert again.json()["details"]["outcome"] == "reached"
        wrong = await client.post(url, json={"outcome": "charmed"}, headers={"Accept-Language": "zh-CN"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "outcome")
        assert "选择" in wrong.json()["detail"]
        assert (await client.get("/v1/care-tasks")).json()["items"] == []
    async with await world.operator("store", world.chain.stores["west-1"]) as client:
        hidden = await client.post(url, json={"outcome": "reached"})
        assert (hidden.status_code, hidden.json()["code"]) == (404, "task_unknown")


async def test_open_follow_ups_come_page_by_page(world: WebWorld, admin: httpx.AsyncClient) -> None:
    members = {str(await due_member(world.chain, f"Member {n}", "east-1")) for n in range(3)}
    first = (await admin.get("/v1/care-tasks", params={"limit": 2})).json()
    cursor = {"after_due": first["next_after_due"], "after_id": first["next_after_id"]}
    second = (await admin.get("/v1/care-tasks", params={"limit": 2, **cursor})).json()
    assert second["next_after_id"] is None
    assert {task["member_id"] for task in first["items"] + second["items"]} == members


async def test_the_desk_freezes_without_temporal(world: WebWorld) -> None:
    member_id = await world.chain.join(at=clock.now())
    async with await world.operator("service_desk", world.chain.hq) as client:
        url = f"/v1/members/{member_id}"
        frozen = await client.post(f"{url}/freeze", json=REASON)
        assert (frozen.status_code, frozen.json()["reason"]) == (200, "fraud_suspected")
        again = await client.post(f"{url}/freeze", json=REASON)
        assert (again.status_code, again.json()["code"]) == (409, "already_frozen")
        unfrozen = await client.post(f"{url}/unfreeze", json={})
        assert (unfrozen.status_code, unfrozen.json()["frozen"]) == (200, False)
        assert (await client.post(f"{url}/unfreeze", json={})).json()["code"] == "not_frozen"


async def test_a_freeze_sent_twice_under_one_key_is_carried_out_once(world: WebWorld) -> None:
    member_id = await world.chain.join(at=clock.now())
    async with await world.operator("service_desk", world.chain.hq) as client:
        key = {"Idempotency-Key": "press-the-button-1"}
        first = await client.post(f"/v1/members/{member_id}/freeze", json=REASON, headers=key)
        second = await client.post(f"/v1/members/{member_id}/freeze", json=REASON, headers=key)
        assert first.status_code == second.status_code == 200
        assert first.json() == second.json()


async def test_who_freezes_must_be_allowed_to_and_see_the_member(world: WebWorld) -> None:
    member_id = await world.chain.join(at=clock.now(), store="east-1")
    places = world.chain.stores
    async with await world.operator("store", places["east-1"]) as client:
        refused = await client.post(f"/v1/members/{member_id}/freeze", json=REASON)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    async with await world.operator("service_desk", places["west-1"]) as client:
        hidden = await client.post(f"/v1/members/{member_id}/freeze", json=REASON)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown_member")
    async with await world.operator("ops", world.chain.hq) as client:
        nobody = await client.post(f"/v1/members/{new_id()}/freeze", json=REASON)
        assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_member")
        wrong = await client.post(f"/v1/members/{member_id}/freeze", json={"reason": "rude"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "reason")


@pytest.fixture
async def member_world(chain: SmallChain, temporal: WorkflowEnvironment) -> AsyncIterator[MemberWorld]:
    async with open_member_world(chain, temporal, TASK_QUEUE) as opened:
        yield opened


@pytest.fixture
async def ops_world(
    member_world: MemberWorld, database_url: str, tmp_path: Path, temporal: WorkflowEnvironment
) -> AsyncIterator[WebWorld]:
    address = temporal.client.service_client.config.target_host
    app = make_app(database_url, tmp_path, temporal_address=address)
    async with client_of(app) as anybody:
        yield WebWorld(app, member_world.chain, anybody)
    await app.state.container.close()


async def test_ops_freeze_through_the_members_workflow(
    ops_world: WebWorld, member_world: MemberWorld
) -> None:
    member_id = await ops_world.chain.join(at=clock.now())
    async with await ops_world.operator("ops", ops_world.chain.hq) as client:
        frozen = await client.post(f"/v1/members/{member_id}/freeze", json=REASON)
        assert (frozen.status_code, frozen.json()["frozen"]) == (200, True)
        assert (await member_world.catch_up(member_id)).frozen
        again = await client.post(f"/v1/members/{member_id}/freeze", json=REASON)
        assert (again.status_code, again.json()["code"]) == (409, "already_frozen")
        unfrozen = await client.post(f"/v1/members/{member_id}/unfreeze", json={})
        assert unfrozen.status_code == 200
        assert not (await member_world.catch_up(member_id)).frozen
    history = await member_world.handle(member_id).fetch_history()
    updates = [
        event
        for event in history.events
        if event.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    assert len(updates) == 2
    assert "twelve" not in "".join(map(str, history.events)), "an operator's words stay out of Temporal"
    async with ops_world.chain.database.begin() as session:
        audited = await session.execute(
            select(audit_entry.c.action, audit_entry.c.reason)
            .where(audit_entry.c.subject_id == str(member_id), audit_entry.c.action.like("member.%freeze%"))
            .order_by(audit_entry.c.id)
        )
        assert audited.all() == [
            ("member.freeze", None),
            ("member.freeze_note", "twelve returns in a day"),
            ("member.unfreeze", None),
        ]


async def test_ops_freeze_at_once_though_temporal_is_away(
    chain: SmallChain, database_url: str, tmp_path: Path
) -> None:
    app = make_app(database_url, tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    async with client_of(app) as anybody:
        world = WebWorld(app, chain, anybody)
        member_id = await chain.join(at=clock.now())
        async with await world.operator("ops", chain.hq) as client:
            frozen = await client.post(f"/v1/members/{member_id}/freeze", json=REASON)
            assert (frozen.status_code, frozen.json()["frozen"]) == (200, True)
    await app.state.container.close()
