"""Setup, cleanup and teardown of one run: asked of every deployment once, outside the load, and counted nowhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gate.config import shown
from gate.config.hooks import Hook, after_load, before_load
from gate.config.journeys import only_in_journeys
from gate.config.suite import Suite
from gate.errors import NotMeasured
from gate.load.job import Scalar
from gate.measure.driver import deployment
from gate.measure.identities import Logins
from gate.measure.single import TIMEOUT_S, Asker, StepFailed
from gate.record.value import LEFT_BEHIND, Arm, Notice

SETUP_STEP_S = 60.0
"""A step of setup may take so long: creating test data does."""
LEAVE_S = 10.0
"""Cleanup and teardown of all deployments together."""
HASTE_S = 0.8
"""The same after a signal, counted from it: the whole gate ends within a second."""


@dataclass
class _Place:
    """One deployment."""

    arm: Arm
    asker: Asker
    logins: Logins
    values: dict[str, Scalar] = field(default_factory=dict)
    """What its steps have extracted so far."""


class Hooks:
    """What a suite has asked before and after the load.

    Parameters
    ----------
    now_s : callable
        Monotonic seconds.
    say : callable
        Tells people what happens.
    """

    def __init__(self, suite: Suite, now_s: Callable[[], float], say: Callable[[str], None]) -> None:
        self._suite = suite
        self._now_s = now_s
        self._say = say
        self._places: dict[str, _Place] = {}
        self._owed: deque[tuple[_Place, Hook]] | None = None
        self.load_began = False
        """Whether endpoints may have been asked, so that there is something to clean up."""
        self.notices: list[Notice] = []
        """What may have been left behind."""

    def set_up(self, arm: Arm, asker: Asker, logins: Logins) -> Mapping[str, Scalar]:
        """Make the steps of setup, and give what they extract; two arms at one origin are one deployment.

        Raises
        ------
        NotMeasured
            If a step is not answered as it should be, by its number and with the status seen.
        """
        if asker.origin in self._places:
            return self._places[asker.origin].values
        place = self._places[asker.origin] = _Place(arm, asker, logins)
        for hook in before_load(self._suite):
            self._say(_named(hook, arm))
            try:
                values = {**logins.values(), **place.values}
                place.values |= asker.take(hook.step, hook.identity, values, SETUP_STEP_S)
            except StepFailed as failed:
                lacking = "" if failed.lacking is None else f", where {{{failed.lacking}}} comes from"
                raise NotMeasured(
                    f"{_named(hook, arm)}, {failed.answered}{lacking}",
                    f"see {shown.path(hook.location)} in the suite, and the log of the deployment",
                ) from None
        return place.values

    def leave(self, until_s: float, *, in_haste: bool) -> None:
        """Clean up and tear down, whatever fails of it; called again after an exception it goes on where it was.

        Parameters
        ----------
        until_s : float
            When to give up, on the clock of ``now_s``.
        in_haste : bool
            No login is made again.
        """
        if self._owed is None:
            self._owed = deque(self._to_do())
        while self._owed:
            place, hook = self._owed[0]
            self._say(_named(hook, place.arm))
            left_s = until_s - self._now_s()
            # One that hangs must not take the time of all that come after it.
            patience_s = min(TIMEOUT_S, left_s if len(self._owed) == 1 else left_s / 2)
            problem = self._do(place, hook, patience_s, in_haste=in_haste)
            if problem is not None:
                self._note(f"{_named(hook, place.arm)}, {problem}", hook)
            self._owed.popleft()

    def _to_do(self) -> Iterator[tuple[_Place, Hook]]:
        only_on_candidate = only_in_journeys(self._suite)
        for place in self._places.values():
            for hook in after_load(self._suite):
                was_asked = self.load_began and not (place.arm == "base" and hook.location[1] in only_on_candidate)
                if was_asked or not hook.is_cleanup:
                    yield place, hook

    def _do(self, place: _Place, hook: Hook, patience_s: float, *, in_haste: bool) -> str | None:
        """Make one step; what went wrong in words, or None."""
        if not patience_s > 0:
            return "was not asked: no time was left for it"
        try:
            values = {**(place.logins.held if in_haste else place.logins.values()), **place.values}
            place.values |= place.asker.take(hook.step, hook.identity, values, patience_s)
        except StepFailed as failed:
            return failed.answered
        except NotMeasured as failed:
            return f"was not asked: {failed.message}"
        return None

    def _note(self, problem: str, hook: Hook) -> None:
        message = f"{problem}; what this run created may still be there"
        self.notices.append(
            Notice(code=LEFT_BEHIND, message=message, cure=f"take it away by hand, and see {shown.path(hook.location)}")
        )


def _named(hook: Hook, arm: Arm) -> str:
    return f"{hook.what} on the {deployment(arm)}, {hook.step.request}"
