"""The way of a till's purchase from the wire: what is plain is answered without a framework in between.

Only what can mean one thing is taken here: one request that is here whole, known headers once each, a length,
a plain body. Anything else goes, to the byte, to the HTTP parser, and the way of every other request.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api import receipts
from api.container import Container
from api.errors import problem_of, respond
from api.language import choose_language
from api.plain_purchases import PlainPurchase, read_plain
from api.routers import purchases as route
from api.security_headers import with_security
from api.strict_json import JSON
from api.till_sharing import LOOK_SECONDS, Shares
from regulars.db.away import DATABASE_ERRORS, is_away, sqlstate
from regulars.kernel.errors import RegularsError

log = structlog.get_logger(__name__)

BEGINS: Final = b"POST /v1/purchases HTTP/1.1\r\n"
HEAD_MAX: Final = 4_096
"""A longer head is not a till's."""
WHOLE_MAX: Final = 1 << 16
"""A longer request is not held here until it is whole."""
_END: Final = b"\r\n\r\n"
_VALUE: Final = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_DIGITS: Final = re.compile(rb"[0-9]{1,6}")
_JSON: Final = JSON.encode()
_PLAIN: Final = frozenset({_JSON, _JSON + b"; charset=utf-8", _JSON + b";charset=utf-8"})
_MEANS_NOTHING_HERE: Final = frozenset(
    {b"host", b"user-agent", b"accept", b"accept-encoding", b"x-forwarded-for", b"x-real-ip", b"x-request-id"}
)
_READ: Final = frozenset(
    {
        b"authorization",
        b"content-type",
        b"content-length",
        b"idempotency-key",
        b"accept-language",
        b"connection",
        b"x-forwarded-proto",
    }
)
_BEARER: Final = b"bearer "
_Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers of a plain purchase say.

    Attributes:
        proto: what a proxy says the till spoke; None where none says so.
    """

    bearer: str
    length: int
    key: str | None
    language: str | None
    proto: bytes | None


def read_head(lines: bytes) -> Head | None:
    """The headers of a purchase, or None where only the parser may say what they mean.

    Args:
        lines: what stands between the request's first line and the empty one.
    """
    found: dict[bytes, bytes] = {}
    for line in lines.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" ")
        if name in found or not _VALUE.fullmatch(value):
            return None
        if name in _READ:
            found[name] = value
        elif name not in _MEANS_NOTHING_HERE:
            return None
    length, bearer = found.get(b"content-length", b""), found.get(b"authorization", b"")
    if (
        not _DIGITS.fullmatch(length)
        or bearer[: len(_BEARER)].lower() != _BEARER
        or found.get(b"content-type") not in _PLAIN
        or found.get(b"connection", b"keep-alive").lower() != b"keep-alive"
        or found.get(b"x-forwarded-proto", b"https") not in (b"http", b"https")
    ):
        return None
    return Head(
        bearer[len(_BEARER) :].strip(b" ").decode(),
        int(length),
        _text(found.get(b"idempotency-key")),
        _text(found.get(b"accept-language")),
        found.get(b"x-forwarded-proto"),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a till is told: as a Response of the framework's would be."""

    status: int
    headers: Sequence[_Header]
    body: bytes


class TillDoor:
    """Where plain purchases come in that were not led through the framework."""

    def __init__(self, parts: Container) -> None:
        self._parts = parts
        self._policy = route.busiest_route().policy
        self.length_max = min(WHOLE_MAX - HEAD_MAX, parts.settings.request_limit_bytes)
        self.shares: Shares | None = None
        self._next_look = 0.0

    def share_out(self, connections: Iterable[object], at: float) -> None:
        """Where other processes serve the port too, let tills that are too many here come in anew.

        Args:
            connections: all of this process's.
            at: by the loop's clock; between looks nothing is done.
        """
        if self.shares is None or at < self._next_look:
            return
        begins, self._next_look = not self._next_look, at + LOOK_SECONDS
        if begins:  # there is nothing yet to be looked back at
            return
        since = at - LOOK_SECONDS
        selling = [each for each in connections if isinstance(each, TillProtocol) and each.sold_at >= since]
        for till in selling[: self.shares.surplus(len(selling))]:
            till.come_in_anew()

    async def answer(self, head: Head, said: PlainPurchase) -> Answer:
        """Record a purchase, and say what came of it: the same as the route does.

        Raises: what nobody foresaw; asking the route, which knows the purchase if it stands, tells the rest.
        """
        try:
            actor = await self._policy.of_bearer(self._parts, head.bearer)
            recorded = await route.post_purchase(said, self._parts, actor, head.key)
        except RegularsError as error:
            return _told(respond(problem_of(error, choose_language(head.language))))
        except DATABASE_ERRORS as error:
            if not is_away(error):
                raise
            log.warning("database_away", error=type(error).__name__, sqlstate=sqlstate(error))
            return _told(respond(problem_of(error, choose_language(head.language))))
        body = receipts.receipt_json(recorded, self._parts.desk)
        replayed = b"true" if recorded.replayed else b"false"
        length = b"%d" % len(body)
        headers = (
            (b"idempotency-replayed", replayed),
            (b"content-length", length),
            (b"content-type", _JSON),
        )
        return Answer(201, headers, body)


