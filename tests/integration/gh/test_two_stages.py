"""One job checks, two on other runners confirm what it suspects, a last one judges: one verdict from all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import FakeGitHub
from world import World, living

SUITE = b"""\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 5s}}
endpoints:
  list: {request: GET /list, rate: 100/s}
  detail: {request: GET /detail, rate: 100/s}
  home: {request: GET /home, rate: 100/s}
policy: {absolute_floor: 20ms, max_rate: 300/s, budget: {time: 3s}, on_suspect: confirm, on_global_suspect: approve}
baselines: {store: "branch:perf-baselines"}
"""


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub, checks: FakeChecks) -> Iterator[World]:
    with living(SUITE, tmp_path, github, checks) as made:
        for n in range(3):
            made.commit(f"main {n}")
            assert made.refresh() == 0, made.runner.log
        yield made


def verdict(world: World) -> dict:
    return json.loads((world.runner.workspace / "gate-out" / "verdict.json").read_text())


def confirm(world: World, head: str, times: int) -> None:
    for number in range(times):
        sent = len(world.server.requests)
        assert world.check(7, head, mode="confirm") == 0, world.runner.log
        assert len(world.server.requests) > sent
        assert world.runner.outputs["verdict"] == ""
        world.keep_results(world.runs, f"gate-confirm-{number}")


def test_what_one_runner_suspects_two_others_decide(world):
    slow = world.commit("slow", "topic-7")
    world.deployed.slower = True
    assert world.check(7, slow) == 3, world.runner.log
    assert int(world.runner.outputs["suspected"]) >= 1
    world.keep_results(world.runs)

    confirm(world, slow, 1)
    assert world.check(7, slow, mode="judge") == 3, "one run that confirms is not enough"
    assert "unconfirmed" in [reason["code"] for reason in verdict(world)["reasons"]]
    assert world.conclusions(slow) == ["failure", "failure"]

    confirm(world, slow, 1)
    sent = len(world.server.requests)
    assert world.check(7, slow, mode="judge") == 1, world.runner.log
    assert len(world.server.requests) == sent, "judging sent load"
    assert {row.split("/")[1] for reason in verdict(world)["reasons"] for row in reason["rows"]} == {"list"}
    assert len(verdict(world)["candidates"]) == 3
    assert world.conclusions(slow) == ["failure"] * 3
    (comment,) = world.github.comments
    assert "**BLOCKED**: list p" in comment["body"]

    rows = [row["id"] for row in verdict(world)["rows"] if row["blocks"]]
    world.keep_results(world.runs, "gate-out-judged")
    assert world.comment("mona", "\n".join(f"/gate accept {row} it shows more" for row in rows)) == 0, world.runner.log


def test_bad_luck_of_one_runner_is_cleared_and_only_by_runs_that_go_on_from_it(world):
    fine = world.commit("fine", "topic-7")
    world.deployed.slower = True  # as the first runner alone saw it
    assert world.check(7, fine) == 3, world.runner.log
    world.keep_results(world.runs)
    world.deployed.slower = False
    confirm(world, fine, 2)
    assert world.check(7, fine, mode="judge") == 0, world.runner.log
    assert world.conclusions(fine) == ["failure", "success"]
    assert world.runner.outputs["verdict"] == "APPROVED"
    world.keep_results(world.runs, "gate-out-judged")

    world.deployed.slower = True
    assert world.check(7, fine) == 3, world.runner.log
    world.keep_results(world.runs)
    for artifact in world.storage.artifacts:
        artifact.run = world.runs  # what confirmed the check before cannot confirm this one
    assert world.check(7, fine, mode="judge") == 3, world.runner.log
    assert len(verdict(world)["candidates"]) == 1
    world.keep_results(world.runs, "gate-out-again")

    world.runs += 1
    assert world.check(7, fine, mode="confirm") == 3
    assert "not of this one" in world.runner.log
    world.deployed.slower = False
    assert world.check(7, fine) == 0, world.runner.log
    assert world.runner.outputs["suspected"] == "0"
    world.keep_results(world.runs)
    sent = len(world.server.requests)
    assert world.check(7, fine, mode="confirm") == 0
    assert "nothing is suspected" in world.runner.log
    assert len(world.server.requests) == sent
