"""What the browser fetches: vendored, licensed, small, and without anything inline."""

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from rules_ui.assets import STATIC_DIR, asset_url
from rules_ui.render import TEMPLATE_DIR

FRONTEND = STATIC_DIR.parent / "frontend"
VENDOR = STATIC_DIR / "vendor"
FIRST_LOAD_LIMIT_BYTES = 150 * 1024
DATA = 'type="application/json"'
INLINE = re.compile(
    rf"<script(?![^>]*(?:\bsrc=|{DATA}))|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", re.IGNORECASE
)


def manifest() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((VENDOR / "manifest.json").read_text())
    return known


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_vendored_files_are_what_the_manifest_says() -> None:
    files = manifest()["files"]
    assert {path.name for path in VENDOR.iterdir()} - {"manifest.json", "LICENSES.txt"} == set(files)
    assert {name: sha256(VENDOR / name) for name in files} == {
        name: known["sha256"] for name, known in files.items()
    }


def test_vendored_files_were_built_from_the_sources_that_stand_here() -> None:
    """Node is not needed to notice that `make vendor` was forgotten."""
    made_from = manifest()["made_from"]
    sources = {path.name for path in FRONTEND.glob("*.mjs")} | {"package-lock.json"}
    assert {name: sha256(FRONTEND / name) for name in sources} == made_from


def test_every_vendored_package_is_locked_and_has_its_licence() -> None:
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    licences = (VENDOR / "LICENSES.txt").read_text()
    for known in manifest()["files"].values():
        for package, version in {known["package"]: known["version"], **known.get("holds", {})}.items():
            assert locked[f"node_modules/{package}"]["version"] == version
            assert f"{package} {version} — " in licences


def test_the_lock_file_names_no_download_address() -> None:
    packages = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("path", sorted(TEMPLATE_DIR.rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(path: Path) -> None:
    assert INLINE.search(path.read_text()) is None


def test_nothing_of_ours_is_fetched_from_elsewhere() -> None:
    for path in [*TEMPLATE_DIR.rglob("*.html"), *STATIC_DIR.glob("*.*")]:
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


async def test_the_first_load_is_small(admin: httpx.AsyncClient) -> None:
    page = await admin.get("/")
    assert page.status_code == 200
    wanted = {name.split("#")[0] for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)}
    total = len(gzip.compress(page.content))
    for address in sorted(wanted):
        async with admin.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200
            total += sum([len(chunk) async for chunk in answer.aiter_raw()])
    assert total <= FIRST_LOAD_LIMIT_BYTES


async def test_a_file_is_kept_for_a_year_under_the_address_of_its_content(admin: httpx.AsyncClient) -> None:
    answer = await admin.get(asset_url("app.css"))
    assert "immutable" in answer.headers["cache-control"]
    again = await admin.get(asset_url("app.css"), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" not in (await admin.get("/static/app.css")).headers["cache-control"]


@pytest.mark.parametrize("name", ["../app.py", "..%2Fapp.py", "vendor/../../app.py", "nothing.css", ""])
async def test_nothing_but_static_files_is_served(admin: httpx.AsyncClient, name: str) -> None:
    assert (await admin.get(f"/static/{name}")).status_code == 404
