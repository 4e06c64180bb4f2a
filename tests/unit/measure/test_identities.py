"""Logins: made once, and again only before they run out."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NotMeasured
from gate.measure.identities import Logins
from gate.measure.lifetime import lifetime_s


def token(claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2ln"


RFC_7519_EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
"""Section 3.1: it has an ``exp`` and no ``iat``."""


@pytest.mark.parametrize(
    ("values", "life_s"),
    [
        ([token({"iat": 100, "exp": 1000})], 900),
        ([token({"iat": 100, "exp": 1000}), token({"iat": 100.5, "exp": 130.5}), "plain"], 30),
        ([token({"iat": 1000, "exp": 100})], 0),
        ([RFC_7519_EXAMPLE], None),
        ([token({"iat": "100", "exp": 1000})], None),
        ([token({"iat": True, "exp": 1000})], None),
        ([token([1])], None),
        ([token({"iat": 0, "exp": float("nan")})], None),
        ([token({"iat": 0, "exp": float("inf")})], None),
        ([token({"iat": 0, "exp": 10**400})], None),
        (["a.b.c", "....", "", "x" * 50_000], None),
        ([], None),
    ],
)
def test_the_life_of_tokens_is_what_they_say(values, life_s):
    assert lifetime_s(values) == life_s


@given(st.text())
def test_no_text_breaks_it(text):
    lifetime_s([text, f"a.{text}.b"])


class World:
    """A clock that is moved by hand, and logins that are counted."""

    def __init__(self, lasts_s: float | None = None, claims: object = None) -> None:
        self.now, self.made, self.claims = 0.0, 0, claims
        self.logins = Logins(self.log_in, lasts_s, lambda: self.now)

    def log_in(self) -> dict[str, str]:
        self.made += 1
        return {"user.token": token(self.claims) if self.claims else f"t{self.made}"}


def test_a_login_that_says_nothing_is_made_once():
    world = World()
    assert world.logins.values() == {"user.token": "t1"}
    world.now = 1e6
    assert world.logins.values(3600) == {"user.token": "t1"}
    assert world.made == 1


@pytest.mark.parametrize("world", [World(lasts_s=100), World(claims={"iat": 5, "exp": 105})], ids=["suite", "token"])
def test_a_login_is_made_again_before_it_runs_out(world):
    world.logins.values(10)
    world.now = 79.0
    world.logins.values(10)
    assert world.made == 1, "it ends at 89 of 100 s"
    world.now = 81.0
    world.logins.values(10)
    assert world.made == 2
    world.now = 140.0
    world.logins.values(10)
    assert world.made == 2, "the new one lives from when it was made"


def test_a_token_is_as_old_as_its_login_at_least():
    world = World(lasts_s=100)
    log_in = world.log_in

    def slow() -> dict[str, str]:
        world.now += 30
        return log_in()

    world.logins._log_in = slow
    world.logins.values()
    world.now = 80.0
    world.logins.values(15)
    assert world.made == 2, "made at 0, it ends at 90 of 100 s"


def test_a_stretch_begins_with_new_logins_only_where_nobody_knows_their_end():
    unknown, known = World(), World(lasts_s=1000)
    for world in (unknown, known):
        world.logins.values()
        world.logins.begin_stretch()
        world.logins.values()
    assert (unknown.made, unknown.logins.made, unknown.logins.life_s) == (2, 2, None)
    assert (known.made, known.logins.made, known.logins.life_s) == (1, 1, 1000)


def test_where_nobody_logs_in_nothing_was_made():
    logins = Logins(dict, None, lambda: 0.0)
    logins.values()
    logins.begin_stretch()
    assert (logins.values(), logins.made) == ({}, 0)


def test_what_no_login_outlives_is_not_measured():
    world = World(lasts_s=60)
    with pytest.raises(NotMeasured, match="lasts 60 s, and what is to be measured takes 55 s"):
        world.logins.values(55)
