"""JSON on disk, outputs, summary, check, comment: what fails later takes nothing from what came before."""

from __future__ import annotations

import json
import os
import resource

import pytest
from fake_github import INTEGRATION

CHANNELS = ("disk", "outputs", "summary", "check", "comment")
FULL = "/dev/full"
"""Takes no byte: the disk is full, also for root."""
GONE = {"status": 403, "message": INTEGRATION, "times": 10_000}
AWAY = {"status": 502, "times": 10_000}


def small_disk() -> None:
    """No file may have more than this, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))


def reached(place) -> set[str]:
    """Channels that tell the approval."""
    runner = place.runner
    told = {
        "disk": place.verdict.is_file() and json.loads(place.verdict.read_bytes())["verdict"] == "APPROVED",
        "outputs": runner.outputs.get("verdict") == "APPROVED",
        "summary": "**APPROVED**" in place.summary,
        "check": place.conclusions == ["success"],
        "comment": any("**APPROVED**" in body for body in place.github.bodies()),
    }
    return {channel for channel in CHANNELS if told[channel]}


@pytest.mark.parametrize(
    ("variables", "fault", "missing", "code", "says"),
    [
        ({}, None, "", 0, ""),
        ({"GITHUB_OUTPUT": FULL}, None, "outputs", 4, "the outputs cannot be written to GITHUB_OUTPUT: OSError"),
        ({"GITHUB_OUTPUT": "/"}, None, "outputs", 4, "cannot be written to GITHUB_OUTPUT: IsADirectoryError"),
        ({"GITHUB_STEP_SUMMARY": FULL}, None, "summary", 0, "cannot be written: No space left on device"),
        ({"GITHUB_STEP_SUMMARY": ""}, None, "summary", 0, ""),
        ({}, ("POST .*/(check-runs|statuses)", GONE), "check", 4, "could not be delivered to GitHub"),
        ({}, ("POST .*/(check-runs|statuses)", AWAY), "check", 4, "could not be delivered to GitHub"),
        ({}, ("POST .*/comments", GONE), "comment", 0, "the comment could not be written"),
        ({}, ("POST .*/comments", AWAY), "comment", 0, "the comment could not be written"),
    ],
    ids=["all", "outputs full", "outputs no file", "summary full", "no summary", "no check", "check away", "no comment",
         "comment away"],
)  # fmt: skip
def test_one_channel_less_is_one_channel_less(place, variables, fault, missing, code, says):
    place.runner.variables = variables
    assert place.run(*([fault] if fault else [])) == code, place.runner.log
    assert reached(place) == set(CHANNELS) - {missing}
    assert says in place.runner.log
    if missing != "outputs":
        assert place.runner.outputs["exit-code"] == str(code)


def test_without_any_room_on_disk_there_is_a_failed_check_and_no_verdict(place):
    place.runner.before = small_disk
    assert place.run() == 4, place.runner.log
    assert reached(place) == set()
    assert place.conclusions == ["failure"]
    said = place.checks.runs[0]["output"]["summary"].replace("\\", "")
    assert "verdict.json cannot be written: File too large" in said
    assert not place.verdict.exists()
    assert not list(place.verdict.parent.glob(".writing-*"))


def closed_pipe() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)


def test_a_log_that_nobody_reads_costs_the_log(place):
    place.runner.before = closed_pipe
    assert place.run() == 0, place.runner.log
    assert reached(place) == set(CHANNELS)


@pytest.mark.parametrize(
    "name",
    ["GITHUB_REPOSITORY", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT",
     "GITHUB_SERVER_URL", "GITHUB_WORKSPACE", "GITHUB_OUTPUT"],
)  # fmt: skip
def test_what_the_runner_does_not_say_is_named_before_anything_is_asked(place, name):
    place.runner.variables = {name: ""}
    assert place.run() == 2
    assert f"{name} is not set" in place.runner.log
    assert place.github.requests == []


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000], ids=["empty", "cut", "a list", "deep"])
def test_an_event_that_is_none_is_named(place, tmp_path, content):
    event = tmp_path / "odd-event"
    event.write_text(content)
    place.runner.variables = {"GITHUB_EVENT_PATH": str(event)}
    assert place.run() == 2
    assert "GITHUB_EVENT_PATH names" in place.runner.log
    assert (place.runner.outputs["verdict"], place.runner.outputs["exit-code"]) == ("", "2")
    assert place.github.requests == []


@pytest.mark.parametrize("action", ["synchronize", "labeled"])
def test_from_a_fork_the_summary_says_that_nothing_else_could_be_told(place, action):
    event = place.runner.event(action=action, label={"name": "bug"}, sender={"login": "mona", "type": "User"})
    event["pull_request"] |= {"updated_at": "2026-11-20T12:00:00Z"}
    event["pull_request"]["head"] |= {"repo": {"full_name": "stranger/shop", "fork": True}}
    assert place.run(event=event) == 0, place.runner.log
    assert reached(place) == {"disk", "outputs", "summary"}
    assert place.github.count("^(POST|PATCH|PUT)") == 0
    assert "the token of this run can only read" in place.summary
    assert "examples/workflows/fork.yml" in place.summary


def test_without_its_number_there_is_no_pull_request(place):
    event = place.runner.event()
    del event["pull_request"]["number"]
    assert place.run(event=event) == 2
    assert "the event lacks pull_request.number" in place.runner.log
    assert place.github.requests == []
