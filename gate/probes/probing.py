"""All probes of one run on one deployment: those before the load, those after it, and the table of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from gate.config.environment import Redactor
from gate.config.probe_kinds import Tally
from gate.config.probes import Probe
from gate.config.suite import Suite
from gate.probes import command, growth, requests, sockets, steps, tally
from gate.probes.about import value_of
from gate.probes.asked import Way
from gate.probes.command import Command
from gate.probes.hashes import probe_hash
from gate.probes.outcome import Came, unmeasured
from gate.probes.postgres import Inspect
from gate.probes.tally import NotReadError
from gate.probes.words import expected
from gate.record.probes import AboutRecord, ProbeRecord
from gate.record.value import Spread
from gate.stats.sample import quantile

Asked = Callable[[str], tuple[int, int]]
"""Requests of an endpoint that the load has made so far: answered as expected, and all."""


@dataclass(frozen=True)
class Elsewhere:
    """What probes may do to the world beside asking the deployment; without it they are not measured."""

    execute: Command | None = None
    """Runs a command beside the application."""
    inspect: Inspect | None = None
    """Looks into its database."""


class Probing:
    """Probes of one run.

    Parameters
    ----------
    asked : callable
        What the load has made so far; a tally is compared with it.
    secrets : callable
        Values that may stand in no record, by name.
    say : callable
        Tells people what happens.
    """

    def __init__(
        self,
        suite: Suite,
        seed: int,
        way: Way,
        asked: Asked,
        elsewhere: Elsewhere,
        secrets: Callable[[], Mapping[str, str]],
        say: Callable[[str], None],
    ) -> None:
        self._suite, self._seed, self._way = suite, seed, way
        self._asked, self._elsewhere, self._secrets, self._say = asked, elsewhere, secrets, say
        self._begun: dict[str, tuple[int, int, int]] = {}
        """Count, answered and sent before the load, by name of the tally."""
        self.records: dict[str, ProbeRecord] = {}
        """By name of the probe."""
        self.about: dict[str, AboutRecord] = {}
        """By name of the line."""

    def before(self) -> None:
        """Everything that is asked before the load; counts are read last, for probes may move them."""
        for name, line in self._suite.about.items():
            value = value_of(line, self._way)
            told = None if value is None else self._redacted(value)
            self.about[name] = AboutRecord(value=told, is_declared=line.value is not None)
        self._run("before")
        for probe in self._suite.probes:
            if probe.tally is not None:
                self._begin(probe, probe.tally)

    def after(self) -> None:
        """Everything that is asked after the load; counts are read first."""
        for probe in self._suite.probes:
            if probe.tally is not None and probe.name in self._begun:
                self._note(probe, self._end(probe.tally, *self._begun[probe.name]))
        self._run("after")

    def _run(self, when: str) -> None:
        for probe in self._suite.probes:
            if probe.when == when and probe.tally is None:
                self._say(f"probe {probe.name}")
                self._note(probe, self._came(probe))

    def _came(self, probe: Probe) -> Came:
        if probe.growth is not None:
            return growth.grow(self._suite, probe.growth, self._way, Random(f"{self._seed}/{probe.slug}"))
        if probe.command is not None:
            return command.run(probe.command, self._elsewhere.execute)
        if probe.postgres is not None:
            if self._elsewhere.inspect is None:
                return unmeasured("there is no database to look into")
            return self._elsewhere.inspect(probe.postgres)
        if probe.socket is not None:
            return sockets.refused(probe.socket, self._way)
        if probe.steps:
            return steps.take(probe, self._way)
        return requests.ask(probe, self._way)

    def _begin(self, probe: Probe, wanted: Tally) -> None:
        try:
            self._begun[probe.name] = (tally.read(wanted, self._way), *self._sent(wanted))
        except NotReadError as error:
            self._note(probe, unmeasured(f"before the load {error}", 1))

    def _end(self, wanted: Tally, before: int, answered: int, sent: int) -> Came:
        try:
            after = tally.read(wanted, self._way)
        except NotReadError as error:
            return unmeasured(f"after the load {error}", 2)
        now_answered, now_sent = self._sent(wanted)
        return tally.compare(wanted, before, after, now_answered - answered, now_sent - sent)

    def _sent(self, wanted: Tally) -> tuple[int, int]:
        made = [self._asked(name) for name in dict.fromkeys(wanted.of)]
        return sum(answered for answered, _ in made), sum(sent for _, sent in made)

    def _note(self, probe: Probe, came: Came) -> None:
        self.records[probe.name] = ProbeRecord(
            config_hash=probe_hash(self._suite, probe),
            kind=probe.kind,
            outcome=came.outcome,
            expected=expected(probe),
            seen=self._redacted(came.seen),
            n=came.n,
            n_passed=came.n_passed,
            times=_spread(came.latencies_s),
            growth=came.growth,
            tally=came.tally,
        )

    def _redacted(self, text: str) -> str:
        return Redactor(self._secrets()).redact(text)


def _spread(latencies_s: tuple[float, ...]) -> Spread | None:
    if not latencies_s:
        return None
    found = sorted(latencies_s)
    return Spread(n=len(found), p50_s=quantile(found, 0.5), p95_s=quantile(found, 0.95), max_s=found[-1])
