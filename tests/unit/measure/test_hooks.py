"""Cleanup and teardown against a clock: one that hangs leaves time for the others, and an end is an end."""

from __future__ import annotations

from gate.config.read import read_suite
from gate.load.job import Expectation, Request
from gate.load.transport import Answer, Fetched
from gate.measure.hooks import Hooks
from gate.measure.identities import Logins
from gate.measure.single import Asker, tokens

SUITE = read_suite(
    b"""
endpoints: {buy: {request: POST /buy, mutates: true, cleanup: {request: DELETE /bought}}}
teardown: [{request: DELETE /a}, {request: DELETE /b}, {request: DELETE /c}]
""",
    "gate.yml",
)


class World:
    """A clock that only waiting moves."""

    def __init__(self, *hanging: str) -> None:
        self.now, self.hanging, self.asked = 0.0, hanging, []
        self.hooks = Hooks(SUITE, lambda: self.now, lambda _text: None)
        asker = Asker(SUITE, "http://h", {}, self.fetch, tokens("r"))
        self.hooks.set_up("candidate", asker, Logins(dict, None, lambda: self.now))

    def fetch(self, request: Request, _expect: Expectation) -> Fetched:
        path = request.url.removeprefix("http://h")
        self.asked.append(path)
        hangs = path in self.hanging
        self.now += request.timeout_s if hangs else 0.05
        return Fetched(Answer("timeout" if hangs else None, 0, 0, 0.1, is_new_connection=True), b"", {})


def test_nothing_is_cleaned_up_where_no_endpoint_was_asked():
    world = World()
    world.hooks.leave(10, in_haste=False)
    assert world.asked == ["/a", "/b", "/c"]
    assert world.hooks.notices == []


def test_steps_that_hang_leave_time_for_the_others_and_end_in_time():
    world = World("/bought", "/b")
    world.hooks.load_began = True
    world.hooks.leave(1.0, in_haste=True)
    assert world.asked == ["/bought", "/a", "/b", "/c"]
    assert world.now <= 1.0
    assert [notice.cure.rpartition(" ")[2] for notice in world.hooks.notices] == [
        "endpoints.buy.cleanup",
        "teardown[1]",
    ]


def test_what_no_time_is_left_for_is_told_and_not_asked():
    world = World()
    world.now = 5.0
    world.hooks.leave(5.0, in_haste=False)
    assert world.asked == []
    assert len(world.hooks.notices) == 3
    assert all("no time was left for it" in notice.message for notice in world.hooks.notices)


def test_what_was_left_once_is_not_left_again():
    world = World()
    for _ in range(2):
        world.hooks.leave(10, in_haste=False)
    assert world.asked == ["/a", "/b", "/c"]
