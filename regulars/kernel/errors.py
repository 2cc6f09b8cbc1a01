"""What every error of ours has: a code, a sentence, and the field it is about. No HTTP, no Temporal."""

from collections.abc import Mapping
from typing import ClassVar


class RegularsError(Exception):
    """A fact that stopped a use-case.

    Attributes:
        code: stable, snake_case, unique; the edges map it to a status and to words.
        field: dotted path of the input at fault, or None.
        details: plain values for the message in the reader's language; never personal data.
    """

    code: ClassVar[str] = "regulars_error"

    def __init__(self, message: str, *, field: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details: Mapping[str, object] = details


class FieldProblem(RegularsError):
    """One field is wrong; `message` says what to do."""

    code = "field_invalid"


class InvalidInput(RegularsError):
    """Several fields are wrong at once; each problem names its field."""

    code = "invalid_input"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems
