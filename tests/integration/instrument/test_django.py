"""Django with SQLite, under gunicorn and under uvicorn; and what `gate run` makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.cli import main
from gate.load import health
from gate.load.server_timing import said_by
from tests.integration.instrument.applications import Application, application, gunicorn, uvicorn


def queries(values: list[str]) -> int | None:
    said = said_by("".join(f"\nServer-Timing: {value}\r" for value in values).encode())
    assert said is not None
    return said.queries


@pytest.fixture(
    scope="module", params=[(gunicorn, "django_app:wsgi"), (uvicorn, "django_app:asgi")], ids=["wsgi", "asgi"]
)
def django(request, tmp_path_factory) -> Iterator[Application]:
    file = tmp_path_factory.mktemp("django") / "database.sqlite3"
    with application(*request.param, {"DATABASE_FILE": str(file)}) as running:
        yield running


@pytest.mark.parametrize("path", ["/queries", "/async"])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_every_answer_tells_its_queries(django, path, number):
    status, values, _ = django.get(f"{path}/{number}")
    assert status == 200
    assert queries(values) == number


@pytest.mark.parametrize("path", ["/queries", "/async"])
def test_requests_beside_each_other_do_not_mix(django, path):
    numbers = [number % 5 for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: django.get(f"{path}/{number}"), numbers))
    assert [queries(values) for _, values, _ in answers] == numbers


def test_streams_errors_and_unknown_paths_are_as_ever(django):
    assert django.get("/stream")[2] == b"ab"
    status, values, _ = django.get("/raises")
    assert (status, queries(values)) == (500, 1)
    assert django.get("/nowhere")[0] == 404


def test_sums_go_by_the_route(django):
    django.get("/queries/4")
    assert django.metrics()['gate_instrument_queries_max{endpoint="GET /queries/<int:number>"'] >= 4


SUITE = """\
suite: counted
telemetry: {server_timing: true}
data: {number: {csv: numbers.csv, column: number, pick: order}}
endpoints:
  none: {request: GET /queries/0, rate: 100/s}
  seven: {request: GET /queries/7, rate: 100/s}
  mixed: {request: "GET /async/{number}", rate: 100/s}
scenarios:
  crowd: {load: {count: 300, concurrent: 6}, mix: {seven: 2, none: 1}}
policy: {max_rate: 300/s, budget: {time: 3s}}
"""


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a late generator is noticed is tested elsewhere, and by itself."""
    for limit in ("SPOILING_S", "LATE_S", "MAX_CPU_SHARE"):
        monkeypatch.setattr(health, limit, 10.0)


@pytest.mark.usefixtures("_patient")
def test_under_load_the_record_has_exactly_the_queries_that_were_made(django, tmp_path):
    """Y3 of the figures: every count of every endpoint, in blocks and scenarios."""
    (tmp_path / "gate.yml").write_text(SUITE)
    (tmp_path / "numbers.csv").write_text("number\n" + "".join(f"{number}\n" for number in (1, 2, 3, 4, 5)))
    arguments = ["--suite", str(tmp_path / "gate.yml"), "--preview", django.origin, "--out", str(tmp_path / "out")]
    assert main(["run", *arguments]) == 0
    [file] = (tmp_path / "out").glob("run-*.json")
    run = json.loads(file.read_text())["run"]
    said = {name: one["arms"]["candidate"]["server"] for name, one in run["endpoints"].items()}
    n = {
        name: sum(block["n"] for block in one["arms"]["candidate"]["blocks"]) for name, one in run["endpoints"].items()
    }
    for name in said:
        assert (said[name]["looked"], said[name]["told"], said[name]["unread"]) == (n[name], n[name], 0)
        assert n[name] >= 150
    assert said["none"]["queries"]["counts"] == {"0": n["none"]}
    assert said["seven"]["queries"] == {
        "n": n["seven"], "total": 7 * n["seven"], "least": 7, "most": 7, "counts": {"7": n["seven"]},
    }  # fmt: skip
    assert said["mixed"]["queries"]["counts"] == {str(number): n["mixed"] / 5 for number in (1, 2, 3, 4, 5)}
    steps = run["scenarios"]["crowd"]["steps"]
    for name, number in (("seven", 7), ("none", 0)):
        assert steps[name]["server"]["queries"]["counts"] == {str(number): steps[name]["completed"]}
        assert steps[name]["server"]["times"]["app"]["n"] == steps[name]["completed"]
    assert steps["seven"]["completed"] + steps["none"]["completed"] == 300
