"""Ten identical previews of the bundled shop, ten with one endpoint slower: how many are blocked, by stored baselines.

``python -m bench.previews`` takes about 13 minutes. The truth is the server's own log: by how much the endpoint's
median time inside the application grew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from scipy.special import betaincinv

from bench.figures import Figure, publish
from gate.baseline.directory import DirectoryStore
from gate.commands import refresh
from gate.commands.bundled import PASSWORD, serving, shop_folder
from gate.commands.check import check
from gate.commands.effects import Effects
from gate.commands.measuring import Targets, load_suite
from gate.console import StreamConsole
from gate.verdict.values import Verdict
from gate.wiring import real_effects

CULPRIT = "search"


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--previews", type=int, default=10, help="of each kind (default 10)")
    options.add_argument("--baselines", type=int, default=10, help="stored runs (default 10)")
    options.add_argument("--seconds", type=float, default=20.0, help="policy.budget.time of a run (default 20)")
    options.add_argument("--slow", default=f"{CULPRIT}:no_index:2", help="SHOP_SLOW of the slow ones")
    options.add_argument("--stored", type=Path, help="compare with the runs in this directory; main is not measured")
    chosen = options.parse_args()
    effects = real_effects(StreamConsole(sys.stdout, sys.stderr), {**os.environ, "SHOP_PASSWORD": PASSWORD})
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder), chosen.stored or Path(folder) / "baselines", chosen.seconds, effects)
        if chosen.stored is None:
            study.refresh(chosen.baselines)
        verdicts = study.check(chosen.previews, chosen.slow)
        slowdown = logged_median(Path(folder) / "slow.jsonl") / logged_median(Path(folder) / "identical.jsonl") - 1
    command = (
        f"python -m bench.previews --previews {chosen.previews}"
        + (f" --stored {chosen.stored}" if chosen.stored else f" --baselines {chosen.baselines}")
        + f" --seconds {chosen.seconds:g} --slow {chosen.slow}"
    )
    return 0 if publish("previews", figures(verdicts, slowdown, chosen.previews, command)) else 1


class Study:
    """The shop, its suite with one budget for all runs, and a store of baselines."""

    def __init__(self, folder: Path, store: Path, seconds: float, effects: Effects) -> None:
        self._folder, self._store, self._effects = folder, DirectoryStore(store), effects
        self._shop = shop_folder()
        suite = load_suite(self._shop / "gate.yml")
        budget = suite.policy.budget.model_copy(update={"time_s": seconds})
        self._suite = suite.model_copy(update={"policy": suite.policy.model_copy(update={"budget": budget})})

    def refresh(self, count: int) -> None:
        """Measure main so many times."""
        for number in range(count):
            with serving(self._shop, self._folder, {}) as url:
                refresh.run(self._suite, self._store, Targets((url,)), self._folder / f"main-{number}", self._effects)

    def check(self, count: int, slow: str) -> dict[str, list[Verdict]]:
        """Verdicts by kind; the kinds take turns, so that drift of the machine hits both."""
        verdicts: dict[str, list[Verdict]] = {"identical": [], "slow": []}
        for number in range(count):
            for kind, variant in (("identical", {}), ("slow", {"SHOP_SLOW": slow})):
                out = self._folder / f"{kind}-{number}"
                with serving(self._shop, self._folder, variant, log=f"{kind}.jsonl") as url:
                    checked = check(self._suite, self._store, Targets((url,)), out, self._effects)
                verdicts[kind].append(checked.verdict)
                print(
                    f"{kind} {number + 1}: exit {checked.verdict.exit_code}, blamed {sorted(blamed(checked.verdict))}"
                )
                for reason in checked.verdict.reasons:
                    print(f"    {reason.code} {reason.rows} {reason.message}", flush=True)
        return verdicts


def logged_median(log: Path) -> float:
    """Median milliseconds that the application itself spent in the endpoint."""
    lines = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
    return median(line["duration_ms"] for line in lines if line["endpoint"] == CULPRIT)


def figures(verdicts: dict[str, list[Verdict]], slowdown: float, n: int, command: str) -> list[Figure]:
    """Counts with exact intervals."""
    blocked = sum(v.exit_code == 1 for v in verdicts["identical"])
    unmeasured = sum(v.exit_code == 3 for kind in verdicts.values() for v in kind)
    caught = sum(v.exit_code == 1 and CULPRIT in blamed(v) for v in verdicts["slow"])
    bystanders = sum(v.exit_code == 1 and bool(blamed(v) - {CULPRIT}) for v in verdicts["slow"])
    return [
        Figure("identical previews blocked", blocked, f"of {n}", f"<= {n // 10}", n, share(blocked, n), command, "P1"),
        Figure("slow previews caught", caught, f"of {n}", f">= {n * 8 // 10}", n, share(caught, n), command, "P2"),
        Figure(
            "slow previews that blamed another endpoint too",
            bystanders,
            f"of {n}",
            None,
            n,
            share(bystanders, n),
            command,
        ),
        Figure(
            "previews not measured (exit 3)", unmeasured, f"of {2 * n}", None, 2 * n, share(unmeasured, 2 * n), command
        ),
        Figure("slowdown by the server's own log, median", 100 * slowdown, "%", None, n, None, command),
    ]


def blamed(verdict: Verdict) -> set[str]:
    """Endpoints that block."""
    return {row.endpoint for row in verdict.rows if row.blocks}


def share(count: int, n: int) -> tuple[float, float]:
    """Two-sided 95 % Clopper-Pearson interval of a share."""
    low = float(betaincinv(count, n - count + 1, 0.025)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 0.975)) if count < n else 1.0
    return round(low, 3), round(high, 3)


if __name__ == "__main__":
    sys.exit(main())
