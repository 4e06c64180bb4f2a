"""Rests around scenarios: where they are asked for, shared where nothing lies between, never across a new start."""

from __future__ import annotations

from gate.config.telemetry import Telemetry
from gate.measure.ready import Clock
from gate.measure.resting import Resting
from gate.record.telemetry import TelemetryRecord
from gate.telemetry.timeline import IDLE, Timeline


class World:
    """A clock that passes by sleeping, and connections that are counted when they are let go."""

    def __init__(self, *objectives, rest_s="10s"):
        self.now, self.let_go_at, self.phases, self.said = 0.0, [], [], []
        self.timeline = Timeline()
        telemetry = Telemetry.model_validate({"rest": rest_s, "objectives": list(objectives)})
        self.resting = Resting(telemetry, self, Clock(lambda: self.now, self.sleep), self.timeline, self.said.append)

    def let_go(self):
        self.let_go_at.append(self.now)

    def sleep(self, seconds):
        self.phases.append((seconds, self.timeline.phase.rest))
        self.now += seconds

    def run(self, *names, renew_before=()):
        for name in names:
            if name in renew_before:
                self.resting.renew()
            self.resting.before([name], is_first=name == names[0])
            self.now += 100
            self.resting.after([name], is_last=name == names[-1])
        return self.timeline


def back(**more):
    return {"of": "memory", "back": "10%", **more}


def test_without_a_question_it_is_around_all_of_them():
    timeline = World().run("a", "b", "c")
    assert timeline.around == {"*": (0, 1)}
    assert timeline.rests == [(5.0, 10.0), (315.0, 320.0)]


def test_the_first_half_is_no_reading_and_connections_are_closed_before_it():
    world = World()
    world.run("a")
    assert world.phases == [(5.0, None), (5.0, 0), (5.0, None), (5.0, 1)]
    assert world.let_go_at == [0.0, 110.0]
    assert world.timeline.phase == IDLE
    assert world.said[0] == "leaving the preview alone for 10 s before a"


def test_those_that_are_asked_about_have_their_own_and_neighbours_share():
    timeline = World(back(scenario="a"), back(scenario="b", of="open")).run("a", "b", "c")
    assert timeline.around == {"a": (0, 1), "b": (1, 2)}
    assert len(timeline.rests) == 3


def test_one_in_the_middle_and_all():
    timeline = World(back(scenario="b"), back()).run("a", "b", "c")
    assert timeline.around == {"b": (1, 2), "*": (0, 3)}


def test_another_program_is_not_compared_with_the_one_before():
    world = World(back(scenario="a"), back())
    timeline = world.run("a", "b", renew_before=("b",))
    assert timeline.around == {"a": (0, 1)}
    noted = world.resting.noted(TelemetryRecord())
    assert "started anew between the rests" in noted.unread["rest"]


def test_after_a_new_start_neighbours_do_not_share():
    timeline = World(back(scenario="a"), back(scenario="b", of="open")).run("a", "b", renew_before=("b",))
    assert timeline.around == {"a": (0, 1), "b": (2, 3)}


def test_where_nobody_asks_nobody_rests():
    world = World(rest_s=None)
    world.run("a")
    assert (world.timeline.rests, world.let_go_at, world.now) == ([], [], 100.0)
    assert world.resting.noted(TelemetryRecord()) == TelemetryRecord()
