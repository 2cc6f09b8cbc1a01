"""What can stand in the way of a rehearsal."""

from regulars.kernel.errors import RegularsError


class UnknownRehearsal(RegularsError):
    """No such rehearsal, or none that the asker may see."""

    code = "unknown_rehearsal"

    def __init__(self) -> None:
        super().__init__("no rehearsal has this id", field="rehearsal_id")


class NothingToRehearse(RegularsError):
    """The order names no pack."""

    code = "nothing_to_rehearse"

    def __init__(self) -> None:
        super().__init__("give at least one pack to rehearse", field="packs")


class PackGivenTwice(RegularsError):
    """Two drafts of one pack cannot be live together."""

    code = "pack_given_twice"

    def __init__(self, pack: str) -> None:
        super().__init__(f"{pack} is given twice; keep one of the two", field="packs", pack=pack)


class RehearsalPlaceUnknown(RegularsError):
    """No such place, or not one of the asker's."""

    code = "rehearsal_place_unknown"

    def __init__(self, place: str) -> None:
        super().__init__(f"you have no place {place}; name one of yours", field="place", place=place)


class RehearsalSpanInvalid(RegularsError):
    """The span ends before it begins, or after now."""

    code = "rehearsal_span_invalid"

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, field=field)


class RehearsalEnded(RegularsError):
    """What has ended cannot be cancelled."""

    code = "rehearsal_ended"

    def __init__(self, state: str) -> None:
        super().__init__(f"the rehearsal is {state} already", state=state)


class RehearsalNotFinished(RegularsError):
    """There is no report yet, or there will be none."""

    code = "rehearsal_not_finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"the rehearsal is {state}; only a finished one has a report", state=state)


class RehearsalBusy(RegularsError):
    """Another rehearsal is at work; one at a time leaves the database to the tills."""

    code = "rehearsal_busy"

    def __init__(self) -> None:
        super().__init__("another rehearsal is running; wait until it ends, or cancel it")


class RehearsalInterrupted(RegularsError):
    """A rehearsal broke off half way; nothing is lost but its own work."""

    code = "rehearsal_interrupted"

    def __init__(self, why: str = "") -> None:
        super().__init__(f"the rehearsal broke off{': ' + why if why else ''}; order it again")
