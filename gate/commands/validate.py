"""`gate validate`: read a suite and say what it would measure."""

from __future__ import annotations

from pathlib import Path

from gate.commands.conducting import at_hand
from gate.commands.effects import Effects
from gate.commands.measuring import load_suite
from gate.config.environment import uses
from gate.config.hooks import after_load, before_load
from gate.config.journeys import only_in_journeys, side_by_side
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.measure.counts import BLOCK_REQUESTS, most_blocks, too_few
from gate.measure.layout import Layout, lay_out_duet, lay_out_stored
from gate.measure.plan import asked_once, compared, group_endpoints, round_cost, warmup_cost
from gate.probes.words import most_requests
from gate.record.value import Arm
from gate.report.plan import watched_words
from gate.stats.beliefs import assumed
from gate.units import format_count, format_duration


def run(path: Path, effects: Effects, profile: str | None = None) -> ExitCode:
    """Read, plan, and tell; makes no connection.

    Raises
    ------
    UsageError
        If the suite cannot be used, or its budget does not reach.
    """
    suite = load_suite(path, profile)
    alone = lay_out_stored(suite)
    sockets = f", {format_count(len(suite.sockets), 'WebSocket')}" if suite.sockets else ""
    told = [
        f"{path} is a valid suite: {suite.name}, {format_count(len(suite.endpoints), 'endpoint')}{sockets},"
        f" {format_count(len(suite.scenarios), 'scenario')}"
        + (f" in the size of profile {profile}" if profile else ""),
        f"a run makes {_cost(suite, alone)}; scenarios come on top",
        f"with a base deployment: {_duet(suite)}",
    ]
    in_journeys = sorted(only_in_journeys(suite))
    unloaded = [name for name in asked_once(suite) if not suite.endpoints[name].is_loaded]
    if unloaded:
        told.append(f"asked once and never loaded, for want of mutates: true: {', '.join(unloaded)}")
    told += [notice.message + "; " + notice.cure for notice in too_few(suite)]
    hooks = [hook.what for hook in (*before_load(suite), *after_load(suite))]
    if hooks:
        told.append(f"asked once outside the measurement: {', '.join(hooks)}")
    told += _probes(suite)
    if suite.telemetry.watches:
        told.append(f"watched while the load runs: {watched_words(suite.telemetry)}")
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
    values = [name if effects.environ.get(name) else f"{name} (not set here)" for name in uses(suite)]
    if values:
        told.append(f"taken from the environment: {', '.join(values)}")
    if not suite.preview.hosts:
        told.append("on GitHub nothing is loaded by a suite without preview.hosts")
    effects.console.show("\n".join(told) + "\n")
    return ExitCode.APPROVED


def _probes(suite: Suite) -> list[str]:
    """What probes do to the preview, in requests."""
    if not suite.probes:
        return []
    after = sum(probe.when == "after" for probe in suite.probes)
    when = f", {after} of them after the load" if after else ""
    return [
        f"{format_count(len(suite.probes), 'probe')} beside the load{when}:"
        f" at most {format_count(most_requests(suite), 'request')} to the preview"
    ]


def _socket(suite: Suite, name: str) -> str:
    """What is done with a WebSocket."""
    socket = suite.sockets[name]
    return f"{name} (WebSocket, answer: {socket.answer})" if socket.speaks else f"{name} (WebSocket, no message)"


def _duet(suite: Suite) -> str:
    """What is done where there is a base: with as many deployments as the suite names, or one of each."""
    previews = suite.preview.url or ["the preview"]
    bases = suite.preview.base or ["the base"]
    origins: tuple[dict[Arm, str], ...] = tuple(
        {"candidate": url, "base": bases[min(number, len(bases) - 1)]} for number, url in enumerate(previews)
    )
    try:
        layout = lay_out_duet(suite, at_hand(suite, origins), assumed(len(compared(suite)), one_host=False))
    except UsageError as error:
        return f"{error.message}; {error.cure}"
    if layout.is_fixed:
        return _cost(suite, layout)
    budget = suite.policy.budget
    again = ", and confirmed on fresh deployments" if layout.fresh else ""
    return (
        f"{_cost(suite, layout)} (design {layout.name}); what is suspected then is measured again{again}, up to"
        f" {budget.requests} requests and {format_duration(budget.time_s)} in all"
    )


def _cost(suite: Suite, layout: Layout) -> str:
    """Of the first stage: all there is where nothing is looked at."""
    rounds, arms = layout.design.first[0].rounds, len(layout.arms)
    asked = [min(rounds, most_blocks(suite, name)) for name in compared(suite)]
    blocks = arms * int(sum(asked))
    time_s = rounds * round_cost(suite, None, arms).time_s + len(layout.first) * warmup_cost(suite, arms).time_s
    told = (
        format_count(rounds, "round"),
        format_count(blocks, "block"),
        format_count(blocks * BLOCK_REQUESTS, "request"),
    )
    return f"{', '.join(told)} in about {format_duration(time_s)}"
