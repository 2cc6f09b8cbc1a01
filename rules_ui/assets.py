"""The files a browser fetches once: named by their content, kept for a year, compressed once a process."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

STATIC_DIR = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=300"
_SERVED = (".css", ".js", ".svg", ".txt", ".json")
_LEAST_WORTH_COMPRESSING_BYTES = 600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    zipped: bytes
    media_type: str
    digest: str


@cache
def _assets() -> dict[str, Asset]:
    found = {}
    for path in sorted(STATIC_DIR.rglob("*")):
        if path.is_file() and path.suffix in _SERVED:
            body = path.read_bytes()
            found[path.relative_to(STATIC_DIR).as_posix()] = Asset(
                body=body,
                zipped=gzip.compress(body, 9, mtime=0),
                media_type=mimetypes.guess_type(path.name)[0] or "text/plain",
                digest=hashlib.sha256(body).hexdigest()[:12],
            )
    return found


def asset_url(name: str) -> str:
    """The address of a static file, which changes when the file does.

    Args:
        name: path below `static`, e.g. "app.css".
    Returns: a path on this host.
    Raises: KeyError: there is no such file.
    """
    return f"/static/{name}?v={_assets()[name].digest}"


async def serve_asset(request: Request) -> Response:
    """Answer a request for `/static/{name}`."""
    asset = _assets().get(request.path_params["name"])
    if asset is None:
        return Response("not found", status_code=404, media_type="text/plain")
    headers = {
        "Cache-Control": _FOREVER if request.query_params.get("v") == asset.digest else _SHORT,
        "ETag": f'"{asset.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    zip_it = "gzip" in request.headers.get("accept-encoding", "")
    if zip_it and len(asset.body) >= _LEAST_WORTH_COMPRESSING_BYTES:
        headers["Content-Encoding"] = "gzip"
        return Response(asset.zipped, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)
