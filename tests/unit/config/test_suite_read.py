"""Reading a suite: every message word for word, every trick refused."""

import time
import tracemalloc
from pathlib import Path

import pytest
import yaml

from gate.commands.measuring import load_suite
from gate.config.plain import MOST_BYTES, Refused, resolved
from gate.config.read import read_suite
from gate.errors import ExitCode, SuiteError

SUITES = Path(__file__).parents[2] / "data" / "suites"
BAD = yaml.safe_load((SUITES / "bad.yml").read_text(encoding="utf-8"))
HOME = b"endpoints: {home: GET /}\n"


def said(text: bytes) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        read_suite(text, "gate.yml")
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value).split("\n")


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_a_bad_suite_is_refused_word_for_word(case):
    assert said(case["suite"].encode()) == case["says"].rstrip("\n").split("\n")


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_no_message_sounds_like_the_machinery(case):
    for word in (
        "Input should",
        "pydantic",
        "validat",
        "http://",
        "errors.",
        "Traceback",
        "type=",
        "NoneType",
        "hunter2",
        "is not accepted",
    ):
        assert word not in case["says"]


@pytest.mark.parametrize("name", ["smallest", "full", "header"])
def test_a_good_suite_is_read(name):
    assert load_suite(SUITES / f"{name}.yml").endpoints


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "gate.yml:1: the file is empty; the smallest suite is: endpoints: {home: GET /}"),
        (b"\n\n# only this\n", "gate.yml:1: the file is empty; the smallest suite is: endpoints: {home: GET /}"),
        (b"---\n...\n", "gate.yml:1: the file is empty; the smallest suite is: endpoints: {home: GET /}"),
        (b"\xef\xbb\xbf" + HOME, "gate.yml:1: the file begins with a byte order mark; save it as UTF-8 without BOM"),
        ("a".encode("utf-16"), "gate.yml:1: the file is UTF-16; save it as UTF-8"),
        (HOME + b"suite: caf\xe9\n", "gate.yml:2: the file is not UTF-8 (seen: byte 0xE9); save it as UTF-8"),
        (
            HOME + b"\r\n\rsuite: a\x00b",
            "gate.yml:4: the file holds an invisible character (seen: U+0000); take it out",
        ),
        (HOME + "# \u202e".encode(), "gate.yml:2: the file holds an invisible character (seen: U+202E); take it out"),
        (HOME + "# \u2028".encode(), "gate.yml:2: the file holds an invisible character (seen: U+2028); take it out"),
        (
            HOME + b"#" * MOST_BYTES,
            "gate.yml:1: the file has 65,561 bytes, more than the 65,536 that a suite may have"
            "; split it into several suites",
        ),
    ],
    ids=["empty", "comments", "markers", "BOM", "UTF-16", "Latin-1", "NUL", "direction", "separator", "large"],
)
def test_a_file_that_is_no_text(content, message):
    assert said(content) == [message]


def test_a_file_may_be_as_large_as_is_said():
    assert read_suite(HOME + b"#" * (MOST_BYTES - len(HOME)), "gate.yml").endpoints


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(line_break):
    text = line_break.join(["# one", "suite: my shop", "endpoints: {home: GET /}", ""])
    assert said(text.encode())[0].startswith("gate.yml:2: suite: ")


def test_the_name_of_the_file_cannot_add_lines():
    with pytest.raises(SuiteError, match=r"^a\\u000ab:1: the file is empty"):
        read_suite(b"", "a\nb")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2027-03-01", "2027-03-01"),
        ("2027-03-01T10:00:00Z", "2027-03-01T10:00:00Z"),
        ("0b11", "0b11"),
        ("=", "="),
        ("<<", "<<"),
        ("1.2.3", "1.2.3"),
        ("tRUE", "tRUE"),
    ],
)
def test_scalars_are_those_of_the_core_schema(text, value):
    found = resolved(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "text", ["017", "00", "-07", ".inf", "-.INF", ".nan", ".NaN", "1e999", "9" * 19, "0x" + "f" * 17]
)
def test_surprising_scalars_are_refused(text):
    with pytest.raises(Refused):
        resolved(text)


def test_a_suite_keeps_texts_that_look_like_something_else():
    suite = read_suite(
        b"endpoints: {home: {request: GET /, json: {a: no, b: 1:30, c: 2027-03-01, d: null, e: 1e3}}}", "s"
    )
    assert suite.endpoints["home"].json_body == {"a": "no", "b": "1:30", "c": "2027-03-01", "d": None, "e": 1000.0}


def alias_bomb() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join(['*' + old] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join([*lines, "endpoints: *i"]).encode()


def lines_of(line: bytes, count: int) -> bytes:
    return b"".join(line.replace(b"#", b"%d" % number) for number in range(count))


UNKNOWN = b"endpoints:\n" + lines_of(b" endpoint#: GET /\n", 490) + b"scenarios:\n"
UNKNOWN += lines_of(b" s#: {load: {count: 1}, mix: {endpoind#: 1, endpoont#: 1}}\n", 99)
ATTACKS = {
    "alias bomb": (alias_bomb(), "gate.yml:1: a: has an anchor, &a; take it out"),
    "nested lists": (b"endpoints: " + b"[" * 2000 + b"]" * 2000, "is nested deeper than 20 levels"),
    "open lists": (b"[" * 60_000, "is nested deeper than 20 levels"),
    "open mappings": (b"{" * 60_000, "has a key that is not a text"),
    "nested dashes": (b"- " * 30_000, "is nested deeper than 20 levels"),
    "question marks": (b"? " * 30_000, "has a key that is not a text"),
    "a long key": (b"x" * 60_000 + b": 1", "has a colon where no key can be"),
    "a long number": (b"suite: " + b"9" * 60_000, "suite: is too long for a number"),
    "a long zero": (b"suite: " + b"0" * 60_000, "suite: is too long for a number"),
    "many keys": (HOME + lines_of(b"k#: 1\n", 7000), "gate.yml:2: k0: unknown key"),
    "many endpoints": (b"endpoints:\n" + lines_of(b" e#: x\n", 6000), "gate.yml:2: endpoints.e0: is no request"),
    "many unknown names": (UNKNOWN, "names the endpoint 'endpoind0', which does not exist; did you mean endpoint0?"),
    "many empty values": (b"endpoints:\n" + lines_of(b" e#:\n", 7000), "gate.yml:2: endpoints.e0: is empty"),
    "many duplicates": (b"endpoints:\n" + b" a: GET /\n" * 6000, "is given twice, on line 2 and on line 3"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_quickly_and_small(name):
    content, first = ATTACKS[name]
    started = time.process_time()
    lines = said(content)
    seconds = time.process_time() - started
    assert first in lines[0]
    assert len(lines) <= 21
    assert max(map(len, lines)) < 1000
    assert seconds < 3  # of a processor that others use too; 0.2 to 0.9 where this was written


@pytest.mark.parametrize("name", ["alias bomb", "many endpoints"])
def test_an_attack_takes_little_memory(name):
    tracemalloc.start()
    try:
        said(ATTACKS[name][0])
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
