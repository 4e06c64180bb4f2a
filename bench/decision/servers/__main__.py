"""The whole gate against real servers: checks of unchanged and of slower previews, beside a base and by stored runs.

``python -m bench.decision.servers --state FOLDER --minutes 60`` makes as many checks as fit and may be called again
until all are made; every check is noted when it ends, so it may be interrupted at any time. ``--report`` publishes
what there is as ``bench/results/servers.json``. Some 1,700 checks of 20 seconds: ten hours in all.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.decision.servers import checks, journal, report
from bench.decision.servers.cases import CASES, CHANNELS, WAYS, Channel, Planned, schedule
from bench.decision.servers.journal import Journal, JournalError, Line
from bench.decision.servers.processors import idle_s
from bench.decision.servers.suite import REFRESH_EVERY, STORED_RUNS, WAIT_S, suite_text
from bench.figures import publish
from bench.load.machine import say

SEED = 1
_MOST_FAILURES = 3
"""Refreshes in a row that may fail."""
_LOOK_EVERY = 50
"""Lines of the journal after which a look at main is too old."""
_QUIET_S = 3.0
"""How long the processors must have been idle."""


def main(arguments: list[str] | None = None) -> int:
    """Go on with the study, report it, or both."""
    chosen = _options().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # servers are ended on the way out
    try:
        if chosen.checks or chosen.minutes:
            settings = {"seed": chosen.seed, "pairs": chosen.pairs, "wait_s": WAIT_S}
            settings["suite"] = suite_text(chosen.seconds, chosen.rate)
            with journal.opened(chosen.state, settings) as book:
                site = checks.Site(chosen.state.resolve(), WAIT_S, chosen.pairs)
                site.suite.write_text(settings["suite"], encoding="utf-8")
                Study(site, book, chosen.seed, chosen.idle).go_on(_wanted(chosen), chosen.checks, chosen.minutes)
        if chosen.report:
            return 0 if publish("servers", report.figures(*journal.read(chosen.state))) else 1
    except JournalError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _wanted(chosen: argparse.Namespace) -> list[Planned]:
    return [
        planned
        for planned in schedule(chosen.seed)
        if planned.way in chosen.ways and planned.channel in chosen.channels and planned.case.name in chosen.cases
    ]


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m bench.decision.servers", description=__doc__)
    options.add_argument("--state", type=Path, required=True, help="folder of the study; given again, it goes on")
    options.add_argument("--checks", type=int, help="make at most so many")
    options.add_argument("--minutes", type=float, help="begin no check after so long")
    options.add_argument(
        "--idle", type=float, default=0.0, help="wait before each check until this share of the processors is idle"
    )
    options.add_argument("--report", action="store_true", help="publish what there is")
    names = [case.name for case in CASES]
    options.add_argument("--cases", nargs="+", choices=names, default=names, help="only these (default all)")
    options.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="only these (default both)")
    options.add_argument("--channels", nargs="+", choices=CHANNELS, default=CHANNELS, help="only these (default both)")
    options.add_argument("--seed", type=int, default=SEED, help=f"of the order of checks (default {SEED})")
    options.add_argument("--pairs", type=int, default=1, help="deployments of an arm in one check (default 1)")
    options.add_argument("--seconds", type=float, default=12.0, help="policy.budget.time (default 12)")
    options.add_argument("--rate", type=float, default=50.0, help="requests per second of an endpoint (default 50)")
    return options


class Study:
    """Goes on with a study where its journal ends."""

    def __init__(self, site: checks.Site, book: Journal, seed: int, idle_ratio: float) -> None:
        self._site, self._book, self._seed, self._idle_ratio = site, book, seed, idle_ratio

    def go_on(self, wanted: list[Planned], most: int | None, minutes: float | None) -> None:
        """Make the checks that are missing, in order, until so many were made or so much time has passed."""
        until_s = math.inf if minutes is None else time.monotonic() + 60 * minutes
        for made, planned in enumerate(self._missing(wanted)):
            if made == most or not self._is_quiet(until_s):
                return
            seen_s = self._seen_s(planned.channel) if planned.slowed else {}
            if planned.way == "stored":
                self._store_runs(planned.channel)
            line = checks.check(self._site, planned, seen_s, self._next_seed())
            self._book.append(line)
            what = f"{planned.number} {planned.channel} {planned.way} {planned.case.name} {','.join(planned.slowed)}"
            say(f"{what}: {_told(line)}, blamed {','.join(line['blamed']) or 'none'}")

    def _is_quiet(self, until_s: float) -> bool:
        """Let others on this machine go first; False if time was over before they had.

        When to wait is seen by the processors alone, before a check, so it favours no verdict.
        """
        while time.monotonic() < until_s:
            before_s = idle_s()
            time.sleep(_QUIET_S if self._idle_ratio > 0 else 0.0)
            if idle_s() - before_s >= self._idle_ratio * _QUIET_S * (os.cpu_count() or 1):
                return True
        return False

    def _missing(self, wanted: list[Planned]) -> Iterator[Planned]:
        made = {line["number"] for line in self._book.lines if line["kind"] == "check"}
        return (planned for planned in wanted if planned.number not in made)

    def _next_seed(self) -> int:
        return 100_000 * self._seed + len(self._book.lines)

    def _seen_s(self, channel: Channel) -> dict[str, float]:
        """What a client sees of main; looked at again now and then, for machines and neighbours change."""
        for line in reversed(self._book.lines[-_LOOK_EVERY:]):
            if line["kind"] == "look" and line["channel"] == channel:
                return dict(line["seen_s"])
        seen_s = checks.look(self._site, channel, self._next_seed())
        self._book.append({"kind": "look", "channel": channel, "seen_s": seen_s})
        say(f"{channel}: {json.dumps({name: round(s, 4) for name, s in seen_s.items()})} s")
        return seen_s

    def _store_runs(self, channel: Channel) -> None:
        """Measure main as often as it should have been by now."""
        of_channel = [line for line in self._book.lines if line.get("channel") == channel]
        checked = sum(line["kind"] == "check" and line["way"] == "stored" for line in of_channel)
        stored = sum(line["kind"] == "refresh" and line["exit_code"] == 0 for line in of_channel)
        failures = 0
        while stored < STORED_RUNS + checked // REFRESH_EVERY:
            line = checks.refresh(self._site, channel, len(self._book.lines), self._next_seed())
            self._book.append(line)
            say(
                f"main over {channel}: exit {line['exit_code']}, {line['seconds']:.1f} s, {line['idle_ratio']:.0%} idle"
            )
            if line["exit_code"] == 0:
                stored, failures = stored + 1, 0
            elif (failures := failures + 1) == _MOST_FAILURES:
                raise SystemExit(f"main could not be measured {failures} times in a row: {line['said']}")


def _told(line: Line) -> str:
    return f"exit {line['exit_code']}, {line['seconds']:.1f} s, {line['idle_ratio']:.0%} idle"


if __name__ == "__main__":
    sys.exit(main())
