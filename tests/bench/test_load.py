"""The load tells good answers from bad ones, and spreads purchases as it was told."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from regulars.entrypoints.bench.baskets import LINES, baskets
from regulars.entrypoints.bench.load import CHECK_EVERY, Load, Order, Tally
from regulars.entrypoints.bench.loading import LoadFailed, flawless

Answer = tuple[int, dict[str, Any]]
MEMBERS = [f"00000000-0000-7000-8000-{number:012d}" for number in range(7)]


class Till(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer: Callable[[int, dict[str, Any]], Answer]
    seen: list[tuple[str, str, dict[str, Any]]]
    closes: bool

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.headers["authorization"], self.headers["idempotency-key"], body))
        status, content = type(self).answer(len(self.seen), body)
        if status == 0:
            self.close_connection = True
            return
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        for part in (text[:3], text[3:]):  # an answer may come in pieces
            self.wfile.write(part)
            self.wfile.flush()
        self.close_connection = self.closes

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(
    answer: Callable[[int, dict[str, Any]], Answer], *, closes: bool = False
) -> Iterator[tuple[int, list[Any]]]:
    seen: list[Any] = []
    own = {"answer": staticmethod(answer), "seen": seen, "closes": closes}
    kind = type("OwnTill", (Till,), own)
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def taken(_: int, body: dict[str, Any]) -> Answer:
    return 201, {"points": 12, "member": {"member_id": body["member"]}}


def nothing_earned(_: int, body: dict[str, Any]) -> Answer:
    return 201, {"points": 0, "member": {"member_id": body["member"]}}


def away(_: int, _body: dict[str, Any]) -> Answer:
    return 503, {"code": "database_away"}


def order(port: int, **changes: Any) -> Order:
    values = {"connections": 2, "seconds": 0.4, "warm_up_seconds": 0.1, **changes}
    return Order("127.0.0.1", port, ["tk_a.x", "tk_b.y"], MEMBERS, "run", **values)


def run(wanted: Order) -> Tally:
    return Load(wanted, lambda _: None).run()


def test_every_purchase_is_its_own_and_members_take_turns() -> None:
    with served(taken) as (port, seen):
        tally = run(order(port, first=3))
    assert tally.flawless
    assert tally.begun == len(seen)
    assert len({key for _, key, _ in seen}) == len({body["receipt_no"] for _, _, body in seen}) == len(seen)
    assert {bearer for bearer, _, _ in seen} == {"Bearer tk_a.x", "Bearer tk_b.y"}
    by_number = sorted(seen, key=lambda one: one[2]["receipt_no"])
    assert [body["member"] for _, _, body in by_number[:7]] == [*MEMBERS[3:], *MEMBERS[:3]]
    assert all(len(body["lines"]) == LINES for _, _, body in seen)


def test_an_answer_that_is_not_201_is_a_failure() -> None:
    def refuses_some(number: int, body: dict[str, Any]) -> Answer:
        return (409, {"code": "idempotency_mismatch"}) if number % 5 == 0 else taken(number, body)

    with served(refuses_some) as (port, seen):
        tally = run(order(port))
    assert tally.failures == {"409": len(seen) // 5}
    assert not tally.flawless
    assert "idempotency_mismatch" in tally.problems[0]


def test_a_replay_that_is_answered_200_is_a_failure_too() -> None:
    with served(lambda number, body: (200, taken(number, body)[1])) as (port, seen):
        tally = run(order(port))
    assert tally.answered == 0
    assert tally.failures == {"200": len(seen)}


def test_a_broken_connection_is_a_failure_and_the_till_goes_on() -> None:
    def breaks_once(number: int, body: dict[str, Any]) -> Answer:
        return (0, {}) if number == 3 else taken(number, body)

    with served(breaks_once) as (port, _):
        tally = run(order(port))
    assert tally.failures == {"broken": 1}
    assert tally.answered > 0


def test_a_connection_that_the_server_closes_between_purchases_is_no_failure() -> None:
    with served(taken, closes=True) as (port, seen):
        tally = run(order(port, rate=20.0, seconds=1.0, connections=4))
    assert tally.flawless
    assert tally.begun == len(seen)


def test_an_answer_without_points_is_wrong() -> None:
    with served(lambda _, body: (201, {"points": 0, "member": {"member_id": body["member"]}})) as (
        port,
        seen,
    ):
        tally = run(order(port, seconds=1.0))
    assert len(seen) >= CHECK_EVERY
    assert tally.wrong == tally.checked == len(seen) // CHECK_EVERY
    assert not tally.flawless


def test_at_a_pace_purchases_begin_whatever_the_answers() -> None:
    with served(taken) as (port, seen):
        tally = run(order(port, rate=100.0, seconds=1.0, connections=8))
    assert tally.flawless
    assert 70 < len(seen) < 150
    assert tally.begun == len(seen)


async def test_a_bench_does_not_go_on_after_a_failure() -> None:
    with served(away) as (port, _), pytest.raises(LoadFailed, match="database_away"):
        await flawless(order(port), {})


async def test_a_web_part_that_is_not_there_ends_the_load() -> None:
    with served(taken) as (port, _):
        pass
    with pytest.raises(LoadFailed, match="ended with code 1"):
        await asyncio.wait_for(flawless(order(port), {}), 20)


def test_baskets_are_the_same_in_every_run_and_worth_what_a_grocery_sells() -> None:
    made = baskets()
    assert made == baskets()
    totals = [sum(int(str(line["sales_minor"])) for line in lines) for lines in made]
    assert 2_000 < sum(totals) / len(totals) < 4_000
    assert {"GROCERY", "PRODUCE", "MEAT"} <= {str(line["department"]) for lines in made for line in lines}
