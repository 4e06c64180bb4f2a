"""What a person chose when starting by hand, over what the suite says. Pure."""

from __future__ import annotations

from gate.config.hints import cure
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.gh.events.inputs import Inputs
from gate.gh.events.plan import Use
from gate.record.value import Notice
from gate.units import format_duration

BY_HAND = "named-by-hand"


def as_chosen(suite: Suite, inputs: Inputs, use: Use, event_name: str) -> Suite:
    """The suite with the budget and the scenarios of the inputs.

    Where a verdict follows, a person may ask for more than the policy does and never for less: with a shorter budget
    slowdowns would pass that the policy wants seen. A measurement judges nothing.

    Raises
    ------
    UsageError
        If the event, the use or the suite does not allow the choice.
    """
    for name, value in (("budget", inputs.budget), ("scenarios", inputs.scenarios)):
        if value and event_name != "workflow_dispatch":
            raise UsageError(f"input {name} counts on workflow_dispatch only, not on {event_name}", "leave it out")
    if inputs.scenarios:
        suite = _with_scenarios(suite, inputs.scenarios, use)
    return suite if inputs.budget is None else _with_budget(suite, inputs.budget, use)


def named_by_hand(suite: Suite, inputs: Inputs, event_name: str) -> tuple[Notice, ...]:
    """What the reader has to know of deployments that a person named: nobody looked whose they are.

    Only which hosts may be measured is the suite's to say, and main's own deployment is often among them. A preview
    that tells its commit is asked for it.
    """
    if event_name != "workflow_dispatch":
        return ()
    given = {"preview": inputs.preview_url and suite.preview.commit is None, "base": inputs.base_url}
    named = " and ".join(name for name, is_given in given.items() if is_given)
    if not named:
        return ()
    return (Notice(code=BY_HAND, message=f"the {named} was named by hand; of which commit it is, nobody looked"),)


def _with_scenarios(suite: Suite, names: tuple[str, ...], use: Use) -> Suite:
    if use is not Use.MEASURE:
        raise UsageError(
            f"input scenarios counts in mode measure only, not in mode {use}",
            "a verdict needs all that the suite judges; leave it out, or choose mode measure",
        )
    for name in names:
        if name not in suite.scenarios:
            raise UsageError(
                f"input scenarios names {name!r}, which suite {suite.name} has not",
                cure(name, suite.scenarios, none="there are no scenarios"),
            )
    return suite.model_copy(update={"scenarios": {name: suite.scenarios[name] for name in names}})


def _with_budget(suite: Suite, budget_s: float, use: Use) -> Suite:
    budget = suite.policy.budget
    if use is not Use.MEASURE and not budget_s >= budget.time_s:
        asked, least = format_duration(budget_s), format_duration(budget.time_s)
        raise UsageError(
            f"input budget is {asked}, less than the {least} of the policy",
            "give more time, or choose mode measure, which judges nothing",
        )
    policy = suite.policy.model_copy(update={"budget": budget.model_copy(update={"time_s": budget_s})})
    return suite.model_copy(update={"policy": policy})
