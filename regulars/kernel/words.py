"""How a number of things is said in English."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun: “1 error”, “2,000 errors”.

    Args:
        number: how many.
        one: the noun of one.
        several: of any other number; without it `one` with an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
