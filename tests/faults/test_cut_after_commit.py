"""The line breaks after COMMIT, or after the answer: the till asks again and gets the first receipt."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from faults.chance import chance
from faults.figures import Figures
from faults.load import selling
from faults.plan import Plan
from faults.proofs import prove
from faults.proxy import Cut, Judge, Proxy, line_to
from faults.served import ServedWorld, serve
from faults.till_log import TillLog
from member_world import until
from small_chain import SmallChain

from regulars.entrypoints.stack.postgres import Cluster

CUTS = 10
LONG_CUTS = 100


@pytest.fixture
async def line_to_database(cluster: Cluster) -> AsyncIterator[Proxy]:
    async with line_to(cluster.port) as line:
        yield line


@pytest.fixture
async def world(
    chain: SmallChain, cluster: Cluster, database_url: str, line_to_database: Proxy, tmp_path: Path
) -> AsyncIterator[ServedWorld]:
    """An application that reaches its database through a line of ours."""
    name = urlsplit(database_url).path.lstrip("/")
    url = cluster.tcp_url(name).replace(f":{cluster.port}/", f":{line_to_database.listens_on}/")
    async with serve(chain, url, tmp_path) as served:
        yield served


def _now_and_then(seed: int, what: str, share: float, is_meant: Callable[[bytes], bool]) -> Judge:
    """Break the line at a share of what is meant, in each of the three ways."""
    draw = chance(seed, what)
    ways = (Cut.REQUEST, Cut.ANSWER, Cut.ANSWER, Cut.HALF)

    def judge(piece: bytes) -> Cut | None:
        return draw.choice(ways) if is_meant(piece) and draw.random() < share else None

    return judge


async def _until_cut(line: Proxy, times: int, log: TillLog) -> None:
    """Until the line was cut so often, and some purchase was committed without its till hearing of it.

    Which transaction a cut meets is chance: a look-up's COMMIT loses nothing.
    """

    async def enough() -> bool:
        return line.cuts.total() >= times and _committed_unheard(log) > 0

    await until(enough, within_s=240)


def _committed_unheard(log: TillLog) -> int:
    """Purchases of which an earlier try was committed although its answer never came."""
    return sum(one.was_done_before for one in log.purchases())


async def test_answers_of_the_database_are_lost_at_commit(
    world: ServedWorld,
    line_to_database: Proxy,
    database_url: str,
    tmp_path: Path,
    plan: Plan,
    figures: Figures,
) -> None:
    log = TillLog(tmp_path / "sent.jsonl")
    async with selling(world, log, plan.seed, pause_s=0.005) as load:
        judge = _now_and_then(plan.seed, "commit", 0.1, lambda piece: b"COMMIT" in piece)
        line_to_database.judge = judge
        await _until_cut(line_to_database, int(plan.pick(CUTS, LONG_CUTS)), log)
        line_to_database.judge = lambda _: None
    await load.replay_all()
    proof = await prove(database_url, log, world.chain.tills, None)
    found = _committed_unheard(log)
    figures.note_proof("cut at commit", proof, log)
    figures.note("cut at commit", cuts=dict(line_to_database.cuts), committed_unheard=found)
    assert proof.faults == []
    assert found > 0


async def test_answers_of_the_web_are_lost_on_the_way_to_the_till(
    world: ServedWorld, database_url: str, tmp_path: Path, plan: Plan, figures: Figures
) -> None:
    log = TillLog(tmp_path / "sent.jsonl")
    async with line_to(world.port) as line:
        world.port = line.listens_on
        async with selling(world, log, plan.seed, pause_s=0.005) as load:
            line.judge = _now_and_then(plan.seed, "answer", 0.15, lambda piece: b"POST /" in piece)
            await _until_cut(line, int(plan.pick(CUTS, LONG_CUTS)), log)
            line.judge = lambda _: None
        await load.replay_all()
    proof = await prove(database_url, log, world.chain.tills, None)
    found = _committed_unheard(log)
    figures.note_proof("cut before the till", proof, log)
    figures.note("cut before the till", cuts=dict(line.cuts), committed_unheard=found)
    assert proof.faults == []
    assert found > 0


async def test_a_receipt_lost_after_commit_comes_again_to_the_byte(
    world: ServedWorld, line_to_database: Proxy, database_url: str
) -> None:
    body = {
        "receipt_no": "1",
        "occurred_at": "2026-11-20T18:04:11-05:00",
        "member": str(world.chain.members["hot"]),
        "lines": [{"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 12_900}],
    }
    headers = {"Idempotency-Key": "k-1", "Content-Type": "application/json"}
    text = json.dumps(body).encode()
    async with world.client("east-1-t1") as till:
        line_to_database.judge = _once_at_commit_after_a_purchase()
        lost = await _post(till, text, headers)
        line_to_database.judge = lambda _: None
        first, again, once_more = [await _post(till, text, headers) for _ in range(3)]
    assert (lost.status_code, lost.json()["code"]) == (503, "database_unavailable")
    assert lost.headers["Retry-After"]
    assert {one.status_code for one in (first, again, once_more)} == {201}
    assert first.content == again.content == once_more.content


def _once_at_commit_after_a_purchase() -> Judge:
    """Lose the answer to the first COMMIT that follows the writing of a purchase."""
    seen = {"written": False, "lost": False}

    def judge(piece: bytes) -> Cut | None:
        seen["written"] = seen["written"] or b"insert into purchase" in piece.lower()
        if not seen["written"] or seen["lost"] or b"COMMIT" not in piece:
            return None
        seen["lost"] = True
        return Cut.ANSWER

    return judge


async def _post(till: httpx.AsyncClient, text: bytes, headers: dict[str, str]) -> httpx.Response:
    return await till.post("/v1/purchases", content=text, headers=headers)
