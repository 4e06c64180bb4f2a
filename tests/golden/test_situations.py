"""Golden cases: suite and run files in, the exact comment, verdict and exit code out, through the command line.

A mismatch leaves ``NAME.got`` beside the expected file. ``pytest --update-golden`` writes them anew.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gate.cli import main
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.record.endpoint import WarmUp
from gate.record.run import Run
from gate.record.scenario import JourneyRecord, Level, SearchRecord, StepRecord
from gate.record.value import LEFT_BEHIND, Notice
from tests.builders import (
    NAMES,
    PREVIEWS,
    TODAY,
    World,
    going_on,
    history_of,
    run_of,
    scenario_of,
    socket_of,
    store_runs,
    suite_text,
    write_runs,
)

CASES = Path(__file__).parent / "situations"
SUITE = suite_text()
SMALL = suite_text(names=("home", "list"))
LIMIT = SUITE.replace("search: GET /search", "search: {request: GET /search, objectives: {p95: 20ms}}")
MET = SUITE.replace(
    "search: GET /search", "search: {request: GET /search, objectives: {p95: 500ms, error_rate: 5%, bytes: 2kB}}"
)
UNDECIDED = SUITE.replace("search: GET /search", "search: {request: GET /search, objectives: {p99: 500ms}}")
UNGATED = SUITE.replace("search: GET /search", "search: {request: GET /search, gate: false}")
BURST = "scenarios: {burst: {load: {count: 20}, mix: {home: 1}, objectives: {success: 100%%}%s}}\n"
TALK = """\
sockets: {chat: {connect: /ws, message: hi, answer: echo}}
scenarios:
  talk:
    load: {users: 80, for: 10s, think: 1s}
    mix: {chat: 1}
    objectives: {p95: 50ms, connect_p95: 20ms, lost_connections: 2, success: 99%}
"""
HOSTILE = "<!-- x --> @org/team #1 [a](https://e) ![p](https://e/p.png) `b` | c\n# H <img src=x> www.e.com"
HOSTILE_REASON = "see @org/team #12 [x](https://e) | <b>"

SOUND, SLOW, ALL_SLOWER = World(), World(slower={"search": 1.5}), World(slower={"*": 1.6})
SEARCH = ("search/p50", "search/p95")


@dataclass(frozen=True)
class Case:
    """One situation and what must come of it."""

    name: str
    exit_code: int
    world: World = SOUND
    """How the pull request's preview behaves, unless ``runs`` says more."""
    blames: tuple[str, ...] = ()
    """Rows that block."""
    suite: str = SUITE
    baselines: int = 10
    """Stored runs of main."""
    main: World = SOUND
    stored_suite: str | None = None
    """Suite under which main was measured, if another."""
    runs: Callable[[Suite], list[Run]] | None = None

    def candidates(self, suite: Suite) -> list[Run]:
        return self.runs(suite) if self.runs is not None else [run_of(suite, world=self.world)]


def policy(text: str, suite: str = SUITE) -> str:
    return f"{suite}policy: {{{text}}}\n"


def waiver(ceiling: str, until: str) -> str:
    rows = (
        f'{{row: shop/search/{metric}, ceiling: {ceiling}, until: {until}, reason: "{reason}"}}'
        for metric, reason in (("p50", HOSTILE_REASON), ("p95", "same"))
    )
    return policy(f"waivers: [{', '.join(rows)}]")


def duet(world: World, base: World = SOUND, **more) -> Callable[[Suite], list[Run]]:
    return lambda suite: [run_of(suite, world=world, base=base, **more)]


def with_burst(suite: Suite) -> list[Run]:
    burst = scenario_of(suite, "burst", sent=20, errors={"status_500": 5})
    return [run_of(suite, scenarios={"burst": burst})]


def with_talk(lost: int) -> Callable[[Suite], list[Run]]:
    def runs(suite: Suite) -> list[Run]:
        talk = scenario_of(suite, "talk", sent=800, errors={"closed_4001": lost})
        sockets = {"chat": socket_of(80 + lost, lost={"4001": lost}, answered=800 - lost)}
        return [run_of(suite, scenarios={"talk": talk.model_copy(update={"sockets": sockets})})]

    return runs


