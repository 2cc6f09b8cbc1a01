"""The chain's own facts as one process remembers them: fields, and the values of stores."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import repository
from regulars.custom_fields.domain import CustomField, Value, facts_of

_NEVER: Final = -1


class OwnBook:
    """Looks again only when the chain changed; a chain without own fields costs a comparison."""

    def __init__(self) -> None:
        self._version = _NEVER
        self._member: Sequence[CustomField] = ()
        self._store: Sequence[CustomField] = ()
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
        self._member = [field for field in fields if field.subject == "member"]
        self._store = [field for field in fields if field.subject == "store"]
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


def _text(fields: Sequence[CustomField], values: Mapping[str, Value]) -> str:
    return orjson.dumps(facts_of(fields, values)).decode() if fields else ""
