"""The console of operations while Temporal is away: what the database knows; bulk actions to their end."""

import html
import re
from uuid import UUID

import httpx
import pytest
from bulk_actions.world import NoHands
from recompute_world import Recomputing, tenth_pack, tiers_pack
from small_chain import line
from sqlalchemy import text
from unchecked_pack import publish_unchecked
from web_world import WebWorld

from regulars.bulk_actions.domain import LONGEST
from regulars.bulk_actions.running import Means, work_on
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks

HASH = re.compile(r'name="content_hash" value="([0-9a-f]{64})"')


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def carry_out(world: WebWorld, action_id: str) -> None:
    means = Means(world.chain.database, LivePacks(), Places(), NoHands(), clock.now, new_id)
    while (await work_on(means, UUID(action_id))).state == "running":
        pass


async def read(client: httpx.AsyncClient, path: str, language: str = "en") -> str:
    client.cookies.set("regulars_language", language)
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text[:400]
    return html.unescape(answer.text)


async def test_every_page_of_operations_reads_without_temporal(
    world: WebWorld, admin: httpx.AsyncClient, language: str
) -> None:
    member = await world.chain.join("陈静")
    assert "Temporal" in await read(admin, f"/ops/members/{member}/workflow", language)
    away = {"zh": "Temporal 没有响应", "en": "Temporal does not answer"}[language]
    for path in ("/ops", "/ops/problems/workflows", "/ops/releases"):
        assert away in await read(admin, path, language), path
    titles = {"zh": ("问题", "批量操作"), "en": ("Problems", "Bulk actions")}[language]
    assert titles[0] in await read(admin, "/ops/problems", language)
    assert titles[1] in await read(admin, "/ops/actions", language)


