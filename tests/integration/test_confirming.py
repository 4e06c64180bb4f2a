"""One run suspects, two others confirm: the commands one after the other, against servers that really are slower."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from gate.cli import main
from gate.commands.measuring import load_suite
from gate.load import health
from gate.measure.layout import FACTOR_ROUNDS
from gate.measure.planner import Stage, Stop
from gate.measure.replay import replay
from gate.record.codec import decode_run
from tests.builders import store_runs
from tests.integration.load.servers import serving
from tests.integration.test_deployments import FAST_S, answering

SUITE = """\
suite: shop
endpoints:
  home: {request: GET /home, rate: 200/s}
  search: {request: GET /search, rate: 200/s}
  cart: {request: GET /cart, rate: 200/s}
policy: {on_suspect: confirm, max_rate: 600/s, budget: {requests: 1500}}
"""
USUAL, SLOW = answering(others=2 * FAST_S), answering(others=2 * FAST_S, search=8 * FAST_S)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(health, "SPOILING_S", 10.0)  # that lateness of the machine is noticed is tested elsewhere
    Path("gate.yml").write_text(SUITE)
    with ExitStack() as stack:
        yield lambda behaviour: stack.enter_context(serving(behaviour)).origin


def run_file(folder: str) -> Path:
    return next(Path(folder).glob("run-*.json"))


def store_main(origin: str, runs: int) -> None:
    """One run of main as it is measured, and others that differ from it as the runs of days do."""
    assert main(["refresh", "--preview", origin, "--out", "main"]) == 0
    measured = decode_run(run_file("main").read_bytes())
    shutil.rmtree("baselines")
    made = []
    for number in range(runs):
        # So far may neighbours slow down the machine that runs the tests, all endpoints alike and each by itself.
        common = 0.12 * (-1) ** number * number
        endpoints = {
            name: record.model_copy(
                update={"arms": {arm: _moved(one, common + own(number, place)) for arm, one in record.arms.items()}}
            )
            for place, (name, record) in enumerate(measured.endpoints.items())
        }
        at = dt.datetime.fromisoformat(measured.created) - dt.timedelta(days=number + 1)
        update = {"endpoints": endpoints, "run_id": f"main{number}", "created": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        made.append(measured.model_copy(update=update))
    store_runs(Path("baselines"), reversed(made))


def own(number: int, place: int) -> float:
    return 0.016 * ((7 * number + 5 * place) % 11 - 5)


def _moved(record, log):
    blocks = [
        block.model_copy(
            update={name: getattr(block, name) + log for name in ("log_p50", "log_p95", "log_trimmed_mean")}
        )
        for block in record.blocks
    ]
    return record.model_copy(update={"blocks": blocks})


def test_a_suspicion_is_confirmed_or_cleared_by_runs_that_measure_little_else(desk, capsys):
    slow, usual = desk(SLOW), desk(USUAL)
    store_main(usual, 6)
    assert main(["check", "--preview", slow, "--out", "first"]) == 3
    first = run_file("first")
    assert "unconfirmed" in [reason["code"] for reason in json.loads(Path("first/verdict.json").read_text())["reasons"]]
    for out in ("second", "third"):
        assert main(["run", "--after", str(first), "--preview", slow, "--out", out]) == 0
    assert "made suspect: search" in capsys.readouterr().err
    again = decode_run(run_file("second").read_bytes())
    rounds = {name: len(record.arms["candidate"].blocks) for name, record in again.endpoints.items()}
    assert rounds["home"] == rounds["cart"] == FACTOR_ROUNDS
    assert rounds["search"] > 2 * FACTOR_ROUNDS
    assert again.plan.suspects == ["search"]
    stage, stop = replay(load_suite(Path("gate.yml")), [again])
    assert isinstance(stage, Stage)
    assert stop == Stop("as planned")
    assert main(["compare", str(first), str(run_file("second")), "--out", "two"]) == 3
    assert main(["compare", *map(str, (first, run_file("second"), run_file("third"))), "--out", "all"]) == 1
    verdict = json.loads(Path("all/verdict.json").read_text())
    assert {row.split("/")[1] for reason in verdict["reasons"] for row in reason["rows"]} == {"search"}
    cleared = [str(first)]
    for out in ("fourth", "fifth"):  # as if the first runner had had bad luck
        assert main(["run", "--after", str(first), "--preview", usual, "--out", out]) == 0
        cleared.append(str(run_file(out)))
    assert main(["compare", *cleared, "--out", "cleared"]) == 0


def test_what_cannot_be_confirmed_is_refused_before_anything_is_sent(desk, capsys):
    usual = desk(USUAL)
    store_main(usual, 6)
    first = str(run_file("main"))  # in the middle of the stored runs, for they were made from it
    assert main(["run", "--after", first, "--preview", usual, "--out", "second"]) == 2
    assert "nothing is suspected" in capsys.readouterr().err
    assert main(["run", "--after", first, "--preview", usual, "--base", usual, "--out", "second"]) == 2
    assert "leave the base out" in capsys.readouterr().err
    assert main(["run", "--after", "gone.json", "--preview", usual, "--out", "second"]) == 2
    assert not list(Path().glob("second/run-*.json"))
