"""Grounds for conclusions, small and by hand."""

from __future__ import annotations

from gate.record.telemetry import Statement
from gate.record.value import Notice
from gate.verdict.assessed import AboutLine, Assessment, Headroom
from gate.verdict.assessment.grounds import Grounds
from gate.verdict.assessment.headroom import headroom
from gate.verdict.beheld import Watch, Watched
from gate.verdict.details import Answers, Details, Served
from gate.verdict.figured import EndpointFigures, ProbeFigures, ScenarioFigures
from gate.verdict.loaded import Bottleneck, ResourceUse
from gate.verdict.values import Outcome, Row


def row(
    name: str,
    outcome: Outcome = "met",
    *,
    value: float | None = 0.1,
    limit: float | None = 0.2,
    unit: str = "s",
    category: str | None = None,
    gated: bool = True,
    says: str = "",
    cure: str = "",
) -> Row:
    """``endpoint/metric``; blocks where it failed and may."""
    endpoint, metric = name.split("/")
    return Row(
        id=f"shop/{name}",
        endpoint=endpoint,
        metric=metric,
        category=category,
        unit=unit,
        candidate=value,
        limit=limit if metric.startswith(("limit:", "telemetry:")) else None,
        outcome=outcome,
        gated=gated,
        blocks=gated and outcome in ("missed", "regressed"),
        notices=[Notice(code="x", message=says or "x", cure=cure)] if says or cure else [],
    )


def scenario(name: str = "burst", **changes) -> ScenarioFigures:
    figures = {
        "scenario": name,
        "executor": "users",
        "users": 100,
        "asked_rps": None,
        "sent": 1000,
        "completed": 1000,
        "failed": 0,
        "dropped": 0,
        "rate_rps": 100.0,
        "p50_s": 0.3,
        "mean_s": 0.4,
        "p95_s": 0.8,
        "p99_s": 0.9,
        "came_to": "passed",
    }
    return ScenarioFigures(**(figures | changes))


def endpoint(name: str = "search", **changes) -> EndpointFigures:
    figures = {
        "endpoint": name,
        "sent": 400,
        "failed": 0,
        "p50_s": 0.02,
        "mean_s": 0.02,
        "p95_s": 0.03,
        "p99_s": 0.04,
        "body_mean_bytes": 500.0,
    }
    return EndpointFigures(**(figures | changes))


def probe(name: str = "bad token", outcome: str = "passed", **changes) -> ProbeFigures:
    told = {"name": name, "category": "errors", "outcome": outcome, "expected": "status 401", "seen": "status 200"}
    return ProbeFigures(**(told | {"rows": [f"shop/{name.replace(' ', '-')}/probe"]} | changes))


def growth(lo: float, slope: float = 1.0) -> ProbeFigures:
    return probe("queries of list", category="queries", of="queries", slope=slope, lo=lo, hi=slope + 0.1)


def statement(
    mean_s: float = 0.001,
    scans: tuple[str, ...] = (),
    *,
    unhelped: bool = False,
    text: str = "SELECT * FROM bags WHERE status = $1",
) -> Statement:
    return Statement(
        text=text,
        calls=100,
        total_s=100 * mean_s,
        mean_s=mean_s,
        rows=100,
        scans=list(scans),
        unhelped=list(scans) if unhelped else [],
    )


def series(name: str = "memory", mean: float = 1.0, **changes) -> Watched:
    told = {"name": name, "source": "redis", "unit": "ratio", "n": 60, "mean": mean, "rising": False}
    return Watched(**(told | dict.fromkeys(("first", "last", "least", "most"), mean) | changes))


def watch(*, series: tuple[Watched, ...] = (), statements: tuple[Statement, ...] = (), **changes) -> Watch:
    return Watch(series=list(series), statements=list(statements), **changes)


def pool(full_ratio: float, size: float = 10.0, window: str = "burst") -> ResourceUse:
    return ResourceUse(
        resource="connection pool",
        window=window,
        most=size if full_ratio else 1.0,
        size=size,
        full_ratio=full_ratio,
        n=20,
    )


def processors(full_ratio: float, window: str = "burst") -> ResourceUse:
    return ResourceUse(resource="processors", window=window, most=2.0, size=2.0, full_ratio=full_ratio, n=20)


def said(held_s: float, db_s: float = 0.005, scenario: str = "") -> Served:
    return Served(
        endpoint="scans",
        of="candidate",
        scenario=scenario,
        looked=100,
        told=100,
        unread=0,
        times={"db": db_s, "held": held_s},
        queries_n=100,
        queries_mean=3,
        queries_least=3,
        queries_most=3,
    )


def answers(cold_start_s: float) -> Answers:
    return Answers(
        endpoint="search",
        of="candidate",
        runs=1,
        n=400,
        phases={},
        new_connection_s=None,
        cold_start_s=cold_start_s,
        protocols={},
        resent=0,
        compressed=0,
    )


def about(name: str, value: str | None) -> AboutLine:
    return AboutLine(name=name, value=value, is_declared=False)


def curve(**changes) -> Bottleneck:
    unknown = ("served_at_once", "served_lo", "served_hi", "resource", "configured", "saturation_rps", "unloaded_s")
    told = dict.fromkeys((*unknown, "waiting_ratio", "peak", "peak_lo", "peak_hi", "fails_from"))
    return Bottleneck(**(told | {"scenario": "most"} | changes))


def grounds(*rows: Row, details: Details | None = None, way: str = "stored", **figures) -> Grounds:
    """With the headroom of the rows; other figures as they are given."""
    room: list[Headroom] = list(headroom("shop", rows, figures.get("scenarios", [])))
    return Grounds(tuple(rows), details or Details(), Assessment(headroom=room, **figures), way)
