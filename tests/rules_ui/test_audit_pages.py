"""The audit log on its page and as a file: in words, narrowed down, paged, within one's own places."""

import ast
import csv
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import httpx
import pytest
from small_chain import ACTOR
from web_world import WebWorld

import regulars
from regulars.backup_notes import Backup, note_made, note_proved
from regulars.kernel import clock
from regulars.security.audit import record
from rules_ui.audit_words import ACTS, SUBJECTS
from rules_ui.routes import audit

ACTION = re.compile(r"(?:[a-z]+_)*[a-z]+\.[a-z]+(?:_[a-z]+)*")
WRITERS = {"record", "record_changes", "_record", "_noted", "_record_switch", "keep", "kept", "_kept_as"}


def literal_actions() -> set[str]:
    """What the product's own code hands over as an action, as far as it stands there in one piece."""
    found: set[str] = set()
    for file in Path(regulars.__file__).parent.rglob("*.py"):
        if "entrypoints" in file.parts or "audit" not in (text := file.read_text()):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                named = [each.value for each in node.keywords if each.arg == "action"]
                found |= {
                    each.value
                    for each in (*node.args, *named)
                    if isinstance(each, ast.Constant)
                    and isinstance(each.value, str)
                    and ACTION.fullmatch(each.value)
                    and each.value.split(".")[0] in SUBJECTS
                    and isinstance(node.func, (ast.Name, ast.Attribute))
                    and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id) in WRITERS
                }
    return found


def test_every_act_has_its_words() -> None:
    written = literal_actions()
    assert len(written) >= 30
    assert written - ACTS.keys() == set()
    assert {action.split(".")[0] for action in ACTS} == set(SUBJECTS)


async def act(world: WebWorld, action: str, place: str | None = "east-1", **more: object) -> None:
    """One act at a store."""
    values: dict[str, object] = {
        "actor_kind": ACTOR.kind,
        "actor_id": ACTOR.id,
        "subject_kind": action.split(".")[0],
        "subject_id": "thing",
        "place_id": world.chain.stores[place] if place else None,
        "at": clock.now(),
    }
    async with world.chain.database.begin() as session:
        await record(session, action=action, **(values | more))  # type: ignore[arg-type]


