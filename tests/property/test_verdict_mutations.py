"""Whatever is missing from a run, nothing that was not measured ends approved, and nothing ends as a bug."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.commands.judging import judge_runs
from gate.config.score import Score, Weights
from gate.config.suite import Suite
from gate.errors import GateError
from gate.measure.hashes import endpoint_hash
from gate.record.codec import RecordError, canonical, decode_run, digest, encode_run
from gate.record.run import Run
from gate.verdict.assessment.score import PARTS
from gate.verdict.values import Verdict
from tests.builders import NAMES, World, history_of, run_of, scenario_of, suite_of

LIMITS = "endpoints:\n" + "".join(f"  {n}: {{request: GET /{n}, objectives: {{p95: 2s}}}}\n" for n in NAMES[:7])
SUITES = {
    "plain": suite_of(names=NAMES[:7]),
    "limits": suite_of(LIMITS + "  buy: POST /orders\n"),
    "scenario": suite_of(
        "scenarios: {burst: {load: {count: 200}, mix: {home: 1}, objectives: {p90: 2s}}}\n", NAMES[:3]
    ),
    "ungated": suite_of("endpoints: {home: {request: GET /, gate: false}, list: GET /list}\n"),
}
WAYS = ("none", "stored", "duet")


def _candidate(name: str, way: str) -> dict[str, Any]:
    suite = SUITES[name]
    scenarios = {other: scenario_of(suite, other) for other in suite.scenarios}
    run = run_of(suite, rounds=4, scenarios=scenarios, base=World() if way == "duet" else None)
    return json.loads(encode_run(run))["run"]


CANDIDATES = {(name, way): _candidate(name, way) for name in SUITES for way in WAYS}
MAIN = {name: [json.loads(encode_run(run))["run"] for run in history_of(SUITES[name], 4, rounds=4)] for name in SUITES}


class Effects:
    tool = "0.0.0"


def read(raw: dict[str, Any]) -> Run:
    """As from a file whose hash is right."""
    return decode_run(canonical({"run": raw, "sha256": digest(raw)}).encode())


def _spoil_blocks(arm: dict[str, Any], draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        block["spoiled"] = draw(st.booleans())


def _spoil_by_dropping(arm: dict[str, Any], draw: st.DrawFn) -> None:
    arm["blocks"] = [block for block in arm["blocks"] if draw(st.booleans())]


def _spoil_by_failing(arm: dict[str, Any], draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        if draw(st.booleans()):
            block["errors"], block["n"] = block["sent"], 0
            block |= dict.fromkeys(("log_p50", "log_p95", "log_trimmed_mean", "mean_s"))


def _spoil_summaries(arm: dict[str, Any], draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        block[draw(st.sampled_from(["log_p50", "log_p95", "log_trimmed_mean", "mean_s"]))] = None


def _spoil_counts(arm: dict[str, Any], draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        block[draw(st.sampled_from(["n", "sent", "planned", "errors"]))] = draw(st.sampled_from([0, 1, 10**6]))


def _spoil_by_stretching(arm: dict[str, Any], draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        block[draw(st.sampled_from(["log_p95", "log_trimmed_mean"]))] = draw(
            st.sampled_from([-1e308, -700.0, 700.0, 1e308])
        )


def _spoil_by_flattening(arm: dict[str, Any], _draw: st.DrawFn) -> None:
    for block in arm["blocks"]:
        block |= {"log_p50": 0.0, "log_p95": 0.0, "log_trimmed_mean": 0.0}


def _spoil_latencies(arm: dict[str, Any], _draw: st.DrawFn) -> None:
    arm["histogram"] = run_of(SUITES["plain"], rounds=0).endpoints["home"].arms["candidate"].histogram


def _spoil_body(arm: dict[str, Any], draw: st.DrawFn) -> None:
    arm["body_mean"] = draw(st.sampled_from([None, 0.0, 1e300]))


ON_ARMS = [change for name, change in sorted(globals().items()) if name.startswith("_spoil_")]


ON_RUNS = (
    ("complete", False),
    ("endpoints", {}),
    ("commit", None),
    ("one_host", False),
    ("scenarios", {}),
    ("environment", {"host": "other", "runner": "other", "cpu": None}),
    ("created", "2001-01-01T00:00:00Z"),
    ("not_measured", [{"code": "x", "message": "y", "cure": ""}]),
)


@dataclass
class Situation:
    """A suite, a candidate and stored runs, some of them no longer whole."""

    suite: str
    way: str
    raws: list[dict[str, Any]] = field(repr=False)
    """The candidate first."""
    done: list[str] = field(default_factory=list)
    """What was done to them."""

    def mutate(self, draw: st.DrawFn) -> None:
        """Take something out of a run, or turn it into what no sound run has."""
        index = draw(st.sampled_from([0, 0, *range(len(self.raws))]))
        raw, endpoints = self.raws[index], self.raws[index]["endpoints"]
        what = draw(st.sampled_from(["arms", "arms", "run", "endpoint", "arm", "hash"] if endpoints else ["run"]))
        name = draw(st.sampled_from(sorted(endpoints))) if endpoints else ""
        arms = [arm for endpoint in endpoints.values() for arm in endpoint["arms"].values()]
        if what == "arms" and arms:
            change = draw(st.sampled_from(ON_ARMS))
            one = draw(st.sampled_from([None, *range(len(arms))]))
            for arm in arms if one is None else [arms[one]]:
                change(arm, draw)
            what = f"{change.__name__} of {'all' if one is None else one}"
        elif what == "run":
            key, value = draw(st.sampled_from(ON_RUNS))
            raw[key] = copy.deepcopy(value)
            what = key
        elif what == "endpoint":
            del endpoints[name]
        elif what == "arm" and endpoints[name]["arms"]:
            endpoints[name]["arms"].popitem()
        elif what == "hash":
            endpoints[name]["config_hash"] = "0" * 32
        self.done.append(f"{index}: {what} {name}")


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Up to four mutations of a sound situation."""
    name, way = draw(st.sampled_from(sorted(SUITES))), draw(st.sampled_from(WAYS))
    count = draw(st.integers(1, 4)) if way == "stored" else 0
    made = Situation(name, way, copy.deepcopy([CANDIDATES[name, way], *MAIN[name][:count]]))
    for _ in range(draw(st.integers(0, 4))):
        made.mutate(draw)
    return made


