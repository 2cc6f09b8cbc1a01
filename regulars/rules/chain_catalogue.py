"""The field catalogue of the chain in the database, and packs checked against it."""

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import service as custom_fields
from regulars.rules import checker
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import Report
from regulars.rules.custom_catalogue import with_custom


async def catalogue_of(session: AsyncSession) -> Catalogue:
    """What rules of this chain can read: the built-in facts, and the fields that the chain added.

    Args:
        session: any.
    Returns: `BUILT_IN` itself where the chain added none.
    """
    own = await custom_fields.list_fields(session)
    return with_custom(own) if own else BUILT_IN


async def examine_here(session: AsyncSession, text: str | bytes) -> Report:
    """As `checker.examine`, by what rules of this chain can read.

    Args:
        session: any.
        text: anything at all.
    Returns: the findings and the cases' results.
    """
    return checker.examine(text, await catalogue_of(session))
