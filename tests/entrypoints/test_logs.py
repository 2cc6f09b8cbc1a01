"""Log lines are JSON and hold nothing personal."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from regulars.logs import HIDDEN, configure_logs


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("web", "info", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_part(output: io.StringIO) -> None:
    structlog.get_logger().info("purchase_recorded", purchase_id="p1", lines=9)
    [line] = _lines(output)
    assert line["event"] == "purchase_recorded"
    assert (line["part"], line["level"], line["lines"]) == ("web", "info", 9)
    assert str(line["at"]).endswith("Z")


def test_personal_fields_are_hidden_at_any_depth(output: io.StringIO) -> None:
    structlog.get_logger().info(
        "enrolled", Phone="13800138000", member={"name": "王芳", "tags": [{"email": "a@b"}]}
    )
    assert "13800138000" not in output.getvalue()
    [line] = _lines(output)
    assert line["Phone"] == HIDDEN
    assert line["member"] == {"name": HIDDEN, "tags": [{"email": HIDDEN}]}


def test_lines_of_libraries_are_json_too(output: io.StringIO) -> None:
    logging.getLogger("some.package").warning("slow: %s ms", 12, extra={"phone": "13800138000"})
    [line] = _lines(output)
    assert line["event"] == "slow: 12 ms"
    assert line["phone"] == HIDDEN


def test_row_values_in_database_errors_are_left_out(output: io.StringIO) -> None:
    name = "王芳"
    try:
        raise ValueError(
            f"duplicate key\nDETAIL:  Key (name)=({name}) already exists.\n[parameters: ('{name}',)]"
        )
    except ValueError:
        structlog.get_logger().exception("enrol_failed")
    [line] = _lines(output)
    assert "duplicate key" in str(line["exception"])
    assert name not in output.getvalue()


@pytest.mark.parametrize(
    "refusal",
    [
        "invalid input for query argument $3: '王芳' (a bytes-like object is required, not 'str')",
        'invalid input syntax for type date: "王芳"',
        'invalid input value for enum kind: "王芳"',
        'date/time field value out of range: "王芳"',
    ],
)
def test_a_value_that_the_database_refuses_is_not_repeated(output: io.StringIO, refusal: str) -> None:
    try:
        raise ValueError(refusal)
    except ValueError:
        structlog.get_logger().exception("enrol_failed")
    [line] = _lines(output)
    assert refusal.split(":")[0] in str(line["exception"])
    assert "王芳" not in output.getvalue()


def test_less_important_lines_are_dropped(output: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("some.package").debug("detail")
    assert output.getvalue() == ""