def usable_blocks(run: Run, name: str, metric: str) -> int:
    """Blocks of a candidate arm whose latency could be compared."""
    record = run.endpoints[name].arms.get("candidate") if name in run.endpoints else None
    blocks = record.blocks if record is not None else []
    values = [
        b.log_p95 if metric == "p95" else b.log_trimmed_mean for b in blocks if not b.spoiled and 2 * b.n >= b.planned
    ]
    return sum(value is not None for value in values)


def check_approval(suite: Suite, verdict: Verdict, candidate: Run, stored: list[Run]) -> None:
    """An approval says that every endpoint that may block was measured, and compared wherever it could be."""
    rows = {row.id.partition("/")[2]: row for row in verdict.rows}
    assert verdict.exit_code == 0
    assert candidate.complete
    assert not candidate.not_measured
    assert not any(row.gated and (row.blocks or row.outcome == "not_measured") for row in verdict.rows)
    for endpoint, template in suite.endpoints.items():
        if not template.gate:
            continue
        assert rows[f"{endpoint}/errors"].trail.n > 0, "nothing was sent"
        if not template.is_loaded:
            continue
        own = endpoint_hash(suite, endpoint)
        used = [run for run in stored if run.run_id in verdict.baselines and endpoint in run.endpoints]
        alike = [run for run in used if run.endpoints[endpoint].config_hash == own]
        for metric in ("p50", "p95"):
            assert rows[f"{endpoint}/{metric}"].candidate is not None
            assert usable_blocks(candidate, endpoint, metric) >= 3
            is_new = rows[f"{endpoint}/{metric}"].outcome == "no_baseline"
            assert is_new == all(usable_blocks(run, endpoint, metric) < 3 for run in alike) or verdict.way == "duet"
    judged = [
        row for row in verdict.rows if row.gated and row.outcome in ("improved", "unchanged", "inconclusive", "met")
    ]
    assert judged, "nothing was judged"


