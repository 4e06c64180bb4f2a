"""Sound runs for tests: seeded noise, summed up by the same code that sums up what was really measured."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from gate.baseline.directory import DirectoryStore
from gate.baseline.select import select
from gate.baseline.window import append_run
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.load.histogram import Histogram, record_many
from gate.load.job import LaneResult
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.hashes import endpoint_hash, scenario_hash
from gate.measure.tally import ArmTally
from gate.record.codec import encode_run
from gate.record.endpoint import ArmRecord, EndpointRecord, Phase
from gate.record.plan import PlanRecord
from gate.record.run import Environment, GeneratorHealth, Run
from gate.record.scenario import ScenarioRecord, SocketRecord
from gate.record.value import Arm, Notice
from gate.verdict.rules import judge
from gate.verdict.values import Row, Verdict

TODAY = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
NAMES = ("home", "list", "detail", "search", "cart", "orders", "profile", "stock")
ByRound = int | Mapping[int, int]
"""Requests of a block: the same in every round, or by round."""


def suite_of(text: str = "", names: Sequence[str] = NAMES) -> Suite:
    """A suite of plain endpoints; ``text`` is YAML that comes on top."""
    return read_suite(suite_text(text, names).encode(), "gate.yml")


def suite_text(text: str = "", names: Sequence[str] = NAMES) -> str:
    """The YAML of ``suite_of``."""
    own = "" if "endpoints:" in text else "endpoints:\n" + "".join(f"  {name}: GET /{name}\n" for name in names)
    return f"suite: shop\n{own}{text}"


def sha_of(name: str) -> str:
    """A commit id."""
    return hashlib.sha1(name.encode()).hexdigest()


@dataclass(frozen=True)
class World:
    """How fast a deployment answers, how its runs vary, and what is wrong with it."""

    slower: Mapping[str, float] = field(default_factory=dict)
    """Factor by endpoint; ``*`` is for all of them."""
    failing: Mapping[str, ByRound] = field(default_factory=dict)
    """Requests of a block that are not answered as expected, by endpoint."""
    kind: str = "status_500"
    bodies: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Rounds in which the generator itself was late, by endpoint."""
    phases: Mapping[Phase, float] = field(default_factory=dict)
    """Share of every latency by phase; those of opening a connection are had by the first request of each block."""
    runner_sd: float = 0.05
    run_sd: float = 0.015
    block_sd: float = 0.03
    request_sd: float = 0.25
    first_s: float = 0.020
    step_s: float = 0.005

    def latency_s(self, suite: Suite, name: str) -> float:
        """What an endpoint takes without noise."""
        own = self.first_s + self.step_s * list(suite.endpoints).index(name)
        return own * self.slower.get(name, 1.0) * self.slower.get("*", 1.0)


SOUND = World()
ONE_HOST = Environment(host="loopback", runner="local/Linux/x86_64", cpu="Test CPU")
PREVIEWS = Environment(host="*.preview.example.app", runner="github-hosted/Linux/X64", cpu=None)


def run_of(
    suite: Suite,
    run_id: str = "c0",
    world: World = SOUND,
    *,
    base: World | None = None,
    rounds: int = 8,
    created: dt.datetime = TODAY,
    commit: str | None = "head",
    environment: Environment = ONE_HOST,
    one_host: bool = True,
    scenarios: Mapping[str, ScenarioRecord] | None = None,
    not_measured: Sequence[Notice] = (),
) -> Run:
    """One run; with ``base`` a duet. Equal arguments give equal runs."""
    arms: dict[Arm, World] = {"candidate": world} | ({"base": base} if base is not None else {})
    records = {
        name: {arm: _record(suite, name, run_id, arm, w, rounds) for arm, w in arms.items()} for name in suite.endpoints
    }
    blocks = [b for by_arm in records.values() for record in by_arm.values() for b in record.blocks]
    return Run(
        tool="0.0.0",
        suite=suite.name,
        run_id=run_id,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=sha_of(commit) if commit is not None else None,
        environment=environment,
        one_host=one_host,
        seed=1,
        complete=not not_measured or not_measured[0].code.startswith("generator"),
        not_measured=list(not_measured),
        ready_after_s=0.5,
        elapsed_s=60.0,
        generator=GeneratorHealth(
            planned=sum(block.planned for block in blocks),
            sent=sum(block.sent for block in blocks),
            dropped=0,
            lag_p50_s=0.0001,
            lag_p99_s=0.001,
            cpu_share=0.05,
            repeated=0,
            spoiled=sum(block.spoiled for block in blocks),
            peak_in_flight=4,
        ),
        endpoints={
            name: EndpointRecord(config_hash=endpoint_hash(suite, name), arms=by_arm)
            for name, by_arm in records.items()
        },
        scenarios=dict(scenarios or {}),
    )


