"""How a number of things is said in English."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun: “1 error”, “2,000 errors”.

    Args:
        number: how many.
        one: the noun of one.
        several: of any other number; without it `one` with an s.
    """
    return f"{number:,} {_noun(number, one, several)}"


def difference(number: int, one: str) -> str:
    """A difference with its sign and noun: “+1 point”, “-2,000 points”.

    Args:
        number: how many more or less.
        one: the noun of one.
    """
    return f"{number:+,} {_noun(abs(number), one)}"


def _noun(number: int, one: str, several: str | None = None) -> str:
    return one if number == 1 else several or f"{one}s"
