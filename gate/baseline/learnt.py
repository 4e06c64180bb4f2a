"""What stored duets of the same code teach about deployments and hosts. Pure.

A duet teaches if both arms served one commit (`gate calibrate`), or main and the main before it (`gate refresh` with a
base): most endpoints are the same code then, and those that are not stand out and are left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from gate.baseline.select import comparable
from gate.config.suite import Suite
from gate.measure.hashes import endpoint_hash
from gate.measure.plan import compared
from gate.record.blocks import pair_differences
from gate.record.run import Environment, Run
from gate.record.value import Notice
from gate.stats.beliefs import (
    LEAST_FOR_OFFSETS,
    LEAST_FOR_SIGMA,
    Beliefs,
    assumed,
    believed,
    hosts_differ,
)
from gate.stats.deployments import MIN_BLOCKS, Learnt, SameCode, learn, worth_of
from gate.stats.location import Floats
from gate.units import format_ratio

MOST_DUETS = 60
"""The newest so many teach: hosts change."""
_CURE = (
    "run `gate calibrate` with several deployments of one commit, or on every merge `gate refresh` with the previous"
    " main as --base"
)


@dataclass(frozen=True)
class Taught:
    """What to believe, and what to tell of where it comes from."""

    beliefs: Beliefs
    """Of the endpoints that are compared, in the suite's order."""
    learnt: Learnt | None
    """As estimated; None without a duet."""
    notices: tuple[Notice, ...]


def beliefs_for(
    suite: Suite,
    stored: Sequence[Run],
    environment: Environment,
    *,
    one_host: bool,
    base_host: str | None = None,
    before: str | None = None,
) -> Taught:
    """What to believe of the deployments that a suite measures.

    Parameters
    ----------
    stored : sequence of Run
        Oldest first; those without a base, of another environment class, or not sound, teach nothing.
    environment : Environment
        Of the candidate.
    one_host : bool
        Whether both arms are on the machine of the gate.
    base_host : str, optional
        Class of the base's host, as ``Run.base_host``: duets with another kind of base say nothing of this one. Not
        looked at unless said.
    before : str, optional
        Instant of the candidate: what was stored later does not count, so that a verdict can be repeated.
    """
    alike = [
        run
        for run in stored
        if (base_host is None or run.base_host in (None, base_host)) and (before is None or run.created <= before)
    ]
    able = [(run, duet_differences(suite, run)) for run in same_code_duets(alike, environment, one_host=one_host)]
    able = [(run, found) for run, found in able if (np.isfinite(found).sum(axis=-1) >= MIN_BLOCKS).any()]
    if not able:
        beliefs = assumed(len(compared(suite)), one_host=one_host)
        return Taught(beliefs, None, tuple(_assumed_notices(beliefs, 0)))
    duets = [run for run, _ in able]
    learnt = learn(SameCode(_together([found for _, found in able]), worth_of(map(_deployments, duets))))
    beliefs = believed(learnt, one_host=one_host)
    notices = [_learnt_notice(beliefs, learnt, len(duets))] if beliefs.duets >= LEAST_FOR_SIGMA else []
    if beliefs.duets < LEAST_FOR_SIGMA:
        notices += _assumed_notices(beliefs, learnt.worth)
    if beliefs.duets < LEAST_FOR_OFFSETS and hosts_differ(learnt, one_host=one_host):
        notices.append(_differ_notice(learnt))
    return Taught(beliefs, learnt, tuple(notices))


def same_code_duets(stored: Sequence[Run], environment: Environment, *, one_host: bool) -> list[Run]:
    """The newest stored duets that say something of deployments in this environment class, oldest first."""
    able = [
        run
        for run in stored
        if run.complete
        and not run.not_measured
        and run.environment == environment
        and run.one_host == one_host
        and any("base" in record.arms for record in run.endpoints.values())
    ]
    return able[-MOST_DUETS:]


def duet_differences(suite: Suite, run: Run) -> Floats:
    """Pairs of blocks of one duet, shape ``(endpoints, metrics, rounds)``, endpoints as compared.

    NaN for an endpoint that was measured in another way than the suite says now.
    """
    names = compared(suite)
    same = {
        name: run.endpoints[name].arms
        for name in names
        if comparable(run, name, endpoint_hash(suite, name)) and "base" in run.endpoints[name].arms
    }
    candidate = {name: arms["candidate"].blocks for name, arms in same.items()}
    base = {name: arms["base"].blocks for name, arms in same.items()}
    return pair_differences(candidate, base, names)


def _together(differences: Sequence[Floats]) -> Floats:
    """Duets in one array, those with fewer rounds filled up with NaN."""
    most = max(one.shape[-1] for one in differences)
    return np.stack(
        [np.pad(one, ((0, 0), (0, 0), (0, most - one.shape[-1])), constant_values=np.nan) for one in differences]
    )


def _deployments(run: Run) -> tuple[Hashable, Hashable]:
    """The two deployments of a duet; without a fingerprint each was there once."""
    if run.calibration is None:
        return (run.run_id, "candidate"), (run.run_id, "base")
    return (run.commit, run.calibration.candidate), (run.commit, run.calibration.base)


def _learnt_notice(beliefs: Beliefs, learnt: Learnt, duets: int) -> Notice:
    left = f"; {learnt.left_out} differences were left out because main itself had changed" if learnt.left_out else ""
    return Notice(
        code="deployments-learnt",
        message=f"how much deployments of the same code differ was learnt from {duets} duets worth {learnt.worth}"
        f" independent differences: taken as {_typical(beliefs)}; hosts: the preview's is {_hosts(learnt)}{left}",
    )


def _assumed_notices(beliefs: Beliefs, worth: int) -> list[Notice]:
    hosts = "" if beliefs.hosts_known else "; whether the two hosts are alike is not known"
    return [
        Notice(
            code="deployments-assumed",
            message=f"how much deployments of the same code differ is assumed ({_typical(beliefs)}): {worth} of the"
            f" {LEAST_FOR_SIGMA} independent same-code duets that are needed are stored{hosts}",
            cure=_CURE,
        )
    ]


def _differ_notice(learnt: Learnt) -> Notice:
    return Notice(
        code="hosts-differ",
        message=f"the hosts differ: the preview's is {_hosts(learnt)} for the same code, by {learnt.worth} independent"
        f" duets; {LEAST_FOR_OFFSETS} are needed to take that into account",
        cure=_CURE,
    )


def _typical(beliefs: Beliefs) -> str:
    p50, p95 = np.median(beliefs.sigma_dep, axis=0)
    return f"{format_ratio(float(p50))} on p50, {format_ratio(float(p95))} on p95"


def _hosts(learnt: Learnt) -> str:
    ratio = float(np.expm1(learnt.mean_offset[0]))
    return f"{format_ratio(abs(ratio))} {'slower' if ratio >= 0 else 'faster'} on p50"
