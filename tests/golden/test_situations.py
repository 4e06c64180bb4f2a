"""Golden cases: suite and run files in, the exact comment, verdict and exit code out, through the command line.

A mismatch leaves ``NAME.got`` beside the expected file. ``pytest --update-golden`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gate.baseline.directory import DirectoryStore
from gate.baseline.window import append_run
from gate.cli import main
from gate.config.models import Suite
from gate.config.read import read_suite
from gate.record.codec import encode_run
from gate.record.run import Notice, Run
from tests.golden.made import run, scenario, stored

CASES = Path(__file__).parent / "situations"
NAMES = ("home", "list", "detail", "search", "cart", "order", "login", "report")
SUITE = "suite: shop\nendpoints:\n" + "".join(f"  {name}: GET /{name}\n" for name in NAMES)
SMALL = "suite: shop\nendpoints: {home: GET /home, list: GET /list}\n"
HOSTILE = "<!-- x --> @org/team #1 [a](https://e) ![p](https://e/p.png) `b` | c\n# H <img src=x> www.e.com"


@dataclass(frozen=True)
class Case:
    """One situation and what must come of it."""

    name: str
    exit_code: int
    suite: str = SUITE
    candidates: Callable[[Suite], list[Run]] = lambda suite: [run(suite, 1)]
    baselines: Callable[[Suite], list[Run]] = lambda suite: stored(suite, 10)
    blames: tuple[str, ...] = ()
    """Rows that block."""
    stored_suite: str | None = field(default=None)
    """Suite under which main was measured, if another."""


def none(_suite: Suite) -> list[Run]:
    return []


def policy(text: str, suite: str = SUITE) -> str:
    return f"{suite}policy: {text}\n"


def waiver(ceiling: str, until: str) -> str:
    return policy(
        f'{{waivers: [{{row: shop/search/p50, ceiling: {ceiling}, until: {until}, reason: "{HOSTILE_REASON}"}}, '
        f'{{row: shop/search/p95, ceiling: {ceiling}, until: {until}, reason: "same"}}]}}'
    )


HOSTILE_REASON = "see @org/team #12 [x](https://e) | <b>"
LIMIT = SUITE.replace("search: GET /search", "search: {request: GET /search, objectives: {p95: 10ms}}")
MET = SUITE.replace(
    "search: GET /search", "search: {request: GET /search, objectives: {p95: 500ms, error_rate: 5%, bytes: 2kB}}"
)
SLOW = {"search": 1.5}

GOLDEN = [
    Case("approved", 0),
    Case("regressed", 1, candidates=lambda s: [run(s, 1, slow=SLOW)], blames=("search/p50", "search/p95")),
    Case(
        "several-regressed",
        1,
        candidates=lambda s: [run(s, 1, slow={"search": 1.5, "cart": 1.9})],
        blames=("cart/p50", "cart/p95", "search/p50", "search/p95"),
    ),
    Case(
        "fast-errors",
        1,
        candidates=lambda s: [run(s, 1, slow={"detail": 0.1}, failing={"detail": 1.0})],
        blames=("detail/errors",),
    ),
    Case(
        "some-errors",
        1,
        candidates=lambda s: [run(s, 1, slow={"detail": 0.3}, failing={"detail": 0.2})],
        blames=("detail/errors",),
    ),
    Case(
        "errors-with-nothing-to-compare",
        3,
        candidates=lambda s: [run(s, 1, failing={"detail": 0.2})],
        baselines=none,
        suite=MET,
    ),
    Case(
        "body-shrunk", 1, candidates=lambda s: [run(s, 1, slow={"list": 0.4}, body={"list": 20})], blames=("list/body",)
    ),
    Case("objective-missed-without-baseline", 1, suite=LIMIT, baselines=none, blames=("search/limit:p95",)),
    Case("objectives-met-without-baseline", 0, suite=MET, baselines=none),
    Case("nothing-to-judge", 3, baselines=none),
    Case(
        "two-baselines-and-30-percent",
        0,
        candidates=lambda s: [run(s, 1, slow={"search": 1.3})],
        baselines=lambda s: stored(s, 2),
    ),
    Case(
        "two-baselines-and-double",
        1,
        candidates=lambda s: [run(s, 1, slow={"search": 2.0})],
        baselines=lambda s: stored(s, 2),
        blames=("search/p50", "search/p95"),
    ),
    Case(
        "two-endpoints",
        1,
        suite=SMALL,
        candidates=lambda s: [run(s, 1, slow={"list": 1.5})],
        blames=("list/p50", "list/p95"),
    ),
    Case(
        "slow-runner",
        0,
        candidates=lambda s: [run(s, 1, slow={"*": 1.3})],
        baselines=lambda s: stored(s, 10, runner=0.2),
    ),
    Case("everything-slower", 3, candidates=lambda s: [run(s, 1, slow={"*": 1.5})]),
    Case(
        "everything-slower-approved",
        0,
        suite=policy("{on_global_suspect: approve}"),
        candidates=lambda s: [run(s, 1, slow={"*": 1.5})],
    ),
    Case("most-endpoints-faster", 0, candidates=lambda s: [run(s, 1, slow=dict.fromkeys(NAMES[:5], 0.6))]),
    Case(
        "duet-regressed",
        1,
        baselines=none,
        candidates=lambda s: [run(s, 1, slow=SLOW, base=True)],
        blames=("search/p50", "search/p95"),
    ),
    Case("duet-approved", 0, baselines=none, candidates=lambda s: [run(s, 1, base=True, runner=0.3)]),
    Case(
        "duet-two-hosts-all-slower",
        3,
        baselines=none,
        candidates=lambda s: [run(s, 1, slow={"*": 1.5}, base=True, one_host=False)],
    ),
    Case(
        "duet-two-hosts-one-slower",
        1,
        baselines=none,
        candidates=lambda s: [run(s, 1, slow={"search": 2.0}, base=True, one_host=False)],
        blames=("search/p50", "search/p95"),
    ),
    Case(
        "three-candidate-runs",
        1,
        candidates=lambda s: [run(s, n, slow={"search": 1.15}) for n in (1, 2, 3)],
        blames=("search/p50", "search/p95"),
    ),
    Case(
        "not-gated",
        0,
        suite=SUITE.replace("search: GET /search", "search: {request: GET /search, gate: false}"),
        candidates=lambda s: [run(s, 1, slow=SLOW)],
    ),
    Case("waived", 0, suite=waiver("60%", "2027-03-01"), candidates=lambda s: [run(s, 1, slow=SLOW)]),
    Case(
        "waiver-expired",
        1,
        suite=waiver("60%", "2026-10-01"),
        candidates=lambda s: [run(s, 1, slow=SLOW)],
        blames=("search/p50", "search/p95"),
    ),
    Case(
        "waiver-exceeded",
        1,
        suite=waiver("20%", "2027-03-01"),
        candidates=lambda s: [run(s, 1, slow=SLOW)],
        blames=("search/p50", "search/p95"),
    ),
    Case(
        "inconclusive-blocks",
        3,
        suite=policy("{on_inconclusive: block}"),
        candidates=lambda s: [run(s, 1, slow={"search": 1.06})],
    ),
    Case("missing-baseline-blocks", 3, suite=policy("{on_missing_baseline: block}", MET), baselines=none),
    Case("changed-endpoint", 0, stored_suite=SUITE.replace("GET /search", "GET /find")),
    Case("ratchet-lets-pass", 0, suite=policy("{objectives: ratchet}", LIMIT)),
    Case(
        "ratchet-worse",
        1,
        suite=policy("{objectives: ratchet}", LIMIT),
        candidates=lambda s: [run(s, 1, slow=SLOW)],
        blames=("search/limit:p95", "search/p50", "search/p95"),
    ),
    Case(
        "within-tolerance",
        0,
        suite=policy("{tolerance: {p50: 80%, p95: 80%}}"),
        candidates=lambda s: [run(s, 1, slow=SLOW)],
    ),
    Case("below-the-floor", 0, suite=policy("{absolute_floor: 50ms}"), candidates=lambda s: [run(s, 1, slow=SLOW)]),
    Case(
        "generator-late",
        3,
        candidates=lambda s: [
            run(
                s,
                1,
                not_measured=[
                    Notice(code="generator-lag", message="the load generator was late", cure="a larger runner")
                ],
            )
        ],
    ),
    Case("cancelled", 3, candidates=lambda s: [run(s, 1, complete=False)]),
    Case(
        "advisory-scenario",
        0,
        suite=SUITE
        + "scenarios: {burst: {load: {count: 20}, mix: {home: 1}, objectives: {success: 100%}, advisory: true}}\n",
        candidates=lambda s: [run(s, 1, scenarios={"burst": scenario(s, "burst", completed=15, failed=5)})],
    ),
    Case(
        "scenario-missed",
        1,
        suite=SUITE + "scenarios: {burst: {load: {count: 20}, mix: {home: 1}, objectives: {success: 100%}}}\n",
        candidates=lambda s: [run(s, 1, scenarios={"burst": scenario(s, "burst", completed=15, failed=5)})],
        blames=("burst/limit:success",),
    ),
    Case(
        "hostile-text",
        1,
        candidates=lambda s: [run(s, 1, slow=SLOW, commit=HOSTILE, notices=[Notice(code="x", message=HOSTILE)])],
        blames=("search/p50", "search/p95"),
    ),
]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden(case, tmp_path, request, capsys):
    out = judge(case, tmp_path)
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["exit_code"] == case.exit_code, capsys.readouterr().out
    assert sorted(row["id"].removeprefix("shop/") for row in verdict["rows"] if row["blocks"]) == sorted(case.blames)
    compare(CASES / case.name, out, bool(request.config.getoption("--update-golden")))
    check_markdown((out / "comment.md").read_text())


def judge(case: Case, folder: Path) -> Path:
    """Write the inputs as files, run `gate compare`, check its code, and run it again: same files, same bytes."""
    suite = read_suite(case.suite.encode(), "gate.yml")
    (folder / "gate.yml").write_text(case.suite)
    main_suite = read_suite(case.stored_suite.encode(), "gate.yml") if case.stored_suite else suite
    for baseline in case.baselines(main_suite):
        append_run(DirectoryStore(folder / "baselines"), baseline)
    files = []
    for number, candidate in enumerate(case.candidates(suite)):
        files.append(folder / f"candidate-{number}.json")
        files[-1].write_bytes(encode_run(candidate))
    command = [
        "compare",
        "--suite",
        str(folder / "gate.yml"),
        "--baselines",
        str(folder / "baselines"),
        *map(str, files),
    ]
    for out in ("out", "again"):
        assert main([*command, "--out", str(folder / out)]) == case.exit_code
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
    assert sum(token.type == "table_open" for token in tokens) <= 1
    html = [token.content for token in [*tokens, *inline] if token.type in ("html_block", "html_inline")]
    assert all(
        piece.strip() in ("<sub>", "</sub>", "</details>", "<details><summary>Notes</summary>") for piece in html
    )
    shown = "".join(token.content for token in inline if token.type == "text")
    for pattern in ("@org", "#1", "https://", "www.e"):
        assert pattern not in shown
