"""The long report, kept as files: of a system with a bit of everything, and of one that was never ready."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gate.cli import main
from gate.probes.hashes import probe_hash
from gate.record.endpoint import ArmRecord
from gate.record.probes import AboutRecord, GrowthPoint, GrowthRecord, ProbeRecord
from gate.record.run import Run
from gate.record.scenario import Level, SearchRecord
from gate.record.server import QueriesRecord, ServerRecord
from gate.record.telemetry import Relation, Series, Statement, TelemetryRecord, Window
from gate.record.value import Notice, Spread
from gate.report.render import report
from gate.verdict.values import Verdict
from tests.builders import World, history_of, run_of, scenario_of, suite_of, verdict_of
from tests.verdicts import not_measured

KEPT = Path(__file__).parent / "told"
SUITE = suite_of(
    """endpoints:
  health: {request: GET /health, objectives: {p95: 50ms, error_rate: 2%}}
  stats: {request: GET /stats, objectives: {mean: 100ms, p95: 200ms}}
  list: GET /list
scenarios:
  ten: {load: {users: 10, for: 10s}, mix: {list: 1}, objectives: {success: 99%, p95: 500ms}}
  twenty: {load: {users: 20, for: 10s}, mix: {list: 1}, objectives: {success: 99%}}
  burst: {load: {users: 100, for: 10s}, mix: {stats: 1}, objectives: {success: 99%, p95: 100ms}, advisory: true}
  most:
    load: {find: max_users, until: "p95 <= 500ms", from: 1, limit: 64}
    mix: {list: 1}
    objectives: {capacity: 100/s}
about:
  framework: Flask 3.0
  debug: {request: GET /about, json: $.debug}
  cache: {request: GET /about, json: $.cache}
  title: {request: GET /about, json: $.title}
probes:
  - {name: bad token, category: errors, request: GET /list, headers: {Authorization: nope}, expect: {status: 401}}
  - {name: malformed JSON, category: errors, request: POST /list, body: "{", expect: {status: 400}}
  - {name: static files, request: GET /static, expect: {status: 200}}
  - {name: queries of list, growth: {request: "GET /list?n={items}", items: [1, 10, 50], of: queries, most: 9}}
telemetry:
  server_timing: true
  prometheus: {url: /metrics, series: {memory: process_resident_memory_bytes}}
  objectives:
    - {of: memory, leak: none, least: 1kB, scenario: ten}
    - {of: memory, statistic: max, most: 1GB}
