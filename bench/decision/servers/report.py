"""From the journal of the study to its figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bench.decision.servers.cases import CASES, CHANNELS, UNCHANGED, WAYS, Case, Channel, Way
from bench.decision.servers.journal import Line
from bench.decision.servers.lanes import LANE, gates, parse_lane
from bench.decision.servers.suite import STORED_RUNS
from bench.figures import Figure
from gate.errors import ExitCode
from gate.stats.proportion import lower_bound, upper_bound

MOST_FALSE, LEAST_CAUGHT = 3, 27
LONGEST_S = 30.0
_CASES = {case.name: case for case in CASES}
_TAIL = 0.975
_SHARES = {
    "servers_ratio": "processors used by servers and proxy",
    "gate_ratio": "processors used by the gate",
    "others_ratio": "processors used by anything else on this machine, other lanes included",
}
_ENDED = (ExitCode.APPROVED, ExitCode.BLOCKED, ExitCode.NOT_MEASURED)


def figures(settings: Line, lanes: Sequence[Sequence[Line]]) -> list[Figure]:
    """What the study found so far.

    A goal is held against the full number of checks only: before, its row informs and says of how many it speaks.

    Parameters
    ----------
    settings : dict
        Of the study.
    lanes : sequence of sequences of dict
        Of each of its journals the lines, oldest first.
    """
    command = _command(settings)
    rows: list[Figure] = []
    told = [line for lines in lanes for line in with_truth(lines)]
    for channel in CHANNELS:
        for way in WAYS:
            stratum = [line for line in told if (line["channel"], line["way"]) == (channel, way)]
            if stratum:
                rows += _Stratum(f"{way}, {channel}", stratum, command).figures()
        rows += _network(channel, [line for lines in lanes for line in lines], command)
    for way in WAYS:
        rows += _both_channels(way, [line for line in told if line["way"] == way], command)
    return [*rows, *_general(told, command)]


def with_truth(lines: Sequence[Line]) -> Iterator[Line]:
    """Checks of a lane with what was really there: slowdowns by endpoint, and what else used the processors.

    A slowdown is the growth of the median in the servers' own logs, from base or from the stored runs then in the
    window, as a ratio of the latency that a client sees: what a network added to both is in the denominator.
    """
    window: dict[Channel, list[dict[str, float]]] = {channel: [] for channel in CHANNELS}
    for line in lines:
        if line["kind"] == "refresh" and line["exit_code"] == 0:
            window[line["channel"]].append(line["medians_ms"]["main"])
        if line["kind"] != "check":
            continue
        preview = line["medians_ms"]["preview"]
        mains = [line["medians_ms"]["base"]] if line["way"] == "duet" else window[line["channel"]][-STORED_RUNS:]
        told = [name for name in preview if all(name in main for main in mains)]  # a gate that died asked for less
        base = {name: median(main[name] for main in mains) for name in told}
        network_ms = 2e3 * line["added"].get("p50_s", 0.0)
        others = 1 - line["idle_ratio"] - line["servers_ratio"] - line["gate_ratio"]
        truth = {name: (preview[name] - base[name]) / (base[name] + network_ms) for name in told}
        yield line | {"truth": truth, "others_ratio": max(0.0, others)}


def _command(settings: Line) -> str:
    """How to make these figures: the same in every lane, then the report of all."""
    of = parse_lane(settings[LANE]).of
    names = ("seconds", "stored_seconds", "rate", "seed")
    what = " ".join(f"--{name.replace('_', '-')} {settings[name]:g}" for name in names)
    what += "" if settings["pairs"] == 1 else f" --pairs {settings['pairs']}"
    study = "python -m bench.decision.servers"
    if of == 1:
        return f"{study} --state FOLDER {what} --minutes 600 --report"
    begun = f"for n in {' '.join(str(n + 1) for n in range(of))}; do {study} --state FOLDER-$n --lane $n/{of} {what}"
    return f"{begun} --minutes 120 & done; wait; {study} --report FOLDER-*"


def interval(count: int, n: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a share, by Clopper and Pearson."""
    return round(lower_bound(count, n, _TAIL), 4), round(upper_bound(count, n, _TAIL), 4)