async def test_acts_are_told_in_words_with_before_and_after(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await admin.post(
        f"/places/{world.chain.stores['east-1']}",
        data={"name": "东一店", "time_zone": "America/New_York", "cutoff": "04:30"},
    )
    await admin.post(
        "/settings", data={"approval": "required", "rehearsal": "optional", "reason": "<b>four eyes</b>"}
    )
    page = (await admin.get("/audit")).text
    assert "Changed a place" in page
    assert '<span class="was">00:00</span>04:30' in page
    assert "&lt;b&gt;four eyes&lt;/b&gt;" in page
    assert '<span class="was">Not required</span>Required' in page or ">Required<" in page
    chinese = (await admin.get("/audit", headers={"Cookie": "regulars_language=zh"})).text
    assert "place.change" not in re.sub(r'value="[^"]*"', "", chinese)


async def test_acts_are_narrowed_down_by_who_what_about_where_and_when(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await act(world, "purchase.attributed", reason="in the east")
    await act(world, "segment.save", "west-1", reason="in the west", subject_id="loyal")
    await act(world, "chain.change_settings", None, reason="for all")
    ours = {"in the east", "in the west", "for all"}

    async def told(query: str) -> set[str]:
        page = await admin.get(f"/audit?{query}")
        assert page.status_code == 200, query
        return {words for words in ours if words in page.text}

    today = clock.now().date().isoformat()
    assert await told("") == ours
    assert await told("who=tests") == ours
    assert await told("who=nobody%25") == set()
    assert await told("act=segment") == {"in the west"}
    assert await told("act=purchase.attributed") == {"in the east"}
    assert await told("subject=loyal") == {"in the west"}
    assert await told("place=east") == {"in the east"}
    assert await told("place=HQ") == ours
    assert await told("until=2020-01-01") == set()
    assert await told(f"since={today}&act=chain.change_settings&place=HQ") | {"for all"} == {"for all"}
    for odd in ("who=%00", "subject=%00", "act=%00", "place=%F0%9F%98%80", "before=99999999999999999999"):
        assert (await admin.get(f"/audit?{odd}")).status_code in (200, 400, 422), odd
    assert (await admin.get("/operators?q=%00&after=%00")).status_code == 400
    backwards = await admin.get("/audit?since=2026-03-02&until=2026-03-01")
    assert "The last day lies before the first" in backwards.text
    assert "Nothing was done that matches" not in backwards.text
    for wrong in (
        "since=2026-03-02&until=2026-03-01",
        "since=yesterday",
        "until=2026-13-01",
        "place=nowhere",
    ):
        answer = await admin.get(f"/audit?{wrong}")
        assert answer.status_code == 422, wrong
        assert 'class="field-error"' in answer.text, wrong


async def test_values_of_the_chains_own_fields_are_told_one_by_one(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    before, after = {"format": None}, {"format": "corner", "parking": True}
    changes = {"before": {"attributes": before}, "after": {"attributes": after}}
    await act(world, "place.set_custom_values", **changes)
    page = (await admin.get("/audit?act=place")).text
    assert "format = corner, parking = yes" in page
    assert "null" not in page
    assert "{" not in re.sub(r"<[^>]+>", "", page)


async def test_acts_are_read_a_page_at_a_time_and_exported_whole_without_formulas(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await act(world, "segment.save", subject_id=f"seg-{number}", reason='=HYPERLINK("x")')
    monkeypatch.setattr(audit, "SHOWN", 2)
    seen: list[str] = []
    address: str | None = "/audit?act=segment"
    while address:
        page = (await admin.get(address)).text
        seen += re.findall(r">(seg-\d)<", page)
        older = re.search(r'href="(/audit\?[^"]*before=\d+)"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"seg-{number}" for number in (4, 3, 2, 1, 0)]
    monkeypatch.setattr(audit, "MOST_READ", 2)
    file = await admin.get("/audit/export.csv?act=segment")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    rows = list(csv.reader(StringIO(file.text.removeprefix("\ufeff"))))
    assert [row[6] for row in rows[1:]] == seen
    assert {row[8] for row in rows[1:]} == {'\'=HYPERLINK("x")'}


async def test_a_branch_reads_its_own_acts_and_the_chains_are_for_headquarters(world: WebWorld) -> None:
    await act(world, "purchase.attributed", reason="in the east")
    await act(world, "purchase.attributed", "west-1", reason="in the west")
    await act(world, "chain.change_settings", None, reason="for all")
    async with await world.operator("finance", world.chain.stores["east-1"]) as east:
        for answer in (await east.get("/audit"), await east.get("/audit/export.csv")):
            assert "in the east" in answer.text
            assert "in the west" not in answer.text
            assert "for all" not in answer.text
        assert "in the west" not in (await east.get("/audit?place=west")).text
    async with await world.operator("ops", world.chain.hq) as ops:
        assert (await ops.get("/audit")).status_code == 403


async def test_settings_tiers_and_health_say_how_things_are(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await world.chain.join()
    tiers = (await admin.get("/tiers")).text
    assert "classic-tiers/1" in tiers
    assert 'href="/members?tier=silver"' in tiers
    system = (await admin.get("/system")).text
    assert "PostgreSQL" in system
    assert "not reachable" not in re.sub(r"<[^>]+>", "", system)
    assert '<span class="chip chip-good">newest</span>' in system
    assert "secrets.json" not in system
    assert "No backup of this data folder is known." in system
    made_at = clock.now() - timedelta(hours=3)
    file = world.container.settings.data_dir / "monday.regulars-backup"
    note_made(world.container.settings.data_dir, Backup(file, made_at, 3 << 20))
    assert "one that was never restored is a hope" in (await admin.get("/system")).text
    note_proved(file, clock.now(), sound=False)
    assert "its books did not add up" in (await admin.get("/system")).text
    note_proved(file, clock.now(), sound=True)
    system = (await admin.get("/system")).text
    assert "last restore" in system
    assert "Every row came back, and the books added up." in system
    assert "<dd>3 MB</dd>" in system
    wished = {"approval": "required", "rehearsal": "required"}
    unsaid = await admin.post("/settings", data=wished)
    assert unsaid.status_code == 422
    changed = await admin.post("/settings", data={**wished, "reason": "audit"})
    assert changed.headers["location"] == "/settings?done=policy-set"
    same = await admin.post("/settings", data={**wished, "reason": "audit"})
    assert same.headers["location"] == "/settings?done=unchanged"
    assert (await admin.post("/settings", data={"approval": "perhaps"})).status_code == 422
    bound = {"points_alone": "750", "recompute_reason": "audit"}
    for wrong in ({"points_alone": "-1"}, {"points_alone": "many"}, {"recompute_reason": ""}):
        refused = await admin.post("/settings/recompute", data=bound | wrong)
        assert (refused.status_code, refused.text.count('"field-error"')) == (422, 1)
    both = await admin.post("/settings/recompute", data={"points_alone": "-1", "recompute_reason": ""})
    assert ("points_alone-error" in both.text, "recompute_reason-error" in both.text) == (True, True)
    for done in ("policy-set", "unchanged"):
        moved = await admin.post("/settings/recompute", data=bound)
        assert moved.headers["location"] == f"/settings?done={done}"
    assert 'value="750"' in (await admin.get("/settings")).text
    more = {"points_alone": "9000", "recompute_reason": "a great sale"}
    asked = await admin.post("/settings/recompute", data=more)
    assert asked.headers["location"] == "/settings?done=bound-asked"
    own = (await admin.get("/settings")).text
    assert "that it be 9,000" in own
    assert "Another administrator of the whole chain must approve it." in own
    assert "/settings/recompute/approve" not in own
    assert (await admin.post("/settings/recompute/approve", data={"points": "9000"})).status_code == 422
    async with await world.operator("admin", world.chain.hq) as second:
        assert "a great sale" in (await second.get("/settings")).text
        approved = await second.post("/settings/recompute/approve", data={"points": "9000"})
        assert approved.headers["location"] == "/settings?done=policy-set"
        again = await second.post("/settings/recompute/approve", data={"points": "9000"})
        assert "field-error" in again.text
        await second.post("/settings/recompute", data=more | {"points_alone": "9001"})
        refused = await admin.post("/settings/recompute", data=more)
        assert refused.headers["location"] == "/settings?done=bound-dropped"
    assert "Asked for a change of the chain" in (await admin.get("/audit?act=chain")).text
    async with await world.operator("admin", world.chain.stores["east-1"]) as store:
        assert "disabled" in (await store.get("/settings")).text
        assert (await store.post("/settings", data={**wished, "reason": "mine"})).status_code == 403
        assert (await store.post("/settings/recompute", data=bound)).status_code == 403
        assert (await store.get("/system")).status_code == 403
