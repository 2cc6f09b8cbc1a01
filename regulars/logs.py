"""JSON logs, one object a line, without personal data.

Log facts by opaque ids. Fields named in `PERSONAL_FIELDS` are replaced by "[personal]" wherever they stand in
an event, so that a careless line leaks nothing; what a sentence itself spells out cannot be seen, so events
are fixed names, and values stand in fields. From exceptions, the lines in which the database
driver shows row values are taken out.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog

PERSONAL_FIELDS = frozenset(
    {
        "address", "birthday", "body", "cookie", "email", "gender", "id_card", "name", "openid", "password",
        "phone", "phone_number", "mobile", "secret", "token", "authorization", "unionid", "wechat",
    }
)  # fmt: skip
"""Fields that never reach a log, by their exact name in lower case, at any depth."""

HIDDEN = "[personal]"
_DEPTH_MAX = 6
_ROW_VALUES = ("DETAIL:", "[parameters:")
_QUOTED_VALUE = re.compile(
    r"(invalid input (?:for query argument \$\d+|(?:syntax|value) for [^:]+)|value out of range): .*"
)
"""How driver and server begin to repeat a value that they refuse."""


def configure_logs(part: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process, ours and the libraries', to `stream` as JSON.

    Args:
        part: name of the part, e.g. "web"; stands in each line.
        level: least important level kept.
        stream: standard output when None.
    """
    output = stream or sys.stdout
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _PartAdder(part),
        structlog.processors.format_exc_info,
        _hide_row_values,
        hide_personal_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _to_json],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def hide_personal_fields(
    logger: object,  # noqa: ARG001 — the signature is structlog's
    method: str,  # noqa: ARG001
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Replace the values of personal fields, at any depth."""
    for name in list(event):
        event[name] = HIDDEN if name.lower() in PERSONAL_FIELDS else _hidden_inside(event[name], 1)
    return event


def _hide_row_values(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if isinstance(trace := event.get("exception"), str):
        lines = (line for line in trace.splitlines() if not line.lstrip().startswith(_ROW_VALUES))
        event["exception"] = _QUOTED_VALUE.sub(r"\1", "\n".join(lines))
    return event


def _hidden_inside(value: object, depth: int) -> object:
    if depth > _DEPTH_MAX:
        return HIDDEN
    if isinstance(value, dict):
        return {
            key: HIDDEN if str(key).lower() in PERSONAL_FIELDS else _hidden_inside(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden_inside(inner, depth + 1) for inner in value]
    return value


class _PartAdder:
    def __init__(self, part: str) -> None:
        self.part = part

    def __call__(self, _: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["part"] = self.part
        return event


def _to_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()
