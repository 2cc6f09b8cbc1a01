"""Reports of texts that were examined lately: a save, its page and the next page ask for the same one."""

from functools import lru_cache
from typing import Final

from regulars.custom_fields.domain import CustomField
from regulars.rules import checker
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import Report
from regulars.rules.custom_catalogue import with_custom

KEPT: Final = 24


@lru_cache(maxsize=4)
def catalogue_with(own: tuple[CustomField, ...]) -> Catalogue:
    """What rules can read where a chain added these fields.

    Args:
        own: all of them.
    Returns: `BUILT_IN` itself where there are none.
    """
    return with_custom(own) if own else BUILT_IN


@lru_cache(maxsize=KEPT)
def examined(text: str | bytes, own: tuple[CustomField, ...]) -> Report:
    """As `checker.examine`; who asks again for the same gets the same report, which nobody changes.

    Args:
        text: anything at all.
        own: the fields that the chain added.
    """
    return checker.examine(text, catalogue_with(own))
