"""The scenarios of a run: load patterns over a mix, one after the other or beside each other, and searches."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gate.config.journeys import endpoints_of, side_by_side
from gate.config.suite import Suite
from gate.errors import Cancelled, NotMeasured
from gate.load.health import busy_complaints, late_complaints
from gate.load.job import SegmentResult
from gate.load.transport import THROTTLED
from gate.measure.allowance import Allowance, cut
from gate.measure.driver import CutShort, Driver, Refused
from gate.measure.endured import Endured
from gate.measure.expiry import login_record, refused_notices
from gate.measure.outlook import cut_notices
from gate.measure.records import climbed, scenario_record, unsent_record
from gate.measure.resting import Resting
from gate.measure.seek import capacity_notice, seek, unmade_before
from gate.measure.segments import Course, course_of_scenarios, endpoint_of, is_climbed, part_of, stretches_of
from gate.record.scenario import ScenarioRecord
from gate.record.value import NOT_REACHED, Notice
from gate.units import format_rate

ServeWith = Callable[[Mapping[str, str]], None]
"""Has the preview started anew with values over its usual ones, unless it has them already, and waits for it."""


class Scenarios:
    """Runs the scenarios of a suite on one deployment, and gathers their records."""

    def __init__(
        self,
        suite: Suite,
        origin: str,
        driver: Driver,
        allowance: Allowance,
        resting: Resting,
        serve_with: ServeWith | None = None,
    ) -> None:
        self._suite = suite
        self._origin = origin
        self._driver = driver
        self._allowance = allowance
        self._resting = resting
        self._serve_with = serve_with
        self.results: list[SegmentResult] = []
        self.records: dict[str, ScenarioRecord] = {}
        self.notices: list[Notice] = []
        self.most_rps = math.inf
        """What the generator can send; a scenario that asks for more is not begun."""

    def run(self) -> None:
        """All of them; one that is cut short leaves what it has."""
        groups = [names for names in side_by_side(self._suite) if not self._is_beyond(names)]
        for names in groups:
            if not self._is_served(names):
                continue
            self._resting.before(names, is_first=names == groups[0])
            if self._suite.scenarios[names[0]].load.find is not None:
                self._seek(names[0])
            else:
                self._drive(names)
            self._resting.after(names, is_last=names == groups[-1])
        if self._serve_with is not None:
            self._serve_with({})

    def _drive(self, names: Sequence[str]) -> None:
        """Those that run at the same time; a long one in stretches, before each of which logins are made anew."""
        what, endured = " beside ".join(names), Endured(self._suite, names)
        courses = stretches_of(self._suite, names, self._origin)
        climbs, steps = is_climbed(self._suite, names), list[SegmentResult]()
        logins = self._driver.logins["candidate"]
        made: int | None = None
        try:
            for number, course in enumerate(courses, 1):
                stretch = f", stretch {number} of {len(courses)}" if len(courses) > 1 else ""
                if stretch:
                    logins.begin_stretch()
                result = self._stretch(names, course, f"scenario {what}{stretch}", endured)
                steps += [result] if climbs else []
                made = logins.made if made is None else made
        except (Cancelled, NotMeasured) as stopped:
            self._keep_scenarios(names, endured, steps, 0 if made is None else logins.made - made)
            self._mark_cut_short(names, stopped)
            raise
        self._keep_scenarios(names, endured, steps, 0 if made is None else logins.made - made)

    def _mark_cut_short(self, names: Sequence[str], stopped: Cancelled | NotMeasured) -> None:
        """Say of what was made by then that it is not all of it."""
        why = Notice(code="cut-short", message=stopped.message, cure=stopped.cure)
        for name in names:
            if name in self.records:
                self.records[name] = self.records[name].model_copy(update={"cut_short": why})

    def _stretch(self, names: Sequence[str], course: Course, told: str, endured: Endured) -> SegmentResult:
        """One stretch of a scenario, or all of it; one that is cut short counts as far as it came."""
        limited = replace(course, streams=cut(course.streams, self._left(course)))
        has_level = any(self._suite.scenarios[name].load.has_one_level for name in names)
        try:
            result = self._driver.drive(limited, "candidate", told, keep_periods=has_level, windows=names)
        except (CutShort, Refused) as stopped:
            if stopped.result is not None:
                endured.add(stopped.result)
            raise
        for lane, done in result.lanes.items():
            self._allowance.spend(endpoint_of(lane), self._origin, done.sent)
        self.notices += cut_notices(" beside ".join(names), course, limited, result)
        endured.add(result)
        return result

    def _is_served(self, names: Sequence[str]) -> bool:
        """Have the preview started with what these scenarios want; without them where nobody can."""
        wanted = self._suite.scenarios[names[0]].serve
        if self._serve_with is not None:
            self._serve_with(wanted)
            return True
        if wanted:
            self.notices.append(
                Notice(
                    code="not-served",
                    message=f"scenario {' beside '.join(names)} was left out: it wants the preview started with other"
                    " values, and the gate did not start it",
                    cure="run it on the command line with preview.serve and without --preview, or make it advisory",
                )
            )
        return not wanted

    def _is_beyond(self, names: Sequence[str]) -> bool:
        """Whether this machine could not make their load truthfully; then they are recorded as not reached."""
        asked_rps = course_of_scenarios(self._suite, names, self._origin).rate_rps
        if asked_rps is None or asked_rps <= self.most_rps:
            return False
        message = (
            f"the load generator can send {format_rate(self.most_rps)} truthfully on this runner, a third of what"
            f" keeps its cores busy, and {format_rate(asked_rps)} are asked for"
        )
        for name in names:
            why = Notice(code="generator-small", message=message, cure="lower the rate, or use a larger runner")
            self.records[name] = unsent_record(self._suite, name, why)
            self._tell(name, why)
        return True

    def _tell(self, name: str, why: Notice) -> None:
        message = f"scenario {name} was not reached: {why.message}"
        self.notices.append(Notice(code=NOT_REACHED, message=message, cure=why.cure))

    def _seek(self, name: str) -> None:
        """A search; its generator is judged level by level, for a level that it could not send is no capacity."""
        needed_rps = self._suite.scenarios[name].objectives.capacity or 0.0

        def drive(course: Course, what: str) -> tuple[SegmentResult, Notice | None]:
            result = self._driver.drive(course, "candidate", f"scenario {what}", windows=(name, what))
            return result, next(iter([*busy_complaints(name, result), *late_complaints(name, result)]), None)

        def keep(record: ScenarioRecord) -> None:
            why = None if record.search is None else unmade_before(record.search, needed_rps)
            self.records[name] = record.model_copy(update={"not_reached": why})

        try:
            seek(self._suite, name, self._origin, drive, keep)
        except (Cancelled, NotMeasured) as stopped:
            self._mark_cut_short([name], stopped)
            raise
        record = self.records[name]
        if record.not_reached is not None:
            self._tell(name, record.not_reached)
        elif record.search is not None:
            was_throttled = THROTTLED in record.errors
            self.notices.append(capacity_notice(self._suite, name, record.search, was_throttled=was_throttled))

    def _left(self, course: Course) -> dict[str, float]:
        """Requests left for each lane; those of one endpoint share what is left for it."""
        lanes = [lane.name for stream in course.streams for lane in stream.lanes]
        sharers = Counter(map(endpoint_of, lanes))
        left = {
            name: self._allowance.left(endpoint_of(name), self._origin) / sharers[endpoint_of(name)] for name in lanes
        }
        return {name: share if math.isinf(share) else math.floor(share) for name, share in left.items()}

    def _keep_scenarios(
        self, names: Sequence[str], endured: Endured, whole: Sequence[SegmentResult], renewals: int
    ) -> None:
        """What the generator was late with says nothing of the preview, and nothing of the rest of the run either.

        Parameters
        ----------
        whole : sequence of SegmentResult
            Steps of a load that climbs, without one that was cut short: that is no level.
        """
        result = endured.result
        if result is None:
            return
        busy, was_reached = busy_complaints(" beside ".join(names), result), True
        for name in names:
            part = part_of(self._suite, names, name, result)
            why = next(iter([*busy, *late_complaints(name, part)]), None)
            logins = login_record(self._suite, name, part, self._driver.logins["candidate"].life_s, renewals)
            load = self._suite.scenarios[name].load
            steps = [part_of(self._suite, names, name, each) for each in whole]
            record = scenario_record(self._suite, name, part)
            self.records[name] = record.model_copy(
                update={
                    "not_reached": why,
                    "logins": logins,
                    "levels": climbed(load, steps) if steps else [],
                    "periods": endured.periods(name) if load.has_one_level else [],
                }
            )
            self.notices += refused_notices(name, logins)
            if why is not None:
                was_reached = False
                self._tell(name, why)
        if was_reached:
            self.results.append(result)

    def capacities(self) -> dict[str, tuple[float, Sequence[str]]]:
        """What searches found, with the endpoints they asked for."""
        return {
            name: (record.search.capacity_rps, endpoints_of(self._suite, name))
            for name, record in self.records.items()
            if record.not_reached is None
            and record.search is not None
            and record.search.is_bounded
            and record.search.capacity_rps is not None
        }