def _record(suite: Suite, name: str, run_id: str, arm: Arm, world: World, rounds: int) -> ArmRecord:
    latency_s, is_loaded = world.latency_s(suite, name), suite.endpoints[name].is_loaded
    key = repr((latency_s, is_loaded, name, run_id, arm, world, rounds))
    if key not in _RECORDS:
        _RECORDS[key] = _drawn(latency_s, is_loaded, name, run_id, arm, world, rounds)
    return _RECORDS[key]


_RECORDS: dict[str, ArmRecord] = {}
"""By everything they are drawn from: the runs of main are the same ones in most tests, and drawing them is slow."""


def _drawn(latency_s: float, is_loaded: bool, name: str, run_id: str, arm: Arm, world: World, rounds: int) -> ArmRecord:
    # A run's own luck is shared by both of its arms; what an arm adds to it is drawn apart.
    runner = Random(f"runner {run_id}").gauss(0, world.runner_sd)
    own = Random(f"run {run_id} {name}").gauss(0, world.run_sd)
    draw = Random(f"{run_id} {name} {arm}")
    centre = math.log(latency_s) + runner + own
    if not is_loaded:
        return _asked_once(world, name, math.exp(centre))
    tally = ArmTally()
    for number in range(rounds):
        block = centre + draw.gauss(0, world.block_sd)
        samples = [math.exp(block + draw.gauss(0, world.request_sd)) for _ in range(BLOCK_REQUESTS)]
        tally.add(_lane(samples, name, number, world), number, number, 2.0 * number)
    return tally.record()


def _asked_once(world: World, name: str, latency_s: float) -> ArmRecord:
    tally = ArmTally()
    tally.add(replace(_lane([latency_s], name, 0, world), planned=1, sent=1), 0, 0, 0.0)
    return tally.record()


def _lane(samples: list[float], name: str, number: int, world: World) -> LaneResult:
    wanted = world.failing.get(name, 0)
    failed = min(len(samples), wanted if isinstance(wanted, int) else wanted.get(number, 0))
    kept = samples[failed:]
    size, status = world.bodies.get(name, 2000), world.kind.removeprefix("status_")
    statuses = {"200": len(kept), (status if status.isdigit() else "0"): failed}
    is_late = number in world.late.get(name, frozenset())
    return LaneResult(
        planned=len(samples),
        sent=len(samples),
        completed=len(kept),
        errors={world.kind: failed} if failed else {},
        statuses={code: count for code, count in statuses.items() if count},
        histogram=_counted(kept),
        first=_counted(kept[:1]) if world.phases else {},
        phases={
            phase: _counted([share * sample for sample in (kept if phase in ("wait", "receive") else kept[:1])])
            for phase, share in world.phases.items()
        },
        protocols={"1.1": len(kept)} if world.phases else {},
        samples=kept,
        service=[sample / 3 for sample in kept] if is_late else kept,
        body_bytes=size * len(kept),
        body_min=size if kept else None,
        body_max=size if kept else None,
    )


def _counted(samples: Sequence[float]) -> dict[int, int]:
    counts: dict[int, int] = {}
    record_many(counts, samples)
    return counts


