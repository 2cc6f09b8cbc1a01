"""The chain's own facts as one process remembers them: fields, and the values of stores."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import repository
from regulars.custom_fields.domain import CustomField, ProductFacts, Value, facts_of

_NEVER: Final = -1


class OwnBook:
    """Looks again only when the chain changed; a chain without own fields costs a comparison.

    Attributes:
        fields: all of the chain's own, retired ones too; the same object until one changes.
    """

    def __init__(self) -> None:
        self.fields: tuple[CustomField, ...] = ()
        self._version = _NEVER
        self._member: Sequence[CustomField] = ()
        self._store: Sequence[CustomField] = ()
        self._product: Mapping[str, CustomField] = {}
        self._of_stores: Mapping[UUID, str] = {}
        self._usual_member = self._usual_store = ""

    async def refresh(self, session: AsyncSession, version: int) -> None:
        """Notice what changed of fields and stores' values.

        Args:
            session: any.
            version: the chain's, which grows with every such change.
        """
        if version <= self._version:
            return
        fields = await repository.fields(session)
        stores = await repository.values_of_stores(session) if fields else {}
        if version <= self._version:  # somebody with a newer look was quicker
            return
        if tuple(fields) != self.fields:
            self.fields = tuple(fields)
        self._member = [field for field in fields if field.subject == "member"]
        self._store = [field for field in fields if field.subject == "store"]
        self._product = {field.code: field for field in fields if field.subject == "product"}
        self._usual_member, self._usual_store = self.member_facts({}), self.store_facts({})
        self._of_stores = {store_id: self.store_facts(values) for store_id, values in stores.items()}
        self._version = version

    def member_facts(self, values: Mapping[str, Value]) -> str:
        """What rules read of a member as a JSON object; "" where members have no own fields."""
        return _text(self._member, values)

    def store_facts(self, values: Mapping[str, Value]) -> str:
        """What rules read of a store as a JSON object; "" where stores have no own fields."""
        return _text(self._store, values)

    def of_store(self, store_id: UUID) -> str:
        """The facts of a store as they are now."""
        return self._of_stores.get(store_id, self._usual_store)

    def of_member(self, known: Mapping[UUID, str], member_id: UUID | None) -> str:
        """The facts of a member, or of nobody, out of what `of_members` gave."""
        return self._usual_member if member_id is None else known.get(member_id, self._usual_member)

    async def of_members(self, session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """The facts of members for whom something is set; asks nothing where members have no own fields."""
        if not self._member or not ids:
            return {}
        found = await repository.values_of_members(session, ids)
        return {member_id: self.member_facts(values) for member_id, values in found.items()}

    @property
    def knows_products(self) -> bool:
        """Whether products have own fields."""
        return bool(self._product)

    async def of_products(
        self, session: AsyncSession, codes: Collection[str]
    ) -> Mapping[str, Mapping[str, Value]]:
        """What is set for products, by their codes; asks nothing where no code is given."""
        return await repository.values_of_products(session, codes) if codes else {}

    async def of_all_products(self, session: AsyncSession, names: Iterable[str]) -> ProductFacts:
        """The facts of all products of the chain as they are now, by the named fields alone."""
        fields = self._named(names)
        alike: dict[tuple[Value, ...], Mapping[str, Value]] = {}
        found = {}
        async for code, values in repository.all_products(session):
            facts = facts_of(fields, values)
            found[code] = alike.setdefault(tuple(facts.values()), facts)
        return ProductFacts(facts_of(fields, {}), found)

    def product_facts(
        self, names: Iterable[str], known: Mapping[str, Mapping[str, Value]], codes: Iterable[str]
    ) -> ProductFacts:
        """What the lines of a basket are read with.

        Args:
            names: of the fields that its rules read.
            known: what `of_products` gave.
            codes: of the products in it.
        """
        fields = self._named(names)
        set_for = {code: facts_of(fields, known[code]) for code in codes if code in known}
        return ProductFacts(facts_of(fields, {}), set_for)

    def _named(self, names: Iterable[str]) -> list[CustomField]:
        return [self._product[name] for name in names if name in self._product]


def _text(fields: Sequence[CustomField], values: Mapping[str, Value]) -> str:
    return orjson.dumps(facts_of(fields, values)).decode() if fields else ""
