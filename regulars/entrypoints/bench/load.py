"""The load: tills that ring up purchases over HTTP, in one process lean enough to share the machine.

`python -m regulars.entrypoints.bench.load` reads an Order as JSON from standard input and writes one JSON
object a line: {"event": "begin"} and {"event": "end"} around the measured time, then the Tally.
"""

import gc
import math
import select
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import orjson

from regulars.entrypoints.bench.baskets import baskets, drawn
from regulars.entrypoints.bench.measured import percentile
from regulars.kernel.clock import now

CREATED: Final = 201
CHECK_EVERY: Final = 64
PROBLEMS_SHOWN: Final = 5
BREAKS_MAX: Final = 200
DRAIN_SECONDS: Final = 15.0
IDLE_SECONDS: Final = 0.5
_READ_BYTES: Final = 1 << 17
_STATUS: Final = slice(9, 12)
_LENGTH: Final = b"content-length: "
_CLOSES: Final = b"\r\nconnection: close\r\n"


@dataclass(frozen=True, slots=True)
class Order:
    """What to load, and for how long.

    Attributes:
        bearers: what each till shows; connection i is a till of the i-th, over again from the first.
        members: who buys, in this order, over again from the first.
        token: makes receipt numbers and retry keys unique among all loads of a chain, ≤ 30 characters.
        connections: tills that ring up at once; paced, the most that wait for an answer at once.
        rate: purchases a second that are begun whatever the answers (open loop, Poisson);
            None: each till begins its next purchase when it has the answer to the last (closed loop).
        first: how many members to pass over, so that a further load goes on where one ended.
    """

    host: str
    port: int
    bearers: Sequence[str]
    members: Sequence[str]
    token: str
    connections: int
    seconds: float
    warm_up_seconds: float = 1.0
    rate: float | None = None
    first: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a load.

    Attributes:
        answered: good answers within the measured time.
        failures: by status code, or by what became of the connection; of the whole run, warm-up included.
        checked: answers of which the content was read as well.
        wrong: how many of these were not what a purchase is answered with.
        latency_ms: mean, p50, p95, p99 and max; paced, from the instant at which a purchase was to begin.
        cpu_us_each: processor time that this process took for a purchase.
    """

    answered: int
    seconds: float
    per_second: float
    failures: dict[str, int]
    checked: int
    wrong: int
    problems: list[str]
    latency_ms: dict[str, float]
    cpu_us_each: float
    cpu_share: float
    begun: int

    @property
    def flawless(self) -> bool:
        """Whether every purchase was taken and answered as it should be."""
        return not self.failures and not self.wrong and self.answered > 0


@dataclass(slots=True, eq=False)
class _Till:
    """One connection, with at most one purchase under way."""

    bearer: str
    sock: socket.socket
    head: bytes
    waits: bool = False
    begun_at: float = 0.0
    member: str = ""
    got: bytes = b""


@dataclass(slots=True)
class _Requests:
    """Makes requests by joining bytes that stand ready."""

    order: Order
    number: int = 0
    _bodies: list[tuple[bytes, bytes]] = field(default_factory=list)
    _stamp: bytes = b""
    _stamp_until: float = 0.0

    def __post_init__(self) -> None:
        sample = self._variable_part(b"0" * 10, "0" * 36, b"2026-01-01T00:00:00Z")
        for lines in baskets():
            paid = sum(int(str(line["sales_minor"])) for line in lines)
            rest = orjson.dumps({"cashier": "c-12", "tenders": {"card": paid}, "lines": lines})[1:]
            length = len(sample) + len(rest)
            self._bodies.append((b"\r\nContent-Length: %d\r\n\r\n" % length, rest))

    def next_for(self, till: _Till, at: float) -> bytes:
        """The next purchase, at this till."""
        order = self.order
        number = self.number
        self.number = number + 1
        if at >= self._stamp_until:
            # A till's clock tells seconds.
            self._stamp = now().strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            self._stamp_until = math.floor(at) + 1.0
        till.member = order.members[(order.first + number) % len(order.members)]
        till.begun_at = at
        length, rest = self._bodies[number % len(self._bodies)]
        digits = b"%010d" % number
        variable = self._variable_part(digits, till.member, self._stamp)
        return b"".join((till.head, digits, length, variable, rest))

    def _variable_part(self, digits: bytes, member: str, stamp: bytes) -> bytes:
        return b'{"receipt_no":"%b-%b","occurred_at":"%b","member":"%b",' % (
            self.order.token.encode(),
            digits,
            stamp,
            member.encode(),
        )

    def head_of(self, bearer: str) -> bytes:
        """What every request of a till begins with."""
        order = self.order
        return (
            f"POST /v1/purchases HTTP/1.1\r\nHost: {order.host}:{order.port}\r\n"
            f"Authorization: Bearer {bearer}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {order.token}-"
        ).encode()


class Load:
    """All tills of one order."""

    def __init__(self, order: Order, say: Callable[[dict[str, object]], None]) -> None:
        self.order = order
        self._say = say
        self._requests = _Requests(order)
        self._poll = select.epoll()
        self._tills: dict[int, _Till] = {}
        self._idle: deque[_Till] = deque()
        self._latencies: list[float] = []
        self._answered = 0
        self._failures: Counter[str] = Counter()
        self._checked = 0
        self._wrong = 0
        self._problems: list[str] = []
        self._measuring_from = math.inf
        self._measuring_to = math.inf
        self._seen = 0

    def run(self) -> Tally:
        """Load until the time is over and every purchase begun has its answer."""
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            for i in range(self.order.connections):
                self._connect(self.order.bearers[i % len(self.order.bearers)])
            self._measuring_from = time.perf_counter() + self.order.warm_up_seconds
            self._measuring_to = self._measuring_from + self.order.seconds
            return self._tally(*(self._closed_loop() if self.order.rate is None else self._open_loop()))
        finally:
            gc.enable()
            for till in self._tills.values():
                till.sock.close()
            self._poll.close()

    def _closed_loop(self) -> tuple[float, float]:
        """Each till begins its next purchase when it has the answer to the last."""
        idle = self._idle = deque(self._tills.values())
        watch = _Watch(self._say, self._measuring_from, self._measuring_to)
        under_way = 0
        deadline = self._measuring_to + DRAIN_SECONDS
        while True:
            at = time.perf_counter()
            watch.look(at)
            if at < self._measuring_to:
                under_way += len(idle)
                while idle:
                    self._begin(idle.popleft(), at)
            if not under_way or at > deadline:
                break
            for till in self._finished(IDLE_SECONDS):
                under_way -= 1
                idle.append(till)
        self._failures.update({"unanswered": under_way} if under_way else {})
        return watch.cpu()

    def _open_loop(self) -> tuple[float, float]:
        """Purchases begin at instants of their own, and wait where no connection is free."""
        idle = self._idle = deque(self._tills.values())
        gaps = _poisson_gaps(self.order.rate or 1.0)
        watch = _Watch(self._say, self._measuring_from, self._measuring_to)
        next_at = time.perf_counter()
        waiting: deque[float] = deque()
        under_way = 0
        deadline = self._measuring_to + DRAIN_SECONDS
        while True:
            at = time.perf_counter()
            watch.look(at)
            while next_at <= at and next_at < self._measuring_to:
                waiting.append(next_at)
                next_at += next(gaps)
            while waiting and idle:
                under_way += 1
                self._begin(idle.popleft(), waiting.popleft())
            over = next_at >= self._measuring_to
            if (over and not under_way and not waiting) or at > deadline:
                break
            pause = IDLE_SECONDS if over or not idle else min(IDLE_SECONDS, max(0.0, next_at - at))
            for till in self._finished(pause):
                under_way -= 1
                idle.append(till)
        left = under_way + len(waiting)
        self._failures.update({"unanswered": left} if left else {})
        return watch.cpu()

    def _begin(self, till: _Till, at: float) -> None:
        till.waits = True
        with suppress(OSError):  # reading from it says what became of it
            till.sock.sendall(self._requests.next_for(till, at))

    def _finished(self, pause: float) -> Iterator[_Till]:
        """Tills that have their answer, or have lost it."""
        for descriptor, _ in self._poll.poll(pause):
            till = self._tills[descriptor]
            try:
                got = till.sock.recv(_READ_BYTES)
            except OSError:
                got = b""
            if not got:
                anew = self._connect_anew(till)
                if till.waits:
                    yield self._broken(anew)
                continue
            answer = till.got + got if till.got else got
            body_at = answer.find(b"\r\n\r\n") + 4
            if body_at > 3 and len(answer) >= body_at + _length(answer, body_at):
                till.got = b""
                till.waits = False
                self._take(till, answer, body_at)
                yield self._connect_anew(till) if _CLOSES in answer[:body_at] else till
            else:
                till.got = answer

    def _take(self, till: _Till, answer: bytes, body_at: int) -> None:
        at = time.perf_counter()
        if answer[_STATUS] != b"201":
            self._failures[answer[_STATUS].decode("ascii", "replace")] += 1
            self._note(answer[body_at : body_at + 300])
            return
        self._seen += 1
        if self._seen % CHECK_EVERY == 0:
            self._check(till, answer[body_at:])
        if self.order.rate is None:
            measured = self._measuring_from <= at < self._measuring_to
        else:
            measured = self._measuring_from <= till.begun_at
        if measured:
            self._answered += 1
            self._latencies.append(at - till.begun_at)

    def _check(self, till: _Till, body: bytes) -> None:
        self._checked += 1
        try:
            receipt = orjson.loads(body)
            right = receipt["points"] > 0 and receipt["member"]["member_id"] == till.member
        except (KeyError, TypeError, ValueError):
            right = False
        if not right:
            self._wrong += 1
            self._note(body[:300])

    def _note(self, body: bytes) -> None:
        if len(self._problems) < PROBLEMS_SHOWN:
            self._problems.append(body.decode("utf-8", "replace"))

    def _connect(self, bearer: str) -> _Till:
        sock = socket.create_connection((self.order.host, self.order.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Waiting is left to epoll; a socket with a time-out would ask the kernel twice for each read.
        sock.settimeout(None)
        till = self._tills[sock.fileno()] = _Till(bearer, sock, self._requests.head_of(bearer))
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return till

    def _connect_anew(self, till: _Till) -> _Till:
        """The same till on a new connection; servers close those that nothing was sent on for a while."""
        del self._tills[till.sock.fileno()]
        till.sock.close()
        anew = self._connect(till.bearer)
        if till in self._idle:
            self._idle[self._idle.index(till)] = anew
        return anew

    def _broken(self, till: _Till) -> _Till:
        """Count a purchase whose connection was closed before its answer."""
        self._failures["broken"] += 1
        if self._failures["broken"] > BREAKS_MAX:
            raise ConnectionError("the web part keeps breaking connections off")
        return till

    def _tally(self, cpu_seconds: float, seconds: float) -> Tally:
        ordered = sorted(self._latencies)
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        seconds_by_name = {name: percentile(ordered, share) for name, share in shares.items()}
        seconds_by_name["mean"] = sum(ordered) / max(1, len(ordered))
        found = {name: round(one * 1_000, 3) if ordered else 0.0 for name, one in seconds_by_name.items()}
        return Tally(
            answered=self._answered,
            seconds=self.order.seconds,
            per_second=self._answered / self.order.seconds,
            failures=dict(self._failures),
            checked=self._checked,
            wrong=self._wrong,
            problems=self._problems,
            latency_ms=found,
            cpu_us_each=cpu_seconds * 1e6 / max(1, self._answered),
            cpu_share=cpu_seconds / max(seconds, 1e-9),
            begun=self._requests.number,
        )


class _Watch:
    """Says when the measured time begins and ends, and takes this process's own time then."""

    def __init__(self, say: Callable[[dict[str, object]], None], begin: float, end: float) -> None:
        self._say = say
        self._next = [("begin", begin), ("end", end)]
        self._taken: list[tuple[float, float]] = []

    def look(self, at: float) -> None:
        while self._next and at >= self._next[0][1]:
            self._say({"event": self._next.pop(0)[0]})
            self._taken.append((time.process_time(), time.perf_counter()))

    def cpu(self) -> tuple[float, float]:
        """Processor seconds, and seconds, of the measured time."""
        if self._next:
            self.look(math.inf)
        (cpu_before, before), (cpu_after, after) = self._taken
        return cpu_after - cpu_before, after - before


def _length(answer: bytes, body_at: int) -> int:
    start = answer.find(_LENGTH, 0, body_at)
    if start < 0:
        start = answer[:body_at].lower().find(_LENGTH)
        if start < 0:
            return 0
    start += len(_LENGTH)
    return int(answer[start : answer.index(b"\r", start)])


def _poisson_gaps(rate: float) -> Iterator[float]:
    for number in drawn(7):
        yield -math.log((number + 1) / 0x8000_0000) / rate


def main() -> None:
    """Carry out the order on standard input."""

    def say(what: dict[str, object]) -> None:
        sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
        sys.stdout.buffer.flush()

    order = Order(**orjson.loads(sys.stdin.buffer.read()))
    say({"event": "tally", "tally": orjson.loads(orjson.dumps(Load(order, say).run()))})


if __name__ == "__main__":
    main()
