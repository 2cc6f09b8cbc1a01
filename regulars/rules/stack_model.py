"""Which rules count where several apply: groups within groups, as a pack writes them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from regulars.rules.parts import Code, Part

Choice = Literal["all", "first", "highest", "lowest"]


class Stack(Part):
    """Of the rules that name `group`, and of what its members let through, `pick` says which count.

    `first` goes by the order of the rules; `highest` and `lowest` by what they give, and among equals by the
    order. A member is another such group, or the code of a group of rules: of these the one that gives most
    counts, and of rules that earn all.
    """

    group: Code
    pick: Choice
    members: Annotated[list["Member"], Field(min_length=1, max_length=50)] | None = None

    def groups(self) -> Iterator[str]:
        """The codes of all groups in it, itself the first."""
        yield self.group
        for member in self.members or ():
            if isinstance(member, Stack):
                yield from member.groups()
            else:
                yield member


def _tag(value: object) -> str:
    return "stack" if isinstance(value, (dict, Stack)) else "group"


Member = Annotated[
    Annotated[Code, Tag("group")] | Annotated[Stack, Tag("stack")],
    Discriminator(_tag),
]
