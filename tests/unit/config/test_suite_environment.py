"""Values from the environment: needed, missing, filled in, and kept out of what is printed."""

import base64
import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gate.commands.measuring import load_suite
from gate.config.environment import Redactor, missing_names, needed_values, resolve, uses
from gate.config.read import read_suite
from gate.errors import ExitCode, UsageError

FULL = load_suite(Path(__file__).parents[2] / "data" / "suites" / "full.yml")
VALUES = {
    "ADMIN_TOKEN": "admin-token",
    "BASE_HOOK": "base-hook-value",
    "BYPASS": "bypass-value",
    "CA_PEM": "-----BEGIN CERTIFICATE-----\nline\n",
    "DATABASE_URL": "postgresql://shop@db.example/shop",
    "MAIN_HOST": "main.example",
    "HOOK": "https://hooks.example/deploy?key=hook-value",
    "PREVIEW_URL": "https://p.example",
    "PROXY_URL": "http://proxy.example:3128",
    "REDIS_URL": "redis://cache.example:6379/0",
    "USER_NAME": "ada",
    "USER_PASS": "p&ss wörd",
}


def test_every_place_that_is_sent_is_known():
    assert uses(FULL) == {
        "ADMIN_TOKEN": ["identities.admin.headers.Authorization"],
        "BASE_HOOK": ["preview.redeploy.base_url"],
        "BYPASS": ["preview.headers.x-vercel-protection-bypass"],
        "CA_PEM": ["preview.ca"],
        "DATABASE_URL": ["telemetry.postgres.dsn"],
        "MAIN_HOST": ["preview.base"],
        "HOOK": ["preview.redeploy.url"],
        "PREVIEW_URL": ["preview.url"],
        "PROXY_URL": ["preview.proxy"],
        "REDIS_URL": ["telemetry.redis.url"],
        "USER_NAME": ["identities.user.login[0].json", "probes[0].expect.headers.X-User"],
        "USER_PASS": ["identities.user.login[0].json"],
    }


def test_every_kind_of_place_is_looked_at():
    suite = read_suite(
        b"""
preview:
  url: ${A1}
  base: ${A2}
  ready: {path: "/${A3}"}
  commit: {header: X-A, path: "/${A4}"}
  headers: {X-A: "${A5}"}
  ca: ${C1}
  proxy: ${C2}
identities:
  user: {login: [{request: "GET /${A6}", json: {"${A7}": 1}, headers: {X-A: "${A8}"}}], headers: {X-A: "${A9}"}}
  talker: {headers: {X-A: "${E4}"}}
  asker: {headers: {X-A: "${D8}"}}
  prober: {headers: {X-A: "${G8}"}}
  unused: {headers: {X-A: "${UNUSED}"}}
telemetry:
  prometheus: {url: "/${T1}", series: {a: b}}
  postgres: {dsn: "${T2}"}
  redis: {url: "${T3}"}
endpoints:
  a: {request: "GET /${B1}", headers: {X-A: "${B2}"}, json: ["${B3}"], identity: user, owner: "${NEVER}"}
  b: {graphql: {path: "/${B4}", query: "{a}", variables: {a: ["${B5}"]}}}
  c: {request: POST /c, mutates: true, cleanup: {request: "DELETE /${D1}", json: "${D2}", headers: {X-A: "${D3}"}}}
sockets:
  chat: {connect: "/${E1}", message: ["${E2}"], answer: first, headers: {X-A: "${E3}"}, identity: talker}
scenarios: {talk: {load: {users: 1, for: 1s}, mix: {chat: 1}}}
setup: [{request: "POST /${D4}", json: "${D5}", headers: {X-A: "${D6}"}, identity: asker}]
teardown: [{request: "POST /${D7}"}]
about: {line: {request: "GET /${F1}", headers: {X-A: "${F2}"}, header: X-B}, value: "${NEVER}"}
probes:
  - name: one
    request: "POST /${G1}"
    json: ["${G2}"]
    headers: {X-A: "${G3}"}
    identity: prober
    expect: {headers: {X-A: "${G4}"}, json: {$.a: ["${G5}"]}}
  - {name: two, request: "GET /", times: 2, some: {headers: {X-A: "${G6}"}}}
  - {name: three, request: POST /, body: "${G7}"}
  - name: steps
    steps: [{request: "GET /${H1}", body: "${H2}", headers: {X-A: "${H3}"}, expect: {json: {$.a: "${H4}"}}}]
  - {name: growth, growth: {request: "GET /${I1}?{items}", headers: {X-A: "${I2}"}, items: [1, 2]}}
  - {name: tally, tally: {request: "GET /${J1}", headers: {X-A: "${J2}"}, json: $.a, of: [a]}}
  - {name: socket, socket: {connect: "/${K1}", headers: {X-A: "${K2}"}, refused: [403]}}
""",
        "gate.yml",
    )
    assert list(uses(suite)) == [f"A{number}" for number in range(1, 10)] + [
        *("B1", "B2", "B3", "B4", "B5"),
        *("C1", "C2"),
        *("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"),
        *("E1", "E2", "E3", "E4"),
        *("F1", "F2"),
        *("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8"),
        *("H1", "H2", "H3", "H4"),
        *("I1", "I2", "J1", "J2", "K1", "K2"),
        *("T1", "T2", "T3"),
    ]


