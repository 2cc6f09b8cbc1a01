"""Checks packs against the chain: its own fields, its places, and what is live where they are to go."""

from collections.abc import Sequence
from dataclasses import replace

from regulars.entrypoints.releasing import Office
from regulars.kernel import clock
from regulars.kernel.beside import beside
from regulars.kernel.errors import FieldProblem
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.checker import Report
from regulars.rules.conflicts import conflicts
from regulars.rules.findings import first
from regulars.rules.live import LivePacks


async def reports_at(office: Office, texts: Sequence[bytes], place: str) -> list[Report]:
    """What the checker says of packs in this chain, and what the green ones would meet at a place now.

    Raises: FieldProblem: there is no such place.
    """
    places = Places()
    async with office.database.read() as session:
        await places.refresh(session)
        try:
            where = places.by_code(place)
        except UnknownPlace:
            raise FieldProblem(
                f"--place {place}: there is no such place; `regulars up` founds the chain, its pages open "
                "places",
                field="place",
            ) from None
        live = (await LivePacks().refresh(session)).at(where.id, clock.now()).versions
        catalogue = await catalogue_of(session)
        found = []
        for text in texts:
            report = await examine_here(session, text)
            if report.green and report.pack is not None:
                met = await beside(conflicts, report.pack, live, catalogue)
                report = replace(report, findings=first((*report.findings, *met)))
            found.append(report)
    return found
