"""What a maintainer may find on a pull request: every kind of comment, small and large."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate.record.value import Notice
from gate.report import loud, render
from gate.report.since import since, snapshot
from gate.verdict.values import Verdict
from tests.builders import TODAY, World, history_of, run_of, sha_of, suite_of, verdict_of

SMALL = ("home", "product-detail", "search", "cart", "orders")


def of(names: Sequence[str] = SMALL, slower: dict[str, float] | None = None, text: str = "", **world) -> Verdict:
    """A verdict on ten stored runs of main."""
    suite = suite_of(text, names)
    return verdict_of(suite, run_of(suite, world=World(slower=slower or {}, **world)), history_of(suite, 10))


def approved() -> str:
    return render.comment(of())


def blocked() -> str:
    return render.comment(of(slower={"search": 1.5}))


def unexpected() -> str:
    return render.comment(of(failing={"cart": 20}))


def throttled() -> str:
    return render.comment(of(failing={"cart": 20}, kind="throttled"))


def all_slower() -> str:
    return render.comment(of(slower={"*": 1.6}))


def no_baseline() -> str:
    suite = suite_of("", SMALL)
    return render.comment(verdict_of(suite, run_of(suite, created=TODAY)))


def accepted() -> str:
    before = of(slower={"search": 1.5})
    taken = Notice(code=loud.ACCEPTED, message="accepted by mona: the new ranking is worth it")
    rows = [row.model_copy(update={"blocks": False, "notices": [taken]}) if row.blocks else row for row in before.rows]
    told = [Notice(code=loud.SUITE_CHANGED, message="the suite is changed here; not in effect until merged")]
    now = before.model_copy(
        update={"verdict": "APPROVED", "exit_code": 0, "reasons": [], "rows": rows, "notices": told}
    )
    return render.comment(now, since(snapshot(before, sha_of("head")), snapshot(now, sha_of("head"))))


def many_blocked() -> str:
    names = [f"endpoint-{number:03d}" for number in range(100)]
    return render.comment(of(names, {"endpoint-003": 1.5, "endpoint-017": 1.9}))


def many_approved() -> str:
    return render.comment(of([f"endpoint-{number:03d}" for number in range(100)]))


def detailed() -> str:
    phases = {"dns": 0.05, "connect": 0.1, "tls": 0.2, "wait": 0.55, "receive": 0.1}
    return render.summary(of(phases=phases))


SITUATIONS: dict[str, Callable[[], str]] = {
    case.__name__: case
    for case in (
        approved,
        blocked,
        unexpected,
        throttled,
        all_slower,
        no_baseline,
        accepted,
        many_blocked,
        many_approved,
        detailed,
    )
}
