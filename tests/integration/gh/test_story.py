"""A whole story: main is stored, a pull request is fine, slower, accepted, merged, and the level of main is new."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import REPOSITORY, FakeGitHub
from world import World, living

from gate.record.codec import decode_run
from gate.record.run import Run

SUITE = b"""\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 5s}}
endpoints:
  list: {request: GET /list, rate: 100/s}
  detail: {request: GET /detail, rate: 100/s}
policy: {absolute_floor: 20ms, max_rate: 200/s, budget: {time: 3s}}
baselines: {store: "branch:perf-baselines"}
"""


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub, checks: FakeChecks) -> Iterator[World]:
    with living(SUITE, tmp_path, github, checks) as made:
        yield made


def records(world: World) -> list[Run]:
    files = world.objects.files(world.objects.tip("perf-baselines"))
    runs = [content for name, content in sorted(files.items()) if name.startswith("v1/shop/")]
    return [decode_run(content) for content in runs]


def blocking(world: World) -> list[str]:
    """Rows that block by the verdict on disk, as a comment names them."""
    verdict = json.loads((world.runner.workspace / "gate-out" / "verdict.json").read_text())
    return [row["id"].removeprefix("shop/") for row in verdict["rows"] if row["blocks"]]


def test_from_the_first_baseline_to_the_new_level(world):
    for n in range(3):
        world.commit(f"main {n}")
        assert world.refresh() == 0, world.runner.log
    assert [record.commit for record in records(world)] == world.main
    assert len(world.objects.line("perf-baselines")) == 3, "one commit a refresh"

    fine = world.commit("fine", "topic-7")
    assert world.check(7, fine) == 0, world.runner.log
    assert world.conclusions(fine) == ["success"]
    (comment,) = world.github.comments
    assert comment["body"].split("\n")[1].startswith("**APPROVED**")
    assert "compared with 3 stored runs of main" in comment["body"].replace("\\", "")

    slow = world.commit("slow", "topic-7")
    world.deployed.slower = True
    assert world.check(7, slow) == 1, world.runner.log
    measured_in, rows = world.runs, blocking(world)
    assert rows
    assert all(row.startswith("list/p") for row in rows)
    (comment,) = world.github.comments
    assert "**BLOCKED**: list p" in comment["body"]
    assert "/gate accept shop/list/p" in comment["body"].replace("\\", "")
    assert "APPROVED" in comment["body"], "what changed since the last run is not told"
    assert world.conclusions(slow) == ["failure"]
    world.keep_results(measured_in)

    sent = len(world.server.requests)
    asked = "\n".join(f"/gate accept {row} the list shows more" for row in rows)
    assert world.comment("reader", asked) == 2
    assert "reader has the role read" in world.runner.log
    assert world.conclusions(slow) == ["failure"]
    failed = world.checks.make(name="gate / shop", head_sha=slow, conclusion="failure", status="completed")
    assert world.comment("mona", asked) == 3, "what a newer check could not measure was approved by an older one"
    world.checks.runs.remove(failed)
    shown = comment["body"]
    comment["body"] = shown.replace(f"run={measured_in}.1", f"run={measured_in + 1}.1", 1)
    assert world.comment("mona", asked) == 2, "what the comment does not show was accepted"
    assert "the check of the head is of another run than its comment shows" in world.runner.log
    assert world.conclusions(slow) == ["failure"]
    comment["body"] = shown
    assert world.comment("mona", asked) == 0, world.runner.log
    assert world.conclusions(slow) == ["failure", "success"]
    (comment,) = world.github.comments
    assert "accepted by mona: the list shows more" in comment["body"].replace("\\", "")
    assert len(world.server.requests) == sent, "an acceptance sent load"

    world.merge(7)
    assert world.refresh() == 0, world.runner.log
    stored = records(world)[-1]
    assert {change.row for change in stored.accepted} == {f"shop/{row}" for row in rows}
    assert "accepted by mona in #7" in stored.accepted[0].reason

    after = world.commit("after", "topic-8")
    assert world.check(8, after) == 0, world.runner.log
    assert world.conclusions(after) == ["success"]
    assert len(world.github.comments) == 2
    assert REPOSITORY in world.github.comments[-1]["html_url"]