class _Stratum:
    """The checks of one way over one channel."""

    def __init__(self, name: str, checks: Sequence[Line], command: str) -> None:
        self._name, self._checks, self._command = name, checks, command

    def figures(self) -> list[Figure]:
        rows = [row for case in CASES for row in self._of_case(case)]
        seconds = [line["seconds"] for line in self._checks]
        n = len(seconds)
        goal = f"<= {LONGEST_S:g}" if n >= sum(case.planned for case in CASES) else None
        spread = (min(seconds), max(seconds))
        unmeasured = sum(line["exit_code"] == ExitCode.NOT_MEASURED for line in self._checks)
        requests = median(line["requests"] for line in self._checks)
        return [
            *rows,
            self._row("not measured (exit 3), all cases", unmeasured, f"of {n}", n, interval(unmeasured, n)),
            self._row("longest check, servers already up", max(seconds), "s", n, spread, goal, "D13"),
            self._row("median check", median(seconds), "s", n, spread),
            self._row("requests of a check", requests, "", n, None),
            *(self._share(key, figure) for key, figure in _SHARES.items()),
        ]

    def _of_case(self, case: Case) -> Iterator[Figure]:
        checks = [line for line in self._checks if line["case"] == case.name]
        n = len(checks)
        if not n:
            return
        blocked = sum(line["exit_code"] == ExitCode.BLOCKED for line in checks)
        held = sum(line["exit_code"] == ExitCode.NOT_MEASURED for line in checks)
        if case is UNCHANGED:
            goal = f"<= {MOST_FALSE}" if n >= case.planned else None
            yield self._row("unchanged, blocked", blocked, f"of {n}", n, interval(blocked, n), goal, "D13")
        else:
            caught = sum(_is_caught(line) for line in checks)
            goal = f">= {LEAST_CAUGHT}" if case.name == "one+20%" and n >= case.planned else None
            yield self._row(f"{case.name}, caught", caught, f"of {n}", n, interval(caught, n), goal, "D13")
            if case.is_everywhere:
                stopped = sum("everything-slower" in line["reasons"] for line in checks)
                yield self._row(f"{case.name}, held as everything slower", stopped, f"of {n}", n, interval(stopped, n))
            others = sum(bool(set(line["blamed"]) - set(line["slowed"])) for line in checks)
            yield self._row(f"{case.name}, blamed another as well", others, f"of {n}", n, interval(others, n))
            truths = [100 * line["truth"][name] for line in checks for name in line["slowed"] if name in line["truth"]]
            if truths:
                spread = (round(min(truths), 1), round(max(truths), 1))
                yield self._row(f"{case.name}, really", median(truths), "%", len(truths), spread)
        yield self._row(f"{case.name}, not measured (exit 3)", held, f"of {n}", n, interval(held, n))

    def _share(self, key: str, figure: str) -> Figure:
        values = [100 * line[key] for line in self._checks]
        return self._row(figure, median(values), "%", len(values), (round(min(values), 1), round(max(values), 1)))

    def _row(
        self,
        figure: str,
        value: float,
        unit: str,
        n: int,
        between: tuple[float, float] | None,
        goal: str | None = None,
        row_id: str | None = None,
    ) -> Figure:
        return Figure(f"{self._name}: {figure}", value, unit, goal, n, between, self._command, row_id)


def _is_caught(line: Line) -> bool:
    """Blocked for a slower endpoint that really was one; blocked for another would be luck."""
    return line["exit_code"] == ExitCode.BLOCKED and bool(set(line["blamed"]) & set(line["slowed"]))


def _both_channels(way: Way, checks: Sequence[Line], command: str) -> Iterator[Figure]:
    """Shares over all checks of a way, held against the goal once there are as many as one channel was to have."""
    counted = (
        (UNCHANGED, "blocked", lambda line: line["exit_code"] == ExitCode.BLOCKED, f"<= {MOST_FALSE / 300:g}"),
        (_CASES["one+20%"], "caught", _is_caught, f">= {LEAST_CAUGHT / 30:g}"),
        (_CASES["all+20%"], "caught", _is_caught, None),
        (_CASES["one+50%"], "caught", _is_caught, None),
    )
    for case, word, is_counted, goal in counted:
        of_case = [line for line in checks if line["case"] == case.name]
        n, count = len(of_case), sum(map(is_counted, of_case))
        if n >= case.planned:
            figure = f"{way}, both channels: {case.name}, {word}"
            yield Figure(figure, round(count / n, 4), "share", goal, n, interval(count, n), command, "D13")


def _network(channel: Channel, lines: Sequence[Line], command: str) -> Iterator[Figure]:
    added = [line["added"] for line in lines if line.get("channel") == channel and line.get("added", {}).get("n")]
    for name, key in (("least", "min_s"), ("p50", "p50_s"), ("p95", "p95_s"), ("p99", "p99_s")):
        values = [1000 * measured[key] for measured in added]
        if values:
            n, between = len(values), (round(min(values), 2), round(max(values), 2))
            figure = f"{channel}: delay added in one direction, {name}, median over runs"
            yield Figure(figure, median(values), "ms", None, n, between, command)


def _general(checks: Sequence[Line], command: str) -> list[Figure]:
    n = len(checks)
    otherwise = sum(line["exit_code"] not in _ENDED for line in checks)
    side_by_side = max((line["lanes"] for line in checks), default=0)
    return [
        Figure("checks that ended in neither verdict (crash, hung)", otherwise, f"of {n}", "<= 0", n, None, command),
        Figure("versions of the gate's code in these figures", len(gates(checks)), "", "<= 1", n, None, command),
        Figure("lanes that checks were made in side by side", side_by_side, "", None, n, None, command),
    ]
