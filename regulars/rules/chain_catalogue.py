"""The field catalogue of the chain in the database, and packs checked against it."""

import asyncio
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import service as custom_fields
from regulars.rules import checker, repository
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import Report
from regulars.rules.custom_catalogue import with_custom
from regulars.rules.findings import first
from regulars.rules.part_checks import places_named, unknown_places


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
    Returns: the findings and the cases' results; places that are not there are among the findings.
    """
    # Up to a tenth of a second of work: tills that this process serves do not wait for it.
    report = await asyncio.to_thread(checker.examine, text, await catalogue_of(session))
    named = {place for _, place in places_named(report.pack)} if report.pack else set()
    if report.pack is None or not named:
        return report
    missing = unknown_places(report.pack, await repository.places_among(session, named))
    return replace(report, findings=first((*report.findings, *missing)))
