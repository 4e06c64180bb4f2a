"""From what was seen of a repository to what is set up and what is not. Pure: a table test covers it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.gh.doctor.branches import of_baselines, of_required_check
from gate.gh.doctor.facts import Answers, Facts, SuiteFile, Unseen, Wrong
from gate.gh.doctor.findings import Finding, advice, missing, ok, unknown
from gate.gh.doctor.jobs import of_workflows
from gate.gh.finding.choosing import is_meant, is_trusted, none_yet


def diagnose(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order in which a repository is set up."""
    if isinstance(facts.settings, Unseen):
        return (*_of_suite_here(facts), unknown("repository", facts.settings))
    return (
        *_of_token(facts),
        *_of_suite_here(facts),
        *_of_suite_there(facts),
        *of_workflows(facts),
        *_of_previews(facts),
        *_of_served_commit(facts),
        *of_baselines(facts),
        *of_required_check(facts),
        *_of_label(facts),
    )


def _of_token(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.settings, Unseen):
        return
    rights = facts.settings.permissions
    if rights is None:
        yield ok("token", f"reads {facts.settings.full_name}; GitHub does not tell what else it may")
        return
    may = "may administer it" if rights.admin else "may write" if rights.push else "may only read"
    yield ok("token", f"reads {facts.settings.full_name}, its account {may}")


def _of_suite_here(facts: Facts) -> Iterator[Finding]:
    yield _of_suite("suite here", facts.suite_path, facts.here, "write one with `gate init`, or name it with --suite")


def _of_suite_there(facts: Facts) -> Iterator[Finding]:
    name = f"suite on {facts.default_branch}"
    if isinstance(facts.there, Unseen):
        yield unknown(name, facts.there)
        return
    yield _of_suite(name, facts.suite_path, facts.there, f"merge it into {facts.default_branch}: it counts from there")
    if facts.there.content is not None and facts.here.content is not None and facts.there != facts.here:
        yield advice(
            "suites alike",
            f"{facts.suite_path} here and on {facts.default_branch} differ",
            f"merge what is meant: only {facts.default_branch}'s is in effect",
        )


def _of_suite(name: str, path: str, file: SuiteFile, cure: str) -> Finding:
    if file.content is None:
        return missing(name, f"there is no {path}", cure)
    if file.suite is None:
        return missing(name, file.problem or f"{path} is no suite", "correct it; `gate validate` says the same")
    count = len(file.suite.endpoints)
    return ok(name, f"{path} is valid: {file.suite.name}, {count} endpoint{'s' * (count != 1)}")


def _of_previews(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.deployments, Unseen):
        yield unknown("deployments", facts.deployments)
    elif facts.deployments is not None and facts.suite is not None and facts.suite.preview.find is not None:
        find = facts.suite.preview.find
        main = [] if find.base_environment is None else [find.base_environment]
        for pattern in (*find.environment, *main):
            meant = [
                one
                for one in facts.deployments
                if is_meant(pattern, one.environment) and is_trusted(one.login, find.creators)
            ]
            if meant:
                yield ok("deployments", f"{len(meant)} in {pattern!r}, the newest in {meant[0].environment!r}")
            else:
                seen = none_yet(facts.deployments, pattern, find.creators).words
                yield missing("deployments", seen, "correct environment or creators of preview.find, or deploy one")
    if isinstance(facts.preview, Answers):
        yield ok("preview", f"{facts.preview.url} answers after {facts.preview.after_s:.1f} s")
    elif isinstance(facts.preview, Wrong):
        yield missing("preview", facts.preview.what, facts.preview.cure)
    elif isinstance(facts.preview, Unseen):
        yield unknown("preview", facts.preview)


def _of_served_commit(facts: Facts) -> Iterator[Finding]:
    """A deployment that is found belongs to a commit, and so does a URL with one in it; any other may be behind."""
    preview = facts.suite.preview if facts.suite is not None else None
    if preview is None or preview.commit is not None or preview.serve is not None:
        return
    if all("sha}" in url for url in preview.url) if preview.url else preview.find is not None:
        return
    yield advice(
        "served commit",
        "the URL names no commit and the suite does not say where the application tells its own: while a deployment is"
        " under way, a check or a refresh measures the commit before",
        "let the application tell its commit, and say where: preview.commit",
    )


def _of_label(facts: Facts) -> Iterator[Finding]:
    if facts.suite is None:
        return
    label = facts.suite.policy.accept_label
    if isinstance(facts.has_label, Unseen):
        yield unknown("accept label", facts.has_label, is_needed=False)
    elif facts.has_label:
        yield ok("accept label", f"the label {label!r} is there")
    else:
        yield advice("accept label", f"there is no label {label!r}", f"gh label create {label!r}; or accept by comment")
