"""A chain's own fields: defined once, set for members, stores and products; and the field catalogue."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query
from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import At, Parts, require_whole_chain, requires
from api.schemas.custom_fields import (
    CatalogueOut,
    CustomFieldChangeIn,
    CustomFieldIn,
    CustomFieldOut,
    CustomFieldPageOut,
    CustomValuesIn,
    CustomValuesOut,
    FactOut,
    ProductsChangedOut,
    ProductsValuesIn,
    ProductValuesOut,
    ProductValuesPageOut,
)
from api.strict_json import api_router
from regulars.custom_fields import products, service
from regulars.custom_fields.domain import LONGEST_PRODUCT_CODE, Subject
from regulars.custom_fields.errors import CustomValueInvalid
from regulars.members.service import get_member
from regulars.organisation.service import get_place
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.domain import PackKind
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("custom fields")
_READ = [Depends(requires(Permission.PACK_READ))]
Author = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
MemberReader = Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]
MemberEditor = Annotated[Actor, Depends(requires(Permission.MEMBER_UPDATE))]
PlaceReader = Annotated[Actor, Depends(requires(Permission.PLACE_READ))]
PlaceManager = Annotated[Actor, Depends(requires(Permission.PLACE_MANAGE))]
_BETWEEN: Final = "."
ProductCode = Annotated[str, StringConstraints(max_length=LONGEST_PRODUCT_CODE, pattern=r"^[^\x00]*$")]


@router.get("/field-catalogue", dependencies=_READ)
async def show_catalogue(parts: Parts, kind: PackKind | None = None) -> CatalogueOut:
    """Every fact that rules of this chain can read, its own fields among them; of one kind where named."""
    async with parts.database.read() as session:
        known = await catalogue_of(session)
    facts = [FactOut.of(field, in_line=False) for field in known.document.values()]
    facts += [FactOut.of(field, in_line=True) for field in known.lines.values()]
    return CatalogueOut(facts=[fact for fact in facts if kind is None or kind in fact.kinds])


@router.get("/custom-fields", dependencies=_READ)
async def list_fields(
    parts: Parts,
    subject: Subject | None = None,
    after: Annotated[str, Query(max_length=60, pattern=r"^([a-z]+\.[a-z0-9_]+)?$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CustomFieldPageOut:
    """The chain's own fields by subject and code, retired ones with them."""
    begun = tuple(after.split(_BETWEEN, 1)) if after else None
    key = (begun[0], begun[1]) if begun else None
    async with parts.database.read() as session:
        found = await service.list_fields(session, subject, after=key, limit=limit + 1)
    page = found[:limit]
    more = page[-1] if len(found) > limit else None
    return CustomFieldPageOut(
        items=[CustomFieldOut.of(field) for field in page],
        next_after=f"{more.subject}{_BETWEEN}{more.code}" if more else None,
    )


@router.post("/custom-fields", status_code=201)
async def define_field(parts: Parts, actor: Author, at: At, body: CustomFieldIn) -> CustomFieldOut:
    """Add a field that packs may read from now on. Code, type and bounds never change."""
    await require_whole_chain(parts, actor, Permission.PACK_EDIT)
    async with parts.database.begin() as session:
        return CustomFieldOut.of(await service.define_field(session, body.field(parts.new_id()), actor, at))


@router.patch("/custom-fields/{field_id}")
async def change_field(
    parts: Parts, actor: Author, at: At, field_id: UUID, body: CustomFieldChangeIn
) -> CustomFieldOut:
    """Change a field's words, or add choices."""
    await require_whole_chain(parts, actor, Permission.PACK_EDIT)
    async with parts.database.begin() as session:
        return CustomFieldOut.of(await service.change_field(session, field_id, body.change(), actor, at))


@router.post("/custom-fields/{field_id}/retire")
async def retire_field(parts: Parts, actor: Author, at: At, field_id: UUID) -> CustomFieldOut:
    """Take no more values for a field, and warn whoever reads it; live packs go on."""
    await require_whole_chain(parts, actor, Permission.PACK_EDIT)
    async with parts.database.begin() as session:
        return CustomFieldOut.of(await service.retire_field(session, field_id, actor, at))


@router.get("/members/{member_id}/custom-values")
async def get_member_values(parts: Parts, actor: MemberReader, member_id: UUID) -> CustomValuesOut:
    """What a member is by the chain's own fields."""
    async with parts.database.read() as session:
        await get_member(session, member_id, actor.scope)
        return CustomValuesOut.of(await service.get_values(session, "member", member_id))


@router.patch("/members/{member_id}/custom-values")
async def set_member_values(
    parts: Parts, actor: MemberEditor, at: At, member_id: UUID, body: CustomValuesIn
) -> CustomValuesOut:
    """Set some of a member's values; all of them, or none where one is wrong."""
    async with parts.database.begin() as session:
        member = await get_member(session, member_id, actor.scope)
        return CustomValuesOut.of(
            await service.set_values(
                session, "member", member_id, body.values, actor, at, place_id=member.home_store_id
            )
        )


@router.get("/places/{place_id}/custom-values")
async def get_store_values(parts: Parts, actor: PlaceReader, place_id: UUID) -> CustomValuesOut:
    """What a store is by the chain's own fields."""
    async with parts.database.read() as session:
        await _store(session, place_id, actor)
        return CustomValuesOut.of(await service.get_values(session, "store", place_id))


@router.patch("/places/{place_id}/custom-values")
async def set_store_values(
    parts: Parts, actor: PlaceManager, at: At, place_id: UUID, body: CustomValuesIn
) -> CustomValuesOut:
    """Set some of a store's values."""
    async with parts.database.begin() as session:
        await _store(session, place_id, actor)
        return CustomValuesOut.of(
            await service.set_values(session, "store", place_id, body.values, actor, at, place_id=place_id)
        )


@router.get("/products/custom-values", dependencies=_READ)
async def list_product_values(
    parts: Parts,
    product: Annotated[list[ProductCode] | None, Query(max_length=100)] = None,
    after: ProductCode = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ProductValuesPageOut:
    """Products for which something is set, by code; only those named as `product`, where any are."""
    async with parts.database.read() as session:
        found = await products.list_product_values(session, product or (), after=after, limit=limit + 1)
    page = found[:limit]
    return ProductValuesPageOut(
        items=[ProductValuesOut.of(each) for each in page],
        next_after=page[-1].product_code if len(found) > limit else None,
    )


@router.patch("/products/custom-values")
async def set_product_values(
    parts: Parts, actor: Author, at: At, body: ProductsValuesIn
) -> ProductsChangedOut:
    """Set some values of up to 1,000 products; all of them, or none where one is wrong."""
    await require_whole_chain(parts, actor, Permission.PACK_EDIT)
    async with parts.database.begin() as session:
        return ProductsChangedOut(changed=await products.set_product_values(session, body.rows(), actor, at))


async def _store(session: AsyncSession, place_id: UUID, actor: Actor) -> None:
    place = await get_place(session, place_id, actor.scope)
    if place.kind != "store":
        raise CustomValueInvalid("the id of a store", "place_id")
