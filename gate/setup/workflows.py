"""The workflows that a repository begins with, made of those in ``examples/workflows``. Pure.

Those are the one source of what a workflow of the gate looks like: here names are filled in, and where the job starts
the application its steps come from the recipe. A template that lost the place to fill in is a bug, and ends as one.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping

from gate.setup.wanted import Wanted

PIN = "OWNER/gate@FULL_SHA # vX.Y.Z"
"""What the templates hold in place of a release."""
RECIPE = "recipes/compose"
FILES = {
    "pull-request": "gate.yml",
    "two-stages": "gate.yml",
    "deployment": "gate.yml",
    "refresh": "gate-refresh.yml",
    "accept": "gate-accept.yml",
    "fork": "gate-fork.yml",
    "merge-queue": "gate-queue.yml",
    "dispatch": "gate-manual.yml",
}
"""Each template, and what its file is called in a repository."""
_START = 'docker compose up --detach --wait # publishes 8000, for example `ports: ["8000:8000"]`'
_RECIPE_URL = "http://172.17.0.1:8000"
_COPY = re.compile(r" Copy it to \S+?(?: on the default branch)?(?:, in place of \S+)?\.(?= |$)")


def workflow_texts(wanted: Wanted, templates: Mapping[str, str]) -> dict[str, str]:
    """Content of each workflow by its path in the repository.

    Parameters
    ----------
    templates : mapping of str to str
        Files below ``examples/workflows`` by their name without ending.
    """
    return {f".github/workflows/{FILES[name]}": _filled(name, wanted, templates) for name in wanted.workflows}


def template_names(wanted: Wanted) -> tuple[str, ...]:
    """Names of all templates that :func:`workflow_texts` will ask for."""
    return (*wanted.workflows, RECIPE) if wanted.kind.is_in_job else wanted.workflows


def _filled(name: str, wanted: Wanted, templates: Mapping[str, str]) -> str:
    in_job = wanted.kind.is_in_job
    text = templates[RECIPE if in_job and name == "pull-request" else name]
    if name == "refresh":
        text = _of_main(text, wanted, templates)
    if in_job and name in ("pull-request", "refresh"):
        text = _replaced(text, f"run: {_START}", f"run: {wanted.start or _START}")
        text = _replaced(text, _RECIPE_URL, _quoted(wanted.url))
    if name == "deployment":
        prefix = re.split(r"[*?]", wanted.environment)[0]
        text = _replaced(text, "'Preview'", "'" + prefix.replace("'", "''") + "'")
    if PIN not in text:
        raise ValueError(f"the template {name} does not hold {PIN!r}")
    return _with_head(text.replace(PIN, wanted.action))


def _of_main(text: str, wanted: Wanted, templates: Mapping[str, str]) -> str:
    """The refresh, told where the default branch is deployed or how it is started."""
    text = _replaced(text, "branches: [main]", f"branches: [{_quoted(wanted.branch)}]")
    if wanted.kind.is_in_job:
        recipe = templates[RECIPE]
        steps = recipe[recipe.index("      - name: Check out") : recipe.index("      - name: Measure it")]
        text = _replaced(text, "    steps:\n", f"    steps:\n{steps}")
    url = _RECIPE_URL if wanted.kind.is_in_job else _quoted(wanted.main_url) if wanted.main_url else ""
    return _replaced(text, "mode: refresh\n", f"mode: refresh\n          preview-url: {url}\n") if url else text


def _with_head(text: str) -> str:
    """The file without the advice of where to copy it, which has been taken."""
    lines = text.splitlines(keepends=True)
    size = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    head = _COPY.sub("", " ".join(line.removeprefix("#").strip() for line in lines[:size]))
    wrapped = textwrap.wrap(head, 118, break_on_hyphens=False, break_long_words=False)
    return "".join(f"# {line}\n" for line in wrapped) + "".join(lines[size:])


def _replaced(text: str, place: str, value: str) -> str:
    if text.count(place) != 1:
        raise ValueError(f"a template holds {place!r} {text.count(place)} times, not once")
    return text.replace(place, value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