def late(suite: Suite) -> list[Run]:
    notice = Notice(code="generator-lag", message="the load generator was late", cure="a larger runner")
    return [run_of(suite, not_measured=[notice])]


def hostile(suite: Suite) -> list[Run]:
    world = World(slower={"search": 1.5}, failing={"cart": 25}, kind=HOSTILE)
    notices = [Notice(code="x", message=HOSTILE, cure=HOSTILE)]
    return [run_of(suite, world=world).model_copy(update={"commit": HOSTILE, "notices": notices})]


PHASES = {"dns": 0.05, "connect": 0.1, "tls": 0.2, "wait": 0.55, "receive": 0.1}
TOLD, TOLD_MAIN = World(phases=PHASES), World(phases=PHASES | {"wait": 0.5})
TRAFFIC = SMALL + (
    "journeys: {visit: [home, list]}\n"
    "scenarios:\n"
    "  rush: {load: {rate: 20/s, for: 10s}, mix: {visit: 1}}\n"
    "  breaking: {load: {find: max_rate, until: 'p95 <= 80ms', from: 10/s, limit: 50/s}, mix: {home: 1}}\n"
)


def with_traffic(suite: Suite) -> list[Run]:
    rush, breaking = scenario_of(suite, "rush", errors={"status_500": 7, "timeout": 3}), scenario_of(suite, "breaking")
    step = StepRecord(
        planned=250,
        sent=248,
        dropped=2,
        completed=238,
        errors={"status_500": 7, "timeout": 3},
        histogram=rush.histogram,
    )
    visit = JourneyRecord(begun=250, completed=236, dropped=2, histogram=rush.histogram)
    rush = rush.model_copy(update={"steps": {"home": step, "list": step}, "journeys": {"visit": visit}})
    levels = [
        Level(level=level, rate_rps=rate, p50_s=p50, p95_s=p95, error_ratio=errors, met=met)
        for level, rate, p50, p95, errors, met in (
            (10.0, 10.0, 0.02, 0.04, 0.0, True),
            (16.0, 15.9, 0.03, 0.06, 0.0, True),
            (25.6, 18.2, 0.2, 0.9, 0.031, False),
            (40.0, 0.0, None, None, 1.0, False),
        )
    ]
    search = SearchRecord(
        until="p95 <= 80ms", capacity=16.0, capacity_rps=15.9, is_bounded=True, knee=16.0, levels=levels
    )
    breaking = breaking.model_copy(update={"executor": "find", "search": search})
    warm = WarmUp(requests=30, steps=2, is_steady=True, cold_start_s=0.31)
    run = run_of(suite, world=TOLD, scenarios={"rush": rush, "breaking": breaking})
    arm = run.endpoints["home"].arms["candidate"].model_copy(update={"resent": 2, "compressed": 40})
    home = run.endpoints["home"].model_copy(update={"arms": {"candidate": arm}})
    endpoints = run.endpoints | {"home": home}
    return [run.model_copy(update={"warmup": {"home": {"candidate": warm}}, "endpoints": endpoints})]


def with_something_left(suite: Suite) -> list[Run]:
    notice = Notice(
        code=LEFT_BEHIND,
        message="cleanup of cart on the preview, DELETE /cart, answered status 500; what this run created may still be"
        " there",
        cure="take it away by hand, and see endpoints.cart.cleanup",
    )
    return [run_of(suite).model_copy(update={"notices": [notice]})]


def confirming(world: World) -> Callable[[Suite], list[Run]]:
    """One run that makes the search suspect, and two on other runners that measure it again."""

    def runs(suite: Suite) -> list[Run]:
        first = run_of(suite, "c0", SLOW)
        later = [run_of(suite, f"d{n}", world, created=TODAY + dt.timedelta(minutes=n)) for n in (1, 2)]
        return [first, *(going_on(run, "c0", ["search"]) for run in later)]

    return runs


TWO_HOSTS = {"one_host": False, "environment": PREVIEWS}

