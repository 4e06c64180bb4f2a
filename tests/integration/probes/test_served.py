"""Commands beside a preview that the gate itself has started: in its folder and environment, by their exit code."""

from __future__ import annotations

import json
import sys

import pytest

from gate.cli import main

APP = """\
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_): pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
CHECK = """\
import os, sys, urllib.request
answer = urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/").read()
sys.exit(0 if (answer, os.environ["SHOP"], os.path.exists("app.py")) == (b"ok", sys.argv[1], True) else 7)
"""
SUITE = f"""\
suite: s
preview: {{serve: {{command: "{sys.executable} app.py", env: {{SHOP: open}}, dir: app}}, ready: {{timeout: 30s}}}}
endpoints: {{home: {{request: GET /, rate: 100/s}}}}
probes:
  - {{name: sound, command: "{sys.executable} check.py open"}}
  - {{name: broken, command: "{sys.executable} check.py closed", advisory: true}}
policy: {{max_rate: 200/s, budget: {{time: 2s}}}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.py").write_text(APP)
    (tmp_path / "app" / "check.py").write_text(CHECK)
    (tmp_path / "gate.yml").write_text(SUITE)
    (tmp_path / "baselines").mkdir()
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def check(folder) -> tuple[int, dict]:
    given = [f"--suite={folder / 'gate.yml'}", f"--out={folder / 'out'}", f"--baselines={folder / 'baselines'}"]
    return main(["check", *given]), json.loads((folder / "out" / "verdict.json").read_text())


def test_commands_run_beside_the_preview(folder):
    code, verdict = check(folder)
    seen = {row["endpoint"]: (row["outcome"], row["probed"]["seen"]) for row in verdict["rows"] if row["probed"]}
    assert seen == {"sound": ("met", "exit code 0"), "broken": ("missed", "exit code 7")}
    assert code == 0, verdict["reasons"]


def test_a_command_blocks_where_it_is_not_advisory(folder):
    (folder / "gate.yml").write_text(SUITE.replace(", advisory: true", ""))
    code, verdict = check(folder)
    assert code == 1
    assert verdict["reasons"][0]["message"] == "probe broken: exit code 7; expected exit code 0"


def test_where_the_preview_was_started_elsewhere_nothing_is_run(folder):
    from tests.integration.probes.server import serving

    with serving() as (origin, _):
        given = [f"--suite={folder / 'gate.yml'}", f"--out={folder / 'out'}", f"--baselines={folder / 'baselines'}"]
        assert main(["check", *given, f"--preview={origin}"]) == 3
    verdict = json.loads((folder / "out" / "verdict.json").read_text())
    assert [row["outcome"] for row in verdict["rows"] if row["probed"]] == ["not_measured"] * 2
    assert "the gate did not start the application here" in verdict["reasons"][0]["message"]