@settings(max_examples=400)
@given(situations())
def test_nothing_unmeasured_is_approved(situation):
    suite = SUITES[situation.suite]
    try:
        candidate, *stored = [read(raw) for raw in situation.raws]
        verdict = judge_runs(suite, (candidate,), stored, Effects())
    except (RecordError, GateError):
        return  # refused, which is no approval
    if verdict.verdict == "APPROVED":
        check_approval(suite, verdict, candidate, stored)
    for row in verdict.rows:
        numbers = [row.baseline, row.candidate, row.change, row.detectable, row.lo, row.hi]
        assert all(number is None or math.isfinite(number) for number in numbers)


@settings(max_examples=100)
@given(situations(), st.fixed_dictionaries(dict.fromkeys(PARTS, st.integers(1, 100).map(float))))
def test_no_weight_of_the_score_changes_a_verdict(situation, weights):
    suite = SUITES[situation.suite]
    try:
        candidate, *stored = [read(raw) for raw in situation.raws]
        plain = judge_runs(suite, (candidate,), stored, Effects())
    except (RecordError, GateError):
        return
    weighed = suite.model_copy(update={"score": Score(weights=Weights(**weights))})
    found = judge_runs(weighed, (candidate,), stored, Effects())
    for of in ("verdict", "exit_code", "measured", "reasons", "rows"):
        assert getattr(found, of) == getattr(plain, of)


TELEMETRY = """\
telemetry:
  prometheus: {url: /metrics, series: {memory: process_resident_memory_bytes}}
  objectives: [{of: memory, statistic: max, most: 1GB}, {of: memory, leak: none}]
"""
WATCHED = {
    "plain": suite_of(TELEMETRY, NAMES[:7]),
    "limits": suite_of(LIMITS + "  buy: POST /orders\n" + TELEMETRY),
}


@st.composite
def watched(draw: st.DrawFn) -> dict[str, Any]:
    """Whatever an application may have told of its memory."""
    values = draw(st.lists(st.sampled_from([1e8, 1.5e8, 2e8]), min_size=1, max_size=40))
    values += draw(st.sampled_from([[], [], [9e9]]))
    at_s = [float(place) for place in range(len(values))]
    answered = [100 * place for place in range(len(values))]
    memory = {"source": "prometheus", "unit": "bytes", "at_s": at_s, "values": values, "answered": answered}
    window = {"name": "blocks", "from_s": 0.0, "to_s": at_s[-1] + 1, "answered": answered[-1]}
    return {"windows": [window], "series": {"memory": memory}}


@settings(max_examples=150)
@given(situations().filter(lambda situation: situation.suite in WATCHED), st.none() | watched())
def test_telemetry_blocks_and_never_approves_or_excuses(situation, telemetry):
    situation.raws[0]["telemetry"] = telemetry
    try:
        candidate, *stored = [read(raw) for raw in situation.raws]
        plain = judge_runs(SUITES[situation.suite], (candidate,), stored, Effects())
    except (RecordError, GateError):
        return
    found = judge_runs(WATCHED[situation.suite], (candidate,), stored, Effects())
    assert plain.verdict == "APPROVED" or found.verdict == "BLOCKED"
    of_telemetry = [row for row in found.rows if row.metric.startswith("telemetry:")]
    assert [row for row in found.rows if row not in of_telemetry] == list(plain.rows)
    if found.verdict == "APPROVED":
        assert telemetry is not None
        assert {row.outcome for row in of_telemetry} <= {"met", "inconclusive"}


@pytest.mark.parametrize("name", sorted(SUITES))
@pytest.mark.parametrize("way", WAYS)
def test_what_is_whole_is_approved_where_something_judges(name, way):
    """The start of all mutations: otherwise the test above could not fail."""
    stored = [read(raw) for raw in MAIN[name]] if way == "stored" else []
    candidate = read(CANDIDATES[name, way])
    verdict = judge_runs(SUITES[name], (candidate,), stored, Effects())
    has_judge = (
        way != "none" or any(SUITES[name].objectives_of(e) for e in SUITES[name].endpoints) or name == "scenario"
    )
    assert verdict.exit_code == (0 if has_judge else 3), verdict.reasons
    if has_judge:
        check_approval(SUITES[name], verdict, candidate, stored)
