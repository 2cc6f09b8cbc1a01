"""Where an actor may look: the one filter that every list and read takes, in SQL and in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, any_, bindparam, cast, column, or_, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Boolean, Text

from regulars.db.base import Ltree

_PARAMETER: Final = "scope_paths"
_place = table("place", column("id"), column("path", Ltree))


@dataclass(frozen=True, slots=True)
class Scope:
    """The subtrees of places that a read may see.

    Attributes:
        paths: place paths of ids; a place is inside when it is one of them or below one; none: nothing.
        everywhere: the product's own commands and workflows, which act for the whole chain.
    """

    paths: tuple[str, ...]
    everywhere: bool = False

    def covers(self, path: str) -> bool:
        """Whether the place with this path is inside."""
        return self.everywhere or any(path == root or path.startswith(root + ".") for root in self.paths)

    def touches(self, path: str) -> bool:
        """Whether what is decided at the place with this path holds for anything inside."""
        return self.covers(path) or any(root.startswith(path + ".") for root in self.paths)

    @property
    def parameters(self) -> Mapping[str, list[str]]:
        """What a statement with `within_path` or `within_place` must be executed with."""
        return {_PARAMETER: [""] if self.everywhere else list(self.paths)}


EVERYWHERE: Final = Scope((), everywhere=True)
"""The whole chain; only commands, workflows and a till's look-up by a held reference may use it."""

NOWHERE: Final = Scope(())


def within_path(path: ColumnElement[str]) -> ColumnElement[bool]:
    """Keeps rows whose place path lies inside the scope that `Scope.parameters` binds.

    Args:
        path: an ltree column.
    Returns: a condition for a statement built once at import.
    """
    roots = cast(bindparam(_PARAMETER, type_=ARRAY(Text)), ARRAY(Ltree))
    return path.op("<@", return_type=Boolean())(any_(roots))


def touching_path(path: ColumnElement[str]) -> ColumnElement[bool]:
    """As `within_path`, and rows of the places above the scope too, as `Scope.touches`."""
    roots = cast(bindparam(_PARAMETER, type_=ARRAY(Text)), ARRAY(Ltree))
    return or_(within_path(path), path.op("@>", return_type=Boolean())(any_(roots)))


def within_place(place_id: ColumnElement[object]) -> ColumnElement[bool]:
    """The same for a column that holds a place's id, e.g. a member's home store.

    Args:
        place_id: a column with ids of places.
    Returns: a condition for a statement built once at import.
    """
    return place_id.in_(select(_place.c.id).where(within_path(_place.c.path)))
