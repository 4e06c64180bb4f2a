"""py-spy and memray on a preview that the gate starts: who spends most is named first, and nothing is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gate.serving.pythons import parents_only
from gate.serving.stacks import read
from tests.integration.telemetry.gates import environment, gate, run_in

SPENDER = Path(__file__).with_name("spender.py")
SUITE = """\
suite: s
preview: {{serve: "{command}", ready: {{timeout: 30s}}}}
endpoints: {{home: {{request: GET /, rate: 100/s}}}}
policy: {{max_rate: 100/s, budget: {{time: 4s}}}}
scenarios:
  steady: {{load: {{count: 150, concurrent: 2}}, mix: {{home: 1}}, objectives: {{p50: 5s}}}}
"""
RENEWED = "  other: {load: {count: 100, concurrent: 2}, mix: {home: 1}, serve: {ANSWER: '0123456789'}}\n"
UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace")
"""Root without the right to look into others; whoever is not root has none to be taken."""


def suite(*arguments: str) -> str:
    return SUITE.format(command=" ".join((sys.executable, str(SPENDER), *arguments)))


def verdict_in(folder: Path) -> dict:
    return json.loads((folder / "out" / "verdict.json").read_text())


@pytest.mark.parametrize(
    ("of", "first", "not_there"),
    [("time", "burn", "keep_one_large"), ("memory", "keep_many_small", "give_back")],
)
def test_the_function_that_spends_most_is_named_first(tmp_path, of, first, not_there):
    if of == "time" and parents_only():
        pytest.skip("only parents may look into processes here: run as root, or set kernel.yama.ptrace_scope=0")
    done = gate(tmp_path, suite() + RENEWED, "check", f"--profiler={of}")
    assert done.returncode in (0, 3), done.stderr
    spent = run_in(tmp_path).spent
    assert (spent.of, spent.unread) == (of, ""), done.stderr
    assert spent.functions[0].name == first
    assert "spender.py" in spent.functions[0].place
    assert spent.functions[0].self_ratio > 0.4
    assert [each.self_ratio for each in spent.functions] == sorted(
        (f.self_ratio for f in spent.functions), reverse=True
    )
    assert not any(each.name == not_there and each.self_ratio > 0.1 for each in spent.functions)
    stacks = read((tmp_path / "out" / spent.file).read_text())
    assert sum(stacks.values()) == spent.amount
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"## Where the {of} went" in report
    assert "measured under its weight" in report
    assert verdict_in(tmp_path)["assessment"]["spent"]["functions"][0]["name"] == spent.functions[0].name
    assert "nothing is compared with stored runs" in done.stdout


def test_a_baseline_is_never_measured_under_a_profiler(tmp_path):
    done = gate(tmp_path, suite(), "refresh", "--profiler=time")
    assert done.returncode == 2
    assert list((tmp_path / "baselines").iterdir()) == []


@pytest.mark.parametrize("of", ["time", "memory"])
def test_what_cannot_be_looked_into_is_told_and_the_rest_is_measured(tmp_path, of):
    """Time: the system does not permit it. Memory: a Python that takes nothing from its environment."""
    text = suite("undumpable") if of == "time" else suite().replace(sys.executable, f"{sys.executable} -I")
    (tmp_path / "gate.yml").write_text(text)
    command = [sys.executable, "-I", "-m", "gate", "run", f"--suite={tmp_path / 'gate.yml'}"]
    command += [f"--out={tmp_path / 'out'}", f"--profiler={of}"]
    if of == "time" and Path("/proc/self").owner() == "root":
        command = [*UNPRIVILEGED, *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    run = run_in(tmp_path)
    assert run.scenarios["steady"].completed == 150
    assert run.spent.functions == []
    assert {"time": "(ptrace)", "memory": "memray must be installed where it runs"}[of] in run.spent.unread
    assert any(f"where the {of} went was not measured" in notice.message for notice in run.notices)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (suite(), ["--preview=http://127.0.0.1:1"], "a preview that the gate starts, and it starts none"),
        (suite().partition("scenarios:")[0], [], "looks at scenarios, and the suite has none"),
    ],
)
def test_there_must_be_something_to_look_into(tmp_path, text, options, said):
    done = gate(tmp_path, text, "run", "--profiler=time", *options)
    assert done.returncode == 2
    assert said in done.stderr
