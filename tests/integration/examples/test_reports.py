"""Every system in small size makes a report with the rows and claimed lines of the committed ones."""

from __future__ import annotations

import shutil

import pytest

from bench.reports.catalogue import Report, reports
from bench.reports.comparing import lost_claims, lost_rows_of
from bench.reports.making import measure
from tests.integration.examples.servers import load_postgres


def by_run() -> dict[str, list[Report]]:
    """Reports that differ by their profile alone are compared with one run."""
    groups: dict[object, list[Report]] = {}
    for report in reports():
        groups.setdefault((tuple(report.settings.items()), report.small), []).append(report)
    return {group[0].name: group for group in groups.values()}


@pytest.mark.long
@pytest.mark.parametrize("group", by_run().values(), ids=by_run())
def test_in_small_size_every_row_is_there(group):
    if "examples/postgres.py" in group[0].arguments:
        module = load_postgres()
        try:
            module.find_binaries()
        except module.PostgresError as error:
            pytest.skip(str(error))
    if "REDIS_URL" in group[0].settings and shutil.which("redis-server") is None:
        pytest.skip("no redis-server here; install redis-server")
    made = measure(group[0], small=True)
    assert {report.name: lost_claims(report, made) for report in group} == {report.name: [] for report in group}
    kept = [report for report in group if report.run_file.exists()]
    assert {report.name: lost_rows_of(report, made) for report in kept} == {report.name: [] for report in kept}
