"""The bench of pages runs small, sees what links lead to, and takes everything away again."""

import asyncio
from pathlib import Path

import pytest

from regulars.entrypoints.bench.pages import measure_chain, page_paths
from regulars.entrypoints.bench.workplace import workplace


@pytest.mark.timeout(180)
async def test_pages_are_measured_at_what_they_link_to_and_nothing_is_left(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_chain(settings, days=1, members=60, rounds=1)
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    pages, unseen = measured.figures["pages"], measured.figures["pages_not_seen"]
    assert isinstance(pages, dict)
    assert isinstance(unseen, list)
    assert {*pages, *unseen} == set(page_paths())
    assert {"/", "/members", "/members/{member_id}"} <= set(pages)
    assert measured.bars.keys() == {f"{path} p95_ms" for path in pages}
    for page in pages.values():
        assert 0 < page["p50_ms"] <= page["p95_ms"]
        assert all(one["statements"] > 0 for one in page["addresses"].values())
