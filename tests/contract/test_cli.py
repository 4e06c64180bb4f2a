"""The command line: quick to answer, the same words everywhere."""

from __future__ import annotations

import subprocess
import sys

from gate.cli import parser

HEAVY = ("numpy", "scipy", "pydantic", "yaml", "jinja2", "github", "requests", "pycurl")


def test_help_imports_nothing_heavy():
    """Counting modules instead of milliseconds: what is not imported costs nothing on any machine."""
    program = (
        "import sys, runpy\nsys.argv = ['gate', '--help']\n"
        "try:\n    runpy.run_module('gate', run_name='__main__')\n"
        "except SystemExit as end:\n    assert end.code in (0, None)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


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