GOLDEN = [
    Case("approved", 0),
    Case("regressed", 1, SLOW, SEARCH),
    Case("several-regressed", 1, World(slower={"search": 1.5, "cart": 1.9}), ("cart/p50", "cart/p95", *SEARCH)),
    Case("fast-errors", 1, World(slower={"detail": 0.1}, failing={"detail": 50}), ("detail/errors",)),
    Case("some-errors", 1, World(slower={"detail": 0.3}, failing={"detail": 10}), ("detail/errors",)),
    Case("burst-of-errors", 0, World(failing={"detail": {3: 12}})),
    Case("throttled", 3, World(failing={"detail": 10}, kind="throttled")),
    Case("errors-with-nothing-to-compare", 3, World(failing={"detail": 10}), suite=MET, baselines=0),
    Case("body-shrunk", 1, World(slower={"list": 0.4}, bodies={"list": 20}), ("list/body",)),
    Case("objective-missed-without-baseline", 1, blames=("search/limit:p95",), suite=LIMIT, baselines=0),
    Case("objectives-met-without-baseline", 0, suite=MET, baselines=0),
    Case("objective-undecided-without-baseline", 3, suite=UNDECIDED, baselines=0),
    Case("nothing-to-judge", 3, baselines=0),
    Case("two-baselines-and-30-percent", 0, World(slower={"search": 1.3}), baselines=2),
    Case("two-baselines-and-double", 1, World(slower={"search": 2.2}), SEARCH, baselines=2),
    Case("one-baseline-and-30-percent", 0, World(slower={"search": 1.3}), baselines=1),
    Case("two-endpoints", 1, World(slower={"list": 1.5}), ("list/p50", "list/p95"), SMALL),
    Case("slow-runner", 0, World(slower={"*": 1.3}, runner_sd=0.2), main=World(runner_sd=0.2)),
    Case("everything-slower", 3, ALL_SLOWER),
    Case("everything-slower-approved", 0, ALL_SLOWER, suite=policy("on_global_suspect: approve")),
    Case("most-endpoints-faster", 0, World(slower=dict.fromkeys(NAMES[:5], 0.6))),
    Case("duet-approved", 0, baselines=0, runs=duet(World(runner_sd=0.3), World(runner_sd=0.3))),
    Case("duet-regressed", 1, blames=SEARCH, baselines=0, runs=duet(SLOW)),
    Case("duet-two-hosts-all-slower", 3, baselines=0, runs=duet(ALL_SLOWER, **TWO_HOSTS)),
    Case("duet-two-hosts-all-a-little-slower", 0, baselines=0, runs=duet(World(slower={"*": 1.1}), **TWO_HOSTS)),
    Case(
        "duet-two-hosts-one-slower",
        1,
        blames=SEARCH,
        baselines=0,
        runs=duet(World(slower={"search": 2.2}), **TWO_HOSTS),
    ),
    Case(
        "three-candidate-runs",
        1,
        blames=SEARCH,
        runs=lambda s: [run_of(s, f"c{n}", World(slower={"search": 1.18})) for n in range(3)],
    ),
    Case("suspected-by-one-run", 3, SLOW, suite=policy("on_suspect: confirm")),
    Case("confirmed-by-two-runs", 1, SLOW, SEARCH, policy("on_suspect: confirm"), runs=confirming(SLOW)),
    Case("cleared-by-two-runs", 0, SLOW, suite=policy("on_suspect: confirm"), runs=confirming(World())),
    Case("not-gated", 0, SLOW, suite=UNGATED),
    Case("waived", 0, SLOW, suite=waiver("80%", "2027-03-01")),
    Case("waiver-expired", 1, SLOW, SEARCH, waiver("80%", "2026-10-01")),
    Case("waiver-exceeded", 1, SLOW, SEARCH, waiver("20%", "2027-03-01")),
    Case("inconclusive-blocks", 3, World(slower={"search": 1.08}), suite=policy("on_inconclusive: block")),
    Case("missing-baseline-blocks", 3, suite=policy("on_missing_baseline: block", MET), baselines=0),
    Case("changed-endpoint", 0, stored_suite=SUITE.replace("GET /search", "GET /find")),
    Case("ratchet-lets-pass", 0, suite=policy("objectives: ratchet", LIMIT)),
    Case("ratchet-worse", 1, SLOW, ("search/limit:p95", *SEARCH), policy("objectives: ratchet", LIMIT)),
    Case("within-tolerance", 0, SLOW, suite=policy("tolerance: {p50: 80%, p95: 80%}")),
    Case("below-the-floor", 0, SLOW, suite=policy("absolute_floor: 50ms")),
    Case("too-few-blocks", 3, runs=lambda s: [run_of(s, rounds=2)]),
    Case("generator-late", 3, runs=late),
    Case("cancelled", 3, runs=lambda s: [run_of(s).model_copy(update={"complete": False})]),
    Case("advisory-scenario", 0, suite=SUITE + BURST % ", advisory: true", runs=with_burst),
    Case("scenario-missed", 1, blames=("burst/limit:success",), suite=SUITE + BURST % "", runs=with_burst),
    Case("connections-kept", 0, suite=SUITE + TALK, runs=with_talk(1)),
    Case("connections-lost", 1, blames=("talk/limit:lost_connections",), suite=SUITE + TALK, runs=with_talk(3)),
    Case("details", 0, suite=TRAFFIC, main=TOLD_MAIN, runs=with_traffic),
    Case("details-of-a-duet", 0, suite=SMALL, baselines=0, runs=duet(TOLD, TOLD_MAIN)),
    Case("left-behind", 0, runs=with_something_left),
    Case(
        "left-behind-and-cancelled",
        3,
        runs=lambda s: [run.model_copy(update={"complete": False}) for run in with_something_left(s)],
    ),
    Case("hostile-text", 1, blames=("cart/errors", *SEARCH), runs=hostile),
]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden(case, tmp_path, request, capsys, monkeypatch):
    monkeypatch.setattr("gate.wiring.tool_version", lambda: "0.0.0")  # a release changes no judgement
    out = judge(case, tmp_path)
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["exit_code"] == case.exit_code, capsys.readouterr().out
    assert sorted(row["id"].removeprefix("shop/") for row in verdict["rows"] if row["blocks"]) == sorted(case.blames)
    compare(CASES / case.name, out, bool(request.config.getoption("--update-golden")))
    check_markdown((out / "comment.md").read_text())


