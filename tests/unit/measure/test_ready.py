"""Readiness, commit and login with a fake clock and scripted answers: no time passes, every wait is counted."""

from __future__ import annotations

import json

import pytest

from gate.config.suite import Suite
from gate.errors import NotMeasured
from gate.load.transport import Answer, Fetched
from gate.measure.identities import log_in
from gate.measure.ready import Clock, wait_ready
from gate.measure.single import Asker, tokens


class World:
    """A clock that only sleeping moves, and a preview that answers from a script."""

    def __init__(self, *script) -> None:
        self.now = 0.0
        self.script = list(script)
        self.asked = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def fetch(self, request, expect):
        self.asked.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step(request, expect) if callable(step) else step


def answered(status: int = 200, body: object = None, kind: str | None = None, **headers: str) -> Fetched:
    data = b"" if body is None else json.dumps(body).encode()
    return Fetched(Answer(kind, status, len(data), 0.01, is_new_connection=True), data, headers)


def failing(kind: str) -> Fetched:
    return answered(0, kind=kind)


def suite(**preview) -> Suite:
    return Suite.model_validate({"endpoints": {"a": "GET /"}, "preview": preview})


def ready(world: World, made: Suite, commit: str | None = None):
    return wait_ready(made, "http://h", {}, commit, world.fetch, world.clock, tokens("r"))


def test_a_preview_that_is_up_is_not_waited_for():
    world = World(answered())
    assert ready(world, suite()).after_s == 0
    assert len(world.asked) == 1


def test_a_preview_that_comes_up_late_is_waited_for():
    world = World(failing("connect"), failing("connect"), answered(503, kind="status_503"), answered())
    assert ready(world, suite()).after_s > 0
    assert len(world.asked) == 4


def test_a_preview_that_never_comes_up_ends_at_the_deadline_with_its_history():
    world = World(failing("connect"), answered(503, kind="status_503"))
    with pytest.raises(
        NotMeasured, match=r"not ready within 30 s at /up: status 503 \(\d+ x\), connection refused \(1 x\)"
    ):
        ready(world, suite(ready={"path": "/up", "timeout": "30s"}))
    assert world.now <= 30


def test_waiting_grows_but_stays_below_five_seconds():
    world = World(failing("connect"))
    with pytest.raises(NotMeasured):
        ready(world, suite(ready={"timeout": "5m"}))
    assert 60 <= len(world.asked) <= 100


def test_a_bad_certificate_is_hopeless_and_said_at_once():
    world = World(failing("tls"))
    with pytest.raises(NotMeasured, match="certificate"):
        ready(world, suite())
    assert world.now == 0


def test_an_unknown_host_may_still_appear():
    world = World(failing("dns"), answered())
    assert ready(world, suite()).after_s > 0


@pytest.mark.parametrize("expected", ["abcdef0", "abcdef0123", "ABCDEF0123456789"])
def test_the_expected_commit_may_be_short(expected):
    world = World(answered(**{"x-commit": "abcdef0123"}))
    assert ready(world, suite(commit={"header": "X-Commit"}), expected).commit == "abcdef0123"


@pytest.mark.parametrize("served", ["abcdef9999", "abc", "", None])
def test_another_commit_is_waited_for_and_then_named(served):
    world = World(answered(**({"x-commit": served} if served is not None else {})))
    with pytest.raises(NotMeasured, match=r"did not serve commit abcdef0123 within 60 s: serves commit") as refused:
        ready(world, suite(commit={"header": "X-Commit"}), "abcdef0123")
    cure = "wait for the deployment" if served else "do not hold what preview.commit names"
    assert cure in (refused.value.cure or "")


def test_a_commit_can_stand_in_json_at_another_path():
    world = World(answered(), answered(body={"build": [{"commit": "abcdef0123"}]}))
    made = suite(commit={"json": "$.build[0].commit", "path": "/version"})
    assert ready(world, made, "abcdef0123").commit == "abcdef0123"
    assert world.asked[1].url == "http://h/version"


def test_no_expected_commit_takes_what_is_served():
    world = World(answered(**{"x-commit": "whatever"}))
    assert ready(world, suite(commit={"header": "X-Commit"})).commit == "whatever"


LOGIN = {
    "identities": {
        "user": {
            "login": [
                {"request": "POST /csrf", "extract": {"csrf": "$.csrf"}},
                {
                    "request": "POST /in",
                    "json": {"password": "${P}"},
                    "headers": {"X-Csrf": "{csrf}"},
                    "extract": {"token": "$.data.token"},
                },
            ],
            "headers": {"Authorization": "Token {token}"},
        }
    },
    "endpoints": {"a": {"request": "GET /", "identity": "user"}},
}


def login(*script):
    world = World(*script)
    return log_in(Asker(Suite.model_validate(LOGIN), "http://h", {"P": "pw"}, world.fetch, tokens("r"))), world


def test_a_login_of_two_steps_passes_values_on():
    values, world = login(answered(body={"csrf": "c1"}), answered(body={"data": {"token": "t1"}}))
    assert values == {"user.csrf": "c1", "user.token": "t1"}
    assert world.asked[1].headers["X-Csrf"] == "c1"
    assert world.asked[1].json == {"password": "pw"}


def test_a_refused_login_names_identity_and_step_but_no_secret():
    with pytest.raises(
        NotMeasured, match=r"identity 'user' was refused: step 1, POST /csrf, answered status 401"
    ) as caught:
        login(answered(401, body={"echo": "pw"}, kind="status_401"))
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [{}, {"data": {}}, {"data": {"token": None}}, {"data": {"token": ""}}, {"data": [1]}, None]
)
def test_a_login_without_its_token_is_not_a_login(body):
    with pytest.raises(NotMeasured, match=r"gave no 'token': step 2"):
        login(answered(body={"csrf": "c1"}), answered(body=body))


def test_unused_identities_are_not_logged_in():
    unused = LOGIN | {"endpoints": {"a": "GET /"}}
    world = World(answered())
    assert log_in(Asker(Suite.model_validate(unused), "http://h", {}, world.fetch, tokens("r"))) == {}
    assert world.asked == []
