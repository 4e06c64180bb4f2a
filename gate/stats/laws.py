"""How a measured quantity follows a size: a power of it, or a straight line, and where either reaches a limit.

Pure. Two laws, because the power alone is wrong where an answer has a part that does not grow: 10 ms and 1 ms for every
10,000 rows is nearly constant for small tables and nearly proportional for large ones. Errors are taken to be relative
in both, as those of times and rates are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import fdtri, stdtrit

LawKind = Literal["power", "linear"]
Floats = NDArray[np.float64]
_LEAST = 3
"""Two parameters, and at least one degree of freedom to judge them by."""
_EXACT = 1e-12
"""Relative residuals below this are rounding of floats: no law is better than another for them."""


@dataclass(frozen=True)
class Crossing:
    """The size at which a limit is reached, with its interval; inf where it is never reached."""

    at: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Law:
    """``y = exp(intercept) z**slope`` (power) or ``y = intercept + slope z`` (linear), with ``z = x / scale``."""

    kind: LawKind
    scale: float
    intercept: float
    slope: float
    squares: float
    """Of the relative residuals."""
    inverse: tuple[float, float, float]
    """Of the normal matrix: of the intercept, of both, of the slope."""
    df: int

    def value(self, x: float) -> float:
        """As fitted; beyond what was measured an extrapolation."""
        z = x / self.scale
        return math.exp(self.intercept) * z**self.slope if self.kind == "power" else self.intercept + self.slope * z

    def slope_bounds(self, confidence: float) -> tuple[float, float]:
        """Student's interval of the slope; of a power it is that of the exponent."""
        half = self._reach(confidence) * math.sqrt(self.inverse[2])
        return self.slope - half, self.slope + half

    def crossing(self, limit: float, *, rising: bool, confidence: float) -> Crossing:
        """Where growth of the size brings the quantity to a limit.

        The interval has every size at which the limit is within the confidence band of the fitted line (Fieller): it
        has no upper end where the slope is not certain, and neither end is a forecast of a single answer.

        Parameters
        ----------
        limit : float
            Above zero.
        rising : bool
            The limit is not to be exceeded; else it is not to be fallen short of.

        References
        ----------
        Fieller, E. C. (1954). Some problems in interval estimation. https://doi.org/10.1111/j.2517-6161.1954.tb00159.x
        """
        sign = 1.0 if rising else -1.0
        target = math.log(limit) if self.kind == "power" else limit
        a, b = sign * (self.intercept - target), sign * self.slope
        reach = self._reach(confidence) ** 2
        first, mixed, second = self.inverse
        square, half_line, constant = b * b - reach * second, a * b - reach * mixed, a * a - reach * first
        at = -a / b if b > 0 else math.inf
        lo, hi = _bounds(square, half_line, constant, at)
        return Crossing(self._size(at), self._size(min(lo, at)), self._size(max(hi, at)))

    def _reach(self, confidence: float) -> float:
        """Half of an interval, in standard deviations of what is estimated without noise of size one."""
        return float(stdtrit(self.df, (1 + confidence) / 2)) * math.sqrt(self.squares / self.df)

    def _size(self, place: float) -> float:
        if math.isinf(place):
            return math.inf if place > 0 else 0.0
        if self.kind == "power":
            return self.scale * math.exp(place) if place < math.log(1e300) else math.inf
        return max(0.0, self.scale * place)


def fit(kind: LawKind, x: Sequence[float], y: Sequence[float]) -> Law | None:
    """One law by least squares of relative errors; None with fewer than three points, or two different sizes.

    Raises
    ------
    ValueError
        If a number is not positive and finite.
    """
    sizes, values = _checked(x, y)
    if len(sizes) < _LEAST or len(np.unique(sizes)) < 2:
        return None
    scale = float(np.exp(np.log(sizes).mean()))
    z = sizes / scale
    if kind == "power":
        design, wanted = np.column_stack([np.ones_like(z), np.log(z)]), np.log(values)
    else:
        design, wanted = np.column_stack([1 / values, z / values]), np.ones_like(z)
    inverse = np.linalg.inv(design.T @ design)
    found = inverse @ (design.T @ wanted)
    left = wanted - design @ found
    return Law(
        kind=kind,
        scale=scale,
        intercept=float(found[0]),
        slope=float(found[1]),
        squares=float(left @ left),
        inverse=(float(inverse[0, 0]), float(inverse[0, 1]), float(inverse[1, 1])),
        df=len(z) - 2,
    )


def plausible(x: Sequence[float], y: Sequence[float], confidence: float) -> list[Law]:
    """The laws that the points do not rule out, the better first.

    The other one is ruled out where its squares are larger than those of the better by more than the F distribution
    allows to two estimates of one variance. Two points of different size and one more never rule out either.
    """
    laws = sorted((law for law in (fit("power", x, y), fit("linear", x, y)) if law), key=lambda law: law.squares)
    if not laws:
        return []
    best, df = laws[0], laws[0].df
    most = max(best.squares, df * _EXACT**2) * float(fdtri(df, df, confidence))
    return [law for law in laws if law is best or law.squares <= most]


def crossing(laws: Sequence[Law], limit: float, *, rising: bool, confidence: float) -> Crossing:
    """Where the best law reaches a limit, with an interval that has those of all that are plausible."""
    found = [law.crossing(limit, rising=rising, confidence=confidence) for law in laws]
    return Crossing(found[0].at, min(each.lo for each in found), max(each.hi for each in found))


def _bounds(square: float, half_line: float, constant: float, at: float) -> tuple[float, float]:
    """Where ``square z² + 2 half_line z + constant <= 0``; ``at`` is inf for a slope away from the limit."""
    inside = half_line**2 - square * constant
    if square > 0:
        if math.isinf(at):  # certain to grow away from the limit
            return math.inf, math.inf
        root = math.sqrt(max(0.0, inside))
        return (-half_line - root) / square, (-half_line + root) / square
    if not inside > 0 or square == 0:
        return -math.inf, math.inf
    # The slope is not certain: only the sizes between two roots are sure not to reach it.
    below, above = ((-half_line + sign * math.sqrt(inside)) / square for sign in (1, -1))
    return (-math.inf, math.inf) if at <= below else (above, math.inf)


def _checked(x: Sequence[float], y: Sequence[float]) -> tuple[Floats, Floats]:
    sizes, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    fine = [bool(np.all(np.isfinite(each)) and np.all(each > 0)) for each in (sizes, values)]
    if not all(fine) or len(sizes) != len(values):
        raise ValueError("there is one positive value for each positive size")
    return sizes, values
