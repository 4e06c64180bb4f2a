"""Who asks: logins made before the load, and made again between two stretches of it before they run out."""

from __future__ import annotations

from collections.abc import Callable

from gate.config.hooks import identities_in_use
from gate.config.suite import Suite
from gate.errors import NotMeasured
from gate.load.job import Scalar
from gate.measure.access import value_name
from gate.measure.lifetime import lifetime_s
from gate.measure.single import Asker, StepFailed

MARGIN = 0.1
"""Of its life that a login must have left at the end of what it is used for."""


class Logins:
    """The logins of one deployment, and when they run out.

    Parameters
    ----------
    log_in : callable
        Makes all logins and gives what they extracted.
    lasts_s : float, optional
        How long a login is good for, as the suite says; tokens may say less.
    now_s : callable
        Monotonic seconds.
    """

    def __init__(self, log_in: Callable[[], dict[str, str]], lasts_s: float | None, now_s: Callable[[], float]) -> None:
        self._log_in = log_in
        self._lasts_s = lasts_s
        self._now_s = now_s
        self._values: dict[str, str] | None = None
        self._made_s = 0.0
        self._life_s: float | None = None
        self.made = 0
        """How often they were made."""

    @property
    def life_s(self) -> float | None:
        """How long the newest are good for in all; None where neither they nor the suite say it."""
        return self._life_s

    def begin_stretch(self) -> None:
        """A long load goes on: logins of which nobody knows when they end are made again for it."""
        if self._values and self._life_s is None:
            self._values = None

    def values(self, need_s: float = 0.0) -> dict[str, str]:
        """What the logins gave, good for at least ``need_s`` from now.

        Raises
        ------
        NotMeasured
            If a login is refused, or if even a new one would not last.
        """
        if self._values is None or not self._lasts(self._now_s() - self._made_s + need_s):
            begun_s = self._now_s()  # a token is as old as its login at least, which others may follow
            self._values = self._log_in()
            self._made_s = begun_s
            self.made += bool(self._values)
            told_s = lifetime_s(self._values.values())
            self._life_s = min((life for life in (told_s, self._lasts_s) if life is not None), default=None)
            if not self._lasts(need_s):
                raise NotMeasured(
                    f"a login lasts {self._life_s:.0f} s, and what is to be measured takes {need_s:.0f} s",
                    "shorten the scenario, make its load in stretches (logins are made again between two of them), or"
                    " let the preview's tokens live longer",
                )
        return self._values

    @property
    def held(self) -> dict[str, str]:
        """What the logins gave, whether it is still good or not."""
        return self._values or {}

    def _lasts(self, used_s: float) -> bool:
        return self._life_s is None or used_s <= (1 - MARGIN) * self._life_s


def log_in(asker: Asker) -> dict[str, str]:
    """Values that the logins of all identities in use extract, by the name the worker knows them under.

    Raises
    ------
    NotMeasured
        If a login is refused or its answer lacks a value; neither body nor values are repeated.
    """
    values: dict[str, str] = {}
    for identity in identities_in_use(asker.suite):
        own: dict[str, Scalar] = {}
        for number, step in enumerate(asker.suite.identities[identity].login, 1):
            try:
                own |= asker.take(step, None, own)
            except StepFailed as failed:
                login = f"the login of identity {identity!r}"
                if failed.lacking is not None:
                    raise NotMeasured(
                        f"{login} gave no {failed.lacking!r}: step {number} {failed.answered}",
                        "see identities in the suite",
                    ) from None
                raise NotMeasured(
                    f"{login} was refused: step {number}, {step.request}, {failed.answered}",
                    "see identities in the suite, and the values it takes from the environment",
                ) from None
        values |= {value_name(identity, name): str(value) for name, value in own.items()}
    return values


def shortest_login_s(suite: Suite) -> float | None:
    """How long the logins in use are good for, as far as the suite says."""
    lives = [suite.identities[name].lasts_s for name in identities_in_use(suite)]
    return min((life for life in lives if life is not None), default=None)
