"""A verdict told to a GitHub emulator that nobody here wrote; run by ``test_gh_tell_emulator.py``.

Usage: ``emulator_tell_session.py INDEX_JS``. Says what it did, one line each; a failed assertion ends it.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

from emulator_session import REPOSITORY, URL, ask, client, commit, emulator, said

from gate.gh.telling.comment import Run
from gate.gh.telling.ledger import MeasuredFile, find_ledgers
from gate.gh.telling.log import Log
from gate.gh.telling.report import Job, Report
from gate.gh.telling.tell import Told, tell
from gate.verdict.values import Verdict
from tests.verdicts import approved, row, slower, verdict

FILE = MeasuredFile(name="run-c0.json", sha256="0" * 64, size_bytes=7)


def opened() -> tuple[int, str, str]:
    base = commit("gate.yml", b"version: 1\n", "main")
    ask("POST", "git/refs", ref="refs/heads/topic", sha=base)
    head = commit("shop.py", b"slow = True\n", "topic")
    return ask("POST", "pulls", title="x", head="topic", base="main")["number"], head, base


def told(judged: Verdict, run_id: int, number: int, head: str, base: str, summary: Path) -> Told:
    job = Job(Run(run_id, 1), f"{URL}/{REPOSITORY}/actions/runs/{run_id}")
    report = Report(judged, head, base, "gate.yml", job.run, (number,), run_files=(FILE,))
    return tell(report, job, client(), summary, Log(io.StringIO()))


def telling(summary: Path) -> None:
    number, head, base = opened()
    many = verdict(*(slower(f"e{n}/p50") for n in range(60)), row("home/p50"))
    begin = time.monotonic()
    first = told(many, 1, number, head, base, summary)
    took_s = time.monotonic() - begin
    assert (first.exit_code, len(first.comment_urls)) == (1, 1), first
    (made,) = ask("GET", f"commits/{head}/check-runs")["check_runs"]
    assert (made["name"], made["status"], made["conclusion"]) == ("gate / shop", "completed", "failure"), made
    said(f"a check with 60 annotations and a comment in {took_s:.1f} s")

    assert told(approved(), 2, number, head, base, summary).exit_code == 0
    (comment,) = client().find_comments(number)
    assert comment.text.startswith("<!-- gate:shop run=2.1 -->\n**APPROVED**"), comment.text
    assert "Since the last run, at the same commit: BLOCKED → APPROVED" in comment.text
    said("the comment edited in place, saying what changed")

    slug = made["app"]["slug"] if made.get("app") else ""
    newest, before = find_ledgers(client().api, REPOSITORY, head, "shop", app=slug)
    assert (newest.run_id, newest.verdict, before.run_id, before.verdict) == (2, "APPROVED", 1, "BLOCKED")
    assert newest.run_files == [FILE]
    said("both ledgers found again, newest first")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, emulator(sys.argv[1]):
        telling(Path(folder, "summary"))