def _told(response: Response) -> Answer:
    return Answer(response.status_code, response.raw_headers, bytes(response.body))


def door_of(config: Config) -> TillDoor | None:
    """The door of the application that a server serves; None where it has none."""
    app: Any = config.loaded_app
    while app is not None and not isinstance(app, FastAPI):
        app = getattr(app, "app", None)
    return getattr(app.state, "till_door", None) if app is not None else None


class TillProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a door for tills before the parser.

    While a purchase of this connection is under way, what else comes on it waits; the parser sees requests
    from their first byte on or not at all.
    """

    def __init__(self, config: Config, *args: Any, **named: Any) -> None:  # noqa: ANN401 — uvicorn's own
        super().__init__(config, *args, **named)
        self._door = None if config.limit_concurrency is not None else door_of(config)
        self._held = bytearray()
        self._whole = 0  # how long what is held will be; 0 while its head is not here
        self._selling = False
        self._parsing = False
        self._ends = False
        self.sold_at = -1.0
        """When it last sold, by the loop's clock."""

    def come_in_anew(self) -> None:
        """Close after the next answer, which says so: the till's next connection may lead elsewhere."""
        self._ends = True

    def data_received(self, data: bytes) -> None:
        """Bytes of the till's."""
        if self._selling:
            self._held += data
            self.flow.pause_reading()
        elif self._door is None or self._parsing or not self._is_idle():
            super().data_received(data)
        elif self._held or data.startswith(BEGINS):
            self._unset_keepalive_if_required()
            self._held += data
            if len(self._held) >= self._whole:
                self._look(self._door)
        else:
            super().data_received(data)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _look(self, door: TillDoor) -> None:
        """Take what is held if it is a plain purchase; wait if it may become one."""
        got = bytes(self._held)
        ends = got.find(_END, 0, HEAD_MAX)
        if ends < 0 and len(got) < HEAD_MAX:
            return
        head = read_head(got[len(BEGINS) : ends]) if ends >= 0 else None
        if head is None or head.length > door.length_max:
            self._leave(got)
            return
        body_at = ends + len(_END)
        self._whole = body_at + head.length
        if len(got) < self._whole:
            return
        said = read_plain(got[body_at:]) if len(got) == self._whole else None
        if said is None:
            self._leave(got)
            return
        self._forget()
        self._selling = True
        task = self.loop.create_task(self._sell(door, head, said, got))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _leave(self, got: bytes) -> None:
        """To the parser, from the first byte on."""
        self._forget()
        super().data_received(got)

    def _forget(self) -> None:
        self._held.clear()
        self._whole = 0

    async def _sell(self, door: TillDoor, head: Head, said: PlainPurchase, got: bytes) -> None:
        try:
            answer = await door.answer(head, said)
            self.sold_at = self.loop.time()
            door.share_out(self.connections, self.sold_at)
            if self.flow.write_paused:
                await self.flow.drain()
        except Exception:  # the general way finds it again, and logs it
            self._selling = False
            if not self.transport.is_closing():
                self._leave(got + bytes(self._held))  # with what came after it
            return
        self._selling = False
        if not self.transport.is_closing():
            self.transport.write(self._written(answer, secure=self._is_secure(head)))
            self._go_on()

    def _written(self, answer: Answer, *, secure: bool) -> bytes:
        ours: Iterable[_Header] = with_security(answer.headers, secure=secure)
        if self._ends:
            ours = (*ours, (b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in (*self.server_state.default_headers, *ours)]
        return b"".join((STATUS_LINE[answer.status], *lines, b"\r\n", answer.body))

    def _is_secure(self, head: Head) -> bool:
        """As uvicorn has it: a proxy is believed where it is trusted."""
        trusted = getattr(self.config.loaded_app, "trusted_hosts", ())
        if head.proto is not None and (self.client[0] if self.client else None) in trusted:
            return head.proto == b"https"
        return self.scheme == "https"

    def _go_on(self) -> None:
        self.server_state.total_requests += 1
        if self._ends:
            self.transport.close()
            return
        self.flow.resume_reading()
        if self._held:
            waiting = bytes(self._held)
            self._forget()
            self.data_received(waiting)
        else:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """A request that the parser has begun is the parser's to its end."""
        self._parsing = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The parser is at the beginning of a request again."""
        super().on_message_complete()
        self._parsing = False

    def shutdown(self) -> None:
        """Let a purchase under way have its answer."""
        if self._selling:
            self._ends = True
        else:
            super().shutdown()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
