"""Probes of requests at a real server: each passes where the contract is kept, and fails for one broken thing."""

import json

import pytest

from tests.integration.probes.asking import record, records
from tests.integration.probes.server import TOKEN, serving

CASES = {
    "refused without a token": ("request: GET /profile, expect: {status: 401}", "open", "status 200"),
    "nothing of the inside": (
        "request: GET /profile, expect: {status: 401, absent: [Traceback]}",
        "trace",
        "the text Traceback",
    ),
    "malformed JSON": ("request: POST /login, body: '{\"name\":', expect: {status: 400}", "json", "status 500"),
    "size limit": ("request: POST /login, body: {size: 100kB}, expect: {status: 413}", "size", "status 5"),
    "cookie flags": (
        'request: POST /login, json: {password: "${PASS}"}, expect: {cookies: {sid: {secure: true, http_only: true,'
        " same_site: Lax, max_age: 1h}}}",
        "cookie",
        "cookie sid without Secure; cookie sid without HttpOnly; cookie sid without SameSite",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_passes_where_it_holds_and_fails_where_it_does_not(name):
    keys, wrong, seen = CASES[name]
    environment = {"PASS": "open sesame"}
    with serving() as (origin, _):
        sound = record(origin, keys, environment=environment)
    with serving(wrong) as (origin, _):
        broken = record(origin, keys, environment=environment)
    if wrong == "size":
        assert broken.outcome == "failed", broken.seen
        assert sound.outcome == "passed", sound.seen
        return
    assert (sound.outcome, sound.n, sound.n_passed) == ("passed", 1, 1), sound.seen
    assert (broken.outcome, broken.seen) == ("failed", seen)


EXPECTATIONS = [
    ("GET /", "{}", None),
    ("GET /", "{status: [200, 204]}", None),
    ("GET /nothing", "{}", "status 404"),
    ("GET /", "{type: application/json}", None),
    ("GET /", "{type: text/html}", "type application/json"),
    ("GET /", "{body: {min: 1B, max: 1kB}}", None),
    ("GET /", "{body: {min: 1kB}}", "a body of 16 B"),
    ("GET /", "{body: {max: 10B}}", "a body of 16 B"),
    ("GET /secure-headers", "{headers: {x-content-type-options: nosniff, X-Echo: true, Set-Cookie: false}}", None),
    ("GET /secure-headers", "{headers: {X-Content-Type-Options: other}}", "another X-Content-Type-Options"),
    ("GET /secure-headers", "{headers: {X-Content-Type-Options: false}}", "a header X-Content-Type-Options"),
    ("GET /", "{headers: {X-Frame-Options: true}}", "no header X-Frame-Options"),
    ("GET /", "{json: {$.status: ok, $.error: false}}", None),
    ("GET /", "{json: {$.status: fine}}", "$.status is another text"),
    ("GET /", "{json: {$.error: true}}", "no $.error"),
    ("GET /", "{json: {$.status: false}}", "a $.status"),
    ("GET /items?size=3", '{json: {"$.results[2].id": 2}}', None),
    ("GET /items?size=3", '{json: {"$.results[2].id": 7}}', "$.results[2].id is 2"),
    ("GET /items?size=3", '{json: {"$.results[3].id": true}}', "no $.results[3].id"),
    ("GET /", "{schema: {type: object, required: [status], properties: {status: {type: string}}}}", None),
    ("GET /", "{schema: {required: [id]}}", "not as its schema says: required at $"),
    ("GET /", "{schema: {properties: {status: {type: integer}}}}", "not as its schema says: type at $.status"),
    ("GET /", "{within: 30s}", None),
    ("GET /", "{cookies: {sid: {}}}", "no cookie sid"),
]


@pytest.mark.parametrize(("request_line", "expect", "seen"), EXPECTATIONS)
def test_each_part_of_an_expectation(request_line, expect, seen):
    with serving() as (origin, _):
        found = record(origin, f'request: "{request_line}", expect: {expect}')
    assert (found.outcome, found.seen) == (("passed", "status 200") if seen is None else ("failed", seen))


def test_an_answer_that_takes_too_long_is_told_with_its_time():
    with serving("slow") as (origin, _):
        found = record(origin, 'request: "GET /items?size=50", expect: {within: 100ms}')
    assert found.outcome == "failed"
    assert found.seen.startswith("it took 2")


def test_a_body_that_came_packed_is_read_and_a_bomb_is_not():
    with serving() as (origin, _):
        packed = (
            "request: GET /zipped, headers: {Accept-Encoding: gzip},"
            ' expect: {headers: {Content-Encoding: gzip}, json: {"$.results[59].id": 59}}'
        )
        found = record(origin, packed)
        plain = record(origin, "request: GET /zipped, expect: {headers: {Content-Encoding: gzip, Vary: true}}")
        bomb = record(origin, "request: GET /bomb, expect: {json: {$.a: true}}")
    assert found.outcome == "passed", found.seen
    assert (plain.outcome, plain.seen) == ("failed", "no header Content-Encoding")
    assert (bomb.outcome, bomb.seen) == ("not_measured", "its body unpacks to more than is read")


@pytest.mark.parametrize(
    ("path", "outcome", "seen"),
    [
        ("/huge", "failed", "no whole answer: more than is read"),
        ("/endless", "failed", "no whole answer: more than is read"),
        ("/hang", "failed", "no whole answer: no answer in time"),
        ("/garbage", "failed", "no whole answer: "),
    ],
)
def test_a_huge_endless_hanging_or_garbled_answer_is_bounded(path, outcome, seen):
    with serving() as (origin, shop):
        found = record(origin, f"request: GET {path}, timeout: 1500ms, expect: {{absent: [b]}}")
    assert found.outcome == outcome
    assert found.seen.startswith(seen)
    assert shop.asked == [f"GET {path}"], "never sent again"


def test_an_answer_may_be_as_large_as_it_is_expected_to_be():
    with serving() as (origin, _):
        found = record(origin, "request: GET /huge, timeout: 60s, expect: {body: {max: 50MB}, absent: [b]}")
    assert found.outcome == "passed", found.seen


def test_without_a_connection_nothing_is_measured():
    with serving() as (origin, _):
        pass
    found = record(origin, "request: GET /, expect: {status: 200}")
    assert (found.outcome, found.seen) == ("not_measured", "it could not be sent: connection refused")


def test_ten_at_once_are_together_inside_and_counted():
    with serving() as (origin, shop):
        found = record(origin, "request: GET /meet, times: 10, concurrent: 10, expect: {status: 200}")
    assert (found.outcome, found.seen, found.n, found.n_passed) == ("passed", "10 of 10 as expected", 10, 10)
    assert shop.most_inside == 10
    assert found.times is not None
    assert found.times.n == 10


def test_a_probe_is_sent_as_often_as_it_says_whatever_comes_back():
    with serving() as (origin, shop):
        found = record(origin, "request: POST /login, json: {password: wrong}, times: 7, concurrent: 3")
    assert (found.outcome, found.seen, found.n) == ("failed", "0 of 7 as expected; status 401 (7 x)", 7)
    assert shop.asked == ["POST /login"] * 7


def test_spread_is_of_the_slowest_and_the_fastest():
    with serving() as (origin, shop):
        even = record(origin, "request: GET /, times: 5, spread: 1.01, floor: 20s")
        uneven = record(origin, "request: GET /uneven, times: 5, spread: 2")
        posted = record(
            origin, "request: POST /login, json: {password: wrong}, times: 2, spread: 500, expect: {status: 401}"
        )
    assert even.outcome == "passed", even.seen
    assert uneven.outcome == "failed"
    assert "5 of 5 as expected, " in uneven.seen
    assert shop.asked.count("GET /") == 6, "one before, that nobody counts"
    assert shop.asked.count("POST /login") == 2, "what may change data is sent no more often"
    assert posted.n == 2


def test_some_is_asked_until_one_is_so():
    text = "request: POST /login, json: {password: wrong}, times: 20, some: {status: 429}, advisory: true"
    with serving("throttle") as (origin, shop):
        throttled = record(origin, text)
    assert (throttled.outcome, throttled.seen) == ("passed", "request 5 of at most 20: status 429")
    assert len(shop.asked) == throttled.n == 5
    with serving() as (origin, shop):
        open_ = record(origin, text)
    assert (open_.outcome, open_.seen) == ("failed", "none of 20: status 401 (20 x)")


def test_neither_secrets_nor_bodies_nor_texts_are_told():
    secret = "s3cr3t-of-the-environment"
    text = """\
  - name: header
    request: GET /secure-headers
    headers: {X-Secret: "${SECRET}"}
    expect: {headers: {X-Echo: "${OTHER}"}}
  - {name: member, request: GET /profile, identity: user, expect: {json: {$.token: "${OTHER}", $.name: "${SECRET}"}}}
  - {name: schema, request: GET /profile, identity: user, expect: {schema: {properties: {token: {type: integer}}}}}
  - name: same
    request: GET /secure-headers
    headers: {X-Secret: "${SECRET}"}
    expect: {headers: {X-Echo: "${SECRET}"}}
"""
    with serving() as (origin, _):
        found = records(origin, text, environment={"SECRET": secret, "OTHER": "other-value-4712"})
    assert [each.outcome for each in found.values()] == ["failed", "failed", "failed", "passed"]
    written = json.dumps({name: each.model_dump(mode="json") for name, each in found.items()})
    for value in (secret, TOKEN, "other-value-4712", "somebody"):
        assert value not in written
    assert "${OTHER}" in written, "what is expected is told as the suite has it"
