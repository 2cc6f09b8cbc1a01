"""Where and since when each version is live is told once, at the place from which it holds."""

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from regulars.organisation.domain import Place, PlaceKind
from regulars.releases.live_places import LivePlace, live_places
from regulars.rules.stored import Activation

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 2, 12, tzinfo=NEW_YORK)
DAY = timedelta(days=1)
_SPACE, _ids = UUID(int=7), count(1)


def place(code: str, kind: PlaceKind, above: Place | None = None, zone: str = "America/New_York") -> Place:
    own = uuid5(_SPACE, code)
    path = own.hex if above is None else f"{above.path}.{own.hex}"
    return Place(own, above.id if above else None, kind, code, code, path, zone, 0, NOON)


HQ = place("HQ", "hq")
EAST, WEST = place("east", "branch", HQ), place("west", "branch", HQ, "America/Chicago")
EAST_1, EAST_2 = place("east-1", "store", EAST), place("east-2", "store", EAST)
TILL = place("east-1-t1", "terminal", EAST_1)
ALL = [HQ, EAST, WEST, EAST_1, EAST_2, TILL]


def row(where: Place, version: int | None, days: int, until: int | None = None, **changes: int) -> Activation:
    ends = None if until is None else NOON + until * DAY
    version_id = None if version is None else UUID(int=version)
    return Activation(
        next(_ids),
        "gift",
        version_id,
        version,
        where.id,
        where.path,
        NOON + days * DAY,
        NOON,
        "command:test",
        None,
        ends,
        **changes,  # type: ignore[arg-type]
    )


def told(*rows: Activation) -> list[tuple[str, int | None]]:
    return [(line.place, line.version) for line in live_places(rows, ALL, NOON)]


def test_what_nobody_ever_put_live_is_nowhere() -> None:
    assert live_places([], ALL, NOON) == []


def test_a_version_is_told_at_the_highest_place_alone() -> None:
    (line,) = live_places([row(HQ, 1, -5)], ALL, NOON)
    assert line == LivePlace("gift", 1, "HQ", NOON - 5 * DAY, None, None)


def test_places_with_another_version_are_told_beside_it_and_since_is_of_the_version() -> None:
    first, again = row(HQ, 1, -5), row(HQ, 1, -2)
    assert told(first, again, row(EAST, 2, -1), row(EAST_2, 1, -1)) == [("HQ", 1), ("east", 2), ("east-2", 1)]
    assert live_places([first, again], ALL, NOON)[0].since == NOON - 5 * DAY


def test_where_a_pack_is_switched_off_is_said() -> None:
    (_, line) = live_places([row(HQ, 1, -5), row(WEST, None, -1)], ALL, NOON)
    assert (line.place, line.version) == ("west", None)
    assert line.since is not None
    assert line.since.isoformat() == "2026-03-01T11:00:00-06:00"


def test_what_is_planned_is_said_where_it_will_be() -> None:
    lines = live_places([row(HQ, 1, -5), row(EAST_1, 2, 3, 5)], ALL, NOON)
    assert [(one.place, one.version, one.until, one.next_version) for one in lines] == [
        ("HQ", 1, None, None),
        ("east-1", 1, NOON + 3 * DAY, 2),
    ]
    (season,) = live_places([row(HQ, 3, -1, 4)], ALL, NOON)
    assert (season.version, season.until, season.next_version) == (3, NOON + 4 * DAY, None)
    (first,) = live_places([row(HQ, 1, 2)], ALL, NOON)
    assert (first.version, first.since, first.until, first.next_version) == (None, None, NOON + 2 * DAY, 1)


def test_a_store_that_follows_by_its_own_clock_is_not_told_again() -> None:
    own_clock = row(WEST, 2, 3)
    rows = [row(HQ, 1, -5), row(HQ, 2, 3), own_clock]
    assert told(*rows) == [("HQ", 1)]


def test_what_was_taken_back_never_was() -> None:
    gone = row(EAST, 2, -1)
    assert told(row(HQ, 1, -5), gone, row(EAST, None, -1, voids_id=gone.id)) == [("HQ", 1)]
