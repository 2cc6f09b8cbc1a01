"""The field catalogue of the chain in the database, and packs checked against it."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import service as custom_fields
from regulars.kernel.beside import beside
from regulars.rules import repository
from regulars.rules.catalogue import Catalogue
from regulars.rules.checker import Report
from regulars.rules.examined import catalogue_with, examined
from regulars.rules.findings import first
from regulars.rules.part_checks import places_named, unknown_places


async def catalogue_of(session: AsyncSession) -> Catalogue:
    """What rules of this chain can read: the built-in facts, and the fields that the chain added.

    Args:
        session: any.
    Returns: the same one as long as the chain adds none; `BUILT_IN` itself where it added none.
    """
    return catalogue_with(tuple(await custom_fields.list_fields(session)))


async def examine_here(session: AsyncSession, text: str | bytes) -> Report:
    """As `checker.examine`, by what rules of this chain can read.

    Args:
        session: any.
        text: anything at all.
    Returns: the findings and the cases' results; places that are not there are among the findings.
    """
    report = await beside(examined, text, tuple(await custom_fields.list_fields(session)))
    named = {place for _, place in places_named(report.pack)} if report.pack else set()
    if report.pack is None or not named:
        return report
    missing = unknown_places(report.pack, await repository.places_among(session, named))
    return replace(report, findings=first((*report.findings, *missing)))
