"""`gate validate`: read a suite and say what it would measure."""

from __future__ import annotations

from pathlib import Path

from gate.commands.effects import Effects
from gate.commands.measuring import load_suite
from gate.config.hooks import after_load, before_load
from gate.config.journeys import only_in_journeys, side_by_side
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.measure.counts import BLOCK_REQUESTS, too_few
from gate.measure.plan import Plan, group_endpoints, make_plan
from gate.units import format_duration


def run(path: Path, effects: Effects) -> ExitCode:
    """Read, plan, and tell; makes no connection.

    Raises
    ------
    UsageError
        If the suite cannot be used, or its budget does not reach.
    """
    suite = load_suite(path)
    alone = make_plan(suite, ("candidate",), seed=0)
    sockets = f", {len(suite.sockets)} WebSockets" if suite.sockets else ""
    told = [
        f"{path} is a valid suite: {suite.name}, {len(suite.endpoints)} endpoints{sockets},"
        f" {len(suite.scenarios)} scenarios",
        f"a run makes {_cost(alone)}; scenarios come on top",
    ]
    try:
        told.append(f"with a base deployment: {_cost(make_plan(suite, ('candidate', 'base'), seed=0))}")
    except UsageError as error:
        told.append(f"with a base deployment: {error.message}; {error.cure}")
    in_journeys = sorted(only_in_journeys(suite))
    unloaded = [name for name in alone.asked_once if not suite.endpoints[name].is_loaded]
    if unloaded:
        told.append(f"asked once and never loaded, for want of mutates: true: {', '.join(unloaded)}")
    told += [notice.message + "; " + notice.cure for notice in too_few(suite)]
    hooks = [hook.what for hook in (*before_load(suite), *after_load(suite))]
    if hooks:
        told.append(f"asked once outside the measurement: {', '.join(hooks)}")
    if in_journeys:
        told.append(f"measured only as steps of journeys, never compared: {', '.join(in_journeys)}")
    if suite.sockets:
        told.append(
            "measured only in scenarios, never compared: " + "; ".join(_socket(suite, name) for name in suite.sockets)
        )
    at_once = [" and ".join(group) for group in side_by_side(suite) if len(group) > 1]
    if at_once:
        told.append(f"scenarios that run at the same time: {'; '.join(at_once)}")
    beside = [", ".join(group) for group in group_endpoints(suite) if len(group) > 1]
    if beside:
        told.append(f"measured side by side: {'; '.join(beside)}")
    effects.console.show("\n".join(told) + "\n")
    return ExitCode.APPROVED


def _socket(suite: Suite, name: str) -> str:
    """What is done with a WebSocket."""
    socket = suite.sockets[name]
    return f"{name} (WebSocket, answer: {socket.answer})" if socket.speaks else f"{name} (WebSocket, no message)"


def _cost(plan: Plan) -> str:
    blocks = sum(len(step.endpoints) for step in plan.steps)
    return (
        f"{plan.rounds} rounds, {blocks} blocks, {blocks * BLOCK_REQUESTS} requests in about"
        f" {format_duration(plan.expected_s)}"
    )
