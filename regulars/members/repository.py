"""All SQL about who a member is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSON, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import LargeBinary, Text, Uuid

from regulars.db.raw import driver
from regulars.members.domain import Consent, Member, Name
from regulars.members.tables import member, member_consent, member_reference
from regulars.members.tagging import tags_of_kept
from regulars.security.scope import Scope, within_place

_REFERENCES: Final = (
    select(func.array_agg(member_reference.c.reference, type_=ARRAY(Text)))
    .where(member_reference.c.member_id == member.c.id)
    .scalar_subquery()
    .label("references")
)
_LAST_WORDS: Final = (
    select(
        member_consent.c.purpose,
        member_consent.c.granted,
        member_consent.c.at,
        member_consent.c.source,
    )
    .ext(distinct_on(member_consent.c.purpose))
    .where(member_consent.c.member_id == member.c.id)
    .order_by(member_consent.c.purpose, member_consent.c.id.desc())
    .correlate(member)
    .lateral("last_words")
)
_CONSENTS: Final = (
    select(
        func.json_agg(
            func.json_build_array(
                _LAST_WORDS.c.purpose, _LAST_WORDS.c.granted, _LAST_WORDS.c.at, _LAST_WORDS.c.source
            ),
            type_=JSON,
        )
    )
    .select_from(_LAST_WORDS)
    .correlate(member)
    .scalar_subquery()
    .label("consents")
)
_SELECT: Final = select(
    member.c.id,
    member.c.number,
    member.c.name,
    member.c.phone_last4,
    member.c.birthday,
    member.c.gender,
    member.c.locale,
    member.c.home_store_id,
    member.c.tags,
    member.c.rule_tags,
    member.c.attributes,
    member.c.enrolled_at,
    member.c.recorded_at,
    _REFERENCES,
    _CONSENTS,
).where(within_place(member.c.home_store_id))

_IS: Final[Mapping[str, ColumnElement[bool]]] = {
    "id": member.c.id == bindparam("value", type_=Uuid),
    "number": member.c.number == bindparam("value", type_=Text),
    "phone": member.c.phone_index == bindparam("value", type_=LargeBinary),
    "reference": member.c.id.in_(
        select(member_reference.c.member_id).where(
            member_reference.c.reference == bindparam("value", type_=Text)
        )
    ),
}
_FIND: Final = {kind: _SELECT.where(condition) for kind, condition in _IS.items()}
_FIND_IDS: Final = """
select 'id' as kind, null as text, null::bytea as index, id from member where id = any($1::uuid[])
union all
select 'number', number, null, id from member where number = any($2::text[])
union all
select 'phone', null, phone_index, id from member where phone_index = any($3::bytea[])
union all
select 'reference', reference, null, member_id from member_reference where reference = any($4::text[])
"""
_LOCK: Final = (
    select(member.c.id)
    .where(member.c.id == bindparam("value", type_=Uuid), within_place(member.c.home_store_id))
    .with_for_update()
)

_INSERT: Final = upsert(member).on_conflict_do_nothing().returning(member.c.id)
_INSERT_REFERENCES: Final = (
    upsert(member_reference).on_conflict_do_nothing().returning(member_reference.c.reference)
)
_INSERT_CONSENTS: Final = insert(member_consent)
_PHONES_TAKEN: Final = select(member.c.phone_index, member.c.id).where(
    member.c.phone_index == any_(bindparam("indexes", type_=ARRAY(LargeBinary)))
)
_NUMBERS_TAKEN: Final = select(member.c.number).where(
    member.c.number == any_(bindparam("numbers", type_=ARRAY(Text)))
)
_REFERENCES_TAKEN: Final = select(member_reference.c.reference, member_reference.c.member_id).where(
    member_reference.c.reference == any_(bindparam("references", type_=ARRAY(Text)))
)
_CIPHER: Final = select(member.c.phone_cipher).where(
    member.c.id == bindparam("value", type_=Uuid), within_place(member.c.home_store_id)
)


async def find_member(
    session: AsyncSession, kind: str, value: UUID | str | bytes, scope: Scope
) -> Member | None:
    """The member with this id, number, reference or phone index, inside the scope."""
    row = (await session.execute(_FIND[kind], {"value": value, **scope.parameters})).first()
    return _member(row) if row else None


async def find_member_ids(session: AsyncSession, names: Collection[Name]) -> dict[Name, UUID]:
    """The ids behind names, wherever the members are at home; unknown names are left out."""
    values = {kind: [v for k, v in names if k == kind and v is not None] for kind in _IS}
    rows = await (await driver(session)).fetch(
        _FIND_IDS, values["id"], values["number"], values["phone"], values["reference"]
    )
    found: dict[Name, UUID] = {}
    for kind, text, index, member_id in rows:
        found[kind, {"id": member_id, "phone": index}.get(kind, text)] = member_id
    return found


async def lock_member(session: AsyncSession, member_id: UUID, scope: Scope) -> bool:
    """Hold the member for this transaction; False where there is none inside the scope."""
    return (await session.execute(_LOCK, {"value": member_id, **scope.parameters})).first() is not None


async def insert_members(session: AsyncSession, rows: Sequence[Mapping[str, object]]) -> set[UUID]:
    """Write members; the ids that were written, the others clash with one that stands."""
    return set((await session.execute(_INSERT, list(rows))).scalars())


async def insert_references(session: AsyncSession, references: Mapping[str, UUID], at: datetime) -> set[str]:
    """Write references; those that were written, the others belong to somebody."""
    rows = [
        {"reference": reference, "member_id": member_id, "recorded_at": at}
        for reference, member_id in sorted(references.items())
    ]
    return set((await session.execute(_INSERT_REFERENCES, rows)).scalars()) if rows else set()


async def insert_consents(session: AsyncSession, rows: Sequence[tuple[UUID, Consent]]) -> None:
    values = [
        {
            "member_id": member_id,
            "purpose": consent.purpose,
            "granted": consent.granted,
            "at": consent.at,
            "source": consent.source,
        }
        for member_id, consent in rows
    ]
    if values:
        await session.execute(_INSERT_CONSENTS, values)


async def update_member(session: AsyncSession, member_id: UUID, values: Mapping[str, object]) -> None:
    """Set some columns of a member."""
    await session.execute(update(member).where(member.c.id == member_id).values(**values))


async def phones_taken(session: AsyncSession, indexes: Sequence[bytes]) -> dict[bytes, UUID]:
    """Which of these phone indexes belong to whom."""
    rows = await session.execute(_PHONES_TAKEN, {"indexes": list(indexes)})
    return {row.phone_index: row.id for row in rows}


async def numbers_taken(session: AsyncSession, numbers: Sequence[str]) -> set[str]:
    """Which of these member numbers are in use."""
    return set((await session.execute(_NUMBERS_TAKEN, {"numbers": list(numbers)})).scalars())


async def references_taken(session: AsyncSession, references: Sequence[str]) -> dict[str, UUID]:
    """Which of these references belong to whom."""
    rows = await session.execute(_REFERENCES_TAKEN, {"references": list(references)})
    return {row.reference: row.member_id for row in rows}


async def phone_cipher_of(session: AsyncSession, member_id: UUID, scope: Scope) -> bytes | None:
    """The stored phone of a member inside the scope, where there is one."""
    return (await session.execute(_CIPHER, {"value": member_id, **scope.parameters})).scalar()


def _member(row: Row[*tuple[object, ...]]) -> Member:
    values = row._mapping
    consents = values["consents"] or []
    return Member(
        id=values["id"],
        number=values["number"],
        name=values["name"],
        phone_last4=values["phone_last4"],
        birthday=values["birthday"],
        gender=values["gender"],
        locale=values["locale"],
        home_store_id=values["home_store_id"],
        tags=tuple(values["tags"]),
        rule_tags=tags_of_kept(values["rule_tags"]),
        attributes=cast("Mapping[str, object]", values["attributes"]),
        enrolled_at=values["enrolled_at"],
        recorded_at=values["recorded_at"],
        references=tuple(sorted(values["references"] or ())),
        consents=tuple(
            Consent(purpose, granted, datetime.fromisoformat(at), source)
            for purpose, granted, at, source in consents
        ),
    )