def test_missing_names_say_where_they_are_used():
    environment = VALUES | {"USER_NAME": ""}
    del environment["BYPASS"]
    assert missing_names(FULL, environment) == [
        "BYPASS (preview.headers.x-vercel-protection-bypass)",
        "USER_NAME (identities.user.login[0].json, probes[0].expect.headers.X-User)",
    ]
    with pytest.raises(UsageError, match=r"BYPASS \(preview\.headers.*; USER_NAME \(identities") as caught:
        needed_values(FULL, environment)
    assert caught.value.exit_code == ExitCode.USAGE


def test_many_places_are_not_all_listed():
    endpoints = ", ".join(f"e{number}: {{request: GET /, headers: {{X-A: '${{A}}'}}}}" for number in range(5))
    suite = read_suite(f"endpoints: {{{endpoints}}}".encode(), "s")
    assert missing_names(suite, {}) == [
        "A (endpoints.e0.headers.X-A, endpoints.e1.headers.X-A, endpoints.e2.headers.X-A and 2 more)"
    ]


def test_only_values_that_are_used_are_taken():
    assert needed_values(FULL, VALUES | {"HOME": "/root", "OTHER_TOKEN": "unused"}) == VALUES


@pytest.mark.parametrize("end", ["\n", "\r", "\x00", "\udc80"])
def test_a_value_that_cannot_be_sent_is_refused_without_being_shown(end):
    with pytest.raises(UsageError, match=r"BYPASS \(preview") as caught:
        needed_values(FULL, VALUES | {"BYPASS": f"bypass-value{end}"})
    assert "bypass-value" not in str(caught.value)


def test_values_are_filled_in_and_names_in_braces_stay():
    assert resolve({"a": ["${USER_NAME}/{id}/{{uuid}}", 5]}, VALUES) == {"a": ["ada/{id}/{{uuid}}", 5]}
    with pytest.raises(KeyError):
        resolve("${NOWHERE}", VALUES)


def test_each_form_of_a_value_is_replaced_by_its_name():
    value = 'p&ss "wörd"/+?<'
    redactor = Redactor({"SECRET": value})
    forms = [value, quote(value), quote(value, safe=""), quote_plus(value), quote(value, safe="").lower()]
    forms += [
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape(value),
        repr(value)[1:-1],
    ]
    forms += [base64.b64encode(value.encode()).decode(), base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")]
    for form in forms:
        assert redactor.redact(f"before {form} after") == "before ${SECRET} after"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["", "\n", ":x", "end"])
def test_a_value_inside_something_encoded_is_found(before, after):
    text = base64.b64encode(f"{before}correct horse{after}".encode()).decode()
    redacted = Redactor({"SECRET": "correct horse"}).redact(f"Basic {text}")
    assert "${SECRET}" in redacted
    assert text[6:12] not in redacted


def test_a_value_that_holds_another_one_is_replaced_as_a_whole():
    redactor = Redactor({"HOST": "p.example", "URL": "https://p.example/app"})
    assert redactor.redact("at https://p.example/app and p.example") == "at ${URL} and ${HOST}"


def test_short_values_and_no_values_change_nothing():
    assert Redactor({"A": "abc", "B": "", "C": "  a  "}).redact("abc  a  ") == "abc  a  "
    assert Redactor({}).redact("text") == "text"


def test_what_is_put_in_is_not_replaced_again():
    assert Redactor({"NAME": "value", "OTHER": "NAME"}).redact("value") == "${NAME}"


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_value_stays_readable(value, before, after):
    assume(len(value.strip()) >= 4)
    redacted = Redactor({"A": value}).redact(f"{before}{value}{after}")
    assert value not in redacted or value in f"{before}${{A}}{after}"