def scenario_of(
    suite: Suite, name: str, latency_s: float = 0.03, *, sent: int = 500, errors: Mapping[str, int] | None = None
) -> ScenarioRecord:
    """One scenario as measured."""
    draw, histogram, failed = Random(name), Histogram(), sum((errors or {}).values())
    for _ in range(sent - failed):
        histogram.record(latency_s * math.exp(draw.gauss(0, 0.25)))
    load = suite.scenarios[name].load
    return ScenarioRecord(
        config_hash=scenario_hash(suite, name),
        executor="count" if load.count is not None else "users" if load.users is not None else "rate",
        elapsed_s=10.0,
        planned=sent,
        sent=sent,
        dropped=0,
        completed=sent - failed,
        errors=dict(errors or {}),
        histogram=histogram.encode(),
        body_max=2000,
    )


def socket_of(
    opened: int = 50,
    *,
    lost: Mapping[str, int] | None = None,
    refused: Mapping[str, int] | None = None,
    answered: int = 500,
    echo_s: float = 0.002,
) -> SocketRecord:
    """Connections of one WebSocket as measured."""
    draw, connect, echo = Random("socket"), Histogram(), Histogram()
    for histogram, count, centre_s in ((connect, opened, 2 * echo_s), (echo, answered, echo_s)):
        for _ in range(count):
            histogram.record(centre_s * math.exp(draw.gauss(0, 0.25)))
    return SocketRecord(
        opened=opened,
        refused=dict(refused or {}),
        alive=opened - sum((lost or {}).values()),
        lost=dict(lost or {}),
        connect=connect.encode(),
        upgrade=connect.encode(),
        echo=echo.encode(),
    )


def going_on(run: Run, after: str, suspects: Sequence[str]) -> Run:
    """The same as a run that goes on from another: three rounds of what that did not make suspect."""
    plan = PlanRecord(
        way="stored",
        design="confirm 1",
        constants="1",
        part="first",
        pair=0,
        pairs={"first": 1, "fresh": 0},
        after=[after],
        suspects=list(suspects),
        candidate=0,
        base=0,
    )

    def short(record: EndpointRecord) -> EndpointRecord:
        arms = {arm: one.model_copy(update={"blocks": one.blocks[:3]}) for arm, one in record.arms.items()}
        return record.model_copy(update={"arms": arms})

    endpoints = {name: record if name in suspects else short(record) for name, record in run.endpoints.items()}
    return run.model_copy(update={"plan": plan, "endpoints": endpoints})


def history_of(suite: Suite, count: int, world: World = SOUND, **more) -> list[Run]:
    """So many runs of main, one a day, the newest yesterday."""
    return [
        run_of(
            suite,
            f"b{number}",
            world,
            created=TODAY - dt.timedelta(days=count - number),
            commit=f"main {number}",
            **more,
        )
        for number in range(count)
    ]


def store_runs(root: Path, runs: Iterable[Run]) -> DirectoryStore:
    """A directory of stored runs."""
    store = DirectoryStore(root)
    for run in runs:
        append_run(store, run)
    return store


def write_runs(folder: Path, runs: Iterable[Run]) -> list[Path]:
    """Run files as `gate run` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for run in runs:
        paths.append(folder / f"run-{run.run_id}.json")
        paths[-1].write_bytes(encode_run(run))
    return paths


def verdict_of(suite: Suite, runs: Run | Sequence[Run], baselines: Sequence[Run] = ()) -> Verdict:
    """Judge candidates against stored runs, in memory."""
    candidates = (runs,) if isinstance(runs, Run) else tuple(runs)
    return judge(suite, candidates, select(candidates[0], list(baselines), suite.baselines), "0.0.0")


def outcomes_of(verdict: Verdict) -> dict[str, str]:
    """Outcome by row, without the suite's name."""
    return {row.id.partition("/")[2]: row.outcome for row in verdict.rows}


def row_of(verdict: Verdict, name: str) -> Row:
    """The row of that name, without the suite's."""
    return next(row for row in verdict.rows if row.id.partition("/")[2] == name)
