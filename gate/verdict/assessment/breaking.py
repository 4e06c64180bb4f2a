"""Where a search for capacity ends, and how: what was full first, which errors came first, what memory did. Pure.

Each is told only where it was measured: a resource needs telemetry that saw it full at a level, and the size of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.config.scenario import Scenario
from gate.config.suite import Suite
from gate.measure.seek import level_name
from gate.record.run import Run
from gate.record.scenario import Level
from gate.record.telemetry import TelemetryRecord
from gate.verdict.assessment.bottleneck import MOSTLY_RATIO, is_full
from gate.verdict.loaded import Breaking, Filled, ResourceUse

MEMORY = "processes.memory"


def searched_windows(suite: Suite, runs: Sequence[Run]) -> frozenset[str]:
    """Names of the windows of telemetry that are single levels of searches, as ``level_name`` says them."""
    of_searches = tuple(f"{name} at " for name, scenario in suite.scenarios.items() if scenario.load.find is not None)
    windows = (window.name for run in runs if run.telemetry is not None for window in run.telemetry.windows)
    return frozenset(name for name in windows if name.startswith(of_searches))


def breakings(
    suite: Suite, runs: Sequence[Run], telemetry: TelemetryRecord | None, uses: Sequence[ResourceUse]
) -> Iterator[Breaking]:
    """One for each search that was finished; of several runs the first that has it.

    Parameters
    ----------
    telemetry : TelemetryRecord, optional
        None if nobody asked.
    uses : sequence of ResourceUse
        Of every window, single levels too.
    """
    for name, scenario in suite.scenarios.items():
        searches = (run.reached[name].search for run in runs if name in run.reached)
        search = next((found for found in searches if found is not None and found.finished), None)
        if search is not None and search.levels:
            told = _breaking(name, scenario, search.levels, telemetry, uses)
            yield told.model_copy(update={"unmade": search.unmade.message if search.unmade is not None else ""})


def _breaking(
    name: str,
    scenario: Scenario,
    levels: Sequence[Level],
    telemetry: TelemetryRecord | None,
    uses: Sequence[ResourceUse],
) -> Breaking:
    held = {level.level for level in levels if level.met}
    missed = [level for level in levels if level.level not in held]
    first = min(missed, key=lambda level: level.level, default=None)
    with_errors = min(
        (level for level in levels if level.failed_ratio > 0 or level.errors),
        key=lambda level: level.level,
        default=None,
    )
    windows = {level.level: level_name(name, scenario.load, level.level) for level in levels}
    return Breaking(
        scenario=name,
        of="users" if scenario.load.find == "max_users" else "rate",
        until=scenario.load.until or "",
        held=max((level for level in held if first is None or level < first.level), default=None),
        breaks_at=first.level if first else None,
        highest=max(level.level for level in levels),
        rate_rps=first.rate_rps if first else None,
        p95_s=first.p95_s if first else None,
        error_ratio=first.failed_ratio if first else None,
        dropped_ratio=first.dropped_ratio if first else None,
        errors_from=with_errors.level if with_errors else None,
        errors=with_errors.errors if with_errors else {},
        watched=sorted({use.resource for use in uses if use.window in windows.values()}),
        full=list(_filled(windows, uses)),
        memory_first_bytes=_memory(telemetry, windows[min(windows)]),
        memory_last_bytes=_memory(telemetry, windows[first.level if first else max(windows)]),
    )


def _filled(windows: dict[float, str], uses: Sequence[ResourceUse]) -> Iterator[Filled]:
    """Each resource with the lowest level at which it was full; what was full at the lowest level first."""
    found: dict[str, Filled] = {}
    for level in sorted(windows):
        for use in uses:
            if use.window == windows[level] and is_full(use) and use.full_ratio >= MOSTLY_RATIO:
                found.setdefault(use.resource, Filled(resource=use.resource, level=level, size=use.size))
    yield from found.values()


def _memory(telemetry: TelemetryRecord | None, window_name: str) -> float | None:
    """The most of the processes' memory while a level lasted; None where it was not seen."""
    series = telemetry.series.get(MEMORY) if telemetry is not None else None
    if telemetry is None or series is None:
        return None
    spans = [(window.from_s, window.to_s) for window in telemetry.windows if window.name == window_name]
    values = [
        value
        for at_s, value in zip(series.at_s, series.values, strict=False)
        if any(from_s <= at_s <= to_s for from_s, to_s in spans)
    ]
    return max(values, default=None)
