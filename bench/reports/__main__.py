"""``python -m bench.reports [NAME ...]``: make the reports of docs/reports, all of them or only those.

Each is measured in full size by the command that docs/reports/README.md names, and kept with its run beside it.
``--again`` makes it from the run that is kept, offline: for when the gate says something in other words. ``--small``
measures the profile ci into a folder, and says what the committed report has and the small one has not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.reports.catalogue import REPORTS, Report, reports
from bench.reports.comparing import lost_claims, lost_rows_of
from bench.reports.making import NotMade, keep, measure, render


def main() -> int:
    """Make what is asked for; 1 if any could not be made, or lacks something."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__.partition("\n")[0])
    there = {report.name: report for report in reports()}
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all unless said: {', '.join(there)}")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--again", action="store_true", help="from the runs that are kept, without measuring")
    how.add_argument("--small", action="store_true", help="profile ci, into --out")
    parser.add_argument("--out", type=Path, default=Path("gate-out"), metavar="DIR", help="default gate-out")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in there]
    if unknown:
        parser.error(f"no report {unknown[0]!r}; there are: {', '.join(there)}")
    chosen = [there[name] for name in options.names or there]
    if options.small:
        made = [_small(report, options.out) for report in chosen]
    else:
        made = [_full(report, again=options.again) for report in chosen]
    return 0 if all(made) else 1


def _full(report: Report, *, again: bool) -> bool:
    try:
        keep(report, render(report) if again else measure(report, small=False), REPORTS)
    except NotMade as error:
        print(f"{report.name}: {error}", file=sys.stderr)
        return False
    print(f"{report.name}: {report.file}")
    return True


def _small(report: Report, out: Path) -> bool:
    try:
        made = measure(report, small=True)
        keep(report, made, out)
        lost = [*lost_claims(report, made), *lost_rows_of(report, made)]
    except NotMade as error:
        print(f"{report.name}: {error}", file=sys.stderr)
        return False
    for line in lost:
        print(f"{report.name} lacks {line}")
    return not lost


if __name__ == "__main__":
    sys.exit(main())
