"""Which scenarios differ in one setting alone."""

from __future__ import annotations

import pytest

from gate.config.forecast_checks import limits_of
from gate.config.sweeps import number_of, statistics_of, sweeps
from tests.builders import suite_of

SERVED = "preview: {serve: {command: ./run.sh, env: {WORKERS: '4', ROWS: '100'}}}\n"
LOAD = "load: {users: 8, for: 30s}, mix: {home: 1}"


def found(scenarios: str, more: str = "") -> dict[str, dict[str, float]]:
    suite = suite_of(f"{SERVED}scenarios:\n{scenarios}{more}", ("home", "list"))
    return {sweep.setting: sweep.values for sweep in sweeps(suite)}


def test_values_of_a_scenario_go_over_those_of_the_preview():
    scenarios = f"  one: {{{LOAD}, serve: {{WORKERS: '1'}}}}\n  usual: {{{LOAD}}}\n"
    scenarios += f"  same: {{{LOAD}, serve: {{WORKERS: '4'}}}}\n"
    assert found(scenarios) == {"WORKERS": {"one": 1, "usual": 4, "same": 4}}


@pytest.mark.parametrize(
    "other",
    [
        "load: {users: 9, for: 30s}, mix: {home: 1}",
        "load: {users: 8, for: 31s}, mix: {home: 1}",
        "load: {users: 8, for: 30s}, mix: {home: 2}",
        "load: {users: 8, for: 30s}, mix: {home: 1, list: 1}",
    ],
)
def test_another_load_or_mix_is_no_sweep(other):
    assert found(f"  one: {{{LOAD}, serve: {{WORKERS: '1'}}}}\n  two: {{{other}, serve: {{WORKERS: '2'}}}}\n") == {}


def test_two_settings_at_once_are_no_sweep_over_either():
    assert found(f"  one: {{{LOAD}, serve: {{WORKERS: '1', ROWS: '7'}}}}\n  usual: {{{LOAD}}}\n") == {}


def test_a_grid_is_a_sweep_along_each_of_its_lines():
    cells = [f"  w{w}r{r}: {{{LOAD}, serve: {{WORKERS: '{w}', ROWS: '{r}'}}}}\n" for w in (1, 2) for r in (5, 6)]
    suite = suite_of(f"{SERVED}scenarios:\n{''.join(cells)}")
    assert sorted((sweep.setting, tuple(sweep.values)) for sweep in sweeps(suite)) == [
        ("ROWS", ("w1r5", "w1r6")),
        ("ROWS", ("w2r5", "w2r6")),
        ("WORKERS", ("w1r5", "w2r5")),
        ("WORKERS", ("w1r6", "w2r6")),
    ]


def test_what_runs_beside_others_shares_the_preview_with_them():
    beside = (
        f"  one: {{{LOAD}, serve: {{WORKERS: '1'}}, beside: [with]}}\n  with: {{{LOAD}, serve: {{WORKERS: '1'}}}}\n"
    )
    assert found(f"{beside}  usual: {{{LOAD}}}\n") == {}


def test_a_setting_that_is_no_number_orders_nothing():
    assert found(f"  fast: {{{LOAD}, serve: {{MODE: fast}}}}\n  slow: {{{LOAD}, serve: {{MODE: slow}}}}\n") == {}


@pytest.mark.parametrize(
    ("text", "number"), [("4", 4), ("0.5", 0.5), ("0", None), ("-1", None), ("1e3", None), ("", None)]
)
def test_numbers_are_above_zero(text, number):
    assert number_of(text) == number


def test_limits_are_told_of_what_the_load_does_not_set():
    both = "objectives: {p95: 200ms, max: 1s, error_rate: 1%, rate: 5/s}"
    slow = "load: {rate: 5/s, for: 30s}, mix: {home: 1}"
    find = 'load: {find: max_rate, until: "p95 <= 1s", from: 1/s, limit: 50/s}, mix: {home: 1}'
    suite = suite_of(
        f"""{SERVED}endpoints:
  home: {{request: GET /, objectives: {{p50: 50ms, p99: 2s}}}}
scenarios:
  a: {{{LOAD}, serve: {{ROWS: "1"}}, {both}}}
  b: {{{LOAD}, serve: {{ROWS: "2"}}, objectives: {{p95: 100ms, rate: 9/s}}}}
  c: {{{slow}, serve: {{ROWS: "1"}}, {both}}}
  d: {{{slow}, serve: {{ROWS: "2"}}}}
  e: {{{find}, serve: {{ROWS: "1"}}, objectives: {{capacity: 20/s}}}}
  f: {{{find}, serve: {{ROWS: "2"}}}}
""",
    )
    users, rate, search = (limits_of(suite, sweep) for sweep in sweeps(suite))
    assert users == {(None, "p95"): 0.1, (None, "rate"): 9.0, ("home", "p50"): 0.05, ("home", "p99"): 2.0}
    assert rate == {(None, "p95"): 0.2, ("home", "p50"): 0.05, ("home", "p99"): 2.0}
    assert search == {(None, "capacity"): 20.0}
    assert "rate" not in statistics_of(suite.scenarios["c"].load)
