"""The pairs of deployments of a check: opened, closed whatever happens, and each made into a run that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gate.errors import Cancelled, NotMeasured
from gate.measure.session import Session
from gate.record.endpoint import Block
from gate.record.plan import PlanRecord, Why
from gate.record.run import Run
from gate.record.value import LEFT_BEHIND, Arm, Notice

PlanOf = Callable[[int, Why], PlanRecord]
"""What is kept of the plan with the run of a pair, by its number."""


class Sittings:
    """Sessions that are open, by the number of their pair, and the runs of those that were closed.

    Parameters
    ----------
    new_session : callable
        Makes the session of a pair.
    plan_of : callable
        What is kept of the plan with a run.
    keep : callable
        Writes a run; again for one of which more became known.
    """

    def __init__(self, new_session: Callable[[int], Session], plan_of: PlanOf, keep: Callable[[Run], None]) -> None:
        self._new_session = new_session
        self._plan_of = plan_of
        self._keep = keep
        self._owed: list[int] = []
        self.open: dict[int, Session] = {}
        self.runs: dict[int, Run] = {}
        """Of pairs that were closed."""

    def add(self, pair: int) -> Session:
        """Open a pair; it has to be closed from now on, even if it never gets ready."""
        session = self.open[pair] = self._new_session(pair)
        session.open()
        return session

    @property
    def sent(self) -> int:
        """Requests of all pairs that are open."""
        return sum(session.sent for session in self.open.values())

    def close(self, why: Why, stopped: NotMeasured | Cancelled | None = None) -> NotMeasured | Cancelled | None:
        """Close whatever is open and keep its runs; gives what stopped the check, a signal in the meantime included."""
        signals = [session.signalled_s for session in self.open.values() if session.signalled_s is not None]
        for pair in list(self.open):
            measured = self.open[pair].close(stopped, self._plan_of(pair, why), min(signals, default=None))
            del self.open[pair]
            self.runs[pair] = measured.run
            self._owed.append(pair)
            stopped = measured.stopped_by or stopped
        while self._owed:
            self._keep(self.runs[self._owed[0]])
            self._owed.pop(0)
        return stopped

    def drop(self) -> list[Notice]:
        """Close what is open without a run, for it was never measured; gives what it may have left behind.

        Raises
        ------
        Cancelled
            If a signal came meanwhile.
        """
        left: list[Notice] = []
        while self.open:
            _, session = self.open.popitem()
            measured = session.close()
            left += [notice for notice in measured.run.notices if notice.code == LEFT_BEHIND]
            if isinstance(measured.stopped_by, Cancelled):
                raise measured.stopped_by
        return left

    def abandon(self) -> None:
        """Clean up after a bug; what was measured is not to be trusted."""
        for session in self.open.values():
            session.leave(None)

    def amend(self, pairs: Iterable[int], why: Why, notices: Sequence[Notice] = ()) -> None:
        """Add to runs that were closed what became known of their plan since; the first of them gets the notices."""
        for number, pair in enumerate(pairs):
            run = self.runs[pair]
            told = [*run.notices, *notices] if number == 0 else run.notices
            self.runs[pair] = run.model_copy(update={"plan": self._plan_of(pair, why), "notices": told})
            self._keep(self.runs[pair])

    def blocks(self, pair: int, names: Sequence[str], arm: Arm) -> dict[str, Sequence[Block]]:
        """What was measured on an open pair by now."""
        return {name: self.open[pair].blocks(name, arm) for name in names}