def test_every_kept_situation_is_tested():
    assert {path.name for path in CASES.iterdir()} == {case.name for case in GOLDEN}


def judge(case: Case, folder: Path) -> Path:
    """Write the inputs as files, run `gate compare`, check its code, and run it again: same files, same bytes."""
    suite = read_suite(case.suite.encode(), "gate.yml")
    (folder / "gate.yml").write_text(case.suite)
    (folder / "baselines").mkdir()
    main_suite = read_suite(case.stored_suite.encode(), "gate.yml") if case.stored_suite else suite
    store_runs(folder / "baselines", history_of(main_suite, case.baselines, case.main))
    files = write_runs(folder / "runs", case.candidates(suite))
    command = ["compare", "--suite", folder / "gate.yml", "--baselines", folder / "baselines", *files, "--out"]
    for out in ("out", "again"):
        assert main([*map(str, command), str(folder / out)]) == case.exit_code
    for name in ("verdict.json", "comment.md", "summary.md"):
        assert (folder / "out" / name).read_bytes() == (folder / "again" / name).read_bytes()
    return folder / "out"


def compare(expected: Path, out: Path, update: bool) -> None:
    expected.mkdir(parents=True, exist_ok=True)
    wrong = []
    for name in ("comment.md", "verdict.json"):
        got, kept = (out / name).read_text(), expected / name
        if update:
            kept.write_text(got)
        elif not kept.exists() or kept.read_text() != got:
            kept.with_suffix(kept.suffix + ".got").write_text(got)
            wrong.append(name)
    assert not wrong, f"{wrong} differ; see the .got files in {expected}"


def check_markdown(text: str) -> None:
    """Nothing in the comment but its own table, lists, bold words and details: no link, image, heading or mention."""
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"heading_open", "link_open", "image", "code_inline", "fence", "code_block"}
    judged = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text.partition("<summary>Details")[0])
    assert sum(token.type == "table_open" for token in judged) <= 2
    html = [token.content for token in [*tokens, *inline] if token.type in ("html_block", "html_inline")]
    assert all(
        re.fullmatch("<br>|</?sub>|</details>|<details><summary>(Notes|Details)</summary>", piece.strip())
        for piece in html
    )
    shown = "".join(token.content for token in inline if token.type == "text")
    for pattern in ("@org", "#1", "https://", "www.e"):
        assert pattern not in shown
