"""Who is meant by what a till reads off a card or is told: many tills' questions in one statement."""

from collections.abc import Sequence
from uuid import UUID

from regulars.db.gathering import Gathering
from regulars.db.session import Database
from regulars.members import repository
from regulars.members.domain import Name
from regulars.members.service import MemberRules, name_of


class MemberLookup:
    """Finds members for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathering = Gathering(self._ask)

    async def find(self, text: str, rules: MemberRules) -> UUID | None:
        """The id of the member whom a text names, wherever at home, or None where nobody is known by it.

        Args:
            text: member id, number, external reference (e.g. "cj-1007") or phone.
            rules: the chain's region and the phone keys.
        """
        name = name_of(text, rules)
        return None if name[1] is None else await self._gathering.answer_to(name)

    async def _ask(self, names: Sequence[Name]) -> dict[Name, UUID]:
        async with self._database.begin() as session:
            return await repository.find_member_ids(session, names)
