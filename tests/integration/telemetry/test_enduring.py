"""Long loads in small: answers that slow down with each request, and tokens that end after two seconds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.integration.telemetry.gates import environment, gate, run_in

SUITE = """\
suite: s
preview: {{serve: {{command: "{python} {application}", env: {{{env}}}}}, ready: {{timeout: 30s}}}}
identities:
  user:
    login: [{{request: POST /login, json: {{}}, extract: {{token: $.token}}}}]
    headers: {{X-Token: "{{token}}"}}
endpoints:
  home: {{request: GET /, rate: 100/s}}
  asked: {{request: "GET {path}", identity: user, rate: 100/s, gate: false}}
policy: {{max_rate: 200/s, budget: {{time: 6s}}, false_block_rate: 5%}}
scenarios: {{long: {{load: {load}, mix: {{asked: 1}}, objectives: {objectives}}}}}
"""


def ran(folder, path, load, objectives, command="check", **env):
    text = SUITE.format(
        python=sys.executable,
        application=Path(__file__).with_name("enduring.py"),
        env=", ".join(f'{name}: "{value}"' for name, value in env.items()),
        path=path,
        load=load,
        objectives=objectives,
    )
    return gate(folder, text, command, env=environment())


def row_in(folder, metric):
    rows = json.loads((folder / "out" / "verdict.json").read_text())["rows"]
    return next(row for row in rows if row["metric"] == metric)


def test_answers_that_slow_down_with_each_request_are_found(tmp_path):
    load = "{users: 2, think: 2ms, for: 40s}"
    done = ran(tmp_path, "/slower", load, "{degradation: 5%}", SLOWER_S="0.000008", LIFE_S="600")
    row = row_in(tmp_path, "limit:degradation")
    assert (done.returncode, row["outcome"], row["blocks"]) == (1, "missed", True), done.stdout
    assert row["lo"] > 0.05
    record = run_in(tmp_path).scenarios["long"]
    assert 24 <= len(record.periods) <= 48
    assert sum(period.completed for period in record.periods) >= 0.9 * record.completed
    times = [period.p50_s for period in record.periods]
    assert times[-1] > 1.5 * times[0]
    report = (tmp_path / "out" / "report.md").read_text()
    assert "long: p50 grows by" in report
    assert "it degrades" in report


def test_those_that_do_not_are_not_called_so(tmp_path):
    done = ran(tmp_path, "/", "{rate: 50/s, for: 20s, stretch: 7s}", "{degradation: 5%}", LIFE_S="600")
    row = row_in(tmp_path, "limit:degradation")
    assert row["outcome"] in ("inconclusive", "met"), done.stdout  # beside other work that ends it may even get faster
    assert "degrade" in row["notices"][0]["message"]
    periods = run_in(tmp_path).scenarios["long"].periods
    assert [period.from_s for period in periods] == sorted(period.from_s for period in periods)
    assert sum(period.completed for period in periods) >= 900  # of three stretches one after the other


def test_a_load_outlives_its_tokens_where_they_are_made_again_in_time(tmp_path):
    done = ran(tmp_path, "/me", "{rate: 20/s, for: 12s, stretch: 1s}", "{expiries: 5, success: 100%}")
    assert done.returncode == 0, done.stdout + done.stderr
    logins = run_in(tmp_path).scenarios["long"].logins
    assert (logins.life_s, logins.renewals, logins.refused) == (2.0, 11, 0)
    row = row_in(tmp_path, "limit:expiries")
    assert (row["outcome"], row["limit"]) == ("met", 5)
    assert row["candidate"] in (5, 6)  # the last answer comes a little before the end
    report = (tmp_path / "out" / "report.md").read_text()
    assert "long: logins last 2 s; the load lasted" in report
    assert "of their lives: made again 11 times, no answer 401" in report


def test_a_stretch_that_no_token_outlives_is_not_measured(tmp_path):
    done = ran(tmp_path, "/me", "{rate: 20/s, for: 6s}", "{expiries: 1}", "run")
    assert done.returncode == 3
    assert "a login lasts 2 s, and what is to be measured takes 6 s" in done.stderr
    assert "stretch" in done.stderr


def test_tokens_of_which_nobody_says_when_they_end_are_made_again_between_stretches(tmp_path):
    load = "{rate: 20/s, for: 6s, stretch: 1s}, mix: {asked: 1}}, short: {load: {rate: 20/s, for: 5s}"
    done = ran(tmp_path, "/me", load, "{expiries: 1}", OPAQUE="1")
    assert done.returncode == 3, done.stdout
    found = run_in(tmp_path)
    assert found.scenarios["long"].logins.model_dump() == {"life_s": None, "renewals": 5, "refused": 0}
    assert found.scenarios["short"].logins.refused > 0
    assert row_in(tmp_path, "limit:expiries")["outcome"] == "not_measured"
    (notice,) = [notice for notice in found.notices if notice.code == "logins-refused"]
    assert "nobody says how long a login lasts, so it may have run out" in notice.message
