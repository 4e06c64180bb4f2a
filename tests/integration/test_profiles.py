"""``--profile`` end to end: the load is smaller, the run says so, and is judged in its own size."""

from __future__ import annotations

import json
import socket

import pytest

from gate.cli import main
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
endpoints: {quick: {request: GET /quick, rate: 100/s}, day: {request: GET /day, rate: 100/s}}
scenarios:
  some: {load: {count: 400}, mix: {quick: 1}}
  office:
    load:
      {hours: {zone: Europe/Berlin, from: "07", to: "19", rates: {"07": 10/s, "13": 150/s}}, for: 40s, spacing: even}
    mix: {day: 1}
    objectives: {rate: 70/s}
  much: {load: {count: 5000}, mix: {quick: 1}}
profiles:
  ci: {time: 5%, users: 10%, scenarios: [some, office]}
  tiny: {users: 1%, scenarios: [some]}
policy: {max_rate: 200/s, budget: {time: 2s}}
"""


def behave(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.sendall(answer(200))
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("profiles")
    (path / "gate.yml").write_text(SUITE)
    (path / "none").mkdir()
    return path


@pytest.fixture(scope="module")
def small(folder):
    """The run file of a profile."""
    out = folder / "run"
    with serving(behave) as server:
        code = main(
            ["run", f"--suite={folder / 'gate.yml'}", "--profile=ci", f"--preview={server.origin}", f"--out={out}"]
        )
    (path,) = out.glob("run-*.json")
    run = json.loads(path.read_text())["run"]
    assert code == 0, run["not_measured"]
    return path


def compare(folder, *files) -> tuple[int, dict]:
    out = folder / "verdict"
    given = [f"--suite={folder / 'gate.yml'}", f"--baselines={folder / 'none'}", f"--out={out}", *map(str, files)]
    code = main(["compare", *given])
    return code, json.loads((out / "verdict.json").read_text()) if code in (0, 1, 3) else {}


def test_scenarios_are_chosen_and_have_their_size(small):
    run = json.loads(small.read_text())["run"]
    assert run["profile"] == "ci"
    assert {name: record["planned"] for name, record in run["scenarios"].items()} == {"some": 40, "office": 160}


def test_a_run_is_judged_in_the_size_it_has_and_the_report_says_which(small, folder, capsys):
    code, verdict = compare(folder, small)
    assert code in (0, 1)
    assert verdict["profile"] == "ci"
    limits = {row["endpoint"]: row["limit"] for row in verdict["rows"] if row["metric"] == "limit:rate"}
    assert limits == {"office": 70}
    assert "suite s, profile ci, " in capsys.readouterr().out


def test_a_run_of_a_profile_that_is_gone_is_not_judged_as_the_whole(small, folder, capsys):
    text = (folder / "gate.yml").read_text()
    try:
        (folder / "gate.yml").write_text(text.replace("  ci: {", "  nightly: {"))
        code, _ = compare(folder, small)
    finally:
        (folder / "gate.yml").write_text(text)
    assert code == 2
    assert "the suite s has no profile 'ci'" in capsys.readouterr().err


def test_a_run_of_another_size_of_the_same_name_is_refused(small, folder, capsys):
    text = (folder / "gate.yml").read_text()
    try:
        (folder / "gate.yml").write_text(text.replace("users: 10%", "users: 20%"))
        code, _ = compare(folder, small)
    finally:
        (folder / "gate.yml").write_text(text)
    assert code == 2
    assert "made another load in scenario some" in capsys.readouterr().err


def test_a_profile_that_is_not_there_is_refused_before_anything_is_asked(folder, capsys):
    suite = f"--suite={folder / 'gate.yml'}"
    assert main(["run", suite, "--profile=cii", "--preview=http://127.0.0.1:1", f"--out={folder / 'no'}"]) == 2
    assert "has no profile 'cii' did you mean ci?" in " ".join(capsys.readouterr().err.split())
    assert main(["validate", suite, "--profile=tiny"]) == 0
    assert "1 scenario in the size of profile tiny" in capsys.readouterr().out
