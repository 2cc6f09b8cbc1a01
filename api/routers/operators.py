"""Operators and their roles."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import At, Parts, requires
from api.schemas.operators import OperatorIn, OperatorOut, OperatorPageOut, RolesIn
from api.schemas.places import ReasonIn
from api.strict_json import api_router
from regulars.security import service
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("operators")
Reader = Annotated[Actor, Depends(requires(Permission.OPERATOR_READ))]
Manager = Annotated[Actor, Depends(requires(Permission.OPERATOR_MANAGE))]


@router.get("/operators")
async def list_operators(
    parts: Parts,
    actor: Reader,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> OperatorPageOut:
    """Operators with a role within your places, by login."""
    async with parts.database.read() as session:
        found = await service.list_operators(session, actor.scope, after=after, limit=limit + 1)
    page = found[:limit]
    return OperatorPageOut(
        items=[OperatorOut.of(operator, actor.scope) for operator in page],
        next_after=page[-1].login if len(found) > limit else None,
    )


@router.get("/operators/{operator_id}")
async def get_operator(parts: Parts, actor: Reader, operator_id: UUID) -> OperatorOut:
    """One operator with a role within your places."""
    async with parts.database.read() as session:
        return OperatorOut.of(await service.get_operator(session, operator_id, actor.scope), actor.scope)


@router.post("/operators", status_code=201)
async def create_operator(parts: Parts, actor: Manager, at: At, body: OperatorIn) -> OperatorOut:
    """Appoint an operator with roles at places within yours."""
    async with parts.database.begin() as session:
        made = await service.create_operator(session, body.to_domain(parts.new_id()), actor, at)
    return OperatorOut.of(made, actor.scope)


@router.put("/operators/{operator_id}/roles")
async def set_roles(parts: Parts, actor: Manager, at: At, operator_id: UUID, body: RolesIn) -> OperatorOut:
    """Give an operator exactly these roles."""
    roles = [role.to_domain() for role in body.roles]
    async with parts.database.begin() as session:
        changed = await service.set_roles(session, operator_id, roles, actor, at)
    return OperatorOut.of(changed, actor.scope)


@router.post("/operators/{operator_id}/disable", status_code=204)
async def disable_operator(parts: Parts, actor: Manager, at: At, operator_id: UUID, body: ReasonIn) -> None:
    """Shut an operator out, from the next request on."""
    async with parts.database.begin() as session:
        await service.disable_operator(session, operator_id, actor, at, body.reason)


@router.post("/operators/{operator_id}/enable", status_code=204)
async def enable_operator(parts: Parts, actor: Manager, at: At, operator_id: UUID, body: ReasonIn) -> None:
    """Let a disabled operator in again."""
    async with parts.database.begin() as session:
        await service.enable_operator(session, operator_id, actor, at, body.reason)
