"""How full the limits of a live pack are, for the command line."""

from regulars.budgets.usage import Looked, Use, uses_now
from regulars.entrypoints.releasing import Office
from regulars.kernel import clock
from regulars.kernel.errors import FieldProblem
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks


async def limits_now(office: Office, code: str, place: str) -> list[Use]:
    """How full each limit of the version that is live at a place is now; limits by member are left out.

    Raises: FieldProblem: there is no such place.
    """
    places, packs, at = Places(), LivePacks(), clock.now()
    async with office.database.read() as session:
        await places.refresh(session)
        try:
            where = places.by_code(place)
        except UnknownPlace:
            raise FieldProblem(f"there is no place {place}; see the list of places", field="place") from None
        live = (await packs.refresh(session)).at(where.id, at)
        below = f"{where.path}."
        stores = [(s.id, s.zone) for s in places.stores() if s.path == where.path or s.path.startswith(below)]
        limits = [limit for limit in live.limits if limit.pack_code == code]
        return await uses_now(session, limits, Looked(stores, where.zone), at)
