"""The building blocks of the pack model."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.functional_serializers import PlainSerializer
from pydantic.functional_validators import PlainValidator
from pydantic_core import PydanticCustomError

BPS = 10_000
Scope = Literal["earning", "discount"]
CODE_PATTERN = r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN, max_length=60)]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Order = Annotated[int, Field(ge=0, le=9_999)]
Tree = Annotated[
    Any, WithJsonSchema({"title": "JSON-logic", "description": "JSON-logic over the field catalogue."})
]
"""JSON-logic; `expressions` checks it."""


class Part(BaseModel):
    """A closed object: strict types, no other keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Words(Part):
    """The same text in both languages of the product."""

    zh: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    def of(self, locale: str) -> str:
        """The text of a locale such as "zh_CN"; English where the locale is another."""
        return self.zh if locale.startswith("zh") else self.en


class ParameterRef(Part):
    """Stands for a parameter's value."""

    param: ParameterName


def _number(value: object) -> int | ParameterRef:
    if type(value) is int:
        return value
    if isinstance(value, ParameterRef):
        return value
    if isinstance(value, dict) and list(value) == ["param"] and isinstance(value["param"], str):
        return ParameterRef.model_construct(param=value["param"])
    raise PydanticCustomError("number_or_parameter_expected", "a whole number or a parameter")


def _written(value: int | ParameterRef) -> int | dict[str, str]:
    return {"param": value.param} if isinstance(value, ParameterRef) else value


Number = Annotated[
    int | ParameterRef,
    PlainValidator(_number),
    PlainSerializer(_written),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer"},
                {
                    "type": "object",
                    "properties": {"param": {"type": "string"}},
                    "required": ["param"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
