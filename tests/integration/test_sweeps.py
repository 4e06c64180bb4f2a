"""An application that the gate starts with other values: what they make of it is found in the report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate.verdict.values import Verdict
from tests.integration.telemetry.gates import gate

APPLICATION = """\
import os, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORKERS, ROWS = int(os.environ["WORKERS"]), int(os.environ["ROWS"])
PLACES = threading.Semaphore(WORKERS)
IDLE = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(WORKERS)]

class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_GET(self):
        if self.path == "/":
            with PLACES:
                time.sleep(0.01)
        elif self.path == "/rows":
            time.sleep(0.001 * ROWS)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 64  # with five, the sixth of those who connect at once is heard a second later

Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
SUITE = f"""\
suite: s
preview:
  serve: {{command: "{sys.executable} application.py", env: {{WORKERS: "1", ROWS: "20"}}}}
  ready: {{path: /ready, timeout: 30s}}
endpoints:
  home: {{request: GET /, rate: 60/s}}
  rows: {{request: GET /rows, rate: 60/s}}
telemetry: {{processes: true, every: 100ms}}
scenarios:
  one: {{load: {{users: 6, for: 3s}}, mix: {{home: 1}}}}
  two: {{load: {{users: 6, for: 3s}}, mix: {{home: 1}}, serve: {{WORKERS: "2"}}}}
  few: {{load: {{users: 2, for: 2s}}, mix: {{rows: 1}}, objectives: {{mean: 240ms}}}}
  more: {{load: {{users: 2, for: 2s}}, mix: {{rows: 1}}, serve: {{ROWS: "40"}}}}
  many: {{load: {{users: 2, for: 2s}}, mix: {{rows: 1}}, serve: {{ROWS: "80"}}}}
forecast: {{rows: {{now: 50, monthly: 10, setting: ROWS}}}}
policy: {{budget: {{time: 8s}}, max_rate: 500/s}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "application.py").write_text(APPLICATION)
    done = gate(folder, SUITE, "check")
    assert (folder / "out" / "report.md").is_file(), done.stderr
    return folder


@pytest.fixture(scope="module")
def verdict(folder) -> Verdict:
    return Verdict.model_validate_json((folder / "out" / "verdict.json").read_text())


def test_the_first_requests_after_a_start_are_no_errors_of_it(verdict):
    """They went over connections to the process before: of two users who asked fifty times two failed."""
    assert {each.scenario: each.failed for each in verdict.assessment.scenarios} == dict.fromkeys(
        ("one", "two", "few", "more", "many"), 0
    )


def test_two_places_make_nearly_twice_the_rate_of_one(verdict):
    rate, mean = (sweep for sweep in verdict.assessment.sweeps if sweep.setting == "WORKERS")
    assert (rate.statistic, rate.scenarios, rate.bounds_from) == ("rate", ["one", "two"], "batches")
    point = rate.points[1]
    assert 1.5 < point.times < 2.2
    assert point.times_lo < point.times < point.times_hi
    assert 0.75 < point.efficiency_ratio < 1.1
    assert 0.4 < mean.points[1].times < 0.7


def test_the_number_of_processes_was_read_back_and_that_of_processors_too(verdict):
    rate = next(sweep for sweep in verdict.assessment.sweeps if sweep.setting == "WORKERS")
    assert rate.read_back == "processes.count"
    assert rate.processors == verdict.assessment.watch.facts["processes.cores"]
    rows = next(sweep for sweep in verdict.assessment.sweeps if sweep.setting == "ROWS")
    assert rows.read_back is None


def test_the_time_of_an_answer_grows_with_the_rows_and_the_limit_is_foretold(verdict):
    mean = next(sweep for sweep in verdict.assessment.sweeps if (sweep.setting, sweep.statistic) == ("ROWS", "mean"))
    assert 0.6 < mean.exponent < 1.2
    (found,) = verdict.assessment.forecasts
    assert (found.scenarios, found.statistic, found.n) == (["few", "more", "many"], "mean", 3)
    assert (found.measured_from, found.measured_to) == (20, 80)
    # A straight line through 20, 40 and 80 ms reaches 240 ms at 240; nine intervals in ten have that.
    assert found.at_lo < 300
    assert found.at is None or 150 < found.at < 320
    assert found.at_hi is None or found.at_hi > 190


def test_the_report_says_it(folder):
    text = (folder / "out" / "report.md").read_text()
    assert "## Scaling over settings" in text
    assert "- WORKERS: answers a second of one, two: 2 make" in text
    assert "- ROWS: that it took effect was not read back" in text
    assert "- rows, 50 now and 10 more each month:" in text
