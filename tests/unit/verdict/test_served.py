"""What servers said of themselves: gathered over runs, told in the details, and nothing where nobody asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from gate.load.job import ServerResult
from gate.load.server_tally import MORE_QUERIES
from gate.measure.tally import server_record
from gate.record.codec import decode_run, encode_run
from gate.record.run import Run
from gate.record.scenario import StepRecord
from gate.record.server import QueriesRecord, ServerRecord
from gate.report.render import summary
from gate.verdict.details import Served
from tests.builders import SOUND, run_of, scenario_of, suite_of, verdict_of

SUITE = suite_of(
    "scenarios: {rush: {load: {rate: 5/s, for: 9s}, mix: {home: 1}}}\npolicy: {objectives: block}\n", ("home",)
)


def said(queries: Mapping[int, int], app_us: int = 20_000, *, silent: int = 0, unread: int = 0) -> ServerRecord:
    """A server that gave these numbers of queries, and was silent or not readable otherwise."""
    n = sum(queries.values())
    record = server_record(
        ServerResult(
            looked=n + silent + unread,
            told=n,
            unread=unread,
            queries={min(number, MORE_QUERIES): count for number, count in queries.items()},
            queries_sum=sum(number * count for number, count in queries.items()),
            queries_min=min(queries, default=None),
            queries_max=max(queries, default=None),
            times={"app": {app_us: n}} if n else {},
        )
    )
    assert record is not None
    return record


def with_said(run: Run, record: ServerRecord | None, arm: str = "candidate") -> Run:
    home = run.endpoints["home"]
    arms = home.arms | {arm: home.arms[arm].model_copy(update={"server": record})}
    return run.model_copy(update={"endpoints": {"home": home.model_copy(update={"arms": arms})}})


def served(*runs: Run) -> list[Served]:
    return verdict_of(SUITE, list(runs)).details.served


def test_nobody_asked_nothing_is_told():
    assert served(run_of(SUITE)) == []
    assert "server says" not in summary(verdict_of(SUITE, run_of(SUITE)))
    assert server_record(ServerResult()) is None


def test_a_silent_server_is_told_to_be_silent():
    verdict = verdict_of(SUITE, with_said(run_of(SUITE), said({}, silent=400)))
    [one] = verdict.details.served
    assert (one.told, one.looked, one.queries_n, one.queries_mean, one.times) == (0, 400, 0, None, {})
    assert "| home | candidate | – | – | – | – | – | 0 of 400 answers |" in summary(verdict)


def test_runs_add_up_and_arms_stay_apart():
    first = with_said(with_said(run_of(SUITE, base=SOUND), said({7: 100})), said({3: 50}), "base")
    second = with_said(run_of(SUITE, "c1", base=SOUND), said({7: 40, 9: 10}, unread=5))
    candidate, base = served(first, second)
    assert (candidate.of, candidate.queries_n, candidate.queries_least, candidate.queries_most) == (
        "candidate",
        150,
        7,
        9,
    )
    assert candidate.queries_mean == pytest.approx((140 * 7 + 10 * 9) / 150)
    assert (candidate.told, candidate.looked, candidate.unread) == (150, 155, 5)
    assert (base.of, base.queries_least, base.queries_most) == ("base", 3, 3)


def test_the_report_tells_exact_numbers_and_ranges():
    step = StepRecord(
        planned=90, sent=90, dropped=0, completed=90, errors={}, histogram=scenario_of(SUITE, "rush").histogram,
        server=said({1: 45, 2000: 45}),
    )  # fmt: skip
    rush = scenario_of(SUITE, "rush").model_copy(update={"steps": {"home": step}})
    run = with_said(run_of(SUITE, scenarios={"rush": rush}), said({7: 390}, unread=10))
    text = summary(verdict_of(SUITE, run))
    assert "What the server says of that time, medians" in text
    assert "| 7 | 390 of 400 answers, 10 not readable |" in text
    assert "| home | candidate, rush |" in text
    assert "1 to 2,000" in text.replace("\u00a0", " "), "figures are not broken over two lines"


def test_it_is_kept_in_the_run_and_older_runs_are_read():
    run = with_said(run_of(SUITE), said({0: 3, 1001: 2}))
    assert decode_run(encode_run(run)) == run
    older = run.model_dump(mode="json", by_alias=True)
    del older["endpoints"]["home"]["arms"]["candidate"]["server"]
    assert Run.model_validate(older).endpoints["home"].arms["candidate"].server is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"counts": {"7": 9}},
        {"total": 71},
        {"least": 8, "total": 70},
        {"counts": {"-1": 10}},
        {"counts": {"07": 10}},
        {"counts": {"1001": 10}},
    ],
)
def test_numbers_that_cannot_be_are_refused(wrong):
    right = {"n": 10, "total": 70, "least": 7, "most": 7, "counts": {"7": 10}}
    assert QueriesRecord.model_validate(right).mean == 7
    with pytest.raises(ValidationError):
        QueriesRecord.model_validate(right | wrong)


def test_a_server_record_of_another_kind_is_refused():
    with pytest.raises(ValidationError):
        ServerRecord.model_validate(
            {"looked": 1, "told": 1, "times": {"gpu": {"n": 1, "p50_s": 1, "p95_s": 1, "max_s": 1}}}
        )
