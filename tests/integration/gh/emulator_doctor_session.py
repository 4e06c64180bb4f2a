"""`gate doctor` against a GitHub emulator that nobody here wrote; run by ``test_doctor_emulator.py``.

Usage: ``emulator_doctor_session.py INDEX_JS``. Says what it did, one line each; a failed assertion ends it.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sys
import tempfile
from pathlib import Path

from emulator_session import REPOSITORY, URL, ask, client, commit, emulator, said

from gate.baseline.window import record_name
from gate.commands import doctor
from gate.console import StreamConsole
from gate.gh.store.branch import BranchStore
from gate.record.codec import encode_run
from gate.wiring import real_effects
from tests.builders import run_of, suite_of

SUITE = b"""\
suite: shop
preview: {hosts: ["*.example.com"], url: "https://pr-{number}.example.com", base: "https://main.example.com"}
endpoints: {home: GET /}
baselines: {store: "branch:perf-baselines"}
"""
TEMPLATES = Path(__file__).parents[3] / "examples" / "workflows"


def look() -> dict[str, dict]:
    out = io.StringIO()
    effects = real_effects(StreamConsole(out, io.StringIO()), {"GITHUB_TOKEN": "ghs_OURS"})
    doctor.run(doctor.Asked(REPOSITORY, Path("gate.yml"), URL), effects, Path(), as_json=True)
    return {finding["name"]: finding for finding in json.loads(out.getvalue())["findings"]}


def examining() -> None:
    found = look()
    assert found["suite on main"]["state"] == found["pull requests"]["state"] == "missing", found
    assert found["baselines"]["state"] == "unknown", "without a suite nobody knows where they are"
    said("an empty repository lacks everything")

    commit("gate.yml", SUITE, "main")
    for name in ("pull-request", "refresh"):
        text = (TEMPLATES / f"{name}.yml").read_text().replace("OWNER/gate@FULL_SHA # vX.Y.Z", f"octo/gate@{'a' * 40}")
        commit(f".github/workflows/{name}.yml", text.encode(), "main")
    found = look()
    states = {name: found[name]["state"] for name in ("suite on main", "pull requests", "refresh")}
    assert set(states.values()) == {"ok"}, found
    assert found["baselines"]["seen"].startswith("no stored run"), found["baselines"]
    assert found["accept label"]["state"] == "advice", found["accept label"]
    said("suite and workflows are read on the default branch")

    ask("POST", "labels", name="perf-accepted", color="ededed")
    run = run_of(suite_of(names=["home"]), created=dt.datetime.now(dt.UTC), rounds=1)
    store = BranchStore.open(client().api, REPOSITORY, "perf-baselines", "main", writable=True)
    store.append("shop", record_name(run), encode_run(run))
    found = look()
    assert found["baselines"]["seen"].startswith("1 stored run in branch perf-baselines"), found["baselines"]
    assert found["accept label"]["state"] == "ok", found["accept label"]
    said("label and stored run are found")
    assert found["required check"]["state"] == "unknown", found["required check"]
    said("what it does not answer is not called there")


if __name__ == "__main__":
    with emulator(sys.argv[1]), tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        examining()
