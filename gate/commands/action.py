"""`gate action`: the same check, measure and refresh, told by an event what to do; GitHub hears what came of it."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace

from gate.commands.action_accept import accept_suites, asked_of
from gate.commands.action_check import check_suite
from gate.commands.action_confirm import confirm_suite, judge_suite
from gate.commands.action_job import Job, Part
from gate.commands.action_refresh import measure_suite, refresh_suite
from gate.commands.effects import Effects
from gate.config.environment import values_to_hide
from gate.errors import DeliveryError, ExitCode, GateError
from gate.gh.events.context import Context
from gate.gh.events.event import plan
from gate.gh.events.inputs import Inputs
from gate.gh.events.plan import Use
from gate.gh.events.resolve import resolve
from gate.gh.events.suites import read_suites
from gate.gh.rest.api import Effects as ApiEffects
from gate.gh.rest.client import BUDGET_S, REFRESH_BUDGET_S, Client
from gate.gh.telling.log import Log
from gate.gh.telling.results import Outputs, added_up, nothing_judged
from gate.gh.telling.workflow import read_event, write_outputs


def act(effects: Effects) -> ExitCode:
    """Run as the container does.

    Raises
    ------
    GateError
        For everything that ends it without a verdict; the output ``exit-code`` is written all the same.
    """
    context = Context.from_environment(effects.environ)
    log = Log(sys.stdout)
    try:
        inputs = Inputs.from_environment(effects.environ)
        log.mask(inputs.token)
        parts = _parts(inputs, context, effects, log)
    except GateError as error:
        log.annotate("error", "gate", str(error))
        _write_outputs(nothing_judged(int(error.exit_code)), context, log)
        raise
    outputs = added_up([part.outputs for part in parts])
    delivered = _write_outputs(outputs, context, log)
    if ExitCode.NOT_DELIVERED in [part.tell() for part in parts]:
        delivered = False
        _write_outputs({**outputs, "exit-code": int(ExitCode.NOT_DELIVERED)}, context, log)
    return ExitCode(int(outputs["exit-code"])) if delivered else ExitCode.NOT_DELIVERED


def _write_outputs(outputs: Outputs, context: Context, log: Log) -> bool:
    """Whether the steps after this one can read them; if not, summary, check and comment are told all the same."""
    try:
        write_outputs(context.output_path, outputs)
    except DeliveryError as error:
        log.annotate("error", "gate", str(error))
        return False
    return True


def _parts(inputs: Inputs, context: Context, effects: Effects, log: Log) -> list[Part]:
    """What each suite comes to, on disk and not told yet; the workspace is not looked at."""
    what = plan(context.event_name, read_event(context.event_path), inputs, context)
    api = ApiEffects(time.sleep, time.monotonic, random.random)
    budget_s = REFRESH_BUDGET_S if what.use is Use.REFRESH else BUDGET_S
    client = Client(context.repository, inputs.token, inputs.api_url, api, budget_s=budget_s)
    what = resolve(what, client)
    if what.use is Use.NOTHING:
        log.annotate("notice", "gate", f"nothing to do: {what.because}")
        return []
    job = Job(what, inputs, context, client, api, replace(effects, hosts_required=True), log)
    suites = read_suites(what, client)
    for value in sorted({value for at in suites for value in values_to_hide(at.suite, effects.environ)}):
        log.mask(value)
    wanted = asked_of(job, suites) if what.use in (Use.CHECK, Use.ACCEPT) else {}
    if wanted or what.use is Use.ACCEPT:
        return accept_suites(job, suites, wanted)
    return [_ONE[what.use](job, at) for at in suites]


_ONE = {
    Use.CHECK: check_suite,
    Use.MEASURE: measure_suite,
    Use.REFRESH: refresh_suite,
    Use.CONFIRM: confirm_suite,
    Use.JUDGE: judge_suite,
}
