"""Run files made from measurements that others recorded, and the shipped way from there to a verdict.

A verdict comes from ``judge_runs``, the step of ``gate compare`` behind its reading of files; ``compare_files`` is the
whole command on files, and a test holds the two to the same bytes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from gate.baseline.directory import DirectoryStore
from gate.baseline.window import append_run
from gate.commands.judging import judge_runs
from gate.commands.outputs import VERDICT_FILE, pretty, write_run
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.console import StreamConsole
from gate.measure.hashes import endpoint_hash
from gate.record.endpoint import ArmRecord, EndpointRecord
from gate.record.run import Environment, GeneratorHealth, Run
from gate.record.value import Arm
from gate.stats.proportion import lower_bound, upper_bound
from gate.verdict.values import Verdict
from gate.version import tool_version
from gate.wiring import real_effects

_CONFIDENCE = 0.975
"""One-sided, of each end: together the two-sided 95 % interval."""
_EFFECTS = real_effects(StreamConsole(sys.stdout, sys.stderr), {})


def suite_text(
    name: str, endpoints: Iterable[str], gated: Collection[str], window: int = 30, on_suspect: str = "decide"
) -> str:
    """A suite as YAML; endpoints that are not gated are measured and shown, and never block.

    Two keys differ from their defaults. Loopback endpoints answer in less than the absolute floor of 1 ms, so it is
    zero. Stored runs of any age count, up to ``window`` of them, because a replay asks for a number of stored runs and
    a weekly history has only eight in 60 days.
    """
    lines = "".join(
        f"  {endpoint}: {{request: GET /{endpoint}, gate: {str(endpoint in gated).lower()}}}\n"
        for endpoint in endpoints
    )
    return (
        f"suite: {name}\nendpoints:\n{lines}policy: {{absolute_floor: 0ms, on_suspect: {on_suspect}}}\n"
        f"baselines: {{window: {window}, max_age: 3660d}}\n"
    )


def suite_of(text: str) -> Suite:
    """The suite of such a text."""
    return read_suite(text.encode(), "gate.yml")


def hashes_of(suite: Suite) -> dict[str, str]:
    """Config hash of each endpoint."""
    return {name: endpoint_hash(suite, name) for name in suite.endpoints}


def run_of(
    suite: str,
    run_id: str,
    arms: Mapping[str, Mapping[Arm, ArmRecord]],
    hashes: Mapping[str, str],
    *,
    created: str,
    commit: str,
    environment: Environment,
    one_host: bool,
) -> Run:
    """A run from the records of its endpoints; what nobody recorded of the load generator is zero."""
    records = [record for by_arm in arms.values() for record in by_arm.values()]
    return Run(
        tool=tool_version(),
        suite=suite,
        run_id=run_id,
        created=created,
        commit=commit,
        environment=environment,
        one_host=one_host,
        seed=0,
        complete=True,
        ready_after_s=0.0,
        elapsed_s=0.0,
        generator=GeneratorHealth(
            planned=sum(block.planned for record in records for block in record.blocks),
            sent=sum(record.sent for record in records),
            dropped=0,
            lag_p50_s=0.0,
            lag_p99_s=0.0,
            cpu_share=0.0,
            repeated=0,
            spoiled=0,
            peak_in_flight=0,
        ),
        endpoints={name: EndpointRecord(config_hash=hashes[name], arms=dict(by_arm)) for name, by_arm in arms.items()},
    )


def verdict_of(suite: Suite, candidates: tuple[Run, ...], stored: Sequence[Run] = ()) -> Verdict:
    """Judge in this process."""
    return judge_runs(suite, candidates, list(stored), _EFFECTS)


def verdict_bytes(verdict: Verdict) -> bytes:
    """A verdict as the command writes it."""
    return pretty(verdict)


def compare_files(folder: Path, text: str, candidates: Iterable[Run], stored: Iterable[Run] = ()) -> bytes:
    """Judge by ``gate compare`` in a process of its own, from files in an empty folder; the verdict file it leaves."""
    (folder / "gate.yml").write_text(text, encoding="utf-8")
    store = DirectoryStore(folder / "baselines")
    store.root.mkdir()
    for run in stored:
        append_run(store, run)
    files = [str(write_run(folder, run)) for run in candidates]
    command = [sys.executable, "-m", "gate", "compare", "--suite", "gate.yml", "--baselines", "dir:baselines"]
    done = subprocess.run([*command, "--out", "out", *files], cwd=folder, capture_output=True, text=True, check=False)
    try:
        return (folder / "out" / VERDICT_FILE).read_bytes()
    except FileNotFoundError:
        raise RuntimeError(f"gate compare left no verdict, exit {done.returncode}: {done.stderr}") from None


@dataclass(frozen=True)
class Tally:
    """How often something happened."""

    count: int
    n: int

    @classmethod
    def of(cls, seen: Iterable[bool]) -> Tally:
        """Count what is true."""
        found = list(seen)
        return cls(sum(found), len(found))

    def figure(self, what: str, command: str, *, goal: str | None = None, figure_id: str | None = None) -> Figure:
        """Share in percent with its Clopper-Pearson interval, as if replays were independent of each other."""
        interval = tuple(round(100 * bound(self.count, self.n, _CONFIDENCE), 2) for bound in (lower_bound, upper_bound))
        value = round(100 * self.count / self.n, 2)
        return Figure(what, value, "%", goal, self.n, (interval[0], interval[1]), command, figure_id)
