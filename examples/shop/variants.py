"""What makes the shop slow or broken on purpose, read from the environment.

``SHOP_SLOW`` is a comma separated list of ``endpoint:cause:grade``; ``SHOP_FAIL`` is ``endpoint`` or
``endpoint:status``.  A grade stands for an amount of real work (rows scanned, queries issued, hash
rounds), never for a time, so the same grade costs more on a slower machine.  Only the cause ``wait`` has a
factor in place of a grade: by how much the endpoint's share of ``SHOP_WAIT_MS`` is multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GRADES = range(1, 6)

ENDPOINTS = (
    "health",
    "version",
    "products",
    "detail",
    "search",
    "categories",
    "bestsellers",
    "login",
    "orders_mine",
    "orders_create",
    "orders_bulk",
    "orders_cleanup",
)

WAITING = tuple(name for name in ENDPOINTS if name != "version")
"""Endpoints that ask the database, and wait for it."""

AMOUNTS: Mapping[tuple[str, str], tuple[int, int, int, int, int]] = {
    # products of a page (of 270) that query their own facts
    ("products", "n_plus_one"): (36, 70, 105, 162, 270),
    # similar products sent in full, with all their reviews
    ("detail", "payload"): (34, 68, 102, 155, 310),
    # oldest products (of 19,440) whose words the index does not cover
    ("search", "no_index"): (480, 1_200, 1_650, 2_800, 4_600),
    # products of each category (of 486) sent along
    ("categories", "payload"): (3, 6, 10, 16, 38),
    # oldest sales (of 145,800) the date index does not cover
    ("bestsellers", "no_index"): (8_100, 16_200, 24_800, 39_200, 81_000),
    # PBKDF2 rounds on top of the usual 43,000
    ("login", "hash_cost"): (5_100, 10_200, 15_400, 23_000, 46_000),
    # lines of a page of orders (of 1,350) that query their own product
    ("orders_mine", "n_plus_one"): (160, 325, 510, 780, 1_350),
    # sales (of 145,800) added up while other orders of the process wait
    ("orders_create", "lock"): (14_800, 29_700, 44_600, 67_500, 135_000),
    ("orders_bulk", "lock"): (17_500, 35_000, 54_000, 81_000, 140_000),
}
"""How much extra work each grade of an endpoint's cause stands for."""

WAIT = "wait"
MOST_FACTOR = 100.0


class VariantError(ValueError):
    """``SHOP_SLOW``, ``SHOP_FAIL`` or ``SHOP_WAIT_MS`` says something the shop does not know."""


@dataclass(frozen=True)
class Failure:
    """One endpoint that answers an error at once."""

    endpoint: str
    status: int


@dataclass(frozen=True)
class Variants:
    """The slow and failing endpoints of one server."""

    amounts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    failure: Failure | None = None
    wait_factors: Mapping[str, float] = field(default_factory=dict)
    """How many times as long an endpoint waits."""

    def amount(self, endpoint: str, cause: str) -> int:
        """Return the extra work of `endpoint` by `cause`; 0 when it is not switched on."""
        return self.amounts.get((endpoint, cause), 0)


def parse_variants(environment: Mapping[str, str]) -> Variants:
    """Read ``SHOP_SLOW`` and ``SHOP_FAIL``.

    Raises
    ------
    VariantError
        If an entry is malformed or names an unknown endpoint, cause, grade, factor or status.
    """
    amounts: dict[tuple[str, str], int] = {}
    factors: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in environment.get("SHOP_SLOW", "").split(","))):
        endpoint, cause, degree = _parse_slow_entry(entry)
        if (endpoint, cause) in amounts or (cause == WAIT and endpoint in factors):
            raise VariantError(f"SHOP_SLOW: {endpoint}:{cause} is given twice")
        if cause == WAIT:
            factors[endpoint] = _parse_factor(entry, degree)
        else:
            amounts[endpoint, cause] = AMOUNTS[endpoint, cause][_parse_grade(entry, degree) - 1]
    failure_text = environment.get("SHOP_FAIL", "").strip()
    return Variants(amounts, _parse_failure(failure_text) if failure_text else None, factors)


def _parse_slow_entry(entry: str) -> tuple[str, str, str]:
    parts = entry.split(":")
    if len(parts) != 3:
        raise VariantError(f"SHOP_SLOW: {entry!r} is not endpoint:cause:grade")
    endpoint, cause, degree = parts
    if (endpoint, cause) not in AMOUNTS and not (cause == WAIT and endpoint in WAITING):
        known = ", ".join([":".join(pair) for pair in AMOUNTS] + [f"{name}:{WAIT}" for name in WAITING])
        raise VariantError(f"SHOP_SLOW: unknown variant {endpoint}:{cause}; known: {known}")
    return endpoint, cause, degree


def _parse_factor(entry: str, text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 1 < factor <= MOST_FACTOR:
        raise VariantError(f"SHOP_SLOW: {entry!r}: the factor of a wait is a number above 1, {MOST_FACTOR:g} at most")
    return factor


def _parse_grade(entry: str, grade_text: str) -> int:
    if grade_text not in {str(grade) for grade in GRADES}:
        raise VariantError(f"SHOP_SLOW: {entry!r}: the grade is a whole number from 1 to 5")
    return int(grade_text)


def _parse_failure(text: str) -> Failure:
    endpoint, _, status_text = text.partition(":")
    if endpoint not in ENDPOINTS:
        raise VariantError(f"SHOP_FAIL: unknown endpoint {endpoint!r}; known: {', '.join(ENDPOINTS)}")
    if not status_text and text.endswith(":"):
        raise VariantError(f"SHOP_FAIL: {text!r} is not endpoint or endpoint:status")
    status = status_text or "500"
    if not (status.isascii() and status.isdigit() and 400 <= int(status) <= 599):
        raise VariantError(f"SHOP_FAIL: {text!r}: the status is a number from 400 to 599")
    return Failure(endpoint, int(status))
