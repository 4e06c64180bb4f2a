"""Going on with a study where its journal ends."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Sequence

from bench.decision.servers import checks
from bench.decision.servers.cases import Channel, Planned
from bench.decision.servers.journal import Journal, Line
from bench.decision.servers.lanes import Lane
from bench.decision.servers.processors import idle_s
from bench.decision.servers.suite import REFRESH_EVERY, STORE_EVERY, STORED_RUNS
from bench.load.machine import say

_MOST_FAILURES = 3
"""Refreshes in a row that may fail."""
_LOOK_EVERY = 50
"""Lines of the journal after which a look at main is too old."""
_QUIET_S = 3.0
"""How long the processors must have been idle."""


class Study:
    """One lane of a study, with servers, stored runs and a journal of its own."""

    def __init__(self, site: checks.Site, book: Journal, seed: int, lane: Lane, idle_ratio: float) -> None:
        self._site, self._book, self._seed, self._lane, self._idle_ratio = site, book, seed, lane, idle_ratio

    def go_on(self, wanted: Sequence[Planned], most: int | None, minutes: float | None) -> None:
        """Make the checks that are missing, in order, until so many were made or so much time has passed."""
        until_s = math.inf if minutes is None else time.monotonic() + 60 * minutes
        for made, planned in enumerate(self._missing(wanted)):
            if made == most or not self._is_quiet(until_s):
                return
            seen_s = self._seen_s(planned.channel) if planned.slowed else {}
            self._store_runs(planned)
            line = checks.check(self._site, planned, seen_s, self._next_seed())
            self._note(line)
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

    def _missing(self, wanted: Sequence[Planned]) -> Iterator[Planned]:
        made = {line["number"] for line in self._book.lines if line["kind"] == "check"}
        missing = [planned for planned in wanted if self._lane.has(planned) and planned.number not in made]
        return iter(sorted(missing, key=lambda planned: planned.way))  # duets first, and main stored in between

    def _next_seed(self) -> int:
        return self._lane.seed(self._seed, len(self._book.lines))

    def _note(self, line: Line) -> None:
        self._book.append(line | {"lanes": self._lane.of})

    def _seen_s(self, channel: Channel) -> dict[str, float]:
        """What a client sees of main; looked at again now and then, for machines and neighbours change."""
        for line in reversed(self._book.lines[-_LOOK_EVERY:]):
            if line["kind"] == "look" and line["channel"] == channel:
                return dict(line["seen_s"])
        seen_s = checks.look(self._site, channel, self._next_seed())
        self._note({"kind": "look", "channel": channel, "seen_s": seen_s})
        say(f"{channel}: {json.dumps({name: round(s, 4) for name, s in seen_s.items()})} s")
        return seen_s

    def _store_runs(self, planned: Planned) -> None:
        """Measure main as often as it should have been by now: spread over the duets, then as merges do."""
        channel = planned.channel
        of_channel = [line for line in self._book.lines if line.get("channel") == channel]
        duets, checked = (
            sum(line["kind"] == "check" and line["way"] == way for line in of_channel) for way in ("duet", "stored")
        )
        stored = sum(line["kind"] == "refresh" and line["exit_code"] == 0 for line in of_channel)
        failures = 0
        wanted = min(STORED_RUNS, duets // STORE_EVERY)
        if planned.way == "stored":
            wanted = STORED_RUNS + checked // REFRESH_EVERY
        while stored < wanted:
            line = checks.refresh(self._site, channel, len(self._book.lines), self._next_seed())
            self._note(line)
            say(f"main over {channel}: {_told(line)}")
            if line["exit_code"] == 0:
                stored, failures = stored + 1, 0
            elif (failures := failures + 1) == _MOST_FAILURES:
                raise SystemExit(f"main could not be measured {failures} times in a row: {line['said']}")


def _told(line: Line) -> str:
    return f"exit {line['exit_code']}, {line['seconds']:.1f} s, {line['idle_ratio']:.0%} idle"
