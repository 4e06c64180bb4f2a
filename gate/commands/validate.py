"""`gate validate`: read a suite and say what it would measure."""

from __future__ import annotations

from pathlib import Path

from gate.commands.effects import Effects
from gate.commands.measuring import load_suite
from gate.errors import ExitCode
from gate.measure.plan import BLOCK_REQUESTS, make_plan
from gate.units import format_duration


def run(path: Path, effects: Effects) -> ExitCode:
    """Read, plan, and tell; makes no connection.

    Raises
    ------
    UsageError
        If the suite cannot be used, or its budget does not reach.
    """
    suite = load_suite(path)
    plan = make_plan(suite, ("candidate",), seed=0)
    blocks = sum(len(step.endpoints) for step in plan.steps)
    effects.console.show(
        f"{path} is a valid suite: {suite.name}, {len(suite.endpoints)} endpoints, {len(suite.scenarios)} scenarios\n"
        f"a run makes {plan.rounds} rounds, {blocks} blocks, {blocks * BLOCK_REQUESTS} requests in about"
        f" {format_duration(plan.expected_s)}, twice that with a base deployment; scenarios come on top\n"
    )
    return ExitCode.APPROVED
