"""What is measured and not judged, where people look for it: folded away in the comment, and in verdict.json."""

from __future__ import annotations

import json
import socket

from gate.cli import main
from tests.integration.load.servers import answer, serving

SUITE = """\
suite: s
endpoints:
  home: {request: GET /home, rate: 200/s}
  item: {request: GET /item, rate: 200/s, connections: fresh}
journeys: {visit: [home, item]}
scenarios:
  rush: {load: {count: 60, concurrent: 3}, mix: {visit: 1}}
  breaking:
    load: {find: max_users, until: "error_rate <= 50%", from: 1, limit: 3, for: 200ms, think: 10ms}
    mix: {home: 1}
policy: {max_rate: 400/s, budget: {time: 2s}}
"""


def behave(connection: socket.socket, line: str, number: int) -> bool:
    is_bad = "/item" in line and number % 20 == 0
    connection.sendall(answer(500 if is_bad else 200))
    return True


def test_a_comment_has_the_details_of_what_was_really_measured(tmp_path):
    (tmp_path / "gate.yml").write_text(SUITE)
    with serving(behave) as preview, serving(behave) as base:
        files = [f"--suite={tmp_path / 'gate.yml'}", f"--out={tmp_path / 'out'}", f"--baselines={tmp_path}"]
        main(["check", *files, f"--preview={preview.origin}", f"--base={base.origin}"])
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
    if not verdict["measured"] and not verdict["rows"]:  # a busy machine; then nothing is claimed
        assert verdict["details"] == {"ready_after_s": [], "answers": [], "served": [], "traffic": [], "searches": []}
        return
    details = verdict["details"]
    assert [(one["endpoint"], one["of"]) for one in details["answers"]] == [
        ("home", "candidate"),
        ("home", "base"),
        ("item", "candidate"),
        ("item", "base"),
    ]
    for one in details["answers"]:
        assert one["phases"]["wait"] > 0
        assert sum(one["protocols"].values()) == one["n"]
        assert one["cold_start_s"] > 0
        assert ("connect" in one["phases"]) or one["endpoint"] == "home"
    parts = {(part["part"], part["name"]): part for part in details["traffic"]}
    assert list(parts) == [("all", "rush"), ("step", "home"), ("step", "item"), ("journey", "visit")]
    assert parts["all", "rush"]["begun"] == parts["step", "home"]["begun"] + parts["step", "item"]["begun"]
    assert parts["journey", "visit"]["begun"] == 60
    assert parts["journey", "visit"]["failed"] == parts["step", "item"]["failed"] > 0
    assert [level["level"] for level in details["searches"][0]["levels"]] == [1, 2, 3]
    comment = (tmp_path / "out" / "comment.md").read_text()
    judged, _, folded = comment.partition("<summary>Details</summary>")
    assert "| wait |" not in judged
    for text in ("| home | candidate |", "| item | base |", "| rush | journey visit |", "| breaking | 3 users |"):
        assert text in folded, text