async def test_a_failed_rule_is_told_by_cause_and_recomputed_from_its_problem(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    recomputing = Recomputing(world.chain)
    await recomputing.begin()
    member = await world.chain.join("Wang Li")
    await recomputing.fail(member, 3_000)
    await recomputing.mend()
    page = await read(admin, "/ops/problems")
    assert "A rule failed in purchases: Products listed (Products listed, version 1)" in page
    assert "failing/1#listed: " in page
    told = await read(admin, "/ops/problems", "zh")
    assert "消费单中有规则出错：名单商品（名单商品，第 1 版）" in told
    assert "purchases: 1 · members affected: 1" in page
    assert f"/ops/members/{member}/workflow" in page
    form = {"kind": "recompute", "place": str(world.chain.hq), "pack": "failing", "versions": "failing/2"}
    drawn = await admin.post("/ops/actions", data=form)
    assert drawn.status_code == 303
    address = drawn.headers["location"]
    page = await read(admin, address)
    assert "Points it will give" in page
    assert "30" in page
    found = HASH.search(page)
    assert found is not None
    submitted = await admin.post(
        f"{address}/submit", data={"content_hash": found[1], "reason": "the pack is mended"}
    )
    assert submitted.status_code == 303
    await carry_out(world, address.rpartition("/")[2])
    page = await read(admin, address)
    assert "Points given" in page
    assert "the pack is mended" in page
    assert "failing/1#listed" not in await read(admin, "/ops/problems")


async def test_a_list_that_is_full_says_how_many_it_takes(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Gao", "Hu"):
        await world.chain.join(name)
    monkeypatch.setitem(LONGEST, "tell", 1)  # type: ignore[arg-type]
    drawn = await admin.post(
        "/ops/actions", data={"kind": "tell", "place": str(world.chain.hq), "stage": "joined"}
    )
    assert drawn.status_code == 303, drawn.text[:2_000]
    address = drawn.headers["location"]
    assert "More match than the 1 that one list takes; order again afterwards." in await read(admin, address)
    assert "一份名单最多 1 条" in await read(admin, address, "zh")


async def test_a_list_says_what_recomputing_does_beside_points_and_what_it_leaves(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    documents = (tiers_pack, tenth_pack)
    for make in documents:
        await publish_unchecked(world.chain, make(fails=True), version=2)
    bought = await world.chain.buy(await world.chain.join("陈静"), line(120_000))
    assert "recompute" in bought.receipt["flags"]
    for make in documents:
        await publish_unchecked(world.chain, make(fails=False), version=3)
    form = {"kind": "recompute", "place": str(world.chain.hq), "versions": "classic-tiers/3 tenth/3"}
    drawn = await admin.post("/ops/actions", data=form)
    assert drawn.status_code == 303, drawn.text[:2_000]
    address = drawn.headers["location"]
    for language, said in (
        (
            "en",
            (
                "moves up to Silver",
                "discount missed: $120.00",
                "stays paid",
                "A second person approves",
                "Submit for approval",
            ),
        ),
        ("zh", ("升为银卡", "漏优惠 US$120.00", "不再退回", "提交审批", "须由另一人审批")),
    ):
        page = await read(admin, address, language)
        assert [words for words in said if words not in page] == []


async def test_a_message_that_is_refused_again_and_again_is_told(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("Poison")
    async with world.chain.database.begin() as session:
        await session.execute(text("update outbox set attempts = 4 where member_id = :id"), {"id": member})
    page = await read(admin, "/ops/problems")
    assert "Messages that Temporal does not take" in page
    assert "attempts: 4" in page
    live = await read(admin, "/ops")
    assert "Messages that Temporal does not take" in live


async def test_freezing_many_shows_its_list_and_needs_somebody_else(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    members = [str(await world.chain.join(f"M{number}")) for number in range(6)]
    form = {
        "kind": "freeze",
        "place": str(world.chain.hq),
        "member": members,
        "freeze_reason": "fraud_suspected",
    }
    address = (await admin.post("/ops/actions", data=form)).headers["location"]
    page = await read(admin, address)
    assert "This needs a second person" in page
    found = HASH.search(page)
    assert found is not None
    nothing_said = await admin.post(f"{address}/submit", data={"content_hash": found[1], "reason": " "})
    assert nothing_said.status_code == 422
    await admin.post(f"{address}/submit", data={"content_hash": found[1], "reason": "a ring of cards"})
    assert "Waiting for approval" in await read(admin, address)
    own = await admin.post(f"{address}/approve", data={"content_hash": found[1]})
    assert own.status_code == 403
    async with await world.operator("ops", world.chain.hq) as second:
        assert "Approve this list" in await read(second, address)
        approved = await second.post(f"{address}/approve", data={"content_hash": found[1]})
        assert approved.status_code == 303
    await carry_out(world, address.rpartition("/")[2])
    page = await read(admin, address)
    assert page.count('chip-good">Frozen') == 6


async def test_a_filter_that_means_everybody_is_refused_on_the_page(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    refused = await admin.post("/ops/actions", data={"kind": "retry", "place": str(world.chain.hq)})
    assert refused.status_code == 422
    assert re.search(r'id="which-error">.*Say whom you mean', refused.text, re.S)


async def test_a_form_that_is_refused_keeps_all_that_was_chosen_and_comes_first(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member, store = await world.chain.join("Ann"), world.chain.stores["east-1"]
    form = {
        "kind": "recompute",
        "place": str(store),
        "which": "overdue",
        "stage": "lapsed",
        "tier": "gold",
        "freeze_reason": "other",
        "pack": "double",
        "versions": "double/2, nothing here",
        "member": [str(member)],
    }
    for language, named in (("en", "Of the 1 member that was named"), ("zh", "仅限指定的 1 位会员")):
        admin.cookies.set("regulars_language", language)
        refused = await admin.post("/ops/actions", data=form)
        assert refused.status_code == 422
        shown = refused.text
        for value in ("recompute", str(store), "overdue", "lapsed", "other"):
            assert f'<option value="{value}" selected>' in shown, value
        for name in ("tier", "pack", "versions", "member"):
            value = form[name] if isinstance(form[name], str) else str(member)
            assert re.search(rf'name="{name}" value="{value}"', shown), name
        assert 'id="versions-error"' in shown
        assert 'aria-invalid="true" aria-describedby="versions-error"' in shown
        assert shown.index('id="new-title"') < shown.index('id="all-title"')
        assert named in shown
    admin.cookies.set("regulars_language", "en")
    gone = await admin.post("/ops/actions", data={**form, "place": "nowhere"})
    assert gone.status_code == 422
    assert 'id="place-error"' in gone.text


async def test_a_members_workflow_page_tells_dues_packs_and_story(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join("Zhao")
    await world.chain.buy(member)
    page = await read(admin, f"/ops/members/{member}/workflow")
    assert '/packs/grocery-classic/versions/1">Grocery classic points</a>' in page
    assert "Something is decided next" in page
    assert "Joined" in page
    assert f"/temporal/namespaces/default/workflows/member-lifecycle%2F{member}" in page
    async with await world.operator("ops", world.chain.stores["east-1"]) as local:
        assert "/temporal/" not in await read(local, f"/ops/members/{member}/workflow")


async def test_what_is_under_way_says_who_ordered_it_and_how_far_it_is_at_the_readers_places(
    world: WebWorld, admin: httpx.AsyncClient, language: str
) -> None:
    member = await world.chain.join("Zhou")
    hq, east = world.chain.hq, world.chain.stores["east-1"]
    said = {
        "zh": ("没有进行中的任务", "等待审批", "发起"),
        "en": ("Nothing is under way", "Waiting for approval", "ordered by"),
    }[language]
    assert said[0] in await read(admin, "/ops/releases", language)
    wish = {"code": "grocery-classic", "version": "1", "place": str(east)}
    rehearsal = (await admin.post("/rehearsals", data=wish)).headers["location"]
    undo = await admin.post("/packs/grocery-classic/versions/1/undo", data={"place": str(hq)})
    form = {"kind": "restart", "place": str(hq), "member": [str(member)]}
    action = (await admin.post("/ops/actions", data=form)).headers["location"]
    assert action not in await read(admin, "/ops/releases/work", language), "a draft is not under way"
    drawn = HASH.search(await read(admin, action, language))
    assert drawn is not None
    await admin.post(f"{action}/submit", data={"content_hash": drawn[1], "reason": "it hangs"})
    page = await read(admin, "/ops/releases", language)
    part = await read(admin, "/ops/releases/work", language)
    for shown in (page, part):
        assert shown.count('<li id="work-') == 3
        for address in (rehearsal, undo.headers["location"], action):
            assert f'href="{address}"' in shown
            assert f"{address.rpartition('/')[2]}" in shown
        assert said[1] in shown
        assert said[2] in shown
    assert "/temporal/namespaces/default/workflows/rehearsal%2F" in page
    async with await world.operator("ops", east) as local:
        theirs = await read(local, "/ops/releases/work", language)
        assert f'href="{rehearsal}"' in theirs
        assert theirs.count('<li id="work-') == 1
        assert "/temporal/" not in theirs
    async with await world.operator("ops", world.chain.stores["west-1"]) as elsewhere:
        assert said[0] in await read(elsewhere, "/ops/releases/work", language)
