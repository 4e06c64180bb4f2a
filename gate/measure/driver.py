"""Segments of one run, driven one after the other: values filled in, progress told, nothing cut off is trusted."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.config.suite import Suite
from gate.errors import Cancelled, NotMeasured
from gate.load.engine import Engine
from gate.load.job import LaneResult, Scalar, Segment, SegmentResult, Wire
from gate.load.progress import Progress as Standing
from gate.load.trace import prefix_of
from gate.measure.access import sources_of
from gate.measure.identities import Logins
from gate.measure.places import Places
from gate.measure.segments import Course, endpoint_of
from gate.record.value import Arm
from gate.telemetry.timeline import IDLE, Phase, Timeline
from gate.units import format_duration

_RUN_OVER = (
    "the run took far longer than planned and was given up: the preview hardly answers, or does not end its answers",
    "look at the log of the preview, or lower policy.max_rate",
)


class Progress(Protocol):
    """Where people watch."""

    def say(self, text: str) -> None:
        """What begins now."""

    def live(self, text: str) -> None:
        """How it stands; may be left out where there is no room for it."""


@dataclass
class Made:
    """Requests of one endpoint."""

    answered: int = 0
    """As expected."""
    sent: int = 0

    def add(self, lane: LaneResult) -> None:
        """Count those of one more lane."""
        self.answered += lane.completed
        self.sent += lane.sent


class Driver:
    """Drives courses against one deployment or another."""

    def __init__(
        self,
        suite: Suite,
        environment: Mapping[str, str],
        run_id: str,
        engine: Engine,
        progress: Progress,
        now_s: Callable[[], float],
    ) -> None:
        self._suite = suite
        self._environment = dict(environment)
        self._run_id = run_id
        self._engine = engine
        self._progress = progress
        self._now_s = now_s
        self._numbers = itertools.count()
        self._places = Places()
        self.wire = Wire()
        """How connections are made."""
        self.ends_s = math.inf
        """When the whole run is given up, on the clock of ``now_s``."""
        self.logins: dict[Arm, Logins] = {}
        """By deployment."""
        self.given: dict[Arm, Mapping[str, Scalar]] = {}
        """What setup extracted, by deployment."""
        self.sent = 0
        """Requests by now, those of segments that were cut short apart."""
        self.made: dict[tuple[Arm, str], Made] = defaultdict(Made)
        """The same by deployment and endpoint."""
        self.signalled_s: float | None = None
        """When a signal cut a segment short."""
        self.timeline = Timeline()
        """When the preview was loaded, and what it answered by then."""
        self.look: Callable[[], None] = _look_away
        """Raises NotMeasured if the preview is a program of the gate's and has ended."""

    def drive(
        self,
        course: Course,
        arm: Arm,
        what: str,
        *,
        keep_samples: bool = False,
        keep_periods: bool = False,
        windows: Sequence[str] = (),
    ) -> SegmentResult:
        """Drive one course to its end.

        Parameters
        ----------
        windows : sequence of str
            What the time it takes counts for where the preview is watched: scenarios, or blocks.

        Raises
        ------
        Refused
            If the preview asked to slow down, if a login or protection page answered in its place, or if it took far
            longer than planned: with what was measured by then.
        NotMeasured
            If the time of the whole run is over, the generator is too small, or a worker died.
        CutShort
            If a signal came: with what was measured by then.
        """
        left_s = self.ends_s - self._now_s()
        if not left_s > 0:
            raise NotMeasured(*_RUN_OVER)
        workers = 1 if course.rate_rps is None else self._engine.workers_for(course.rate_rps)
        lanes = [lane for stream in course.streams for lane in stream.lanes]
        deadline_s = min(left_s, math.inf if course.deadline_s is None else course.deadline_s)
        number = next(self._numbers)
        segment = Segment(
            streams=course.streams,
            environment=self._environment,
            values={**self.logins[arm].values(course.expected_s or 0.0), **self.given.get(arm, {})},
            sources=self._places.placed(sources_of(self._suite, [lane.request for lane in lanes]), arm),
            run_token=f"{self._run_id}-{number}-{arm[0]}",
            trace=prefix_of(self._run_id, number) if self._suite.telemetry.trace else "",
            server_timing=self._suite.telemetry.server_timing,
            keep_samples=keep_samples,
            keep_periods=keep_periods,
            wire=self.wire,
            deadline_s=deadline_s if math.isfinite(deadline_s) else None,
        )
        self._progress.say(what)
        begun_s, answered = self._now_s(), self.timeline.answered
        self._note(arm, answered)
        self.timeline.phase = Phase(tuple(windows) if arm == "candidate" else ())

        def tell(now: Standing) -> None:
            self._note(arm, answered + now.completed + now.failed)
            self._progress.live(_told(what, now, course))

        try:
            result = self._engine.run(segment, workers=workers, tell=tell)
        except Cancelled as cancelled:
            self.signalled_s = self._now_s()
            raise CutShort(cancelled, self._engine.salvage()) from None
        finally:
            self.timeline.phase = IDLE
        if arm == "candidate":
            self._note(
                arm, answered + sum(lane.completed + sum(lane.errors.values()) for lane in result.lanes.values())
            )
            self.timeline.load(windows, begun_s, self._now_s())
        self._places.note(arm, lanes, result, workers)
        self.sent += sum(lane.sent for lane in result.lanes.values())
        for lane in lanes:
            self.made[arm, endpoint_of(lane.name)].add(result.lanes[lane.name])
        self._look(arm, result)
        _refuse(result, is_run_over=deadline_s == left_s)
        return result

    def _note(self, arm: Arm, answered: int) -> None:
        if arm == "candidate":
            self.timeline.note(self._now_s(), answered)

    def _look(self, arm: Arm, result: SegmentResult) -> None:
        """What a preview that is gone did not answer is not its slowness."""
        if arm != "candidate":
            return
        try:
            self.look()
        except NotMeasured as gone:
            raise Refused(gone.message, gone.cure, result) from None

    def go_behind(self, rounds: int) -> None:
        """What follows picks rows in order behind those of so many rounds."""
        self._places.go_behind(rounds)


