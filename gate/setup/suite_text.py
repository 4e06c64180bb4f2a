"""The suite that a repository begins with, with a word beside every guess. Pure."""

from __future__ import annotations

import json
import re

from gate.setup.wanted import Wanted

SUITE_PATH = "gate.yml"
BASELINES = "branch:perf-baselines"
RATE = "10/s"
MOST_RATE = "20/s"
"""Both are low: a small preview has one core and no time to warm up, and a deployment beside it counts too."""

_NO_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def suite_text(wanted: Wanted) -> str:
    """Content of ``gate.yml``."""
    first = wanted.endpoints[0].path
    guess = "guess: name what your users wait for" if wanted.endpoints_are_guessed else "add what your users wait for"
    is_staged = "two-stages" in wanted.workflows
    place = wanted.kind.title if wanted.kind.is_in_job else f"previews on {wanted.kind.title}"
    lines = [
        f"# What the performance gate measures: {place}. `gate validate` says what it costs.",
        "# Where a line says guess, look at it once.",
        "version: 1",
        f"suite: {_name(wanted.suite)}",
        "",
        "preview:",
        f"  hosts: {_list(wanted.hosts)} # nothing else is ever loaded",
        *_where(wanted),
        f"  ready: {{path: {_quoted(first)}, timeout: 5m}} # guess: a health check says more; add status: 200",
        "  # commit: {header: X-Commit} # if the application tells its commit, an older one is never measured",
        *([f"  # {wanted.kind.remark}"] if wanted.kind.remark else []),
        "",
        "classes:",
        "  guessed: {p90: 2s, error_rate: 1%} # guess: wide limits; narrow them once you know your figures",
        "",
        f"endpoints: # {guess}",
        *(
            f"  {_name(endpoint.name)}: {{request: {_quoted('GET ' + endpoint.path)}, rate: {RATE}, class: guessed}}"
            for endpoint in wanted.endpoints
        ),
        "",
        "policy:",
        f"  max_rate: {MOST_RATE} # guess: at most a third of what the preview can answer; `gate calibrate` finds out",
        *(["  on_suspect: confirm # one runner only suspects, two others decide"] if is_staged else []),
        "",
        "baselines:",
        f"  store: {_quoted(BASELINES)} # a branch of its own, made by the first refresh",
    ]
    return "\n".join(lines) + "\n"


def _where(wanted: Wanted) -> list[str]:
    if wanted.kind.is_in_job:
        return []
    if wanted.url:
        return [f"  url: {_quoted(wanted.url)}"]
    guess = " # guess: see both under Deployments of the repository" if wanted.kind.is_guess else ""
    found = f"environment: {_quoted(wanted.environment)}, creators: {_list((wanted.creator,))}, timeout: 10m"
    return [f"  find: {{{found}}}{guess}"]


def _list(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _name(text: str) -> str:
    """A name, in quotes where YAML would take it for a number or a truth."""
    is_plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text) and text.lower() not in _NO_TEXT
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    """Text in YAML's double quotes, which read what JSON writes."""
    return json.dumps(text, ensure_ascii=False)
