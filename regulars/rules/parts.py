"""The building blocks of the pack model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Scope = Literal["earning", "discount"]
CODE_PATTERN = r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"


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
