"""A fresh deployment by its hook: when it counts as there, what the hook is sent, and what is told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from gate.config.suite import Suite
from gate.errors import NotMeasured, UsageError
from gate.load.transport import Answer, Fetched
from gate.measure.guard import guard
from gate.measure.network import Network
from gate.measure.ready import Clock
from gate.measure.redeploy import SETTLED, Redeployer

HOOK = "https://hooks.example/deploy?key=secret"
ENVIRONMENT = {"HOOK": HOOK, "BYPASS": "bypass-value"}


class World:
    """A preview whose instance follows a script once the hook was asked."""

    def __init__(self, after: Iterator[str | None], before: str | None = "old", refused: str | None = None) -> None:
        self.after, self.before, self.refused = after, before, refused
        self.now_s, self.deployed = 0.0, False
        self.asked = []
        self.wires: list[tuple[str, ...]] = []
        self.addresses: Iterator[tuple[str, ...]] = itertools.repeat(("93.184.216.34",))
        self.check = guard([])

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def fetch(self, request, _expect) -> Fetched:
        self.asked.append(request)
        if request.method == "POST":
            self.deployed = True
            return self.answer(self.refused, {})
        instance = next(self.after) if self.deployed else self.before
        return self.answer(None, {} if instance is None else {"x-instance": instance})

    @staticmethod
    def answer(kind: str | None, headers: dict[str, str]) -> Fetched:
        return Fetched(Answer(kind, 500 if kind else 200, 0, 0.01, is_new_connection=True), b"", headers)

    def connect(self, wire):
        self.wires.append(wire.resolve)
        return self.fetch

    def resolve(self, host: str, _port: int) -> tuple[str, ...]:
        return next(self.addresses) if host == "preview.example" else ("93.184.216.35",)

    def redeploy(self, environment=ENVIRONMENT) -> None:
        fresh = {"header": "X-Instance", "path": "/version"}
        preview = {
            "redeploy": {"url": "${HOOK}", "timeout": "60s", "fresh": fresh},
            "headers": {"X-Bypass": "${BYPASS}"},
        }
        suite = Suite.model_validate({"endpoints": {"a": "GET /"}, "preview": preview})
        network = Network(self.connect, self.resolve, self.check)
        clock = Clock(lambda: self.now_s, self.sleep)
        redeployer = Redeployer(suite, suite.preview.redeploy, environment, network, clock, "run")
        redeployer.check()
        ((arm, hook),) = redeployer.hooks().items()
        redeployer.redeploy(arm, "http://preview.example", hook)


def test_a_new_instance_that_answers_again_and_again_is_the_fresh_deployment():
    world = World(itertools.repeat("new"))
    world.redeploy()
    assert [request.method for request in world.asked] == ["GET"] * SETTLED + ["POST"] + ["GET"] * SETTLED


def test_as_long_as_the_old_one_answers_in_between_it_is_waited_for():
    world = World(itertools.chain(["old", "new", "new", "old", None, "new", "old"], itertools.repeat("new")))
    world.redeploy()
    assert sum(request.method == "GET" for request in world.asked) == SETTLED + 7 + SETTLED


def test_several_replicas_of_the_old_deployment_are_no_fresh_one():
    replicas = itertools.cycle(["one", "two", "three"])
    world = World(itertools.cycle(["two", "one"]))
    world.fetch_before = replicas
    original = world.fetch

    def fetch(request, expect):
        world.before = next(replicas)
        return original(request, expect)

    world.fetch = fetch
    with pytest.raises(NotMeasured, match="no new deployment of the preview answered within 60 s"):
        world.redeploy()


def test_it_is_not_waited_for_for_ever():
    world = World(itertools.repeat("old"))
    with pytest.raises(NotMeasured, match=r"the header X-Instance at /version has the value it had"):
        world.redeploy()
    assert 60 <= world.now_s < 65


def test_a_preview_that_does_not_tell_its_instance_is_not_deployed_in_vain():
    world = World(itertools.repeat("new"), before=None)
    with pytest.raises(NotMeasured, match="does not tell which deployment it is"):
        world.redeploy()
    assert not world.deployed


def test_a_hook_that_refuses_is_told_without_its_address():
    with pytest.raises(NotMeasured, match="was refused: status 500") as caught:
        World(itertools.repeat("new"), refused="status_500").redeploy()
    assert "secret" not in str(caught.value)
    assert "hooks.example" not in str(caught.value)


def test_the_hook_is_sent_nothing_that_the_preview_is_sent():
    world = World(itertools.repeat("new"))
    world.redeploy()
    (posted,) = (request for request in world.asked if request.method == "POST")
    assert (posted.url, posted.headers, posted.json) == (HOOK, {}, None)
    assert all(request.headers == {"X-Bypass": "bypass-value"} for request in world.asked if request.method == "GET")


def test_a_hook_that_is_no_web_address_is_refused_without_being_repeated():
    with pytest.raises(UsageError, match=r"the hook \$\{HOOK\} is no address") as caught:
        World(itertools.repeat("new")).redeploy(ENVIRONMENT | {"HOOK": "file:///etc/secret"})
    assert "secret" not in str(caught.value)


def test_a_deployment_may_move_and_every_address_is_pinned_for_its_request():
    world = World(itertools.repeat("new"))
    world.addresses = iter(
        [("93.184.216.34",)] * SETTLED + [(), ("93.184.216.36", "2606:4700::1")] + [("9.9.9.9",)] * 9
    )
    world.redeploy()
    assert world.wires[:SETTLED] == [("preview.example:80:93.184.216.34",)] * SETTLED
    assert world.wires[SETTLED] == ("hooks.example:443:93.184.216.35",)
    assert world.wires[SETTLED + 1] == ("preview.example:80:93.184.216.36,[2606:4700::1]",)
    assert all(world.wires), "a name was left to libcurl"


def test_a_deployment_that_moves_to_an_address_nobody_named_is_not_asked():
    world = World(itertools.repeat("new"))
    world.addresses = iter([("93.184.216.34",)] * SETTLED + [("127.0.0.1",)])
    with pytest.raises(UsageError, match=r"has the address 127\.0\.0\.1"):
        world.redeploy()
    assert len(world.asked) == SETTLED + 1


@pytest.mark.parametrize("hook", ["http://169.254.169.254/deploy", "http://[::ffff:127.0.0.1]/deploy"])
def test_a_hook_at_an_address_nobody_named_is_not_asked(hook):
    world = World(itertools.repeat("new"))
    with pytest.raises(UsageError, match="private or special"):
        world.redeploy(ENVIRONMENT | {"HOOK": hook})
    assert not world.deployed
