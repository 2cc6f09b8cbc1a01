"""Whatever the tree, the clocks and the plan: each store has the version that the plan says, only then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.organisation.domain import Place, PlaceKind, path_under
from regulars.releases.domain import PlaceState, PlannedPlace, Release, instant_of
from regulars.releases.unfolding import bounds, corrections, unfold
from regulars.rules.stored import Activation, NewActivation, in_force

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
ZONES = ("America/New_York", "America/Chicago", "Asia/Shanghai", "Pacific/Auckland", "Asia/Kathmandu")
OLD, NEW, OWN = (UUID(int=n) for n in (101, 102, 103))
RELEASE = UUID(int=900)
HQ = UUID(int=1)


def place(number: int, parent: Place | None, kind: PlaceKind, zone: str) -> Place:
    place_id = UUID(int=number)
    path = path_under(parent.path if parent else None, place_id)
    above = parent.id if parent else None
    return Place(place_id, above, kind, f"P{number}", f"P{number}", path, zone, 0, NOON)


@st.composite
def trees(draw: st.DrawFn) -> list[Place]:
    zone = st.sampled_from(ZONES)
    hq = place(1, None, "hq", draw(zone))
    branches = [place(10 + n, hq, "branch", draw(zone)) for n in range(draw(st.integers(0, 2)))]
    above = [hq, *branches]
    stores = [
        place(20 + n, draw(st.sampled_from(above)), "store", draw(zone))
        for n in range(draw(st.integers(1, 4)))
    ]
    return [*above, *stores]


HOURS = st.integers(-30, 60)


def wall(hours: int) -> str:
    return (NOON + timedelta(hours=hours)).replace(tzinfo=None).isoformat()


def instant(hours: int) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


@st.composite
def plans(draw: st.DrawFn, tree: list[Place]) -> tuple[PlannedPlace, ...]:
    chosen = draw(st.lists(st.sampled_from(tree), min_size=1, max_size=4, unique_by=lambda p: p.id))
    made = []
    for number, each in enumerate(chosen, 1):
        begins = draw(HOURS)
        said = draw(st.sampled_from((wall, instant)))
        ends = draw(st.none() | st.integers(begins + 1, begins + 40).map(said))
        state: PlaceState = draw(st.sampled_from(("planned", "planned", "planned", "halted", "rolled_back")))
        starts_at = instant_of(said(begins), each.zone, "starts")
        made.append(PlannedPlace(each.id, number, state, said(begins), ends, starts_at, None))
    return tuple(made)


def release(places: tuple[PlannedPlace, ...]) -> Release:
    return Release(
        id=RELEASE,
        code="p",
        version_id=NEW,
        version=2,
        kind="earning",
        hash="",
        state="scheduled",
        place_ids=(HQ,),
        authors=(),
        draft_revision=None,
        note=None,
        submitted_at=NOON,
        submitted_by="",
        decided_at=None,
        decided_by=None,
        words=None,
        noted_to=NOON,
        next_due_at=None,
        reminders=0,
        change_no=1,
        stirred_at=None,
        stirred_done_at=None,
        places=places,
    )


def written(rows: list[NewActivation], tree: list[Place], first: int = 100) -> list[Activation]:
    paths = {each.id: each.path for each in tree}
    return [
        Activation(
            first + number,
            "p",
            row.version_id,
            None,
            row.place_id,
            paths[row.place_id],
            row.live_from,
            NOON,
            "",
            None,
            row.live_until,
            row.voids_id,
            RELEASE,
            row.rolled_back_id,
        )
        for number, row in enumerate(rows)
    ]


def base(tree: list[Place], own: Place | None) -> list[Activation]:
    rows = [(HQ, OLD), *([(own.id, OWN)] if own is not None and own.id != HQ else [])]
    paths = {each.id: each.path for each in tree}
    return [
        Activation(n, "p", version, 1, place_id, paths[place_id], NOON - timedelta(days=90), NOON, "", None)
        for n, (place_id, version) in enumerate(rows, 1)
    ]


def live(rows: list[Activation], store: Place, at: datetime) -> UUID | None:
    """As tills resolve it: the nearest place that says anything, there the latest."""
    above = {store.path.rsplit(".", n)[0] for n in range(store.path.count(".") + 1)}
    saying = [row for row in in_force(rows) if row.place_path in above and row.says_at(at)]
    return max(saying, key=lambda row: (row.place_path.count("."), *row.order)).version_id


def expected(
    places: dict[UUID, PlannedPlace], own: Place | None, tree: list[Place], store: Place
) -> list[tuple[datetime, datetime | None]]:
    """When the plan wants the new version at a store: that of the nearest planned place, by its clock."""
    by_id = {each.id: each for each in tree}
    here: Place | None = store
    while here is not None:
        planned = places.get(here.id)
        if planned is not None:
            if planned.state != "planned":
                return []
            ends = None if planned.ends is None else instant_of(planned.ends, store.zone, "")
            return [(instant_of(planned.starts, store.zone, ""), ends)]
        if own is not None and here.id == own.id and here.id != HQ:
            return []
        here = by_id.get(here.parent_id) if here.parent_id else None
    return []


def borders(spans: list[tuple[datetime, datetime | None]]) -> list[datetime]:
    return [instant for span in spans for instant in span if instant is not None]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_each_store_follows_the_nearest_plan_by_its_own_clock(data: st.DataObject) -> None:
    tree = data.draw(trees())
    planned = data.draw(plans(tree))
    own = data.draw(st.none() | st.sampled_from(tree))
    rows = base(tree, own)
    wanted = unfold(release(planned), tree, rows).rows
    rows += written(corrections(release(planned), wanted, rows), tree)
    by_id = {each.place_id: each for each in planned}
    for store in (each for each in tree if each.kind == "store"):
        spans = expected(by_id, own, tree, store)
        all_borders = {b for each in tree for b in borders(expected(by_id, own, tree, each))}
        for border in all_borders:
            for at in (border - timedelta(seconds=1), border):
                is_new = any(starts <= at and (ends is None or at < ends) for starts, ends in spans)
                assert (live(rows, store, at) == NEW) == is_new, (store.code, at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_from_one_plan_to_another_leaves_only_the_other(data: st.DataObject) -> None:
    tree = data.draw(trees())
    first, second = data.draw(plans(tree)), data.draw(plans(tree))
    rows = base(tree, None)
    for number, planned in enumerate((first, second)):
        made = release(planned)
        rows += written(corrections(made, unfold(made, tree, rows).rows, rows), tree, 100 * (number + 1))
    fresh = base(tree, None)
    other = release(second)
    fresh += written(unfold(other, tree, fresh).rows, tree)
    for store in tree:
        for hours in range(-60, 130, 3):
            at = NOON + timedelta(hours=hours)
            assert live(rows, store, at) == live(fresh, store, at)
    nothing_left = corrections(other, unfold(other, tree, rows).rows, rows)
    assert nothing_left == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_plan_given_up_leaves_no_trace(data: st.DataObject) -> None:
    tree = data.draw(trees())
    planned = data.draw(plans(tree))
    made = release(tuple(replace(each, state="planned") for each in planned))
    rows = base(tree, None)
    rows += written(unfold(made, tree, rows).rows, tree)
    bare = replace(made, places=())
    rows += written(corrections(bare, unfold(bare, tree, rows).rows, rows), tree, 200)
    assert [row for row in in_force(rows) if row.release_id == RELEASE] == []


def test_a_place_is_bounded_by_its_first_and_last_clock() -> None:
    hq = place(1, None, "hq", "America/New_York")
    west = place(2, hq, "store", "America/Chicago")
    planned = PlannedPlace(HQ, 1, "planned", "2026-03-03T08:00", "2026-03-04T08:00", NOON, None)
    found = bounds(unfold(release((planned,)), [hq, west], base([hq, west], None)))
    assert found == {HQ: (datetime(2026, 3, 3, 13, tzinfo=UTC), datetime(2026, 3, 4, 14, tzinfo=UTC))}
