"""The command line: quick to answer, the same words everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.cli import parser

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "scipy", "pydantic", "yaml", "jinja2", "github", "requests", "pycurl")
SUITE = str(ROOT / "examples" / "shop" / "gate.yml")


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        (["validate", "--suite", SUITE], {"numpy", "pydantic", "yaml", "pycurl"}),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(arguments, needed):
    """Counting modules instead of milliseconds: what is not imported costs nothing on any machine."""
    assert heavy_after(f"sys.argv = ['gate', *{arguments!r}]; runpy.run_module('gate', run_name='__main__')") <= needed


@pytest.mark.parametrize("command", ["check", "compare", "action_check"])
def test_a_command_imports_scipy_when_something_is_judged(command):
    assert "scipy" not in heavy_after(f"import gate.wiring, gate.commands.{command}")
    assert "scipy" in heavy_after("from gate.stats.special import ndtri; assert ndtri(0.5) == 0")


def heavy_after(statements: str) -> set[str]:
    """Of the heavy packages, those that a process has imported after these statements."""
    program = (
        f"import sys, runpy\ntry:\n    {statements}\nexcept SystemExit as end:\n    assert end.code in (0, None)\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_an_option_means_the_same_wherever_it_is():
    helps: dict[str, set[str | None]] = {}
    for command in parser()._subparsers._group_actions[0].choices.values():
        for action in command._actions:
            for option in action.option_strings:
                helps.setdefault(option, set()).add(action.help)
    assert {"--suite", "--preview", "--base", "--baselines", "--out", "--json", "--commit"} <= set(helps)
    assert all(len(texts) == 1 for texts in helps.values())


def test_an_unknown_option_is_a_usage_error():
    done = subprocess.run([sys.executable, "-I", "-m", "gate", "check", "--nope"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--nope" in done.stderr


def test_no_command_shows_the_help_and_is_a_usage_error():
    done = subprocess.run([sys.executable, "-I", "-m", "gate"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: gate" in done.stdout