score: {weights: {response: 2}}
"""
)
HOSTILE = "@org/all <img src=x> | [click](https://evil.example) `code` #1"


def everything() -> Verdict:
    whole = run_of(SUITE, world=World(slower={"stats": 50.0}), scenarios=loads())
    told = whole.model_copy(update={"endpoints": with_queries(whole), "telemetry": telemetry(), "about": about()})
    return verdict_of(SUITE, told.model_copy(update={"probes": probes()}), history_of(SUITE, 10))


def loads():
    levels = [
        Level(
            level=users,
            rate_rps=min(users, 20) * 9.8,
            p50_s=0.1 * max(1, users / 20),
            p95_s=0.11 * max(1, users / 20),
            error_ratio=0.0,
            met=users < 90,
            mean_s=0.1 * max(1, users / 20),
        )
        for users in (1, 2, 3, 5, 8, 13, 21, 34, 54, 64)
    ]
    search = SearchRecord(
        until="p95 <= 500ms", capacity=64, capacity_rps=196.0, is_bounded=False, knee=21, levels=levels
    )
    records = {name: scenario_of(SUITE, name) for name in ("ten", "most")}
    records["twenty"] = scenario_of(SUITE, "twenty", sent=980)
    records["burst"] = scenario_of(SUITE, "burst", 1.2, errors={"status_503": 20})
    records["most"] = records["most"].model_copy(update={"search": search, "executor": "find"})
    return records


def with_queries(run: Run):
    queries = QueriesRecord(n=400, total=4400, least=11, most=11, counts={"11": 400})
    times = {name: Spread(n=400, p50_s=s, p95_s=s, max_s=s) for name, s in (("db", 0.02), ("held", 0.9))}
    server = ServerRecord(looked=400, told=400, queries=queries, times=times)

    def said(arm: ArmRecord) -> ArmRecord:
        return arm.model_copy(update={"server": server})

    return {
        name: record.model_copy(update={"arms": {side: said(arm) for side, arm in record.arms.items()}})
        if name == "stats"
        else record
        for name, record in run.endpoints.items()
    }


def telemetry() -> TelemetryRecord:
    at_s = [float(n) for n in range(60)]

    def series(source: str, unit: str, values: list[float]) -> Series:
        return Series(source=source, unit=unit, at_s=at_s, values=values, answered=list(range(60)))

    return TelemetryRecord(
        windows=[
            Window(name="most", from_s=0, to_s=40, answered=900),
            Window(name="ten", from_s=0, to_s=60, answered=900),
        ],
        series={
            "memory": series("prometheus", "bytes", [1e8 + 1e6 * n for n in range(60)]),
            "pool.in_use": series("prometheus", "count", [20.0 if 20 < n < 40 else 4.0 for n in range(60)]),
            "postgres.cache_hit": series("postgres", "ratio", [0.9] * 60),
        },
        statements=[
            Statement(
                text="SELECT count(*) FROM bags WHERE status = $1",
                calls=812,
                total_s=292.3,
                mean_s=0.36,
                rows=812,
                scans=["bags (status = $1)"],
            ),
            Statement(text=f"SELECT '{HOSTILE}'", calls=1, total_s=0.001, mean_s=0.001, rows=1),
        ],
        relations=[Relation(name="bags", rows=800_000, table_bytes=190_000_000, index_bytes=17_000_000)],
        database_bytes=412_000_000,
        facts={"pool.size": 20, "postgres.max_connections": 100},
        unread={"redis": "connection refused"},
    )


def about():
    return {
        "framework": AboutRecord(value="Flask 3.0", is_declared=True),
        "debug": AboutRecord(value="true", is_declared=False),
        "cache": AboutRecord(value=None, is_declared=False),
        "title": AboutRecord(value=HOSTILE, is_declared=False),
    }


def probes():
    hashes = {probe.name: probe_hash(SUITE, probe) for probe in SUITE.probes}

    def probe(name: str, outcome: str, expected: str, seen: str, **more) -> ProbeRecord:
        told = {"config_hash": hashes[name], "kind": "request", "outcome": outcome, "expected": expected, "seen": seen}
        return ProbeRecord(**(told | more))

    points = [GrowthPoint(items=n, values=[float(n + 1)]) for n in (1, 10, 50)]
    grown = GrowthRecord(of="queries", points=points, slope=1.0, lo=0.98, hi=1.02)
    found = (
        probe("bad token", "passed", "status 401", "status 401"),
        probe("malformed JSON", "failed", "status 400", f"status 500 {HOSTILE}"),
        probe("queries of list", "failed", "at most 9 queries", "51 queries", kind="growth", growth=grown),
        probe("static files", "not_measured", "status 200", "the connection was refused"),
    )
    return dict(zip(("bad token", "malformed JSON", "queries of list", "static files"), found, strict=True))


@pytest.mark.parametrize("case", [everything, not_measured], ids=lambda case: case.__name__)
def test_a_report_is_as_it_is_kept(case, request):
    text, kept = report(case()), KEPT / f"report-{case.__name__}.md"
    if request.config.getoption("--update-golden"):
        kept.write_text(text)
    assert kept.read_text() == text


def test_nothing_in_it_is_more_than_text():
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(report(everything()))
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"link_open", "image", "code_inline", "fence", "code_block"}
    assert {t.content.strip() for t in [*tokens, *inline] if t.type in ("html_block", "html_inline")} <= {
        "<br>",
        "<sub>",
        "</sub>",
    }
    shown = "".join(token.content for token in inline if token.type == "text")
    for pattern in ("@org", "#1", "https://"):
        assert pattern not in shown


def test_verdict_json_alone_makes_the_same_report(tmp_path):
    kept = tmp_path / "verdict.json"
    kept.write_text(json.dumps(everything().model_dump(mode="json", by_alias=True)))
    assert main(["report", str(kept), "--out", str(tmp_path / "out")]) == everything().exit_code
    assert (tmp_path / "out" / "report.md").read_text() == report(everything())


def sections(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def test_sections_come_in_the_order_that_a_reader_asks():
    assert sections(report(everything())) == [
        "Findings, by weight",
        "Endpoints",
        "Distribution of response times",
        "Concurrency and scenarios",
        "Capacity and bottleneck",
        "Probes",
        "Queries and database",
        "Stability",
        "Environment",
        "Score",
        "Readiness",
        "Risks",
        "Recommendations",
        "Not measured",
    ]


def test_what_is_farthest_beyond_its_limit_is_the_first_that_is_missed():
    blamed = next(reason for reason in everything().reasons if reason.code == "missed")
    assert blamed.rows[:2] == ["shop/stats/limit:mean", "shop/stats/limit:p95"], "12 and 9 times too slow"


def test_what_was_not_measured_is_there_even_alone():
    assert sections(report(not_measured())) == ["Not measured"]
    assert "nothing is claimed" in report(not_measured())


def test_the_same_report_comes_of_check_with_a_notice_that_is_hostile():
    loud = not_measured().model_copy(update={"notices": [Notice(code="x", message=HOSTILE)]})
    assert "<img" not in report(loud)
