"""`gate init`: a suite and workflows in the repository one stands in, all written or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gate.commands.bundled import workflow_templates
from gate.commands.effects import Effects
from gate.commands.init_options import Ask, Options, wanted_of
from gate.commands.measuring import load_suite
from gate.commands.place import Place, find_place
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.setup.endpoints import Listed
from gate.setup.suite_text import SUITE_PATH, suite_text
from gate.setup.wanted import Wanted, check
from gate.setup.workflows import template_names, workflow_texts
from gate.setup.writing import conflicts, write_all


def run(options: Options, effects: Effects, folder: Path, ask: Ask | None) -> ExitCode:
    """Write ``gate.yml`` and the workflows, and say what comes next.

    A suite that is there stays, and is what the workflows are made for: so others can be added later.

    Parameters
    ----------
    folder : Path
        Where one stands: a repository, or a folder in it.
    ask : callable, optional
        Asks for what the options leave open; None where nobody is there to answer.

    Raises
    ------
    UsageError
        If something that must be known is not, or a workflow is there and differs; nothing is written then.
    """
    place = find_place(folder)
    kept = None if options.force else _kept(place)
    wanted, offered = wanted_of(options, place, kept, ask)
    check(wanted)
    files = workflow_texts(wanted, workflow_templates(template_names(wanted)))
    if kept is None:
        files = {SUITE_PATH: suite_text(wanted), **files}
        read_suite(files[SUITE_PATH].encode(), SUITE_PATH)  # what it refuses here would be refused there
    if options.dry_run:
        effects.console.show("".join(f"==> {name}\n{text}\n" for name, text in files.items()))
        return ExitCode.APPROVED
    there = conflicts(place.root, files)
    if there and not options.force:
        raise UsageError(
            f"{', '.join(there)}: there is such a file, with other content",
            "remove it first, or --force, which replaces the suite as well; --dry-run shows what would be written",
        )
    write_all(place.root, files)
    effects.console.show("\n".join(_told(files, wanted, offered, place, kept)) + "\n")
    return ExitCode.APPROVED


def _kept(place: Place) -> Suite | None:
    """The suite that is there already.

    Raises
    ------
    SuiteError
        If what is there is none: it is corrected by who wrote it.
    """
    path = place.root / SUITE_PATH
    return load_suite(path) if path.exists() else None


def _told(
    files: Mapping[str, str], wanted: Wanted, offered: Listed | None, place: Place, kept: Suite | None
) -> list[str]:
    """What was written, and the next steps."""
    told = [f"wrote {name}" for name in files]
    if SUITE_PATH not in files:
        told.insert(0, f"kept {SUITE_PATH}, which is there; --force replaces it")
    if offered is not None and offered.left_out:
        told.append(f"left out {offered.left_out} GET operations: they need a parameter or a login, or are too many")
    if "fork" in wanted.workflows:
        told.append("gate-fork.yml starts after the workflow `Preview`: write the name of the one that makes yours")
    if "two-stages" in wanted.workflows and kept is not None and kept.policy.on_suspect == "decide":
        told.append(f"{SUITE_PATH} needs `policy: {{on_suspect: confirm}}` for two stages: as it is, one run decides")
    repository = f" --repo {place.remote}" if place.remote else ""
    measured = "refresh" in wanted.workflows
    return [
        *told,
        "",
        "next:",
        "  1. look at the guesses in gate.yml, then `gate validate`",
        f"  2. merge it into {wanted.branch}"
        + ("; each push there adds one run to perf-baselines, ten are enough" if measured else ""),
        f"  3. require the check `gate / {wanted.suite}`; `gate doctor{repository}` says what is missing",
    ]
