"""What must fit between ``preview.serve`` and what is asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config.checks import Misfit
from gate.config.journeys import side_by_side

if TYPE_CHECKING:
    from gate.config.suite import Suite


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything about a preview that the gate starts itself that does not fit together."""
    for name, scenario in suite.scenarios.items():
        if scenario.serve and suite.preview.serve is None:
            message = "starts preview.serve with other values, and there is none; add preview.serve, or take it out"
            yield Misfit(("scenarios", name, "serve"), message, also=(("preview", "serve"),))
    known = all(other in suite.scenarios for scenario in suite.scenarios.values() for other in scenario.beside)
    for group in side_by_side(suite) if known else ():
        first, *others = group
        for other in others:
            if suite.scenarios[other].serve != suite.scenarios[first].serve:
                message = f"runs at the same time as {first}, with other values for serve; give both the same"
                yield Misfit(("scenarios", other, "serve"), message, also=(("scenarios", first),))
