"""What conclusions are drawn from: all of it is in the verdict, so each of them can be checked there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from gate.verdict.assessed import Assessment, Headroom
from gate.verdict.assessment.kinds import Came, Kind, came_to, category_of, kind_of, statistic_of
from gate.verdict.details import Details
from gate.verdict.figured import ScenarioFigures
from gate.verdict.values import Row, Way


@dataclass(frozen=True)
class Judged:
    """One row with everything that conclusions ask of it."""

    row: Row
    kind: Kind
    statistic: str
    category: str
    came: Came
    of_scenario: bool
    times: float | None
    """As its headroom says; None where that is no number."""


@dataclass(frozen=True)
class Grounds:
    """Rows and figures of one verdict."""

    rows: tuple[Row, ...] = ()
    details: Details = field(default_factory=Details)
    assessment: Assessment = field(default_factory=Assessment)
    """Its figures; conclusions are still missing."""
    way: Way = "none"

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if came_to(row) == "failed")

    @property
    def scenario_names(self) -> frozenset[str]:
        return frozenset(scenario.scenario for scenario in self.assessment.scenarios)

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Every row, in its order."""
        scenarios, times = self.scenario_names, {each.row: each.times for each in self.assessment.headroom}
        return tuple(
            Judged(
                row=row,
                kind=kind_of(row),
                statistic=statistic_of(row),
                category=category_of(row, scenarios),
                came=came_to(row),
                of_scenario=row.endpoint in scenarios,
                times=times.get(row.id),
            )
            for row in self.rows
        )

    def scenario(self, name: str) -> ScenarioFigures | None:
        """Figures of a scenario of that name."""
        return next((each for each in self.assessment.scenarios if each.scenario == name), None)

    def headroom_of(self, row: Row) -> Headroom | None:
        """How far a row is from its limit, where that is a number."""
        return next((each for each in self.assessment.headroom if each.row == row.id), None)


def ids(rows: Iterable[Row]) -> list[str]:
    """Row ids in their order, each once."""
    return list(dict.fromkeys(row.id for row in rows))
