"""Reports that are made again: how they are named, what counts as a row of one, and what may be missing."""

from __future__ import annotations

from bench.reports import catalogue
from bench.reports.catalogue import Absence, Claim, Report, absences, reports, section_of
from bench.reports.comparing import lost_rows
from bench.reports.presence import Row, rows_of
from gate.verdict.assessed import Assessment, Recommendation
from gate.verdict.details import Details, Served
from gate.verdict.figured import Band, EndpointFigures, ProbeFigures, ScenarioFigures
from gate.verdict.values import Verdict
from tests.verdicts import verdict

SHARES = {"busy": {"home": 0.9, "rare": 0.1}}
MADE = Report("made", "PASSWORD=one A=2 python x.py -- gate check --suite examples/x/gate.yml --profile whole", ())


def endpoint(name: str) -> EndpointFigures:
    return EndpointFigures(endpoint=name, sent=150, failed=0, p50_s=0.1, mean_s=0.1, p95_s=0.1, p99_s=0.1)


def scenario(name: str, sent: int = 1000) -> ScenarioFigures:
    times = dict.fromkeys(("p50_s", "mean_s", "p95_s", "p99_s", "asked_rps", "rate_rps"))
    counts = {"sent": sent, "completed": sent, "failed": 0, "dropped": 0, "users": 5}
    return ScenarioFigures(scenario=name, executor="users", came_to="passed", **times, **counts)


def told(of: str, during: str) -> Served:
    counts = {"looked": 1, "told": 1, "unread": 0, "queries_n": 1, "queries_least": 1, "queries_most": 1}
    return Served(endpoint=of, scenario=during, of="candidate", times={}, queries_mean=1.0, **counts)


def made(*scenarios: ScenarioFigures, endpoints=("home",), served=(), **more) -> Verdict:
    figures = {"endpoints": [endpoint(name) for name in endpoints], "scenarios": list(scenarios), **more}
    return verdict().model_copy(
        update={"assessment": Assessment(**figures), "details": Details(served=[told(*each) for each in served])}
    )


def lost(committed: Verdict, small: Verdict, *left_out: Absence) -> list[str]:
    return [str(row) for row in lost_rows(MADE, committed, small, SHARES, left_out)]


def test_rows_are_named_by_what_they_are_of_and_not_by_what_came_of_it():
    probe = ProbeFigures(name="bad token", category="errors", outcome="passed", expected="a", seen="a")
    band = Band(endpoint="home", from_s=0, to_s=None, count=1, n=1)
    advised = Recommendation(rule="pool", horizon="now", message="a pool of 9 would do", rows=[])
    found = rows_of(made(scenario("busy"), probes=[probe], bands=[band], recommendations=[advised]))
    assert {
        Row("Endpoints", ("home",)),
        Row("Concurrency and scenarios", ("busy",)),
        Row("Probes", ("errors", "bad token")),
        Row("Distribution of response times", ("home",)),
        Row("Recommendations", ("pool",)),
        Row("Not measured", ()),
    } <= found
    slower = made(scenario("busy", 7), probes=[probe.model_copy(update={"outcome": "failed"})], bands=[band])
    assert found - rows_of(slower) == {Row("Recommendations", ("pool",)), Row("Recommendations", ())}


def test_what_is_not_there_is_named():
    assert lost(made(endpoints=["home", "rare"]), made()) == ["Endpoints | rare"]
    assert lost(made(), made(endpoints=["home", "rare"])) == []


def test_what_small_size_does_not_run_and_what_is_said_to_be_left_out_may_be_missing():
    committed = made(scenario("busy"), scenario("long"), served=[("home", "long")])
    assert lost(committed, made(scenario("busy"), served=[("home", "busy")])) == []
    whole = made(endpoints=["home", "rare"])
    assert lost(whole, made(), Absence("ma*", "Endpoints | r*", "seldom")) == []
    assert lost(whole, made(), Absence("other", "Endpoints | r*", "seldom")) == ["Endpoints | rare"]


def test_an_endpoint_may_be_missing_in_a_scenario_that_asks_too_seldom_for_it():
    committed = made(scenario("busy"), served=[("home", "busy"), ("rare", "busy")])
    assert lost(committed, made(scenario("busy", 60), served=[("home", "busy")])) == []
    assert lost(committed, made(scenario("busy", 80), served=[("home", "busy")])) == [
        "Queries and database | rare | busy"
    ]


def test_a_command_is_told_from_its_settings_and_its_small_size_from_its_profile():
    assert MADE.settings == {"PASSWORD": "one", "A": "2"}
    command = ("python", "x.py", "--", "gate", "check", "--suite", "examples/x/gate.yml", "--profile")
    assert MADE.arguments == (*command, "whole")
    assert MADE.small == (*command, "ci")
    assert MADE.suite == catalogue.ROOT / "examples/x/gate.yml"


def test_the_readme_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "REPORTS", tmp_path)
    head = "| claimed | section | line |\n| :--- | :--- | :--- |\n"
    table = f"{head}| quick | Endpoints | `a \\| b` |\n| so * | head | `c` |\n"
    (tmp_path / "README.md").write_text(
        "# Reports\n\n| report | row | why |\n| :--- | :--- | :--- |\n| * | `Risks \\| *` | they follow |\n\n"
        f"## one\n\n`A=1 gate check\n--suite x.yml` makes it.\n\n{table}"
    )
    (one,) = reports()
    assert (one.name, one.settings, one.arguments) == ("one", {"A": "1"}, ("gate", "check", "--suite", "x.yml"))
    assert one.claims == (Claim("quick", "Endpoints", "a | b", False), Claim("so", "head", "c", True))
    assert absences() == (Absence("*", "Risks | *", "they follow"),)


def test_a_claim_is_looked_for_in_its_section_alone():
    report = "top c\n\n## Endpoints\n\na | b 5\u00a0ms\n\n## Other\n\nd\n"
    assert section_of(report, "Endpoints").strip().endswith("b 5\u00a0ms")
    assert section_of(report, "Nothing") == ""
    assert Claim("x", "Endpoints", "b 5 ms", False).is_in(report)
    assert Claim("x", "head", "top c", False).is_in(report)
    assert not Claim("x", "Other", "a | b", False).is_in(report)
