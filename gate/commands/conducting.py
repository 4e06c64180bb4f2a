"""From deployments and beliefs to a check that can be conducted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.commands.effects import Effects
from gate.config.suite import Suite
from gate.measure.access import is_loopback
from gate.measure.conductor import Conductor, Means
from gate.measure.layout import (
    AtHand,
    Suspicion,
    lay_out_duet,
    lay_out_same_code,
    lay_out_stored,
    number_deployments,
)
from gate.measure.outlook import Beforehand, Job
from gate.measure.plan import compared
from gate.measure.planner import Setting
from gate.measure.redeploy import Redeployer
from gate.record.value import Arm
from gate.stats.beliefs import Beliefs, assumed

Believe = Callable[[Suite, bool], Beliefs]
"""What to take for granted of deployments and hosts; told whether all of them are on the gate's own machine."""


def believe_nothing(suite: Suite, one_host: bool) -> Beliefs:
    """What is assumed where nothing was learnt."""
    return assumed(len(compared(suite)), one_host=one_host)


@dataclass(frozen=True)
class Asked:
    """What one check is to measure."""

    suite: Suite
    origins: tuple[dict[Arm, str], ...]
    """One per pair of deployments: all of a duet, or one preview without a base."""
    environment: Mapping[str, str]
    commit: str | None
    """That the preview should serve."""
    number: int = 0
    """Of the preview, where several are measured without a base."""
    same_code: bool = False
    """The one pair of deployments is to be learnt from: no looks."""
    after: Suspicion | None = None
    """What runs on other runners made suspect."""
    beforehand: Beforehand = field(default_factory=Beforehand)


def conductor_of(asked: Asked, means: Means, believe: Believe, effects: Effects) -> Conductor:
    """Lay out a check.

    Raises
    ------
    UsageError
        If the budget does not reach, a deployment is named twice, or a ``max_count`` leaves nothing.
    """
    suite, origins = asked.suite, asked.origins
    one_host = all(is_loopback(origin) for pair in origins for origin in pair.values())
    beliefs = believe(suite, one_host)
    if "base" in origins[0] and asked.same_code:
        layout = lay_out_same_code(suite)
    elif "base" in origins[0]:
        layout = lay_out_duet(suite, at_hand(suite, origins), beliefs)
    else:
        layout = lay_out_stored(suite, asked.number, asked.after)
    ids = tuple(effects.new_id() for _ in layout.pairs)
    setting = Setting(suite, layout, beliefs, tuple(int(run_id, 16) for run_id in ids))

    def job_of(pair: int) -> Job:
        return Job(
            suite=suite,
            layout=layout,
            pair=pair,
            origins=origins[pair if pair < len(origins) else 0],  # beyond them: deployed again in the first one's place
            environment=asked.environment,
            expected_commit=asked.commit,
            run_id=ids[pair],
            created=effects.utc_now(),
            seed=setting.seeds[pair],
            runner=effects.runner,
            tool=effects.tool,
            beforehand=asked.beforehand,
        )

    redeploy, redeployer = suite.preview.redeploy, None
    if redeploy is not None:
        redeployer = Redeployer(suite, redeploy, asked.environment, means.network, effects.clock, ids[0])
        redeployer.check()
    return Conductor(setting, job_of, means, redeployer)


def at_hand(suite: Suite, origins: tuple[dict[Arm, str], ...]) -> AtHand:
    """The deployments of a duet that there are, or can be made."""
    redeploy = suite.preview.redeploy
    pairs = number_deployments([(pair["candidate"], pair["base"]) for pair in origins])
    return AtHand(pairs, has_hook=redeploy is not None, base_too=redeploy is not None and redeploy.base_url is not None)
