"""What all shapes on the wire have in common."""

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class In(BaseModel):
    """A body that we take: a field we do not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=1000)


class Reasoned(In):
    """A body that says why, under one name wherever it is said."""

    @model_validator(mode="before")
    @classmethod
    def _by_its_name(cls, given: object) -> object:
        for old in ("note", "words"):
            if isinstance(given, dict) and old in given:
                raise PydanticCustomError(
                    "field_renamed",
                    "{old} is called {new}; send {new}",
                    {"field": old, "old": old, "new": "reason"},
                )
        return given


class Out(BaseModel):
    """A body that we give."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class ProblemOut(BaseModel):
    """RFC 9457 problem details, as every error answers (application/problem+json)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:regulars:error:phone_taken",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "another member has this number; look that member up instead",
                    "code": "phone_taken",
                    "field": "phone",
                    "errors": [
                        {
                            "field": "phone",
                            "code": "phone_taken",
                            "message": "another member has this number; look that member up instead",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    errors: list[dict[str, str]] | None = None
    details: dict[str, object] | None = None
