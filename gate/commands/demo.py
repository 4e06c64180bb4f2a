"""`gate demo`: the whole main job on a bundled shop. Baselines of main, then three previews with known truths."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gate.baseline.directory import DirectoryStore
from gate.commands import refresh
from gate.commands.bundled import PASSWORD, serving, shop_folder
from gate.commands.check import check
from gate.commands.effects import Effects
from gate.commands.judging import deliver
from gate.commands.measuring import Targets, load_suite
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.verdict.values import Verdict

MAIN_RUNS = 5
_MARK = ".gate-demo"
"""Says that a folder is a demo's own and may be emptied."""


@dataclass(frozen=True)
class Preview:
    """One preview of the demo and what the gate must say of it."""

    name: str
    story: str
    variant: Mapping[str, str]
    exit_code: ExitCode
    culprits: frozenset[str]
    """Endpoints that must block; no other may."""


PREVIEWS = (
    Preview("identical", "the same code as main", {}, ExitCode.APPROVED, frozenset()),
    Preview(
        "slow-search",
        "an index that search no longer uses for some rows",
        {"SHOP_SLOW": "search:no_index:4"},
        ExitCode.BLOCKED,
        frozenset({"search"}),
    ),
    Preview(
        "failing-detail",
        "product pages that answer an error, fast",
        {"SHOP_FAIL": "detail:500"},
        ExitCode.BLOCKED,
        frozenset({"detail"}),
    ),
)


def run(out: Path, effects: Effects) -> ExitCode:
    """Run the demo; 0 if all three previews came out as they should.

    Raises
    ------
    UsageError
        If the shop or what it needs is not installed, or the folder holds anything that no demo left there.
    """
    shop = shop_folder()
    clear(out)
    suite = load_suite(shop / "gate.yml")
    effects = replace(effects, environ={**effects.environ, "SHOP_PASSWORD": PASSWORD})
    store = DirectoryStore(out / "baselines")
    effects.console.show(f"Measuring main {MAIN_RUNS} times into {store.place}\n")
    for number in range(1, MAIN_RUNS + 1):
        with serving(shop, out, {}) as url:
            refresh.run(suite, store, Targets((url,)), out / "main" / str(number), effects)
    right = [_show(preview, shop, suite, store, out, effects) for preview in PREVIEWS]
    effects.console.show(
        "\n"
        + "".join(
            f"{'as it should be' if ok else 'WRONG':15} {p.name}\n" for p, ok in zip(PREVIEWS, right, strict=True)
        )
    )
    return ExitCode.APPROVED if all(right) else ExitCode.BLOCKED


def clear(out: Path) -> None:
    """Make the folder empty if a demo filled it; anybody else's is not touched.

    Raises
    ------
    UsageError
        If it holds anything that no demo left there, or cannot be made.
    """
    mark = out / _MARK
    try:
        if mark.is_file():
            shutil.rmtree(out)
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UsageError(f"{out} is not empty, and no demo made it", "name another folder with --out")
        mark.touch()
    except OSError as error:
        raise UsageError(f"{out} cannot be used: {error.strerror}", "name another folder with --out") from error


def _show(preview: Preview, shop: Path, suite: Suite, store: DirectoryStore, out: Path, effects: Effects) -> bool:
    effects.console.show(f"\nPreview {preview.name}: {preview.story}\n\n")
    with serving(shop, out, preview.variant) as url:
        checked = check(suite, store, Targets((url,)), out / preview.name, effects)
    deliver(checked.verdict, out / preview.name, effects, as_json=False)
    return is_right(preview, checked.verdict)


def is_right(preview: Preview, verdict: Verdict) -> bool:
    """Whether the verdict is the true one and blames whom it should, nobody else."""
    blamed = {row.endpoint for row in verdict.rows if row.blocks}
    return verdict.exit_code == preview.exit_code and blamed == preview.culprits
