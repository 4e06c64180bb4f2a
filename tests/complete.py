"""Where GATE_TESTS_COMPLETE is set, as in CI, every test runs: one that would be skipped fails, and says for what."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Modules can be skipped too."""
    report = yield
    _refuse_a_skip(report)
    return report


def _refuse_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    # A test that is expected to fail, and does, is reported as skipped as well.
    if os.environ.get("GATE_TESTS_COMPLETE") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr}\nGATE_TESTS_COMPLETE is set: no test may be skipped here"
