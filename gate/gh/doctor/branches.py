"""Whether the check is required on the default branch, and the branch of the baselines is as it should be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.gh.doctor.facts import BaselineBranch, Facts, StoredRuns, Unseen, Wrong
from gate.gh.doctor.findings import Finding, advice, missing, ok, unknown
from gate.gh.telling.checks import check_name

ENOUGH = 10
"""Stored runs from which a comparison is worth something."""
_STOPS_WRITING = frozenset(
    {"update", "pull_request", "required_status_checks", "required_deployments", "merge_queue", "workflows"}
)
"""Rules that refuse a commit which did not go through a pull request."""
_KEEPS = frozenset({"deletion", "non_fast_forward"})


@dataclass(frozen=True)
class _Required:
    context: str
    app: int | None
    by: str


def of_required_check(facts: Facts) -> Iterator[Finding]:
    """Whether a pull request can be merged without the verdict."""
    if facts.suite is None:
        return
    name, wanted = "required check", check_name(facts.suite.name)
    required = [*_by_rules(facts), *_by_protection(facts)]
    found = [one for one in required if one.context == wanted]
    unseen = next((one for one in (facts.rules, facts.branch) if isinstance(one, Unseen)), None)
    if found:
        yield _of_source(name, wanted, found, facts)
    elif unseen is not None:
        yield unknown(name, unseen)
    else:
        others = ", ".join(sorted({repr(one.context) for one in required}))
        told = f"nothing requires `{wanted}` on {facts.default_branch}" + (f"; required are {others}" if others else "")
        yield missing(
            name, told, f"Settings > Rules > Rulesets: require the status check `{wanted}`, source GitHub Actions"
        )


def _by_rules(facts: Facts) -> Iterator[_Required]:
    for rule in () if isinstance(facts.rules, Unseen) else facts.rules:
        if rule.type == "required_status_checks" and rule.parameters is not None:
            for one in rule.parameters.required_status_checks:
                yield _Required(one.context, one.integration_id, "a ruleset")


def _by_protection(facts: Facts) -> Iterator[_Required]:
    checks = None if isinstance(facts.branch, Unseen) else facts.branch.protection.required_status_checks
    if checks is None or isinstance(facts.branch, Unseen) or not facts.branch.protection.enabled:
        return
    with_app = {one.context for one in checks.checks}
    for check in checks.checks:
        yield _Required(check.context, check.app_id, "branch protection")
    for context in checks.contexts:
        if context not in with_app:
            yield _Required(context, None, "branch protection")


def _of_source(name: str, wanted: str, found: list[_Required], facts: Facts) -> Finding:
    by = " and ".join(sorted({one.by for one in found}))
    # -1 is how branch protection writes "any source".
    apps = {one.app for one in found if one.app is not None and one.app != -1}
    if not apps:
        return advice(
            name, f"`{wanted}` is required by {by}, from any source", "choose GitHub Actions as source of the check"
        )
    if isinstance(facts.actions_app, Unseen):
        return unknown(f"{name}'s source", facts.actions_app)
    if apps != {facts.actions_app}:
        others = ", ".join(str(app) for app in sorted(apps))
        told = f"`{wanted}` has to come from app {others}, and a job's token is app {facts.actions_app}"
        return missing(name, told, "choose GitHub Actions as source, unless input `token` is of that app")
    return ok(name, f"`{wanted}` is required by {by}, from GitHub Actions")


def of_baselines(facts: Facts) -> Iterator[Finding]:
    """Whether there is something to compare with, and whether it can grow."""
    name = "baselines"
    if isinstance(facts.stored, Unseen):
        yield unknown(name, facts.stored)
    elif isinstance(facts.stored, Wrong):
        yield missing(name, facts.stored.what, facts.stored.cure)
    else:
        yield _of_runs(name, facts.stored, facts)
    if facts.baseline_branch is not None:
        yield from _of_branch("baseline branch", facts.baseline_branch)


def _of_runs(name: str, stored: StoredRuns, facts: Facts) -> Finding:
    if not stored.count:
        return missing(
            name, f"no stored run in {stored.place}", "start the refresh by hand: gh workflow run gate-refresh.yml"
        )
    runs = f"{stored.count} stored run{'s' * (stored.count != 1)} in {stored.place}"
    told = f"{runs}, the newest {_age(stored.age_s)} old"
    most_s = facts.suite.baselines.max_age_s if facts.suite is not None else 0.0
    if not (stored.age_s <= most_s):
        return missing(name, f"{told}: older than baselines.max_age", "does the refresh still run? see its last runs")
    if stored.count < ENOUGH:
        return advice(name, told, f"{ENOUGH} are enough; each push to {facts.default_branch} adds one")
    return ok(name, told)


def _age(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours" if seconds < 2 * 86_400 else f"{seconds / 86_400:.0f} days"


def _of_branch(name: str, branch: BaselineBranch) -> Iterator[Finding]:
    if isinstance(branch.rules, Unseen):
        yield unknown(name, branch.rules)
        return
    types = {rule.type for rule in branch.rules} - (set() if branch.branch is None else {"creation"})
    stops = sorted(types & (_STOPS_WRITING | {"creation"}))
    if stops:
        yield missing(
            name,
            f"rules stop the action from writing {branch.name}: {', '.join(stops)}",
            f"leave {branch.name} out of that ruleset; forbid deletion and force pushes only",
        )
        return
    if isinstance(branch.branch, Unseen):
        yield unknown(name, branch.branch)
    elif branch.branch is None:
        yield ok(name, f"{branch.name} is not there yet; the first refresh makes it")
    elif branch.branch.protection.enabled:
        # What branch protection forbids is told to administrators only, and a push is among it.
        yield advice(
            name,
            f"branch protection of {branch.name} may stop the action from writing it",
            "use a ruleset that forbids deletion and force pushes only",
        )
    elif types >= _KEEPS:
        yield ok(name, f"{branch.name} can be written, and neither deleted nor rewritten")
    else:
        yield advice(
            name,
            f"{branch.name} can be written, and also deleted",
            "a ruleset for it: forbid deletion and force pushes",
        )
