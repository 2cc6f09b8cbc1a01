"""Whether the process lives and can work, and what the API looks like."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import Parts, unasked
from api.document import document_of
from api.strict_json import StrictRoute

router = APIRouter(tags=["health"], route_class=StrictRoute, dependencies=[Depends(unasked)])


@router.get("/healthz")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def ready(parts: Parts) -> dict[str, str]:
    """The process answers, its database too, and the chain is founded; else 503."""
    await parts.refresh_places()
    return {"status": "ready", "chain": parts.places.chain.name}


@router.get("/v1/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(document_of(request.app))
