"""What could be seen, told from stored runs."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.builders import TODAY, World, history_of, run_of, suite_text

SUITE = suite_text("policy: {max_rate: 200/s}\n")


def duets(suite, count: int) -> list:
    return [
        run_of(suite, f"d{number}", base=World(), created=TODAY + dt.timedelta(days=number), rounds=12)
        for number in range(count)
    ]


def said(desk, capsys, *options) -> str:
    assert desk.run("plan", *options) == 0
    return capsys.readouterr().out


def sizes(text: str, way: str) -> list[float]:
    """Typical sizes of the first way that begins so, in percent: p50, p95."""
    _, _, table = text.partition("\nway ")
    line = next(line for line in table.splitlines() if line.startswith(way))
    return [float(found) for found in re.findall(r"\+([0-9.]+) %", line)]


def test_nothing_stored_is_a_usage_error_with_a_cure(desk, capsys):
    desk.write(SUITE)
    assert desk.run("plan") == 2
    assert "gate calibrate" in capsys.readouterr().err


def test_fresh_deployments_and_learnt_ones_show_more_and_stored_runs_no_less(desk, capsys):
    suite = desk.write(SUITE)
    desk.store(history_of(suite, 5))
    before = said(desk, capsys)
    assert "is assumed" in before
    # Beyond a handful more stored runs hardly sharpen one look at one candidate run: its own luck is what is left.
    few, many = sizes(before, "5 stored runs"), sizes(before, "20 stored runs")
    assert all(b <= 1.2 * a for a, b in zip(few, many, strict=True))
    assert sizes(before, "duet, thorough: one pair of deployments, 1 fresh") < sizes(
        before, "duet, thorough: one pair of deployments  "
    )
    desk.store(duets(suite, 12))
    after = said(desk, capsys)
    assert "was learnt from 12 duets" in after
    assert sizes(after, "duet, thorough: one pair") < sizes(before, "duet, thorough: one pair")


def test_less_time_is_a_shorter_design(desk, capsys):
    desk.store(history_of(desk.write(SUITE), 5))
    assert "duet, short" in said(desk, capsys, "--minutes", "0.6")
    fixed = said(desk, capsys, "--minutes", "0.5")
    assert "duet, fixed: one pair of deployments" in fixed
    assert "fresh  " not in fixed


def test_only_ways_for_the_deployments_at_hand(desk, capsys):
    desk.store(history_of(desk.write(SUITE), 5))
    assert "2 pairs" in said(desk, capsys)
    assert "2 pairs" not in said(desk, capsys, "--preview-count", "1")


def test_what_it_takes_to_see_a_size_or_why_it_cannot_be_had(desk, capsys):
    suite = desk.write(SUITE)
    desk.store([*history_of(suite, 5), *duets(suite, 12)])
    easy = said(desk, capsys, "--see", "40%")
    assert re.search(r"[0-9]+ stored runs of main \([^)]+\); within the 3 min and 60,000 requests there are", easy)
    assert "a base and one deployment of each side; within the 3 min and 60,000 requests there are" in easy
    hard = said(desk, capsys, "--see", "1.5%")
    assert hard.count("cannot be had") == 2
    assert "  not with a base, however long: deployments of the same code are taken to differ" in hard
    assert "  not with stored runs: one run of the preview varies so much by itself" in hard


def test_a_longer_time_that_is_asked_about_is_what_there_is(desk, capsys):
    suite = desk.write(SUITE)
    desk.store([*history_of(suite, 5), *duets(suite, 12)])
    assert "within the 10 min and 60,000 requests there are" in said(desk, capsys, "--see", "40%", "--minutes", "10")


def test_a_budget_of_requests_binds_as_well_as_time(desk, capsys):
    suite = desk.write(suite_text("policy: {max_rate: 200/s, budget: {time: 10m, requests: 2000}}\n"))
    desk.store(history_of(suite, 5))
    told = said(desk, capsys, "--minutes", "60")
    assert "In 60 min and 2,000 requests" in told
    assert "duet" not in told.partition("\nway ")[2].partition("\n\n")[0]
    assert "not enough for a duet, which takes" in told


@pytest.mark.parametrize("options", [("--minutes", "0"), ("--see", "10"), ("--see", "0%"), ("--preview-count", "0")])
def test_numbers_that_mean_nothing_are_refused(desk, options):
    desk.store(history_of(desk.write(SUITE), 3))
    assert desk.run("plan", *options) == 2
