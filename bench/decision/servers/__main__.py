"""The whole gate against real servers: checks of unchanged and of slower previews, beside a base and by stored runs.

``python -m bench.decision.servers --state FOLDER --minutes 60`` makes as many checks as fit and may be called again
until all are made; every check is noted when it ends, so it may be interrupted at any time. ``--lane 1/3`` makes a
third of them, for three side by side in folders of their own. ``--report FOLDER...`` publishes what there is in them as
``bench/results/servers.json``. Some 1,700 checks of ten seconds: five hours in one lane.

Lanes may fill half of the processors, not all: where none is ever idle, blocks of the same server differ three times as
much, and the gate rightly misses a fifth. The share that was idle stands in every line of the journal.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from bench.decision.servers import checks, journal, lanes, report
from bench.decision.servers.cases import CASES, CHANNELS, WAYS, Planned, Way, schedule
from bench.decision.servers.journal import JournalError
from bench.decision.servers.study import Study
from bench.decision.servers.suite import BUDGET_S, RATE_RPS, WAIT_S, suite_text
from bench.figures import publish

SEED = 1


def main(arguments: list[str] | None = None) -> int:
    """Go on with the study, report it, or both."""
    options = _options()
    chosen = options.parse_args(arguments)
    if chosen.state is None and (not chosen.report or chosen.checks or chosen.minutes):
        options.error("--state is missing: the folder of the study")
    if chosen.idle > 0 and chosen.lane.of > 1:
        options.error("--idle would wait for the other lanes; give it with one lane only")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # servers are ended on the way out
    try:
        if chosen.checks or chosen.minutes:
            _go_on(chosen)
        if chosen.report is not None:
            folders: list[Path] = chosen.report or [chosen.state]
            told = lanes.add_up([(str(folder), *journal.read(folder)) for folder in folders])
            return 0 if publish("servers", report.figures(*told)) else 1
    except JournalError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _go_on(chosen: argparse.Namespace) -> None:
    budget_s: dict[Way, float] = {"duet": chosen.seconds, "stored": chosen.stored_seconds}
    suites = {way: suite_text(budget_s[way], chosen.rate) for way in WAYS}
    settings = {name: getattr(chosen, name) for name in ("seed", "pairs", "rate", "seconds", "stored_seconds")}
    settings |= {lanes.LANE: str(chosen.lane), "wait_s": WAIT_S, "suites": suites}
    with journal.opened(chosen.state, settings) as book:
        site = checks.Site(chosen.state.resolve(), WAIT_S, chosen.pairs)
        for way in WAYS:
            site.suite(way).write_text(suites[way], encoding="utf-8")
        Study(site, book, chosen.seed, chosen.lane, chosen.idle).go_on(_wanted(chosen), chosen.checks, chosen.minutes)


def _wanted(chosen: argparse.Namespace) -> list[Planned]:
    return [
        planned
        for planned in schedule(chosen.seed)
        if planned.way in chosen.ways and planned.channel in chosen.channels and planned.case.name in chosen.cases
    ]


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m bench.decision.servers", description=__doc__)
    options.add_argument("--state", type=Path, help="folder of the study, or of a lane; given again, it goes on")
    options.add_argument("--checks", type=int, help="make at most so many")
    options.add_argument("--minutes", type=float, help="begin no check after so long")
    options.add_argument("--lane", type=_lane, default=lanes.ALONE, help="share of the checks, as 1/3 (default 1/1)")
    options.add_argument(
        "--idle", type=float, default=0.0, help="wait before each check until this share of the processors is idle"
    )
    options.add_argument(
        "--report", type=Path, nargs="*", metavar="STATE", help="publish what there is in these (default: in --state)"
    )
    names = [case.name for case in CASES]
    options.add_argument("--cases", nargs="+", choices=names, default=names, help="only these (default all)")
    options.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="only these (default both)")
    options.add_argument("--channels", nargs="+", choices=CHANNELS, default=CHANNELS, help="only these (default both)")
    options.add_argument("--seed", type=int, default=SEED, help=f"of the order of checks (default {SEED})")
    options.add_argument("--pairs", type=int, default=1, help="deployments of an arm in one check (default 1)")
    for way, option in zip(WAYS, ("--seconds", "--stored-seconds"), strict=True):
        told = f"policy.budget.time, {way} (default {BUDGET_S[way]:g})"
        options.add_argument(option, type=float, default=BUDGET_S[way], help=told)
    options.add_argument(
        "--rate", type=float, default=RATE_RPS, help=f"requests per second of an endpoint (default {RATE_RPS:g})"
    )
    return options


def _lane(text: str) -> lanes.Lane:
    try:
        return lanes.parse_lane(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
