"""Drafts and releases through the API: who may, what comes back, and how errors say what to do."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from releases.conftest import PACK, ReleaseWorld, richer
from web_fixtures import app  # noqa: F401
from web_world import WebWorld, client_of

from regulars.kernel import clock
from regulars.rules import service as rules
from regulars.rules.reading import MOST_BYTES
from regulars.rules.starters import starter_text
from regulars.security.scope import Scope


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(world: ReleaseWorld) -> object:
    """The application's chain is the releases' chain."""
    return world.chain


@pytest.fixture
async def web(app: object, world: ReleaseWorld) -> WebWorld:  # noqa: F811
    return WebWorld(app, world.chain, client_of(app))  # type: ignore[arg-type]


def tomorrow(hours: int = 30) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


async def test_a_pack_goes_from_a_file_to_the_tills_and_back(web: WebWorld, world: ReleaseWorld) -> None:
    hq = str(world.hq)
    author, other = await web.operator("marketing", world.hq), await web.operator("approver", world.hq)
    imported = await author.post("/v1/drafts", json={"text": starter_text(PACK)})
    assert (imported.status_code, imported.json()["revision"]) == (201, 1)
    saved = await author.put(f"/v1/packs/{PACK}/draft", json={"text": richer(50), "based_on": 1})
    assert saved.json()["green"] is True
    asked = await author.post("/v1/releases", json={"code": PACK, "place_ids": [hq], "reason": "spring"})
    assert (asked.status_code, asked.json()["state"]) == (201, "in_review")
    assert (asked.json()["draft_revision"], asked.json()["reason"]) == (2, "spring")
    assert (asked.json()["waiting_since"], asked.json()["reminded_at"]) == (
        asked.json()["submitted_at"],
        None,
    )
    release = f"/v1/releases/{asked.json()['id']}"
    renamed = await other.post(f"{release}/approve", json={"words": "fine"})
    assert (renamed.status_code, renamed.json()["errors"][0]["field"]) == (422, "words")
    assert "reason" in renamed.json()["detail"]
    own = await author.post(f"{release}/approve", json={})
    assert own.status_code == 403
    assert [each["id"] for each in (await other.get("/v1/releases/waiting")).json()] == [asked.json()["id"]]
    assert (await other.post(f"{release}/approve", json={"reason": "fine"})).json()["state"] == "approved"
    steps = {
        "steps": [
            {"place_ids": [str(world.place("east-1"))]},
            {"place_ids": [hq], "starts": tomorrow()},
        ]
    }
    planned = await author.post(f"{release}/schedule", json=steps)
    assert (planned.status_code, planned.json()["state"]) == (200, "live"), planned.text
    assert sorted(place["stage"] for place in planned.json()["places"]) == ["live", "waiting"]
    halted = await author.post(f"{release}/halt", json={"step": 2, "reason": "figures first"})
    assert "halted" in {place["stage"] for place in halted.json()["places"]}
    resumed = await author.post(f"{release}/resume", json={"step": 2, "starts": tomorrow(50)})
    assert resumed.status_code == 200
    back = await author.post(f"{release}/rollback", json={"reason": "too dear"})
    assert back.json()["state"] == "rolled_back"
    acts = (await other.get(f"{release}/history")).json()
    assert (acts["items"][-1]["action"], acts["next_after"]) == ("release.roll_back", None)
    assert await in_pages(other, f"{release}/history", 2) == acts["items"]
    assert await world.live("east-1", clock.now()) == 1


async def test_activations_come_in_pages_without_what_was_taken_back(
    web: WebWorld, world: ReleaseWorld
) -> None:
    begun, later = world.at.isoformat(), (world.at + timedelta(days=1)).isoformat()
    await world.roll_back(await world.scheduled(("east-1", begun), ("west", later)))
    await world.scheduled(("east-1", tomorrow()), ("west", tomorrow(50)), points=60)
    path = f"/v1/packs/{PACK}/activations"
    async with world.chain.database.read() as session:
        known = await rules.list_activations(session, PACK)
        assert len(await rules.activation_log(session, PACK)) > len(known)
    for role, place in (("finance", "HQ"), ("marketing", "east"), ("marketing", "west-1")):
        reader = await web.operator(role, world.place(place))
        sees = Scope((world.paths[world.place(place)],))
        wanted = [str(each.place_id) for each in known if sees.touches(each.place_path)]
        assert [each["place_id"] for each in await in_pages(reader, path, 1)] == wanted
    assert str(world.place("east-1")) not in wanted
    assert len(known) > len(wanted) > 0


async def in_pages(reader: AsyncClient, path: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await reader.get(path, params={"after": after, "limit": limit})).json()
        assert len(page["items"]) <= limit
        found, after = found + page["items"], page["next_after"]
    return found


async def test_the_second_editor_is_told_what_the_first_changed(web: WebWorld, world: ReleaseWorld) -> None:
    anna, bo = await web.operator("marketing", world.hq), await web.operator("marketing", world.hq)
    draft = f"/v1/packs/{PACK}/draft"
    await anna.put(draft, json={"text": starter_text(PACK), "based_on": 0})
    await anna.put(draft, json={"text": richer(50), "based_on": 1})
    refused = await bo.put(draft, json={"text": richer(60), "based_on": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_changed")
    details = refused.json()["details"]
    assert details["conflicts"] == ["/parameters/valid_days/value"]
    kept = await bo.get(f"{draft}/saves/{details['side_id']}")
    assert kept.json()["text"] == richer(60)
    restored = await bo.post(f"{draft}/saves/{details['side_id']}/restore", json={"based_on": 2})
    assert (restored.json()["revision"], restored.json()["text"]) == (3, richer(60))
    saves = (await bo.get(f"{draft}/saves", params={"limit": 2})).json()
    assert [each["kind"] for each in saves] == ["restored", "side"]
    rest = (await bo.get(f"{draft}/saves", params={"before": saves[-1]["no"]})).json()
    assert [each["revision"] for each in rest] == [2, 1]


async def test_what_is_red_comes_back_with_its_findings(web: WebWorld, world: ReleaseWorld) -> None:
    author = await web.operator("marketing", world.hq)
    saved = await author.put(f"/v1/packs/{PACK}/draft", json={"text": "{", "based_on": 0})
    assert [found["code"] for found in saved.json()["findings"]] == ["not_json"]
    body = {"code": PACK, "revision": 1, "place_ids": [str(world.hq)]}
    refused = await author.post("/v1/releases", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "pack_not_green")
    assert refused.json()["details"]["findings"][0]["code"] == "not_json"


async def test_a_text_beyond_the_limit_is_refused_at_the_door(web: WebWorld, world: ReleaseWorld) -> None:
    author = await web.operator("marketing", world.hq)
    for size in (MOST_BYTES + 1, 2_000_000):
        body = {"text": "x" * size, "based_on": 0}
        answer = await author.put(f"/v1/packs/{PACK}/draft", json=body)
        assert answer.status_code in (413, 422)


async def test_a_chain_that_wants_approval_refuses_the_page_too(web: WebWorld, world: ReleaseWorld) -> None:
    admin = await web.operator("admin", world.hq)
    policy = {"approval": "required", "rehearsal": "optional"}
    assert (await admin.put("/v1/release-policy", json=policy)).json() == policy
    eastern = await web.operator("admin", world.place("east"))
    assert (await eastern.put("/v1/release-policy", json=policy)).status_code == 403
    form = {"place": str(world.hq), "reason": "at once", "csrf_token": admin.headers["X-CSRF-Token"]}
    refused = await admin.post(f"/packs/{PACK}/versions/1/publish", data=form)
    assert refused.status_code == 422
    assert "先审批后生效" in refused.text or "approved before it goes live" in refused.text
    assert (await admin.get("/v1/release-policy")).json() == policy


async def test_packs_and_their_versions_come_in_pages(web: WebWorld, world: ReleaseWorld) -> None:
    for points in (50, 60):
        await world.submit(points=points)
    reader = await web.operator("finance", world.hq)
    first = (await reader.get("/v1/packs", params={"limit": 2})).json()
    assert [each["code"] for each in first["items"]] == ["classic-tiers", PACK]
    rest = (await reader.get("/v1/packs", params={"after": first["next_after"]})).json()
    tiers = (await reader.get("/v1/packs", params={"kind": "tier"})).json()["items"]
    assert [each["code"] for each in tiers] == ["classic-tiers"]
    assert [each["code"] for each in rest["items"]] == ["silver-saturday", "staff-excluded"]
    assert rest["next_after"] is None
    page = (await reader.get(f"/v1/packs/{PACK}/versions", params={"limit": 2})).json()
    assert ([each["version"] for each in page["items"]], page["next_before"]) == ([3, 2], 2)
    version = (await reader.get(f"/v1/packs/{PACK}/versions/1")).json()
    assert version["text"] == starter_text(PACK)
    live = (await reader.get(f"/v1/packs/{PACK}/activations")).json()
    assert [(each["version"], each["place_id"]) for each in live["items"]] == [(1, str(world.hq))]
    releases = (await reader.get("/v1/releases", params={"limit": 1, "state": "in_review"})).json()
    assert [each["version"] for each in releases["items"]] == [3]
    older = (await reader.get("/v1/releases", params={"before": releases["next_before"]})).json()
    assert [each["version"] for each in older["items"]] == [2]
    drafts = (await reader.get("/v1/drafts")).json()
    assert [(each["code"], each["revision"], each["state"]) for each in drafts["items"]] == [
        (PACK, 2, "submitted")
    ]
    await world.save(richer(70), based_on=2)
    for asked, count in (
        ({"state": "open", "text": "ROCERY-"}, 1),
        ({"state": "submitted"}, 0),
        ({"text": "%"}, 0),
    ):
        assert len((await reader.get("/v1/drafts", params=asked)).json()["items"]) == count
