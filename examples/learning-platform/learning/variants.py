"""Variants that are broken on purpose, each by a mistake that real projects make; none sleeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

N_PLUS_ONE = "n_plus_one"


@dataclass(frozen=True)
class Variant:
    """What one variant does differently."""

    middleware: tuple[str, ...] = ()
    exception_handler: str = "learning.errors.answer_error"


VARIANTS = {
    "": Variant(),
    # Materials without select_related and prefetch_related: author, category and tags are asked for item by item.
    N_PLUS_ONE: Variant(),
    # One handler for whatever goes wrong: bad tokens, malformed JSON and missing fields are all a 500.
    "error_contract": Variant(exception_handler="learning.errors.answer_everything_as_500"),
    # A list of past requests that nobody empties: 1 kB for each.
    "leak": Variant(middleware=("learning.keeping.Leak",)),
    # The same notes in a cache with a bound: 2,000 of 1 kB, then it stays as large as it is.
    "cache": Variant(middleware=("learning.keeping.BoundedCache",)),
}


class VariantError(ValueError):
    """LEARNING_VARIANT names no variant."""


def chosen_variant(environment: Mapping[str, str]) -> str:
    """Name of the variant in ``LEARNING_VARIANT``; empty for the usual application.

    Raises
    ------
    VariantError
        When there is no variant of this name.
    """
    name = environment.get("LEARNING_VARIANT", "")
    if name not in VARIANTS:
        raise VariantError(
            f"LEARNING_VARIANT: unknown variant {name!r}; choose one of {', '.join(filter(None, VARIANTS))}"
        )
    return name