def _look_away() -> None:
    """A preview that somebody else runs."""


def deployment(arm: Arm) -> str:
    """What people call an arm."""
    return "preview" if arm == "candidate" else "base"


class Refused(NotMeasured):
    """A segment that ended early of itself."""

    def __init__(self, message: str, cure: str, result: SegmentResult) -> None:
        super().__init__(message, cure)
        self.result = result
        """What was measured by then."""


class CutShort(Cancelled):
    """A signal in the middle of a segment."""

    def __init__(self, cancelled: Cancelled, result: SegmentResult | None) -> None:
        super().__init__(cancelled.message, cancelled.exit_code)
        self.result = result
        """What was measured by then; None if the workers did not say in time."""


def _told(what: str, now: Standing, course: Course) -> str:
    """One line of progress."""
    parts = [f"{now.sent / now.at_s:.0f}/s" if now.at_s > 0 else "", f"{now.in_flight} in flight"]
    if now.p50_s is not None and now.p95_s is not None:
        parts.append(f"p50 {format_duration(now.p50_s)}, p95 {format_duration(now.p95_s)}")
    parts.append(f"{now.failed} errors" if now.failed else "no errors")
    if course.expected_s is not None:
        parts.append(f"{max(0.0, course.expected_s - now.at_s):.0f} s left")
    return f"{what}: {', '.join(part for part in parts if part)}"


def _refuse(result: SegmentResult, *, is_run_over: bool) -> None:
    if result.throttled:
        raise Refused(
            "the preview is throttled: it answered 429, or 503 with Retry-After, again and again",
            "lower policy.max_rate, or lift the rate limit of the preview for the gate",
            result,
        )
    if result.protected:
        raise Refused(
            "a login or protection page answered in place of the preview, again and again",
            "send the bypass header of the host with preview.headers, or the identity that the endpoints need",
            result,
        )
    if result.stopped and is_run_over:
        raise Refused(*_RUN_OVER, result)
    if result.stopped:
        raise Refused(
            f"the preview took far longer than planned; given up after {format_duration(result.elapsed_s)}",
            "lower policy.max_rate, or see why the preview hardly answers",
            result,
        )
