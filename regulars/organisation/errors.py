"""What can be wrong with a chain or a place."""

from uuid import UUID

from regulars.kernel.errors import FieldProblem, RegularsError


class ChainExists(RegularsError):
    """This database already holds a chain."""

    code = "chain_exists"


class NoChain(RegularsError):
    """This database holds no chain yet."""

    code = "no_chain"


class UnknownCurrency(FieldProblem):
    """Not an ISO 4217 currency that is in use."""

    code = "unknown_currency"

    def __init__(self, currency: str, *, field: str) -> None:
        super().__init__("give an ISO 4217 code such as CNY or USD", field=field, currency=currency[:8])


class UnknownTimeZone(FieldProblem):
    """Not an IANA time zone."""

    code = "unknown_time_zone"

    def __init__(self, name: str, *, field: str) -> None:
        super().__init__("give an IANA name such as Asia/Shanghai", field=field, time_zone=name[:64])


class PlaceCodeInvalid(FieldProblem):
    """The code has characters or a length that a code cannot have."""

    code = "place_code_invalid"

    def __init__(self, maximum: int, *, field: str) -> None:
        super().__init__(
            f"use 1 to {maximum} letters, digits, - or _, beginning with a letter or digit",
            field=field,
            maximum=maximum,
        )


class PlaceNameInvalid(FieldProblem):
    """The name is empty, too long, or not printable."""

    code = "place_name_invalid"

    def __init__(self, maximum: int, *, field: str) -> None:
        super().__init__(f"give a name of 1 to {maximum} printable characters", field=field, maximum=maximum)


class CutoffInvalid(FieldProblem):
    """The trading day cannot begin then."""

    code = "cutoff_invalid"

    def __init__(self, *, field: str) -> None:
        super().__init__("give the minutes after midnight, 0 to 1439", field=field)


class ParentUnknown(FieldProblem):
    """The place above does not exist, or lies outside the asker's places."""

    code = "parent_unknown"

    def __init__(self, *, field: str) -> None:
        super().__init__("no such place within yours", field=field)


class CodeReadsAsTime(FieldProblem):
    """The code looks like a duration or a date, which rules would compare as one."""

    code = "code_reads_as_time"

    def __init__(self, code: str, *, field: str) -> None:
        super().__init__(
            "this looks like a duration or a date to the rules; put letters before it, e.g. S-1d",
            field=field,
            value=code[:64],
        )


class PlaceCodeTaken(FieldProblem):
    """Another place has this code."""

    code = "place_code_taken"

    def __init__(self, code: str, *, field: str) -> None:
        super().__init__("another place has this code; choose another", field=field, value=code)


class WrongParent(FieldProblem):
    """A place of this kind cannot stand below that one."""

    code = "wrong_parent"

    def __init__(self, kind: str, parent_kind: str, *, field: str) -> None:
        super().__init__(
            f"a {kind} cannot stand below a {parent_kind}", field=field, kind=kind, parent_kind=parent_kind
        )


class UnknownPlace(RegularsError):
    """No such place, or none that the asker may see."""

    code = "unknown_place"

    def __init__(self, place: UUID | str, *, field: str | None = None) -> None:
        super().__init__("no such place; see the list of places", field=field, place=str(place)[:64])


class PlaceHasOpenPlaces(RegularsError):
    """Something below the place is still open."""

    code = "place_has_open_places"

    def __init__(self, code: str) -> None:
        super().__init__("close what stands below this place first", place=code)


class PlaceClosed(FieldProblem):
    """The place, or one above it, is closed."""

    code = "place_closed"

    def __init__(self, code: str, *, field: str | None = None) -> None:
        super().__init__("this place is closed", field=field, place=code)
