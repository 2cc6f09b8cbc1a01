"""A reason in somebody's own words, where an act needs one."""

from regulars.kernel.errors import FieldProblem


class ReasonMissing(FieldProblem):
    """What is asked for needs a reason in the asker's own words."""

    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__("say why, in your own words", field="reason")


def said_why(words: str) -> str:
    """The words without surrounding blanks. Raises: ReasonMissing."""
    clean = words.strip()
    if not clean:
        raise ReasonMissing
    return clean
