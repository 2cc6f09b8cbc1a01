"""The bench of pages runs small, sees what links lead to, and takes everything away again."""

import asyncio
from pathlib import Path

import pytest

from regulars.entrypoints.bench.page_visits import Looks
from regulars.entrypoints.bench.pages import measure_chain, page_paths
from regulars.entrypoints.bench.workplace import workplace

ENDED = {
    *("/sign-in", "/new-password/{offer}", "/ops/actions/{action_id}/progress"),
    *("/rehearsals/{rehearsal_id}/progress", "/undos/{undo_id}/progress"),
}
"""Nobody who is signed in sees these, or no page links to them once the work is done."""


@pytest.mark.timeout(180)
async def test_pages_are_measured_at_what_they_link_to_and_nothing_is_left(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_chain(settings, days=1, members=60, looks=Looks(1, 1, ("zh",)))
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    pages, unseen = measured.figures["pages"], measured.figures["pages_not_seen"]
    assert isinstance(pages, dict)
    assert isinstance(unseen, list)
    assert {*pages, *unseen} >= set(page_paths())
    assert set(unseen) <= ENDED
    assert {"/", "/members/{member_id}", "draft changed", "count while typing, few"} <= set(pages)
    assert {f"{path} p95_ms" for path in pages} <= measured.bars.keys()
    assert {"/desk in a store p95_ms", "first_load_kib"} <= measured.bars.keys()
    assert measured.bars["first_load_kib"].ok
    for page in pages.values():
        assert 0 < page["p50_ms"] <= page["p95_ms"]
        assert all(one["statements"] > 0 for one in page["addresses"].values())
